"""The figures that each look logs, of the whole fleet or of one part of it: the same names in both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..model.tally import Effort, Tally


def tally_fields(tally: Tally, effort: Effort) -> dict[str, Any]:
    return {
        "clusters": tally.clusters,
        "measured": tally.measured,
        "idle": tally.idle,
        "unmeasured": tally.unmeasured,
        "does_not_apply": tally.does_not_apply,
        "failing": tally.failing,
        "not_reached": tally.not_reached,
        "not_remembered": tally.not_remembered,
        "effects": dict(tally.effects),
        "requests": effort.requests,
        "retries": effort.retries,
        "seconds": round(effort.seconds, 3),
    }
