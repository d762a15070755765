"""What the probes of a cluster saw in some time: addresses, connect times, and what these figures say."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from ipaddress import ip_address, ip_network
from itertools import groupby

from ...formatting import listed, percent
from ...model.probe import ProbeReport, TargetCounts
from ...model.text import Text
from .counts import by_target

APP = "app"  # the target that is this app's own echo
LEAST, LEAST_SHARE = 5, 0.02  # fewer failures than this, or a smaller share, say nothing


class Hint(StrEnum):
    """What a figure points to. None of them says that ports are exhausted: only metrics do."""

    SILENT = "silent"
    REFUSED = "refused"
    SWITCH = "switch"
    OTHER_ADDRESS = "other address"
    EXPECTED_UNKNOWN = "expected unknown"
    NO_ANSWER = "no answer"
    SAME_REGION = "same region"
    DNS = "dns"
    TLS = "tls"
    INTERCEPTED = "intercepted"


@dataclass(frozen=True, slots=True)
class Observed:
    hint: Hint
    text: Text


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the newest plan says of egress."""

    egress: Sequence[str] = ()  # addresses, prefixes, and names of what has no known address; none: there is no plan
    since: datetime | None = None  # earlier addresses are not compared
    moving: tuple[datetime, datetime] | None = None  # from the start of its writes to the end


@dataclass(frozen=True, slots=True)
class SeenAddress:
    address: str  # proven by tickets
    nodes: tuple[str, ...]  # as the probes say, like the next
    last_at: datetime


@dataclass(frozen=True, slots=True)
class NodeTarget:
    node: str
    counts: TargetCounts
    is_judged: bool  # False: connections to the app itself, in its own region


@dataclass(frozen=True, slots=True)
class ProbeSummary:
    since: datetime
    reports: int
    last_report_at: datetime | None
    addresses: tuple[SeenAddress, ...] = ()
    expected: tuple[str, ...] = ()  # addresses and prefixes; empty: unknown
    targets: tuple[NodeTarget, ...] = ()  # the worst first
    observed: tuple[Observed, ...] = ()


def summarize(
    reports: Sequence[ProbeReport], since: datetime, expectation: Expectation, *, is_app_elsewhere: bool
) -> ProbeSummary:
    """``is_app_elsewhere``: the app is surely in another region than the cluster."""
    addresses = tuple(_seen(reports))
    targets = [
        NodeTarget(node, counts, counts.target != APP or is_app_elsewhere)
        for node, found in groupby(sorted(reports, key=lambda report: report.node), key=lambda report: report.node)
        for counts in by_target(counts for report in found for counts in report.targets)
    ]
    targets.sort(key=lambda each: (-each.counts.trouble / each.counts.connections, each.node, each.counts.target))
    return ProbeSummary(
        since,
        len(reports),
        max((report.sent_at for report in reports), default=None),
        addresses,
        () if any(_unknown(expectation)) else tuple(expectation.egress),
        tuple(targets),
        (
            *_observed(reports, targets),
            *_switch(reports, expectation, is_app_elsewhere),
            *_compared(addresses, expectation),
        ),
    )


def _seen(reports: Sequence[ProbeReport]) -> Iterator[SeenAddress]:
    for address in sorted({report.address for report in reports} - {""}):
        there = [report for report in reports if report.address == address]
        yield SeenAddress(
            address, tuple(sorted({report.node for report in there})), max(report.sent_at for report in there)
        )


def is_network(text: str) -> bool:
    """The rest are names: of new public IPs, or of an appliance."""
    try:
        return bool(ip_network(text))
    except ValueError:
        return False


def others(addresses: Iterable[str], expected: Sequence[str]) -> tuple[str, ...]:
    """The addresses that are in none of the expected networks."""
    networks = [ip_network(text) for text in expected]
    return tuple(text for text in addresses if not any(ip_address(text) in network for network in networks))


