"""Counts of new connections by what happened to them, from curl's exit code and times."""

from collections.abc import Iterable
from dataclasses import fields
from ipaddress import ip_address
from typing import Any

from ...model.probe import TargetCounts
from ..guidance.private_addresses import is_private

INTERCEPTED_BELOW_MS = 0.3  # no packet gets out of a data centre and back in this time
# Linux sends a lost SYN again after 1, 3, 7 and 15 s; since 6.5 after 1, 2, 3, 4, 5, 7, 11 and 19 s (kernel docs,
# ip-sysctl: tcp_syn_linear_timeouts). Ranges from just before a retry: timers are coarse, and an answer takes its time.
SLOW_MS = 950.0
RANGES_MS = ((SLOW_MS, 1_600.0), (1_600.0, 3_600.0), (3_600.0, 7_600.0), (7_600.0, float("inf")))
_DNS, _TIMEOUT, _TLS = (6,), (28,), (35, 60)


def counts_of(target: str, *, exit_code: int, lookup_s: float, connect_s: float, address: str) -> TargetCounts:
    """Of one connection. Seconds from the start, 0: not reached. ``address``: of the target, or empty."""
    if exit_code in _DNS:
        return TargetCounts(target, 1, dns_failed=1)
    if connect_s <= 0:
        is_timeout = exit_code in _TIMEOUT
        return TargetCounts(target, 1, timed_out=int(is_timeout), failed_otherwise=int(not is_timeout))
    took = max(0.0, 1000 * (connect_s - lookup_s))
    one, two, three, four = (int(least <= took < most) for least, most in RANGES_MS)
    return TargetCounts(
        target,
        1,
        tls_failed=int(exit_code in _TLS),
        failed_otherwise=int(exit_code not in (0, *_TLS)),
        retried=(one, two, three, four),
        slow=int(took >= SLOW_MS),
        intercepted=int(took < INTERCEPTED_BELOW_MS and _is_public(address)),
        connect_ms=took,
        slowest_ms=took,
    )


def by_target(counts: Iterable[TargetCounts]) -> tuple[TargetCounts, ...]:
    """One of each target."""
    found: dict[str, TargetCounts] = {}
    for each in counts:
        found[each.target] = _sum(found[each.target], each) if each.target in found else each
    return tuple(found.values())


def _sum(some: TargetCounts, more: TargetCounts) -> TargetCounts:
    one, two, three, four = map(sum, zip(some.retried, more.retried, strict=True))
    slowest = max(some.slowest_ms, more.slowest_ms)
    different: dict[str, Any] = {"target": some.target, "retried": (one, two, three, four), "slowest_ms": slowest}
    names = [field.name for field in fields(TargetCounts) if field.name not in different]
    return TargetCounts(**different, **{name: getattr(some, name) + getattr(more, name) for name in names})


def _is_public(address: str) -> bool:
    try:
        return not is_private(ip_address(address))
    except ValueError:
        return False
