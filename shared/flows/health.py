"""Whether the bot itself is alive: a watcher that died must not look like a cluster that is well."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ..formatting import count
from ..store.errors import StoreError
from ..store.liveness import Liveness

SKEW = timedelta(minutes=2)  # by which workers' clocks may differ


@dataclass(frozen=True, slots=True)
class Health:
    """``missing`` says why the last look was none to rely on, also while it is too early to call that unwell."""

    is_well: bool
    problems: tuple[str, ...]
    last_watch: datetime | None = None
    last_delivery: datetime | None = None
    missing: tuple[str, ...] = ()


def look(liveness: Liveness, wall: datetime, max_age: timedelta) -> Health:
    """Well when a look at the clusters succeeded within ``max_age``, storage answers, and what waits is delivered.

    A look succeeds when it rests on a list of clusters that is not too old, and measured some of them. After one that
    raised it is not well until one succeeds.

    A channel may be down for a while; it is not well when nothing at all was delivered for ``max_age`` though a message
    has waited for as long.
    """
    try:
        last_watch, last_delivery = liveness.last_success("watch"), liveness.last_success("deliver")
        waiting_since, last_failure = liveness.waiting_since(), liveness.last_failure("watch")
    except StoreError as error:
        return Health(False, (str(error),))
    last_watch, last_delivery = _past(last_watch, wall), _past(last_delivery, wall)
    minutes = max_age.total_seconds() / 60
    problems = []
    if last_watch is None:
        problems.append("no look at the clusters has succeeded yet")
    elif wall - last_watch > max_age:
        problems.append(f"no look at the clusters has succeeded for more than {count(round(minutes), 'minute')}")
    is_waiting = waiting_since is not None and wall - waiting_since > max_age
    if is_waiting and (last_delivery is None or wall - last_delivery > max_age):
        problems.append(f"a message has waited for more than {count(round(minutes), 'minute')} and none was delivered")
    failed_at = _past(last_failure.at, wall) if last_failure is not None else None
    is_newer = failed_at is not None and (last_watch is None or failed_at > last_watch)
    missing = last_failure.problems if last_failure is not None and is_newer else ()
    if last_failure is not None and is_newer and last_failure.raised:
        problems += last_failure.problems
    return Health(not problems, tuple(problems), last_watch, last_delivery, missing)


def _past(sign: datetime | None, wall: datetime) -> datetime | None:
    """A sign that a clock ahead of this one left would say "well" until its time comes."""
    return sign if sign is not None and sign <= wall + SKEW else None
