"""Build checks: an id and the source of the facts, then the result in words."""

from collections.abc import Iterable
from dataclasses import dataclass

from ..formatting import marked
from ..model.check import Check, CheckId, CheckResult
from ..model.text import Text
from ..model.unreadable import Unreadable

_ORDER = [CheckResult.BLOCK, CheckResult.COULD_NOT_CHECK, CheckResult.WARN, CheckResult.PASS]


@dataclass(frozen=True, slots=True)
class CheckBuilder:
    """Builds the results of one check. ``source`` names the call that the facts come from; ``remedy`` is what to do."""

    id: CheckId
    source: str

    def passes(self, message: Text) -> Check:
        return Check(self.id, CheckResult.PASS, message, source=self.source)

    def warns(self, message: Text, remedy: Text = Text(""), *commands: str) -> Check:
        return Check(self.id, CheckResult.WARN, message, remedy, self.source, commands=commands)

    def blocks(self, message: Text, remedy: Text = Text(""), *commands: str) -> Check:
        return Check(self.id, CheckResult.BLOCK, message, remedy, self.source, commands=commands)

    def unknown(self, message: Text, remedy: Text, *commands: str, is_needed: bool = True) -> Check:
        """The facts could not be read; that blocks if ``is_needed``."""
        return Check(self.id, CheckResult.COULD_NOT_CHECK, message, remedy, self.source, is_needed, commands)

    def requires(self, is_met: bool, met: Text, unmet: Text, remedy: Text) -> Check:
        return self.passes(met) if is_met else self.blocks(unmet, remedy)


def grant_where(unreadable: Iterable[Unreadable], otherwise: str = "") -> Text:
    """The remedy for unreadable facts: it names their resource groups, else ``otherwise``."""
    groups = dict.fromkeys(entry.resource_group or otherwise for entry in unreadable) or {otherwise: None}
    where = marked([group for group in groups if group], 8)
    if not where:
        return Text("grant the reading identity Reader on its resource group, or try again")
    return Text("grant the reading identity Reader on resource group {groups}, or try again", groups=where)


def sort_checks(checks: Iterable[Check]) -> tuple[Check, ...]:
    """The most important first: blocks, unknown, warnings, passes."""
    return tuple(sorted(checks, key=lambda check: _ORDER.index(check.result)))
