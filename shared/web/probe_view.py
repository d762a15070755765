"""What probes saw, as pages show it."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..core.probing.summary import ProbeSummary
from ..formatting import listed, number, percent
from ..model.probe import TargetCounts
from ..model.text import Text, arranged

_MOST_ROWS = 500  # a key can report of any number of nodes and targets
_MOST_ADDRESSES = 16  # as many as a NAT gateway has
COLUMNS = (
    Text("Target and node"),
    Text("Connections"),
    Text("Failed"),
    Text("Slow"),
    Text("Slow by time"),
    Text("Average"),
    Text("Slowest"),
)


@dataclass(frozen=True, slots=True)
class ProbeView:
    summary: ProbeSummary

    @property
    def columns(self) -> Sequence[Text]:
        return COLUMNS

    @property
    def addresses(self) -> Sequence[Text]:
        found = self.summary.addresses
        shown = [
            arranged("{address} ({nodes})", address=seen.address, nodes=listed(seen.nodes, 2))
            for seen in found[:_MOST_ADDRESSES]
        ]
        rest = len(found) - len(shown)
        return [*shown, Text("and {count} more", count=rest)] if rest else shown

    @property
    def rows(self) -> Sequence[tuple[str, str, tuple[str, ...]]]:
        """Node, target, and a cell for each further column; the worst first."""
        return [(each.node, each.counts.target, _cells(each.counts)) for each in self.summary.targets[:_MOST_ROWS]]

    @property
    def left_out(self) -> Text:
        """How many rows are not among them; empty if none."""
        rest = len(self.summary.targets) - _MOST_ROWS
        return Text("and {count} more", count=rest) if rest > 0 else Text("")


def _cells(counts: TargetCounts) -> tuple[str, ...]:
    connected = counts.connections - counts.dns_failed - counts.timed_out
    return (
        number(counts.connections),
        _with_share(counts.failed, counts.connections),
        _with_share(counts.slow, counts.connections),
        arranged("{retried}", retried=tuple(map(number, counts.retried))) if any(counts.retried) else arranged("–"),
        _milliseconds(counts.connect_ms / connected) if connected > 0 and counts.connect_ms else arranged("–"),
        _milliseconds(counts.slowest_ms) if counts.slowest_ms else arranged("–"),
    )


def _with_share(part: int, whole: int) -> Text:
    return arranged("{part} ({share})", part=part, share=percent(part, whole)) if part else number(0)


def _milliseconds(value: float) -> Text:
    return arranged("{value}\u00a0ms", value=float(value) if value < 10 else round(value))
