"""Whether the bot itself is alive: a watcher that died must not look like a cluster that is well."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ..store.errors import StoreError
from ..store.signs import Signs


@dataclass(frozen=True, slots=True)
class Health:
    is_well: bool
    problems: tuple[str, ...]
    last_watch: datetime | None = None
    last_delivery: datetime | None = None


def look(signs: Signs, wall: datetime, max_age: timedelta) -> Health:
    """Well when a look at the clusters succeeded within ``max_age``, storage answers, and what waits is delivered.

    A channel may be down for a while; it is not well when nothing at all was delivered for ``max_age`` though a message
    has waited for as long.
    """
    try:
        last_watch, last_delivery = signs.last_success("watch"), signs.last_success("deliver")
        waiting_since = signs.waiting_since()
    except StoreError as error:
        return Health(False, (str(error),))
    minutes = max_age.total_seconds() / 60
    problems = []
    if last_watch is None:
        problems.append("no look at the clusters has succeeded yet")
    elif wall - last_watch > max_age:
        problems.append(f"no look at the clusters has succeeded for more than {minutes:.0f} minutes")
    is_waiting = waiting_since is not None and wall - waiting_since > max_age
    if is_waiting and (last_delivery is None or wall - last_delivery > max_age):
        problems.append(f"a message has waited for more than {minutes:.0f} minutes and none was delivered")
    return Health(not problems, tuple(problems), last_watch, last_delivery)
