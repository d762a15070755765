"""Whether the bot itself is alive: if it does not scan, clusters must not look healthy."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ..formatting import minutes_of
from ..model.text import Text
from ..store.errors import StoreError
from ..store.liveness import Liveness

SKEW = timedelta(minutes=2)  # between workers' clocks


@dataclass(frozen=True, slots=True)
class Health:
    is_healthy: bool
    problems: tuple[Text, ...]
    last_watch: datetime | None = None
    last_delivery: datetime | None = None
    missing: tuple[Text, ...] = ()  # why the last scan proves nothing, also while that is too recent to be a problem


def read_health(liveness: Liveness, wall: datetime, max_age: timedelta) -> Health:
    """Healthy if a scan succeeded within ``max_age``, storage is reachable, and messages are delivered.

    A scan succeeds if its list of clusters is recent and some of them were measured. After a scan that raised, health
    fails until another succeeds. One channel may be down: delivery fails if nothing at all was delivered for
    ``max_age`` although a message waited for as long.
    """
    try:
        last_watch, last_delivery = liveness.last_success("watch"), liveness.last_success("deliver")
        waiting_since, last_failure = liveness.waiting_since(), liveness.last_failure("watch")
    except StoreError as error:
        return Health(False, (error.text,))
    last_watch, last_delivery = _past(last_watch, wall), _past(last_delivery, wall)
    minutes = minutes_of(round(max_age.total_seconds() / 60))
    problems = []
    if last_watch is None:
        problems.append(Text("no look at the clusters has succeeded yet"))
    elif wall - last_watch > max_age:
        problems.append(Text("no look at the clusters has succeeded for more than {minutes}", minutes=minutes))
    is_waiting = waiting_since is not None and wall - waiting_since > max_age
    if is_waiting and (last_delivery is None or wall - last_delivery > max_age):
        problems.append(Text("a message has waited for more than {minutes} and none was delivered", minutes=minutes))
    failed_at = _past(last_failure.at, wall) if last_failure is not None else None
    is_newer = failed_at is not None and (last_watch is None or failed_at > last_watch)
    missing = last_failure.problems if last_failure is not None and is_newer else ()
    if last_failure is not None and is_newer and last_failure.raised:
        problems += last_failure.problems
    return Health(not problems, tuple(problems), last_watch, last_delivery, missing)


def _past(at: datetime | None, wall: datetime) -> datetime | None:
    """None for a time in the future, from a worker whose clock is ahead: else it would count as healthy until then."""
    return at if at is not None and at <= wall + SKEW else None
