"""The log fields of a scan: the same names for the whole fleet and for one shard."""

from typing import Any

from ..flows.monitoring.tick import Tick
from ..model.tally import COUNTS, Effort, Tally


def tick_fields(tick: Tick) -> dict[str, Any]:
    """Counts; cluster names appear only in what could not be listed."""
    return {
        "tick": tick.name,
        "is_success": tick.is_success,
        "problems": list(tick.problems),
        **tally_fields(tick.tally, tick.effort),
        "unreadable": [str(entry) for entry in tick.unreadable],
        "one_by_one": sorted(tick.tally.one_by_one),
        "port_parts": tick.tally.port_parts,
        "measure": len(tick.shards),
        "deliver": len(tick.deliver),
        "advance": len(tick.advance),
        "offer": len(tick.offer),
    }


def tally_fields(tally: Tally, effort: Effort) -> dict[str, Any]:
    return {
        **{name: getattr(tally, name) for name in COUNTS},
        "effects": dict(tally.effects),
        "requests": effort.requests,
        "retries": effort.retries,
        "seconds": round(effort.seconds, 3),
    }
