"""A problem is posted once, when it has lasted, and again when it is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from shared.core.incidents.standing_problems import MOST, StandingProblemNews, by_subject, update_problems
from shared.model.fleet import Unlisted
from shared.model.text import Text

NOW = datetime(2026, 11, 22, 19, 5, tzinfo=UTC)
GRACE = timedelta(minutes=15)


def test_a_problem_is_posted_once_after_the_grace_period_and_when_it_is_over() -> None:
    problems, news = update_problems((), {"sub": Text("sub: forbidden")}, NOW, GRACE)
    assert news == StandingProblemNews()
    problems, news = update_problems(problems, {"sub": Text("sub: throttled")}, NOW + GRACE, GRACE)
    assert news == StandingProblemNews(due=(Text("sub: throttled"),)), "in its newest words"
    problems, news = update_problems(problems, {"sub": Text("sub: throttled")}, NOW + 2 * GRACE, GRACE)
    assert news == StandingProblemNews()
    problems, news = update_problems(problems, {}, NOW + 3 * GRACE, GRACE)
    assert (problems, news) == ((), StandingProblemNews(over=(Text("sub: forbidden"),)))


def test_a_problem_that_ends_within_the_grace_period_is_never_posted() -> None:
    problems, _ = update_problems((), {"sub": Text("text")}, NOW, GRACE)
    assert update_problems(problems, {}, NOW + GRACE, GRACE) == ((), StandingProblemNews())


def test_no_more_are_kept_than_fit_and_known_ones_come_first() -> None:
    known, _ = update_problems((), {"z": Text("z")}, NOW, GRACE)
    problems, _ = update_problems(
        known, {f"{number:03d}": Text("text") for number in range(50)} | {"z": Text("z")}, NOW, GRACE
    )
    assert len(problems) == MOST
    assert problems[0].key == "z"


def test_a_problem_is_the_same_while_its_subject_is_and_a_colon_cuts_no_subject() -> None:
    now = by_subject((Unlisted(Text("region a: zone 1"), Text("403")), Unlisted(Text("region a: zone 2"), Text("403"))))
    assert now == {"region a: zone 1": "region a: zone 1: 403", "region a: zone 2": "region a: zone 2: 403"}
    assert (
        by_subject(
            (Unlisted(Text("region a: zone 1"), Text("503")), Unlisted(Text("region a: zone 2"), Text("403")))
        ).keys()
        == now.keys()
    )
