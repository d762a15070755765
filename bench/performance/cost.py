"""docs/cost.md: the monthly cost of watching, computed from the measurements and from marked prices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.core.guidance.egress_probe import GB_SECOND_PRICE, INSTANCE_GB, MILLION_EXECUTIONS_PRICE, probe_month

from .bound import bound
from .fleet import FleetSize
from .goals import seconds

MINUTES_A_MONTH = 43_800
PRESSURE_EVERY_MINUTES = 5
LEAST_SECONDS = 1.0
FREE_GB_SECONDS, FREE_EXECUTIONS = 100_000, 250_000
THOUSAND_CALLS_PRICE, FREE_CALLS = 0.01, 1_000_000
EXECUTIONS_A_TICK = 1


@dataclass(frozen=True, slots=True)
class Month:
    clusters: int
    basis: int
    tick_seconds: float
    gb_seconds: float
    functions_price: float
    batch_calls: int
    calls_as_batches: float
    calls_each_resource: float


def month(clusters: int, results: Mapping[str, Any]) -> Month:
    """One scan per minute, every fifth with ports; the duration is that of the next larger measured fleet."""
    sizes = sorted(results["sizes"], key=lambda size: int(size["load_balancers"]))
    basis = next((size for size in sizes if size["load_balancers"] >= clusters), sizes[-1])
    ticks = basis["ticks"]
    failed, pressure = (max(LEAST_SECONDS, seconds(ticks, kind)) for kind in ("failed", "pressure"))
    average = failed + (pressure - failed) / PRESSURE_EVERY_MINUTES
    gb_seconds = average * INSTANCE_GB * MINUTES_A_MONTH
    executions = EXECUTIONS_A_TICK * MINUTES_A_MONTH
    functions = max(0.0, gb_seconds - FREE_GB_SECONDS) * GB_SECOND_PRICE
    functions += max(0, executions - FREE_EXECUTIONS) / 1_000_000 * MILLION_EXECUTIONS_PRICE
    size = FleetSize(clusters, 1, 1) if clusters < basis["load_balancers"] else _size(basis)
    least = bound(size)
    calls = round((least.failed + (least.pressure - least.failed) / PRESSURE_EVERY_MINUTES) * MINUTES_A_MONTH)
    questions = (1 + 2 / PRESSURE_EVERY_MINUTES) * clusters * MINUTES_A_MONTH
    return Month(
        clusters=clusters,
        basis=int(basis["load_balancers"]),
        tick_seconds=average,
        gb_seconds=gb_seconds,
        functions_price=functions,
        batch_calls=calls,
        calls_as_batches=_calls_price(calls),
        calls_each_resource=_calls_price(questions),
    )


def _size(size: Mapping[str, Any]) -> FleetSize:
    return FleetSize(size["load_balancers"], size["subscriptions"], size["regions"])


def _calls_price(calls: float) -> float:
    return max(0.0, calls - FREE_CALLS) / 1000 * THOUSAND_CALLS_PRICE


def page(results: Mapping[str, Any]) -> str:
    costs = [month(clusters, results) for clusters in (1, 100, 10_000)]
    rows = "\n".join(
        f"| {cost.clusters:,} | {cost.tick_seconds:.1f} s (measured at {cost.basis:,}) | {cost.gb_seconds:,.0f} "
        f"| ${cost.functions_price:,.2f} | {cost.batch_calls:,} | ${cost.calls_as_batches:,.2f} "
        f"| ${cost.calls_each_resource:,.2f} |"
        for cost in costs
    )
    return _PAGE.format(
        rows=rows,
        minutes=f"{MINUTES_A_MONTH:,}",
        gb=f"{INSTANCE_GB:g}",
        every=PRESSURE_EVERY_MINUTES,
        gb_price=f"{GB_SECOND_PRICE:.6f}",
        free_gb=f"{FREE_GB_SECONDS:,}",
        execution_price=f"{MILLION_EXECUTIONS_PRICE:.2f}",
        free_executions=f"{FREE_EXECUTIONS:,}",
        call_price=f"{THOUSAND_CALLS_PRICE:.2f}",
        free_calls=f"{FREE_CALLS:,}",
        probe=probe_section(),
    )


def probe_section() -> str:
    month = probe_month()
    return _PROBE.format(calls=f"{month.calls:,}", price=f"{month.price:.2f}", more=month.busy_hour_calls)


_PAGE = """\
# What watching costs a month

Written by `make bench` from its own figures ([performance.md](performance.md)); don't edit. Prices change: look them up
before you rely on this. Not in it: storage (some rows a tick, cents), logs, and the cure itself (the plan shows the
price of a NAT gateway).

| clusters | average tick | GB-seconds | Functions | metric requests | price, by request | price, by resource |
| --- | --- | --- | --- | --- | --- | --- |
{rows}

*By request* and *by resource*: whether a batch is charged as one request or as one for each resource in it.

How it is worked out: {minutes} ticks a month, one a minute, every {every}th with ports, with one cluster in a hundred,
at least one, in trouble all month; an instance of {gb} GB that is billed while a tick runs, at least a second. The time
is wall time, measured with 50 ms round trips on two cores that the simulator used too: where Azure Monitor takes longer
to answer, ticks take longer. With more than `FAN_OUT_ABOVE` clusters several instances share the work: the GB-seconds
stay about the same, plus at least a second for each part.

| price | used here | source |
| --- | --- | --- |
| Flex Consumption, on demand | ${gb_price} a GB-second, {free_gb} free | **UNCONFIRMED**: third-party price lists |
| executions | ${execution_price} a million, {free_executions} free | **UNCONFIRMED**: likewise |
| billed at least 1 second an execution | | Azure docs: functions-consumption-costs |
| metric requests | ${call_price} a thousand, {free_calls} free | **UNCONFIRMED**: third-party price lists |
| how a batch counts | both are shown | **UNCONFIRMED**: not documented |

Cheaper: `WATCH_SCHEDULE` every 5 minutes divides everything by five (and finds trouble up to 4 minutes later); 512 MB
instances divide the GB-seconds by four; a thousand clusters took about 100 MB.

{probe}"""

_PROBE = """\
## The egress probe

Only with [probes in a cluster](explaining.md). Each pod calls the app {calls} times a month: every 5 minutes for its
address and with a report. That is at most about ${price}, without free grants, if each call is billed as a second of an
instance of its own. For each hour in which the cluster has an open incident or change, {more} calls more. Two pods a
subnet by default.
"""
