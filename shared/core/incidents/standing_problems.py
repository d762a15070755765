"""What prevents monitoring: posted once when it lasts longer than a grace period, and removed when it ends."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ...formatting import clip
from ...model.coverage import StandingProblem
from ...model.fleet import Unlisted
from ...model.text import Text

MOST = 30  # at most so many are kept; more fit when others end
LONGEST = 400  # characters of a key


@dataclass(frozen=True, slots=True)
class StandingProblemNews:
    """Texts to post now, and posted texts whose problem ended."""

    due: tuple[Text, ...] = ()
    over: tuple[Text, ...] = ()


def update_problems(
    known: tuple[StandingProblem, ...], current: Mapping[str, Text], now: datetime, grace_period: timedelta
) -> tuple[tuple[StandingProblem, ...], StandingProblemNews]:
    """``current`` are texts by key; the same key means the same problem."""
    before = {problem.key: replace(problem, since=min(problem.since, now)) for problem in known}
    keys = [*(key for key in before if key in current), *(key for key in current if key not in before)][:MOST]
    standing = [before.get(key) or StandingProblem(key, current[key], now) for key in keys]
    due = {problem.key for problem in standing if problem.notified_at is None and now - problem.since >= grace_period}
    over = tuple(problem.text for problem in known if problem.notified_at is not None and problem.key not in current)
    after = tuple(replace(problem, notified_at=now) if problem.key in due else problem for problem in standing)
    return after, StandingProblemNews(tuple(current[problem.key] for problem in after if problem.key in due), over)


def by_subject(unlisted: Iterable[Unlisted]) -> dict[str, Text]:
    """Texts by subject, because the reason may change from scan to scan."""
    return {clip(entry.subject, LONGEST): entry.text for entry in unlisted}
