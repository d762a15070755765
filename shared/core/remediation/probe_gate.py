"""What egress probes say of a subnet that has just moved.

They may hold the gate, and may show that a subnet too quiet for metrics has egress. They never say that a change fixed
anything: that is for metrics.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from ...formatting import clauses, listed, percent
from ...model.probe import ProbeReport
from ...model.text import Text
from ..probing.summary import APP, LEAST, LEAST_SHARE, others
from .gate import Evidence, Passage

SILENT_AFTER = timedelta(minutes=3)
_TIMES_THE_OTHERS = 3


@dataclass(frozen=True, slots=True)
class Probes:
    """Reports since the move that came at once. Nodes are as the probes say."""

    moved: Sequence[ProbeReport]  # of nodes in the subnet
    elsewhere: Sequence[ProbeReport]  # of nodes in subnets that have not moved, or else that moved earlier
    had_reported: bool  # nodes of the subnet reported shortly before the move
    addresses: Sequence[str]  # egress IPs of the plan; none: unknown
    is_app_judged: bool  # the app is surely in another region than the cluster


def through_probes(probes: Probes, *, is_quiet: bool, waited: timedelta) -> Evidence:
    """``is_quiet``: metrics have too little traffic of the subnet to tell. The text is empty without any probe."""
    if not probes.moved:
        if probes.had_reported and probes.elsewhere and waited >= SILENT_AFTER:
            text = Text("its probes are silent since it was moved, and those of other subnets report")
            return Evidence(Passage.SHUT, text)
        text = Text("no probe of it has reported since: not measured from inside")
        return Evidence(Passage.UNKNOWN, text if probes.had_reported else Text(""))
    whole, bad, pods, targets = _figures(probes.moved, probes)
    others_whole, others_bad, _, _ = _figures(probes.elsewhere, probes)
    share, share_elsewhere = bad / max(1, whole), others_bad / max(1, others_whole)
    figures = Text(
        "{bad} of {whole} connections of its probes ({share}) were slow or failed",
        bad=bad,
        whole=whole,
        share=percent(bad, whole),
    )
    is_bad = bad >= LEAST and share > LEAST_SHARE
    is_worse = others_whole > 0 and share >= _TIMES_THE_OTHERS * share_elsewhere
    if is_bad and is_worse and len(pods) > 1 and len(targets) > 1:
        return Evidence(Passage.SHUT, figures)
    seen, trouble = sorted({report.address for report in probes.moved} - {""}), figures if bad else Text("")
    if is_bad or not seen or not probes.addresses:
        return Evidence(Passage.UNKNOWN, figures)
    if other := others(seen, probes.addresses):
        text = Text("its probes leave by {addresses}, which the plan does not name", addresses=listed(other))
        return Evidence(Passage.UNKNOWN, clauses(text, trouble))
    text = clauses(Text("its probes leave by {addresses}, as planned", addresses=listed(seen)), trouble)
    return Evidence(Passage.OPEN if is_quiet and share <= LEAST_SHARE else Passage.UNKNOWN, text)


def _figures(reports: Sequence[ProbeReport], probes: Probes) -> tuple[int, int, Collection[str], Collection[str]]:
    """Connections, slow or failed ones, and the pods and targets with such."""
    counts = [
        (report.pod, each)
        for report in reports
        for each in report.targets
        if each.target != APP or probes.is_app_judged
    ]
    bad = [(pod, each) for pod, each in counts if each.trouble]
    return (
        sum(each.connections for _, each in counts),
        sum(each.trouble for _, each in bad),
        {pod for pod, _ in bad},
        {each.target for _, each in bad},
    )
