"""``legalgen dataset push``: the dataset, sent to where one trains."""

from __future__ import annotations

import os

import msgspec

from legalgen.batch.signals import fatal
from legalgen.commands.running import existing, patience_of
from legalgen.dataset.push import push
from legalgen.dataset.remote import Remote, place_of
from legalgen.errors import UsageError
from legalgen.settings.layers import Settings
from legalgen.ui.console import Console
from legalgen.ui.push_screen import show_pushed


class PushOrder(msgspec.Struct, frozen=True):
    """What ``push`` was asked."""

    target: str
    public: bool = False
    replace: bool = False
    dry_run: bool = False


def push_dataset(settings: Settings, console: Console, order: PushOrder) -> int:
    """Bring what is there to what is here."""
    data_dir = existing(settings)
    remote = _remote(order)

    with fatal():
        done = push(
            data_dir,
            remote,
            replace=order.replace,
            dry_run=order.dry_run,
            patience=patience_of(settings, console),
            tell=console.hint,
        )
    show_pushed(console, done, asked_public=order.public)
    return 0


def _remote(order: PushOrder) -> Remote:
    place = place_of(order.target)
    if place.kind == "hub":
        from legalgen.dataset.hub import Hub  # few have its library

        return Hub(place.name, public=order.public, environ=os.environ)
    if order.public:
        raise UsageError("--public is for the Hub: who may read a bucket, its policy decides")
    from legalgen.dataset.s3 import S3Bucket

    return S3Bucket(place, os.environ)
