"""From settings to the gate of a run, its rules and what else it is given."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from legalgen.errors import ConfigurationError, UsageError
from legalgen.law.from_settings import authorities_of
from legalgen.law.taxonomy import Taxonomy
from legalgen.providers.installing import install_command, of_extra
from legalgen.quality.meaning.packages import has_numpy, has_tokenizers
from legalgen.quality.rules import Rules
from legalgen.settings.layers import Settings
from legalgen.settings.toml import read_toml
from legalgen.settings.types import GateMode

if TYPE_CHECKING:  # its patterns take time to compile, and are not needed before an answer is there
    from legalgen.quality.exclusion import ExcludedFile, Exclusion
    from legalgen.quality.gate import Gate
    from legalgen.quality.grounding import PassagesOf
    from legalgen.quality.meaning.embedding import Embedder


def rules_of(settings: Settings) -> Rules:
    """The gate's table, with the user's ``[gate]``, ``--gate-file`` and ``--min-score`` over it.

    Raises:
        UsageError: a name or a value in it cannot be meant, or no question could pass.
    """
    least = {} if settings.min_score is None else {"min_score": settings.min_score}
    try:
        Rules.of(settings.gate_overrides)
    except UsageError as error:
        raise UsageError(f"{settings.config_file} {error}") from error
    rules = Rules.of({**settings.gate_overrides, **gate_file(settings), **least})
    fewest, most = rules.thresholds.question_min_words, rules.thresholds.question_max_words
    if fewest > most:
        files = (settings.config_file if settings.gate_overrides else None, settings.gate_file)
        where = " and ".join(map(str, filter(None, files)))
        raise UsageError(
            f"{where} [gate] question_min_words {fewest} is more than question_max_words {most}: "
            "no question could pass"
        )
    return rules


def gate_file(settings: Settings) -> Mapping[str, object]:
    """What ``--gate-file`` says: codes and thresholds, at its top or in a table ``[gate]``.

    Raises:
        UsageError: it cannot be read, is not TOML, or holds something that the gate has not.
    """
    path = settings.gate_file
    if path is None:
        return {}
    try:
        content = dict(read_toml(path))
        nested = content.pop("gate", {})
        found = {**content, **nested} if isinstance(nested, dict) else {"gate": nested}
        Rules.of(found)
    except ConfigurationError as error:  # of the file, which it names
        raise UsageError(f"{settings.written('gate_file')} {error}") from error
    except UsageError as error:
        raise UsageError(f"{settings.written('gate_file')} {path}: {error}") from error
    return found


def gate_of(
    settings: Settings,
    taxonomy: Taxonomy,
    today: date,
    *,
    mode: GateMode,
    passages: PassagesOf | None = None,
) -> Gate:
    """The gate; the authorities it knows are the taxonomy's and the user's own.

    The leading cases that come with the program are admitted, but where cases are taken from a
    list alone.
    It is told what the prompts say and what each topic is about, so that it knows both again.
    """
    from legalgen.law.citations import Authorities, leading_cases, shipped  # only a run needs them
    from legalgen.quality.gate import Gate  # only a run needs the gate

    ours = taxonomy is Taxonomy.builtin()
    known = (shipped if ours else Authorities.of)(taxonomy.authorities(), "taxonomy", strict=False)
    known |= authorities_of(settings)
    gate = Gate(
        mode,
        today,
        rules_of(settings),
        known,
        settings.citation_policy,
        passages=passages,
    )
    if mode == "structure":
        return gate
    from legalgen.law.prompts.instructions import instructions  # what only the full gate needs
    from legalgen.quality.checks.substance import topics_of  # what only the full gate needs
    from legalgen.quality.reading import KnownRuns  # what only the full gate needs

    return replace(
        gate,
        admitted=None if settings.citation_policy == "menu" else leading_cases(),
        instructions=KnownRuns.of(instructions(taxonomy, settings.reasoning_instruction or "")),
        topics=topics_of(taxonomy),
        subtopics={
            (area.jurisdiction, area.id, leaf.id): leaf.subtopics
            for area in taxonomy.areas
            for leaf in area.topics
        },
    )


def exclusion_of(settings: Settings) -> Exclusion | None:
    """What no row may come near to; None where ``--exclude`` names nothing.

    Raises:
        UsageError: a file cannot be read, or asks nothing.
    """
    if not settings.exclude:
        return None
    rules = rules_of(settings)
    embedder_of(settings)
    with _told_where(settings, "exclude"):
        return exclusion_from(settings.exclude, rules, settings.semantic)


def exclusion_from(
    paths: Sequence[Path], rules: Rules, semantic: str | None = None
) -> Exclusion | None:
    """As ``exclusion_of``, of what a worker may be told: settings have keys, which stay here."""
    if not paths:
        return None
    from legalgen.quality.exclusion import read_exclusion  # loads pyarrow

    found = read_exclusion(paths, rules.duplicate_thresholds())[0]
    if semantic is not None:
        found.look_at_meaning(_embedder(semantic))
    return found


def embedder_of(settings: Settings) -> Embedder | None:
    """The model of ``--semantic``, loaded once a process; None where none is named.

    Raises:
        UsageError: the extra is not installed, or the model cannot be read.
    """
    if settings.semantic is None:
        return None
    with _told_where(settings, "semantic"):
        return _embedder(settings.semantic)


@contextmanager
def _told_where(settings: Settings, name: str) -> Iterator[None]:
    """Begin what is wrong with the value of a setting with where the user wrote it."""
    try:
        yield
    except UsageError as error:
        raise UsageError(f"{settings.written(name)} {error}") from error


@lru_cache(maxsize=1)
def _embedder(model: str) -> Embedder:
    if not (has_numpy() and has_tokenizers()):
        raise UsageError(
            f"{model}: it needs the packages numpy and tokenizers: "
            f"{install_command(of_extra('semantic'))}"
        )
    # Of short texts a second thread makes nothing faster, and it spins while it waits for work:
    # measured ten times the CPU on a busy machine. Read when numpy is loaded.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from legalgen.quality.meaning.embedding import load_embedder  # loads numpy

    return load_embedder(model)


def excluded_files(settings: Settings) -> tuple[ExcludedFile, ...]:
    """The files of ``--exclude`` as a record names them; raises as ``exclusion_of``."""
    if not settings.exclude:
        return ()
    from legalgen.quality.exclusion import read_exclusion  # loads pyarrow

    limits = rules_of(settings).duplicate_thresholds()
    with _told_where(settings, "exclude"):
        return read_exclusion(settings.exclude, limits)[1]
