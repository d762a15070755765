"""Builds the physics' workloads and schedules from a scenario."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .physics.schedule import Burst, Schedule, Spike, Steady, parse_cron
from .physics.workload import Closing, Destination, Protocol, Workload

Content = Mapping[str, Any]

NEVER_CLOSES_SECONDS = 86_400.0


def workload_from(each: Content, origin_minute: int) -> Workload:
    """A workload; `origin_minute` is the minute that its schedule counts from."""
    schedule = each.get("schedule") or {"kind": "steady"}
    destinations = each.get("destinations") or [{"name": "internet", "share": 1}]
    whole = sum(float(d.get("share", 1)) for d in destinations)
    leaking = schedule["kind"] == "leak"
    return Workload(
        name=str(each["name"]),
        new_flows_per_second=float(each["new_flows_per_second"]),
        hold_seconds=NEVER_CLOSES_SECONDS if leaking else float(each.get("hold_seconds", 5)),
        protocol=Protocol(each.get("protocol", "tcp")),
        closing=Closing(each.get("closing", "idle" if leaking else "fin")),
        destinations=tuple(Destination(str(d["name"]), float(d.get("share", 1)) / whole) for d in destinations),
        schedule=schedule_from(schedule, origin_minute),
        retried_share=float(each.get("retried_share", 0)),
        spread=float(each.get("spread", 0.1)),
        bytes_per_flow=int(each.get("bytes_per_flow", 20_000)),
    )


def schedule_from(each: Content, origin: int) -> Schedule:
    """A schedule of kind steady, leak, spike, burst or cron."""
    kind = each["kind"]
    if kind == "steady":
        return Steady()
    if kind == "leak":
        return Spike(origin, float(each.get("from_minute", 0)), each.get("until_minute"), rest=0.0)
    if kind == "spike":
        return Spike(
            origin,
            float(each.get("from_minute", 0)),
            each.get("until_minute"),
            float(each.get("times", 1)),
            float(each.get("ramp_minutes", 0)),
            float(each.get("rest", 1)),
        )
    if kind == "burst":
        return Burst(
            origin,
            int(each.get("every_minutes", 60)),
            int(each.get("lasts_minutes", 5)),
            float(each.get("times", 1)),
            int(each.get("from_minute", 0)),
            float(each.get("rest", 1)),
        )
    if kind == "cron":
        lasts, times = int(each.get("lasts_minutes", 5)), float(each.get("times", 1))
        return parse_cron(str(each["at"]), lasts, times, float(each.get("rest", 0)))
    raise ValueError(f"schedule kind was {kind!r}; steady, leak, burst, cron and spike are known")
