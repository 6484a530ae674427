"""Request and token budgets of one model: reserve, reconcile, seconds until a request fits.

A budget is a bucket that refills all the time at ``limit / window``. Both vendors reserve the
prompt plus ``max_completion_tokens`` when a request arrives; so does this page, a moment
earlier. Whether a vendor gives back what was reserved and not used is on no page of theirs: where
replies carry the level, nothing is given back here and each reply raises the level to what it
shows; where none does (Groq's tokens per day), what was not used is given back, until a refusal
shows that it should not have been.

Who has to wait stands in a queue, by budget and in the order of coming: a place in it counts for
those who come later, not for those who came before.

All times are seconds of one monotonic clock that the caller passes in as ``now``.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping

import msgspec
from msgspec.structs import replace

from legalgen.completion import DAY_S, LimitKind, LimitReading, LimitWindow, Usage

WINDOW_S: Mapping[LimitWindow, float] = {"minute": 60.0, "hour": 3600.0, "day": DAY_S}
MARGIN = 0.005
"""Share of a limit that is never planned for: room for what a tokenizer counts differently."""
OVERTAKING_S = 1.0
"""Requests that left within this time of one another may arrive in any order."""
ENOUGH_ANSWERS = 5
"""Answers from which on experience counts more than the estimate."""
UNRESERVED = 1.3
"""How much larger a completion budget is that no limit reserves: it costs nothing until it is used,
and an answer that is cut off is paid for and lost."""
THINKING = 3
"""How many times a budget that was thought away is added to the usual answer."""
CUT_OFF = 1.25
"""How much longer an answer that was cut off is taken to have been."""
SPREAD = 0.2
"""How far prompts differ in tokens per character, from the least to the most."""
SILENT_S = 3.0
"""A process that has not said for so long that it waits is not waited for."""
SURPRISES = 2
CHARACTERS_PER_TOKEN = 4.3
"""English prose, until a model's own replies say better."""
MOST_TOKENS_PER_CHARACTER = 2.0
"""No tokenizer makes more of a prompt's text: a reply that says so is wrong, or tells a total."""
MOST_ADDED_TOKENS = 8_192
"""What a schema, a chat template and a gateway's own words may add to a prompt."""


class Cost(msgspec.Struct, frozen=True):
    """What one request takes from the budgets, in requests and tokens."""

    input_tokens: int
    output_tokens: int
    requests: int = 1

    def of(self, kind: LimitKind) -> int:
        """The part that counts against limits of this kind."""
        match kind:
            case "requests":
                return self.requests
            case "tokens":
                return self.input_tokens + self.output_tokens
            case "input_tokens":
                return self.input_tokens
            case "output_tokens":
                return self.output_tokens


NOTHING = Cost(0, 0, 0)


class Bucket(msgspec.Struct, frozen=True):
    """One budget at one instant: ``level`` units are left of ``limit`` at time ``at``.

    ``measured``: replies carry its level. ``surprises`` counts refusals of what should have fitted:
    one may be another program's doing, more show that nothing is given back. ``whole`` is what the
    account has (0: ``limit``), of which ``limit`` may be used here; ``learnt``: the vendor said so.
    """

    kind: LimitKind
    window: LimitWindow
    limit: float
    level: float
    at: float
    measured: bool = False
    surprises: int = 0
    whole: float = 0.0
    learnt: bool = False

    @property
    def share(self) -> float:
        """Which part of the account's limit is used here."""
        return self.limit / self.whole if self.whole else 1.0

    @property
    def rate(self) -> float:
        """Units that come back per second."""
        return self.limit / WINDOW_S[self.window]

    @property
    def reserve(self) -> float:
        """Units that stay unplanned; none of requests, which are counted alike by all."""
        return self.limit * MARGIN if self.kind != "requests" else 0.0

    def level_at(self, now: float) -> float:
        """Units left at ``now``."""
        passed = now - self.at
        # ``now`` was read before other processes' changes were: the bucket may be ahead of it.
        level = self.level + passed * self.rate if passed > 0 else self.level
        return level if level < self.limit else self.limit

    def seconds_until(self, amount: float, now: float, ahead: float = 0.0) -> float:
        """Seconds until ``amount`` fits after what is ``ahead`` of it in the queue.

        ``inf`` when it is larger than the bucket.
        """
        if amount > self.limit:
            return math.inf
        # Beside its reserve a request of nearly the whole limit would never fit.
        missing = min(amount + self.reserve, self.limit) + ahead - self.level_at(now)
        return missing / self.rate if missing > 0 else 0.0

    def take(self, amount: float, now: float) -> Bucket:
        """The bucket after ``amount`` was taken (or, negative, given back)."""
        # May fall below zero: a reply may say that more was used than was reserved, and what
        # comes next waits until that is made good.
        level = min(self.limit, self.level_at(now) - amount)
        return replace(self, level=level, at=max(now, self.at))

    @property
    def refunds(self) -> bool:
        """Whether what was reserved and not used is taken to come back."""
        return not self.measured and self.surprises < SURPRISES

    def corrected(self, low: float, high: float, now: float) -> Bucket:
        """The bucket with its level pulled into ``[low, high]``, what a reply allows."""
        level = min(max(self.level_at(now), low), high)
        return replace(self, level=min(level, self.limit), at=max(now, self.at))


