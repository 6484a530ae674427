"""The errors of the stand-in, derived from one another as Ray's are."""

from __future__ import annotations


class RayError(Exception):
    """The root."""


class RayActorError(RayError):
    """An actor is gone."""


class ActorDiedError(RayActorError):
    """It will not come back."""


class ActorUnavailableError(RayActorError):
    """It may."""


class RayTaskError(RayError):
    """What was called has raised ``cause``."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause
