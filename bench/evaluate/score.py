"""Scores snatbot's findings against the ground truth. Pure; every definition is here.

*Trouble* is a run of failing minutes of one cluster, with pauses of up to 10 minutes. It is *judged* at the first tick
at which its first failing minute can be judged: snatbot waits 3 minutes, and longer where metrics arrive later.
Trouble that no metric shows (no permission to read them) is counted separately: it can't be found, and must not count
as healthy.
A *warning* is right when ports really were 75 % in use then, or connections failed within the hour after it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from shared.model.finding import FindingKind, Severity

from .detector_harness import LAG_MINUTES, POLICY, PORTS_EVERY_MINUTES, WINDOW_MINUTES
from .replay import Run
from .track import PAUSE_MINUTES, Span, Track, spans

_T = TypeVar("_T")
PREDICTED_MINUTES = 60
POST_WINDOW_MINUTES = 60
CLEAN_MINUTES = POLICY.clean_minutes


@dataclass(frozen=True, slots=True)
class Counts:
    """``right`` are true positives, ``wrong`` false positives, ``missed`` false negatives."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.right + other.right, self.wrong + other.wrong, self.missed + other.missed)

    @property
    def precision(self) -> float | None:
        found = self.right + self.wrong
        return self.right / found if found else None

    @property
    def recall(self) -> float | None:
        true = self.right + self.missed
        return self.right / true if true else None


@dataclass(frozen=True, slots=True)
class Trouble:
    """``judged_tick`` and ``found_tick`` are None when no metric showed it, and when it was not found.

    ``delay_minutes`` counts from the end of the first failing minute, when that minute was watched; ``lead_minutes``
    from the first warning to the start of the first failing minute. ``eased_ticks`` are ticks at which it was not
    called failing though a failing minute was fresh: less than CLEAN_MINUTES before the last that could be judged.
    """

    cluster: str
    span: Span
    judged_tick: int | None
    found_tick: int | None
    delay_minutes: int | None
    lead_minutes: int
    eased_ticks: int = 0

    @property
    def late_ticks(self) -> int | None:
        if self.judged_tick is None or self.found_tick is None:
            return None
        return self.found_tick - self.judged_tick


@dataclass(frozen=True, slots=True)
class RuleScore:
    """An alert rule: trouble found, alarms without cause, and which share of a load balancer's nodes really failed."""

    trouble: Counts
    nodes: Counts
    delays: tuple[int, ...]

    def __add__(self, other: RuleScore) -> RuleScore:
        return RuleScore(self.trouble + other.trouble, self.nodes + other.nodes, self.delays + other.delays)


@dataclass(frozen=True, slots=True)
class Score:
    """``shown``: node-minutes that some metric showed, found and missed. ``unshown``: trouble that no metric showed."""

    node_minutes: Counts
    shown: Counts
    failing: Counts
    warning: Counts
    trouble: tuple[Trouble, ...]
    unshown: int
    most_posts_an_hour: int
    posts: int
    called_healthy_unshown: int
    unconfirmed: tuple[FindingKind, ...]
    rules: dict[str, RuleScore]
    culprits: Counts = Counts()
    leads_everywhere: tuple[int | None, ...] = ()
    leads_of_two: tuple[int | None, ...] = ()


def score_run(run: Run, rule_names: Iterable[str]) -> Score:
    return total([_score_track(run, track, tuple(rule_names)) for track in run.tracks], tuple(rule_names))


def total(scores: list[Score], rule_names: Iterable[str]) -> Score:
    nothing = RuleScore(Counts(), Counts(), ())
    return Score(
        node_minutes=sum((score.node_minutes for score in scores), Counts()),
        shown=sum((score.shown for score in scores), Counts()),
        failing=sum((score.failing for score in scores), Counts()),
        warning=sum((score.warning for score in scores), Counts()),
        trouble=tuple(trouble for score in scores for trouble in score.trouble),
        unshown=sum(score.unshown for score in scores),
        most_posts_an_hour=max((score.most_posts_an_hour for score in scores), default=0),
        posts=sum(score.posts for score in scores),
        called_healthy_unshown=sum(score.called_healthy_unshown for score in scores),
        unconfirmed=tuple(kind for score in scores for kind in score.unconfirmed),
        rules={name: sum((score.rules[name] for score in scores), nothing) for name in rule_names},
        culprits=sum((score.culprits for score in scores), Counts()),
        leads_everywhere=tuple(lead for score in scores for lead in score.leads_everywhere),
        leads_of_two=tuple(lead for score in scores for lead in score.leads_of_two),
    )