class Reservation(msgspec.Struct, frozen=True):
    """A request's place: among the calls that are out, or in the queue of those that wait.

    ``common`` is what it took of the budgets that all models of the provider share.
    """

    number: int
    cost: Cost
    made_at: float
    common: Reservation | None = None


class OtherCall(msgspec.Struct, frozen=True):
    """A call of another process: what it took, when it left, and whether it is still ``out``."""

    cost: Cost
    made_at: float
    out: bool


class OtherWait(msgspec.Struct, frozen=True):
    """The first of another process's queue: what it costs, since when it waits, and when that
    process last said so."""

    cost: Cost
    since: float
    told_at: float


class Budgets(msgspec.Struct):
    """All budgets of one model, the calls that are out against them, and the queue for them.

    ``share`` of each limit is used here, learnt or ``stated`` by the user; a limit that is stated
    binds where the vendor's is larger. ``others`` are calls of other processes against the same
    budgets: those that are out, and those that left while one was; ``waiting`` is the first of each
    of their queues, for those that wait in turn with ours. ``common`` are budgets that all models
    of the provider share, of which each call takes, too.
    """

    buckets: dict[tuple[LimitKind, LimitWindow], Bucket] = msgspec.field(default_factory=dict)
    share: float = 1.0
    stated: dict[tuple[LimitKind, LimitWindow], float] = msgspec.field(default_factory=dict)
    others: tuple[OtherCall, ...] = ()
    waiting: tuple[OtherWait, ...] = ()
    common: Budgets | None = None
    largest_request: int | None = None
    """Tokens (prompt plus completion) above which the server refuses; learnt."""
    largest_output: int | None = None
    """Completion budget above which the server refuses; learnt."""
    _out: dict[int, Reservation] = msgspec.field(default_factory=dict)
    _queue: dict[int, Reservation] = msgspec.field(default_factory=dict)
    _sent: deque[Reservation] = msgspec.field(default_factory=lambda: deque(maxlen=256))
    _numbers: int = 0

    @property
    def binds(self) -> bool:
        """Whether any limit is known."""
        return bool(self.buckets or (self.common is not None and self.common.buckets))

    def every(self) -> Collection[Bucket]:
        """The model's own budgets, then those that it shares."""
        if self.common is None or not self.common.buckets:
            return self.buckets.values()
        return (*self.buckets.values(), *self.common.buckets.values())

    def snapshot(self) -> Budgets:
        """The levels and limits of now, the tightest of each kind and window; ``common`` tells
        which of them are shared. Calls that are out and the queue stay behind."""
        buckets = dict(self.buckets)
        common = dict(self.common.buckets) if self.common is not None else {}
        for key, bucket in common.items():
            known = buckets.get(key)
            if known is None or bucket.limit < known.limit:
                buckets[key] = bucket
        return Budgets(
            buckets=buckets,
            share=self.share,
            common=Budgets(buckets=common),
            largest_request=self.largest_request,
            largest_output=self.largest_output,
        )

    def granted(self, kind: LimitKind, window: LimitWindow, whole: float) -> float:
        """What may be used here of a limit of the whole account."""
        return min(whole, self.stated.get((kind, window), math.inf)) * self.share

    def state(self, readings: Iterable[LimitReading], now: float) -> None:
        """Limits that the user states; what was stated before this process began is forgotten."""
        said = {(r.kind, r.window): float(r.limit) for r in readings if r.limit}
        self.stated.update(said)
        for key, bucket in list(self.buckets.items()):
            if not bucket.learnt and key not in self.stated:
                del self.buckets[key]
        for (kind, window), limit in said.items():
            known = self.buckets.get((kind, window))
            learnt = known is not None and known.learnt
            whole = known.whole if known is not None and learnt else limit
            self.state_limit(kind, window, whole, now, learnt=learnt)

    def restore(self, buckets: Iterable[Bucket]) -> None:
        """Budgets of the whole account, as they were known before this process began.

        Those that are shared each model of the provider remembers: the last to know counts.
        """
        for bucket in buckets:
            known = self.buckets.get((bucket.kind, bucket.window))
            if known is not None and known.at > bucket.at:
                continue
            limit = self.granted(bucket.kind, bucket.window, bucket.limit)
            level = bucket.level * limit / bucket.limit
            kept = replace(bucket, limit=limit, level=level, whole=bucket.limit)
            self.buckets[bucket.kind, bucket.window] = kept

    def state_limit(
        self, kind: LimitKind, window: LimitWindow, whole: float, now: float, *, learnt: bool = True
    ) -> None:
        """A limit of the account: of a header, a tier, the text of a refusal, or of config.

        A new bucket starts full, less what is out; a changed limit keeps the amount used.
        """
        known = self.buckets.get((kind, window))
        limit = self.granted(kind, window, whole)
        if known is None:
            out = sum(r.cost.of(kind) for r in self._out.values())
            out += sum(call.cost.of(kind) for call in self.others if call.out)
            bucket = Bucket(kind, window, limit, limit - out, now, whole=whole, learnt=learnt)
        else:
            level = known.level_at(now) + limit - known.limit
            at = max(now, known.at)
            bucket = replace(known, limit=limit, level=level, at=at, whole=whole, learnt=learnt)
        self.buckets[kind, window] = bucket

    def seconds_until(self, cost: Cost, now: float, place: Reservation | None = None) -> float:
        """Seconds until the whole cost fits every budget; ``inf`` when it never will.

        ``place`` is where the asker stands in the queue; None is at its end.
        """
        return self.longest_wait(cost, now, place)[0]

    def longest_wait(
        self, cost: Cost, now: float, place: Reservation | None = None
    ) -> tuple[float, Bucket | None]:
        """As ``seconds_until``, and the budget that is waited for longest; None when nothing is
        waited for."""
        ahead = self._ahead(now, place)
        longest: tuple[float, Bucket | None] = (0.0, None)
        for bucket in self.every():
            wait = bucket.seconds_until(cost.of(bucket.kind), now, ahead.of(bucket.kind))
            if wait > longest[0]:
                longest = (wait, bucket)
        return longest

    def fits_ever(self, cost: Cost) -> bool:
        """Whether the request is small enough for every bucket, however long one waits."""
        total, output = cost.of("tokens"), cost.output_tokens
        if self.largest_request is not None and total > self.largest_request:
            return False
        if self.largest_output is not None and output > self.largest_output:
            return False
        for bucket in self.every():  # noqa: SIM110 - asked at each turn: `all` takes twice as long
            if cost.of(bucket.kind) > bucket.limit:
                return False
        return True

    def room_for_output(self, input_tokens: int) -> float:
        """The largest completion budget that could ever be granted beside this prompt."""
        room = math.inf
        for bucket in self.every():
            if bucket.kind == "tokens":
                room = min(room, bucket.limit * (1 - MARGIN) - input_tokens)
            elif bucket.kind == "output_tokens":
                room = min(room, bucket.limit * (1 - MARGIN))
        if self.largest_request is not None:
            room = min(room, self.largest_request - input_tokens)
        if self.largest_output is not None:
            room = min(room, self.largest_output)
        return room

    def reserve(self, cost: Cost, now: float) -> Reservation:
        """Take the cost: the request leaves now."""
        common = self.common.reserve(cost, now) if self.common is not None else None
        reservation = replace(self._numbered(cost, now), common=common)
        self._out[reservation.number] = reservation
        self._sent.append(reservation)
        for key, bucket in self.buckets.items():
            self.buckets[key] = bucket.take(cost.of(bucket.kind), now)
        return reservation

    def queue(self, cost: Cost, now: float, place: Reservation | None = None) -> Reservation:
        """A place in the queue: a new one at its end, or the one held, for what it costs now."""
        waiting = replace(place, cost=cost) if place is not None else self._numbered(cost, now)
        self._queue[waiting.number] = waiting
        return waiting

    def first_wait(self, now: float) -> tuple[float, Bucket | None] | None:
        """Seconds until the first of the queue fits, and the budget it waits for; None when nobody
        waits."""
        if (first := self.first) is None:
            return None
        return self.longest_wait(first.cost, now, first)

    def leave(self, place: Reservation) -> None:
        """Give a place in the queue up."""
        self._queue.pop(place.number, None)

    def release(self, reservation: Reservation, now: float) -> None:
        """Give a reservation back whole: its request never ran."""
        if self.common is not None and reservation.common is not None:
            self.common.release(reservation.common, now)
        if self._out.pop(reservation.number, None) is None:
            return
        # It never reached the server, which cannot have counted it beside any other call.
        self._sent = deque((r for r in self._sent if r != reservation), maxlen=self._sent.maxlen)
        for key, bucket in self.buckets.items():
            self.buckets[key] = bucket.take(-reservation.cost.of(bucket.kind), now)

    def settle(self, reservation: Reservation, used: Cost, now: float) -> None:
        """The reply is here and says what was used."""
        if self.common is not None and reservation.common is not None:
            self.common.settle(reservation.common, used, now)
        if self._out.pop(reservation.number, None) is None:
            return
        reserved = reservation.cost
        # Where nothing is taken to come back, the answer's whole bound stays charged.
        kept = replace(used, output_tokens=max(used.output_tokens, reserved.output_tokens))
        for key, bucket in self.buckets.items():
            charged = used if bucket.refunds else kept
            amount = charged.of(bucket.kind) - reserved.of(bucket.kind)
            self.buckets[key] = bucket.take(amount, now)

    def learn(
        self, readings: Iterable[LimitReading], now: float, call: Reservation | None = None
    ) -> None:
        """Take in what a reply (to ``call``) said of the budgets.

        The server may have looked when the request arrived or when it replied, so it may or may
        not have counted what left later; the level is kept within both bounds.
        """
        for reading in readings:
            if reading.scope == "provider" and self.common is not None:
                taken = call.common if call is not None else None
                self.common.learn([replace(reading, scope="model")], now, taken)
                continue
            self._learn_limit(reading, now)
            if reading.remaining is not None:
                self._learn_level(reading, float(reading.remaining), now, call)

    def learn_largest(
        self, cost: Cost, kind: LimitKind, limit: int | None, requested: int | None
    ) -> None:
        """A request was too large for the model: ask for less, by what was too much.

        The server may count more than was asked for (Groq counts the reasoning that it expects),
        so the limit alone would be refused again. Where it names no numbers, a quarter less.
        """
        asked = cost.of(kind)
        if kind == "output_tokens" and requested is None:  # what one answer may have, no more said
            requested = asked
        excess = max(1, requested - limit) if limit and requested else asked // 4
        room = asked - excess
        if room < 1 and limit and requested:  # what is expected beside grows with what is asked
            room = max(1, asked * limit // requested)
        if kind == "output_tokens":
            self.largest_output = min(room, self.largest_output or asked)
        elif kind == "tokens":
            self.largest_request = min(room, self.largest_request or asked)

    def drain(
        self, kind: LimitKind, window: LimitWindow, level: float, now: float, *, known: bool
    ) -> None:
        """A refusal showed that no more than ``level`` units are left.

        It is a surprise where the limit was known: of a day's others may have used some.
        """
        bucket = self.buckets.get((kind, window))
        if bucket is None:
            return
        surprising = known and window == "minute" and level < bucket.level_at(now)
        bucket = replace(bucket, surprises=bucket.surprises + surprising)
        self.buckets[kind, window] = bucket.corrected(-math.inf, level, now)

    @property
    def out(self) -> Iterable[Reservation]:
        """The calls of this process that are out."""
        return self._out.values()

    def back(self) -> Iterable[Reservation]:
        """The calls of this process that are back, and left since the oldest did that is out
        anywhere: replies that are still to come may not have counted them."""
        oldest = min(
            [r.made_at for r in self._out.values()]
            + [call.made_at for call in self.others if call.out],
            default=math.inf,
        )
        for reservation in self._sent:
            if reservation.number not in self._out and reservation.made_at > oldest - OVERTAKING_S:
                yield reservation

    @property
    def first(self) -> Reservation | None:
        """The first of the queue."""
        return self._queue[min(self._queue)] if self._queue else None

    def shift(self, seconds: float) -> None:
        """The machine slept for ``seconds``: the buckets refilled meanwhile."""
        for key, bucket in self.buckets.items():
            self.buckets[key] = replace(bucket, at=bucket.at - seconds)

    def _numbered(self, cost: Cost, now: float) -> Reservation:
        self._numbers += 1
        return Reservation(self._numbers, cost, now)

    def _learn_limit(self, reading: LimitReading, now: float) -> None:
        if reading.limit is None or reading.limit <= 0:
            return
        known = self.buckets.get((reading.kind, reading.window))
        if known is None or not known.learnt or known.whole != reading.limit:
            self.state_limit(reading.kind, reading.window, reading.limit, now)

    def _learn_level(
        self, reading: LimitReading, remaining: float, now: float, call: Reservation | None
    ) -> None:
        bucket = self.buckets.get((reading.kind, reading.window))
        if bucket is None:
            return
        left_at = call.made_at if call is not None else now
        later = sum(
            r.cost.of(reading.kind)
            for r in self._sent
            if r.made_at > left_at - OVERTAKING_S and r != call
        )
        later += sum(
            other.cost.of(reading.kind)
            for other in self.others
            if other.made_at > left_at - OVERTAKING_S
        )
        remaining *= bucket.share
        high = remaining + bucket.rate * max(0.0, now - left_at)
        bucket = replace(bucket, measured=True)
        self.buckets[reading.kind, reading.window] = bucket.corrected(remaining - later, high, now)

    def _ahead(self, now: float, place: Reservation | None) -> Cost:
        """What those take in sum who wait before a place in the queue, or before its end."""
        if not (self._queue or self.waiting):
            return NOTHING
        end = place.number if place is not None else self._numbers + 1
        since = place.made_at if place is not None else now
        said = now - SILENT_S
        waiting = [each.cost for number, each in self._queue.items() if number < end]
        waiting += [w.cost for w in self.waiting if w.since < since and w.told_at >= said]
        # Summed up by field, not cost by cost: asked at each turn, where many wait.
        return Cost(
            sum([cost.input_tokens for cost in waiting]),
            sum([cost.output_tokens for cost in waiting]),
            sum([cost.requests for cost in waiting]),
        )


class Demand(msgspec.Struct, frozen=True):
    """The size of a request before a model is chosen.

    ``usual_output`` is what an answer within the asked bounds takes at most, in tokens without
    reasoning; ``least_output`` what the shortest acceptable answer takes. ``scale`` grows when
    an answer came back truncated.
    """

    prompt_characters: int
    usual_output: int
    least_output: int
    scale: float = 1.0

    @property
    def most_input(self) -> float:
        """Tokens above which no reply is believed about its prompt."""
        return self.prompt_characters * MOST_TOKENS_PER_CHARACTER + MOST_ADDED_TOKENS


def counted(
    usage: Usage, text: str, input_tokens: Callable[[], int], most: tuple[float, float]
) -> Usage:
    """The tokens of a call that made ``text``, estimated where its reply does not say.

    ``input_tokens`` estimates those of its prompt. Without them no bound on tokens or cost would
    ever be met. A 0 says nothing either: every prompt has tokens, and so has every text. Nor does
    what is above ``most``, of the prompt and of the text: some servers tell the total of all calls.
    """
    sent, made = usage.input_tokens, usage.output_tokens
    knows_sent = 0 < sent <= most[0]
    knows_made = made <= most[1] and bool(made or not text)
    if knows_sent and knows_made:
        return usage
    return Usage(
        sent if knows_sent else input_tokens(),
        made if knows_made else math.ceil(len(text) / CHARACTERS_PER_TOKEN),
        usage.reasoning_tokens if knows_made else None,
        usage.cached_tokens if knows_sent else None,
        estimated=True,
    )


class Experience(msgspec.Struct):
    """What requests of one model really took: tokens per character, output per demand."""

    reasoning_allowance: int = 0
    """Tokens a reasoning model thinks before it answers, until its own usage says better."""
    ratios: deque[float] = msgspec.field(default_factory=lambda: deque(maxlen=20))
    """Tokens per character of its last prompts."""
    shares: deque[float] = msgspec.field(default_factory=lambda: deque(maxlen=100))
    """Output tokens of its last answers, as shares of their demand's ``usual_output``."""
    _ordered: list[float] = msgspec.field(default_factory=list)
    """The shares from the least to the most; none: not yet put in order."""

    @property
    def tokens_per_character(self) -> float | None:
        """The most of its last prompts: too much is put right by the next reply, too little is
        refused. None until one was counted."""
        return max(self.ratios, default=None)

    def snapshot(self) -> Experience:
        """What is known now."""
        return Experience(self.reasoning_allowance, self.ratios.copy(), self.shares.copy())

    def note(self, demand: Demand, input_tokens: int, output_tokens: int, *, cut: bool) -> None:
        """Learn from one answer; one that was ``cut`` off would have been longer."""
        if input_tokens and demand.prompt_characters:
            self.recall_ratio(input_tokens / demand.prompt_characters)
        if output_tokens and demand.usual_output:
            length = output_tokens * (CUT_OFF if cut else 1)
            self.recall([length / demand.usual_output])

    def recall_ratio(self, tokens_per_character: float) -> None:
        """Take in a prompt's ratio that was noted, here or by an earlier process.

        The largest sizes all prompts to come: one that cannot be would leave the model out.
        """
        if tokens_per_character <= MOST_TOKENS_PER_CHARACTER:
            self.ratios.append(tokens_per_character)

    def recall(self, shares: Iterable[float]) -> None:
        """Take in shares of answers that were noted, here or by an earlier process."""
        self.shares.extend(shares)
        self._ordered = []

    def note_thinking(self, cap: int) -> None:
        """Learn that thinking alone used up a completion budget: the next is several times it.

        A model that thinks long is found in three calls, where 1.6 times each would take six.
        """
        self.reasoning_allowance = max(self.reasoning_allowance, THINKING * cap)

    def input_tokens(self, demand: Demand) -> int:
        """Tokens of the prompt, counted as this model counts.

        The largest of few falls short of what is still to come by more than that of many.
        """
        if not self.ratios:
            return math.ceil(demand.prompt_characters / CHARACTERS_PER_TOKEN)
        most = max(self.ratios) * (1 + SPREAD / (len(self.ratios) + 1))
        return math.ceil(demand.prompt_characters * most)

    def typical_input(self, demand: Demand) -> float:
        """Tokens that such a prompt takes on average, as far as is known."""
        if not self.ratios:
            return demand.prompt_characters / CHARACTERS_PER_TOKEN
        return sum(self.ratios) / len(self.ratios) * demand.prompt_characters

    def usual(self, demand: Demand) -> float:
        """Tokens that nearly every answer to such a demand fits in.

        The 95th percentile of what answers took plus 15 %, once five are known; before, the
        demand's own estimate plus the reasoning allowance.
        """
        if len(self.shares) < ENOUGH_ANSWERS:
            return demand.usual_output + self.reasoning_allowance
        return self._quantile(0.95) * 1.15 * demand.usual_output

    def typical(self, demand: Demand) -> float:
        """Tokens that an answer to such a demand takes on average, as far as is known."""
        if not self.shares:
            return demand.usual_output + self.reasoning_allowance
        return sum(self.shares) / len(self.shares) * demand.usual_output

    def needed(self, demand: Demand) -> float:
        """The completion budget below which a request is a waste: half of all answers would be
        cut off, or this one, that was cut off before, again."""
        if demand.scale > 1:
            return max(1.1 * self.usual(demand), demand.least_output)
        if len(self.shares) < ENOUGH_ANSWERS:
            return (demand.least_output + demand.usual_output) / 2
        return max(self._quantile(0.5) * demand.usual_output, demand.least_output)

    def output_budget(self, demand: Demand, cap: int, room: float) -> int:
        """``max_completion_tokens`` for this demand: what is usual, times the demand's scale.

        Never above the model's cap nor what its budgets can ever grant.
        """
        wanted = max(self.usual(demand) * demand.scale, demand.least_output)
        return max(1, math.floor(min(math.ceil(wanted), cap, room)))

    def cost(self, demand: Demand, cap: int, budgets: Budgets, window: float = math.inf) -> Cost:
        """The whole cost of a request of this size, in a context ``window`` of so many tokens."""
        input_tokens = self.input_tokens(demand)
        room = budgets.room_for_output(input_tokens)
        if room == math.inf and len(self.shares) >= ENOUGH_ANSWERS:
            demand = replace(demand, scale=demand.scale * UNRESERVED)
        # Prompt and answer share the window, and vendors refuse a call whose two bounds do not fit.
        room = min(room, window - input_tokens)
        return Cost(input_tokens, self.output_budget(demand, cap, room))

    def _quantile(self, share: float) -> float:
        # Asked several times at each turn; a turn without a reply before it changes nothing.
        if not self._ordered:
            self._ordered = sorted(self.shares)
        return self._ordered[math.ceil(share * len(self._ordered)) - 1]
