"""Build checks: an id and the source of the facts, then the result in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..formatting import listed
from ..model.check import Check, CheckId, CheckResult
from ..model.network import Unreadable

_ORDER = [CheckResult.BLOCK, CheckResult.COULD_NOT_CHECK, CheckResult.WARN, CheckResult.PASS]


@dataclass(frozen=True, slots=True)
class CheckBuilder:
    """Builds the results of one check. ``source`` names the call that the facts come from; ``remedy`` is what to do."""

    id: CheckId
    source: str

    def passes(self, message: str) -> Check:
        return Check(self.id, CheckResult.PASS, message, source=self.source)

    def warns(self, message: str, remedy: str = "", *commands: str) -> Check:
        return Check(self.id, CheckResult.WARN, message, remedy, self.source, commands=commands)

    def blocks(self, message: str, remedy: str = "", *commands: str) -> Check:
        return Check(self.id, CheckResult.BLOCK, message, remedy, self.source, commands=commands)

    def unknown(self, message: str, remedy: str, *commands: str, is_needed: bool = True) -> Check:
        """The facts could not be read; that blocks if ``is_needed``."""
        return Check(self.id, CheckResult.COULD_NOT_CHECK, message, remedy, self.source, is_needed, commands)

    def requires(self, is_met: bool, met: str, unmet: str, remedy: str) -> Check:
        return self.passes(met) if is_met else self.blocks(unmet, remedy)


def grant_where(unreadable: Iterable[Unreadable], otherwise: str = "") -> str:
    """The remedy for unreadable facts: it names their resource groups, else ``otherwise``."""
    groups = dict.fromkeys(entry.resource_group or otherwise for entry in unreadable) or {otherwise: None}
    where = listed([f"`{group}`" for group in groups if group], 8)
    place = f"resource group {where}" if where else "the resource group that it is in"
    return f"grant the reading identity Reader on {place}, or try again"


def sort_checks(checks: Iterable[Check]) -> tuple[Check, ...]:
    """The most important first: blocks, unknown, warnings, passes."""
    return tuple(sorted(checks, key=lambda check: _ORDER.index(check.result)))
