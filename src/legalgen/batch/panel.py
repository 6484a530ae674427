"""Who judges the answers of a run: the gate and, where asked for, another model behind it."""

from __future__ import annotations

from collections.abc import Mapping

from legalgen.batch.endpoints import Endpoint, open_endpoints
from legalgen.batch.generation import Assess, Stop, Tell
from legalgen.batch.routers import Routers
from legalgen.completion import ModelRef
from legalgen.law.prompts.prompter import Prompter
from legalgen.quality.inspection import Inspector
from legalgen.routing.route import Route
from legalgen.routing.router import Router
from legalgen.settings.layers import Settings
from legalgen.telemetry.clock import Clock


class JudgePanel:
    """Makes what assesses the drafts of a run; a judge's models are opened when it is asked for."""

    def __init__(
        self,
        settings: Settings,
        inspector: Inspector,
        marking: Route | None,
        routers: Routers,
        prompter: Prompter,
        *,
        stop: Stop,
        clock: Clock,
    ) -> None:
        self.inspector = inspector
        self._settings = settings
        self._marking = marking
        self._routers = routers
        self._prompter = prompter
        self._stop = stop
        self._clock = clock
        self.endpoints: Mapping[ModelRef, Endpoint] = {}
        """How the models that mark are spoken to; none until they are opened."""
        self.router: Router | None = None
        """The router over them; None until they are opened, and where there are none."""

    def assess(self, tell: Tell, *, waits: bool = False) -> Assess:
        """The gate, with the models that mark behind it; what these do is told to ``tell``.

        ``waits``: where marks are a condition, an answer without them raises JudgeAwayError.
        """
        if self._marking is None:
            judge = self.inspector.judge
            return lambda draft, task, completion, _: judge(draft, task, completion)
        from legalgen.batch.judging import Judging, MarkedGate  # few ask for it

        if self.router is None:
            self.endpoints = open_endpoints(self._settings, self._marking, judging=True)
            self.router = self._routers.open_judges(self._marking)
        judging = Judging(
            self.router,
            self.endpoints,
            self._prompter,
            stop=self._stop,
            tell=tell,
            clock=self._clock,
        )
        settings = self._settings
        waits = waits and settings.min_score is not None and settings.unjudged == "wait"
        share = settings.judge_share or 1.0
        return MarkedGate(self.inspector, judging, waits=waits, share=share).judge
