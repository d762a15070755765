"""What probes of a cluster may have seen, for pages."""

from __future__ import annotations

from datetime import timedelta

from shared.core.probing.summary import Expectation, ProbeSummary, summarize
from shared.model.probe import ProbeReport, TargetCounts
from tests.support.nouns import NOW

TROUBLES = (
    TargetCounts("app", 120, timed_out=31, slow=12, retried=(9, 2, 1, 0), connect_ms=19_000.0, slowest_ms=7_020.0),
    TargetCounts("api.example.com:443", 120, slow=44, retried=(30, 9, 4, 1), connect_ms=74_000.0, slowest_ms=15_040.0),
    TargetCounts("sql.example.net:1433", 120, dns_failed=20, tls_failed=9, intercepted=40, connect_ms=900.0),
    TargetCounts("never.example.net:443", 6, timed_out=6),
)


def make_probes(nodes: int = 3, *, prefix: str = "aks-user-38166372-vmss00000") -> ProbeSummary:
    """The first node has every kind of trouble, another does not measure, and each leaves by an address of its own."""
    reports = [
        ProbeReport(
            f"{number:032x}",
            f"{prefix}{number}",
            f"snatbot-probe-{number}",
            NOW,
            NOW,
            NOW,
            f"20.1.2.{number}",
            is_refused=number == 1,
            targets=(TargetCounts("app", 12, connect_ms=130.0, slowest_ms=14.0),) if number else TROUBLES,
        )
        for number in range(nodes)
    ]
    return summarize(
        reports, NOW - timedelta(hours=1), Expectation(("20.1.2.0", "52.1.1.0/28")), is_app_elsewhere=False
    )
