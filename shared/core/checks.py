"""One spelling of preconditions: what a check is about and where it is read, then the result in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..model.check import Check, CheckId, CheckResult

_ORDER = [CheckResult.BLOCK, CheckResult.COULD_NOT_CHECK, CheckResult.WARN, CheckResult.PASS]


@dataclass(frozen=True, slots=True)
class CheckBuilder:
    """What a check is about; ``source`` names the call that it is read from. ``remedy`` says what a person can do."""

    id: CheckId
    source: str

    def passes(self, message: str) -> Check:
        return Check(self.id, CheckResult.PASS, message, source=self.source)

    def warns(self, message: str, remedy: str = "", *commands: str) -> Check:
        return Check(self.id, CheckResult.WARN, message, remedy, self.source, commands=commands)

    def blocks(self, message: str, remedy: str = "", *commands: str) -> Check:
        return Check(self.id, CheckResult.BLOCK, message, remedy, self.source, commands=commands)

    def unknown(self, message: str, remedy: str, *commands: str, is_needed: bool = True) -> Check:
        """It could not be read, which blocks where ``is_needed``."""
        return Check(self.id, CheckResult.COULD_NOT_CHECK, message, remedy, self.source, is_needed, commands)

    def requires(self, is_met: bool, met: str, unmet: str, remedy: str) -> Check:
        return self.passes(met) if is_met else self.blocks(unmet, remedy)


def sort_checks(checks: Iterable[Check]) -> tuple[Check, ...]:
    """In the order a person would want to read them: what forbids first."""
    return tuple(sorted(checks, key=lambda check: _ORDER.index(check.result)))
