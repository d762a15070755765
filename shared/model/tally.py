"""The counted results of a scan: for the log line of a tick, and for what is unmeasured."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from .reading import Cause
from .text import Text

COUNTS = ("clusters", "measured", "idle", "unmeasured", "does_not_apply", "failing", "not_reached", "not_remembered")


@dataclass(frozen=True, slots=True)
class Unseen:
    """Clusters of one subscription that were not measured for the same cause."""

    subscription: str
    cause: Cause
    reason: Text  # of the first of these clusters
    remedy: Text
    keys: tuple[str, ...] = ()  # short cluster keys

    def __add__(self, other: "Unseen") -> "Unseen":
        return replace(self, keys=tuple(sorted({*self.keys, *other.keys})))


@dataclass(frozen=True, slots=True)
class Tally:
    clusters: int = 0
    measured: int = 0
    idle: int = 0
    unmeasured: int = 0
    does_not_apply: int = 0
    failing: int = 0
    not_reached: int = 0
    not_remembered: int = 0
    effects: Mapping[str, int] = field(default_factory=dict)  # transitions of incidents by effect
    unseen: tuple[Unseen, ...] = ()
    one_by_one: Mapping[str, Text] = field(default_factory=dict)
    port_parts: int = 1  # parts in which ports are read, one a tick

    def __add__(self, other: "Tally") -> "Tally":
        effects = dict(self.effects)
        for name, count in other.effects.items():
            effects[name] = effects.get(name, 0) + count
        unseen = {(group.subscription, group.cause): group for group in self.unseen}
        for group in other.unseen:
            key = (group.subscription, group.cause)
            unseen[key] = unseen[key] + group if key in unseen else group
        sums: dict[str, Any] = {name: getattr(self, name) + getattr(other, name) for name in COUNTS}
        return Tally(
            **sums,
            effects=effects,
            unseen=tuple(unseen[key] for key in sorted(unseen)),
            one_by_one={**self.one_by_one, **other.one_by_one},
            port_parts=max(self.port_parts, other.port_parts),
        )


@dataclass(frozen=True, slots=True)
class Effort:
    """The cost of a scan in requests."""

    requests: int = 0  # to Azure
    retries: int = 0  # requests that repeated an earlier request
    seconds: float = 0.0

    def __add__(self, other: "Effort") -> "Effort":
        return Effort(self.requests + other.requests, self.retries + other.retries, self.seconds + other.seconds)


@dataclass(frozen=True, slots=True)
class ShardReport:
    """The last scan of one shard of the fleet."""

    at: datetime
    tick: str  # empty until a scan succeeded
    tally: Tally
    effort: Effort = field(default_factory=Effort)
    raised: Text = Text("")  # the error that a later scan ended with