def _score_track(run: Run, track: Track, rule_names: tuple[str, ...]) -> Score:
    last_minute = run.until_tick - 1 - run.metrics_delay_minutes
    truth = {at for at in track.truth_nodes if at.minute <= last_minute}
    visible = {at for at in track.visible_nodes if at.minute <= last_minute}
    # Claims about the last minutes can't be scored yet.
    claims = {at for at in track.claims if at.minute <= last_minute}
    troubles = [
        _trouble(run, track, span)
        for span in spans((m for m in track.truth_minutes if m <= last_minute), PAUSE_MINUTES)
    ]
    shown = [trouble for trouble in troubles if trouble.judged_tick is not None]
    posts = track.posts()
    alarms = track.open_spans(run.until_tick, Severity.FAILING)
    wrong = sum(
        not _any(track.truth_minutes, alarm.first - LAG_MINUTES - WINDOW_MINUTES, alarm.first) for alarm in alarms
    )
    warning, unconfirmed = _warnings(run, track, last_minute)
    return Score(
        node_minutes=_compare(claims, truth),
        shown=_compare(claims & visible, visible),
        failing=Counts(
            right=sum(trouble.found_tick is not None for trouble in shown),
            wrong=wrong,
            missed=sum(trouble.found_tick is None for trouble in shown),
        ),
        warning=warning,
        trouble=tuple(shown),
        unshown=len(troubles) - len(shown),
        most_posts_an_hour=max(
            (sum(at <= post < at + POST_WINDOW_MINUTES for post in posts) for at in posts), default=0
        ),
        posts=len(posts),
        called_healthy_unshown=track.readings["measured"] + track.readings["idle"] if troubles and not shown else 0,
        unconfirmed=unconfirmed,
        rules={name: _score_rule(run, track, name, troubles) for name in rule_names},
        culprits=_compare(track.named_culprits, track.truth_culprits),
        leads_everywhere=_leads(shown, track.seen_everywhere),
        leads_of_two=_leads(shown, track.seen_by_two),
    )


def _leads(troubles: list[Trouble], seen: dict[int, int | None]) -> tuple[int | None, ...]:
    """Seconds from a probe's first bad connection to the tick that finds the trouble, if its beginning was watched."""
    leads: list[int | None] = []
    for each in troubles:
        if each.delay_minutes is not None and each.found_tick is not None and each.span.first in seen:
            at = seen[each.span.first]
            leads.append(None if at is None else 60 * each.found_tick - at)
    return tuple(leads)


def _compare(claims: set[_T], truth: set[_T]) -> Counts:
    return Counts(len(claims & truth), len(claims - truth), len(truth - claims))


def _any(minutes: Iterable[int], start: int, end: int) -> bool:
    """Whether any of ``minutes`` is in ``start`` to ``end``, ``end`` excluded."""
    return any(start <= minute < end for minute in minutes)


def _trouble(run: Run, track: Track, span: Span) -> Trouble:
    shown = [minute for minute in track.visible_minutes if span.first <= minute <= span.last]
    if not shown:
        return Trouble(track.name, span, None, None, None, 0)
    judged = max(run.from_tick, min(shown) + 1 + run.metrics_delay_minutes)
    latest = span.last + 1 + run.metrics_delay_minutes + WINDOW_MINUTES
    failing = track.open_spans(run.until_tick, Severity.FAILING)
    found = next(
        (max(alarm.first, judged) for alarm in failing if alarm.last >= judged and alarm.first <= latest), None
    )
    is_watched = span.first >= run.from_tick - LAG_MINUTES
    delay = found - span.first - 1 if found is not None and is_watched else None
    eased = _eased(run, track, span, found) if found is not None else 0
    return Trouble(track.name, span, judged, found, delay, _lead(run, track, span, found), eased)


