"""What stands in the way of watching, said once when it has lasted, and forgotten when it is over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ...formatting import clip
from ...model.coverage import StandingProblem

MOST = 30  # are remembered; what there is more of comes when some of these are over
LONGEST = 400  # characters of one that are remembered


@dataclass(frozen=True, slots=True)
class StandingProblemNews:
    """Texts to tell now, and of those that were told what is over."""

    due: tuple[str, ...] = ()
    over: tuple[str, ...] = ()


def update_problems(
    known: tuple[StandingProblem, ...], current: Mapping[str, str], now: datetime, grace_period: timedelta
) -> tuple[tuple[StandingProblem, ...], StandingProblemNews]:
    """``current``: what this look has to remark. The key tells whether two texts are about the same."""
    before = {one.key: replace(one, since=min(one.since, now)) for one in known}
    keys = [*(key for key in before if key in current), *(key for key in current if key not in before)][:MOST]
    standing = [before.get(key) or StandingProblem(key, clip(current[key], LONGEST), now) for key in keys]
    due = {one.key for one in standing if one.notified_at is None and now - one.since >= grace_period}
    over = tuple(one.text for one in known if one.notified_at is not None and one.key not in current)
    after = tuple(replace(one, notified_at=now) if one.key in due else one for one in standing)
    return after, StandingProblemNews(tuple(current[one.key] for one in after if one.key in due), over)


def by_subject(texts: tuple[str, ...]) -> dict[str, str]:
    """Texts such as ``subscription x: why`` by what comes before the colon: the reason may change from look to look."""
    return {clip(text.partition(": ")[0], LONGEST): text for text in texts}