def _observed(reports: Sequence[ProbeReport], targets: Sequence[NodeTarget]) -> Iterator[Observed]:
    if not reports:
        yield Observed(Hint.SILENT, Text("No probe reported in this time: nothing was measured from inside."))
    if refused := sorted({report.node for report in reports if report.is_refused}):
        text = Text(
            "Probes on {nodes} measure nothing: their targets would take too many ports.", nodes=listed(refused)
        )
        yield Observed(Hint.REFUSED, text)
    every = _sum(each.counts for each in targets)
    judged, to_app = (_sum(each.counts for each in targets if each.is_judged is is_so) for is_so in (True, False))
    for hint, count, whole, text in (
        (Hint.NO_ANSWER, judged.slow + judged.timed_out, judged, _NO_ANSWER),
        (Hint.SAME_REGION, to_app.slow + to_app.timed_out, to_app, _SAME_REGION),
        (Hint.DNS, every.dns_failed, every, _DNS),
        (Hint.TLS, every.tls_failed, every, _TLS),
        (Hint.INTERCEPTED, every.intercepted, every, _INTERCEPTED),
    ):
        if count >= LEAST and count > LEAST_SHARE * whole.connections:
            yield Observed(hint, _with_figures(text, count, whole.connections))


def _switch(reports: Sequence[ProbeReport], expectation: Expectation, is_app_elsewhere: bool) -> Iterator[Observed]:
    """Before and after the writes of a change; reports in between say nothing of either."""
    if expectation.moving:
        started_at, ended_at = expectation.moving
        judged = [
            (report, counts)
            for report in reports
            for counts in report.targets
            if counts.target != APP or is_app_elsewhere
        ]
        before = _sum(counts for report, counts in judged if report.sent_at <= started_at)
        after = _sum(counts for report, counts in judged if report.began_at >= ended_at)
        if before.connections and after.connections:
            text = Text(
                "Slow or failed: {bad_before} of {before} connections before the switch, {bad_after} of {after} since.",
                bad_before=before.trouble,
                before=before.connections,
                bad_after=after.trouble,
                after=after.connections,
            )
            yield Observed(Hint.SWITCH, text)


def _unknown(expectation: Expectation) -> list[str]:
    return [text for text in expectation.egress if not is_network(text)]


def _compared(addresses: Sequence[SeenAddress], expectation: Expectation) -> Iterator[Observed]:
    since = expectation.since
    seen = [each.address for each in addresses if since is None or each.last_at > since]
    if not seen:
        return
    if not expectation.egress:
        text = Text(
            "Which egress IPs are expected is unknown without a plan, so those that were seen are not compared."
        )
        yield Observed(Hint.EXPECTED_UNKNOWN, text)
    elif names := _unknown(expectation):
        text = Text(
            "The plan names {names}, whose address is unknown here, so the addresses that were seen are not compared.",
            names=listed(names),
        )
        yield Observed(Hint.EXPECTED_UNKNOWN, text)
    elif other := others(seen, expectation.egress):
        text = Text(
            "Traffic leaves by {addresses}; expected: {expected}.",
            addresses=listed(other),
            expected=listed(expectation.egress),
        )
        yield Observed(Hint.OTHER_ADDRESS, text)


_NO_ANSWER = Text(
    "took a second or more to connect, or got no answer: SYNs were lost. A lack of SNAT ports looks like that, and so "
    "does any other loss of packets"
)
_SAME_REGION = Text(
    "to this app were slow or got no answer. The app may be in the cluster's own region, where load balancers lose "
    "connections to each other (Azure/AKS#3047): this is not judged"
)
_DNS = Text("failed to resolve the name, before any port was needed: look at DNS, not at SNAT")
_TLS = Text(
    "connected and then failed in the TLS handshake: that is not SNAT, look at the target or at what inspects TLS"
)
_INTERCEPTED = Text(
    "connected in less than 0.3 ms, too fast for a public address: something in between answers, such as a sidecar, "
    "a proxy or an appliance"
)


def _with_figures(text: Text, count: int, whole: int) -> Text:
    return Text(
        "{part} of {whole} connections ({share}) {what}.",
        part=count,
        whole=whole,
        share=percent(count, whole),
        what=text,
    )


def _sum(counts: Iterable[TargetCounts]) -> TargetCounts:
    """Of all targets."""
    return next(iter(by_target(replace(each, target="") for each in counts)), TargetCounts("", 0))