def _eased(run: Run, track: Track, span: Span, found: int) -> int:
    called = {
        tick
        for alarm in track.open_spans(run.until_tick, Severity.FAILING)
        for tick in range(alarm.first, alarm.last + 1)
    }
    end = min(span.last + 1 + run.metrics_delay_minutes, run.until_tick)
    newest = (tick - 1 - run.metrics_delay_minutes for tick in range(found, end + 1) if tick not in called)
    return sum(_any(track.visible_minutes, minute - CLEAN_MINUTES + 2, minute + 1) for minute in newest)


def _lead(run: Run, track: Track, span: Span, found: int | None) -> int:
    """Minutes from the opening of the incident to the first failure; 0 if something failed earlier."""
    around = [
        warning
        for warning in track.open_spans(run.until_tick, Severity.WARNING)
        if warning.first <= (found or 0) <= warning.last
    ]
    if not around or _any(track.truth_minutes, around[0].first - LAG_MINUTES - WINDOW_MINUTES, span.first):
        return 0
    return max(0, span.first - around[0].first)


def _warnings(run: Run, track: Track, last_minute: int) -> tuple[Counts, tuple[FindingKind, ...]]:
    """Warnings right and not confirmed, pressure missed; and the kinds of what was not confirmed."""
    warned = track.open_spans(run.until_tick, Severity.WARNING, Severity.FAILING)
    failing_ends = {alarm.last for alarm in track.open_spans(run.until_tick, Severity.FAILING)}
    fresh = [warning for warning in warned if warning.first - 1 not in failing_ends]
    pressed = {at.minute for at in track.truth_pressed}
    kinds = {moment.tick: moment.kinds for moment in track.moments}
    unconfirmed = [
        warning
        for warning in fresh
        if not _any(pressed, warning.first - LAG_MINUTES - WINDOW_MINUTES, warning.last)
        and not _any(track.truth_minutes, warning.first, warning.first + PREDICTED_MINUTES)
    ]
    is_measured = track.readings["measured"] > 0
    opened = track.open_spans(run.until_tick, Severity.WARNING)
    missed = 0
    for span in spans(pressed, PAUSE_MINUTES) if is_measured else ():
        by = span.last + 1 + run.metrics_delay_minutes + PORTS_EVERY_MINUTES
        is_over = by <= run.until_tick and span.last <= last_minute
        missed += is_over and not any(incident.first <= by and incident.last >= span.first for incident in opened)
    counts = Counts(len(fresh) - len(unconfirmed), len(unconfirmed), missed)
    return counts, tuple(kind for warning in unconfirmed for kind in kinds.get(warning.first, ()))


def _score_rule(run: Run, track: Track, name: str, troubles: list[Trouble]) -> RuleScore:
    ticks = track.rule_ticks.get(name, set())
    alarms = spans(ticks)
    pressed = {at.minute for at in track.truth_pressed}
    causes = track.truth_minutes | pressed
    wrong = sum(
        not _any(causes, alarm.first - WINDOW_MINUTES - run.metrics_delay_minutes, alarm.first) for alarm in alarms
    )
    found, delays = 0, []
    for trouble in troubles:
        latest = trouble.span.last + 1 + run.metrics_delay_minutes + WINDOW_MINUTES
        tick = next((tick for tick in sorted(ticks) if trouble.span.first < tick <= latest), None)
        found += tick is not None
        if tick is not None and trouble.span.first >= run.from_tick - LAG_MINUTES:
            delays.append(tick - trouble.span.first - 1)
    right = suspected = 0
    for tick in ticks:
        suspected += len(track.node_names)
        right += len({at.node for at in track.truth_nodes if tick - WINDOW_MINUTES <= at.minute < tick})
    return RuleScore(Counts(found, wrong, len(troubles) - found), Counts(right, suspected - right), tuple(delays))
