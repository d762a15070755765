"""Goals for detection. Each goal is checked against every scenario that it applies to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .replay import Run
from .score import Score

LATEST_TICKS = 1
LEAST_LEAD_MINUTES = 10
MOST_POSTS_AN_HOUR = 3


@dataclass(frozen=True, slots=True)
class Goal:
    """``missed`` lists where the goal was missed and how; empty if it is met. ``of`` is the number of checked cases."""

    name: str
    of: str
    missed: tuple[str, ...]

    @property
    def is_reached(self) -> bool:
        return not self.missed


def goals(runs: Mapping[str, Run], scores: Mapping[str, Score]) -> list[Goal]:
    """Check all goals. ``runs`` and ``scores`` are by scenario."""
    return [
        _found_in_time(scores),
        _not_called_over(scores),
        _no_false_alarm(runs, scores),
        _nodes(scores),
        _lead(runs, scores),
        _posts(scores),
        _plans(runs),
    ]


def _found_in_time(scores: Mapping[str, Score]) -> Goal:
    missed = [
        f"{name}: {each.cluster} was found {'never' if each.late_ticks is None else f'{each.late_ticks} ticks late'}"
        for name, score in scores.items()
        for each in score.trouble
        if each.late_ticks is None or each.late_ticks > LATEST_TICKS
    ]
    unsaid = [
        f"{name}: {score.called_healthy_unshown} scans called health what could not be measured"
        for name, score in scores.items()
        if score.called_healthy_unshown
    ]
    count = sum(len(score.trouble) for score in scores.values())
    return Goal(
        f"every failing incident found within {LATEST_TICKS} tick of its first judged failing minute",
        f"{count} incidents",
        (*missed, *unsaid),
    )


def _not_called_over(scores: Mapping[str, Score]) -> Goal:
    missed = [
        f"{name}: {each.cluster} was called over or eased at {each.eased_ticks} ticks while it still failed"
        for name, score in scores.items()
        for each in score.trouble
        if each.eased_ticks
    ]
    count = sum(len(score.trouble) for score in scores.values())
    return Goal("no failing incident called over while it still fails", f"{count} incidents", tuple(missed))


def _no_false_alarm(runs: Mapping[str, Run], scores: Mapping[str, Score]) -> Goal:
    quiet = [name for name, run in runs.items() if not any(track.truth_minutes for track in run.tracks)]
    days = min(((runs[name].until_tick - runs[name].origin) / 1440 for name in quiet), default=0.0)
    missed = [
        f"{name}: {score.failing.wrong} incidents with failing connections where none failed"
        for name, score in scores.items()
        if score.failing.wrong
    ]
    return Goal(
        "no failing incident without a failed connection, on quiet and not-SNAT scenarios over 7 simulated days",
        f"{len(quiet)} scenarios in which nothing fails, {days:g} days each, and all others",
        tuple(missed),
    )


def _nodes(scores: Mapping[str, Score]) -> Goal:
    missed = [
        f"{name}: {score.node_minutes.wrong} node-minutes named that did not fail, {score.shown.missed} not named"
        for name, score in scores.items()
        if score.node_minutes.wrong or score.shown.missed
    ]
    count = sum(score.shown.right + score.shown.missed for score in scores.values())
    return Goal("node attribution exact", f"{count:,} failing node-minutes that the metrics show", tuple(missed))


def _lead(runs: Mapping[str, Run], scores: Mapping[str, Score]) -> Goal:
    leads = [(name, each) for name, score in scores.items() if runs[name].is_leak for each in score.trouble[:1]]
    missed = [
        f"{name}: {each.cluster} was warned of {each.lead_minutes} minutes ahead"
        for name, each in leads
        if each.lead_minutes < LEAST_LEAD_MINUTES
    ]
    return Goal(f"at least {LEAST_LEAD_MINUTES} minutes' lead on a leak", f"{len(leads)} leaks", tuple(missed))


def _posts(scores: Mapping[str, Score]) -> Goal:
    missed = [
        f"{name}: {score.most_posts_an_hour} posts within an hour"
        for name, score in scores.items()
        if score.most_posts_an_hour > MOST_POSTS_AN_HOUR
    ]
    return Goal(
        f"at most {MOST_POSTS_AN_HOUR} detection posts for an incident of one hour",
        "any hour of any cluster",
        tuple(missed),
    )


def _plans(runs: Mapping[str, Run]) -> Goal:
    missed = [f"{name}: {difference}" for name, run in runs.items() for difference in run.plan_differences]
    count = sum(run.plans for run in runs.values())
    return Goal("subnets, ownership and blockers of each plan as declared", f"{count} declared", tuple(missed))
