"""What a scenario may set about the simulated services as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Settings:
    """Defaults are what Azure documents, or the harder case where it doesn't say.

    ingestion_lag_seconds: how old a minute is before its metrics can be read; the last minute is
        partial. Azure docs speak of "a couple of minutes" (metrics-troubleshoot).
    failed_lag_seconds: how much later than the other states failed connections can be read. Azure docs say
        that recent minutes may be partial (metrics-troubleshoot), not in what order they fill.
    history_minutes: how far before the start metrics reach back.
    emit_zero_failed: whether a node without failures has a Failed series of zeros, or none.
    connection_states: the load balancer's spellings of successful, failed and pending.
    emit_gaps_share: share of minutes for which a series has no data at all, at random.
    if_match_honoured: whether a write with a stale If-Match is refused (412), or takes effect as if it had
        none; for subnets and virtual networks nobody has shown which.
    existing_flows: what old flows do when a NAT gateway takes over: "keep" or "drop"; Microsoft's
        documents disagree.
    operation_time_scale: factor on the duration of long operations; 0 finishes them at the next look.
    vnet_conflict: what a second writer of one VNet gets: "429" (RetryableError) or "409"
        (AnotherOperationInProgress); both were recorded.
    metrics: whether metrics of a resource may be read ("allowed", "forbidden").
    second_nat_gateway: what becomes of a subnet write that names another NAT gateway than the one that
        is attached: "refused" or "replaces"; nobody has shown which.
    operation_polls_need_role: whether asking how an operation goes needs a role of its own
        (`Microsoft.Network/locations/operations/read`); nobody has shown that it does.
    batch_metrics: whether metrics:getBatch may be used ("allowed"), is "forbidden" for want of
        Monitoring Reader at the subscription (401), or the provider Microsoft.Insights is
        "unregistered" (403) (Azure docs: migrate-to-batch-api).
    logs: whether a diagnostic setting sends health events to Log Analytics ("collected", "absent").
    arm_reads_per_second: reads that a principal may make in the long run; 0 is no limit. Azure's own
        figure is 25, with a bucket of 250.
    batch_calls_per_30_seconds: batch calls that a principal may make; 0 is no limit.
    activity_log_lag_seconds: how long after a write its events can be read. Azure docs speak of minutes
        (data-ingestion-time).
    activity_log_bodies: whether the event that begins a write holds what was sent, as
        `properties.requestbody`; published events of other resource types do, nobody has shown it for
        subnets.
    clock_skew_seconds: how far the services' clocks are off, as the Date header and tokens show it.
    round_trip_seconds: delay added to every answer, for benchmarks.
    """

    ingestion_lag_seconds: float = 120.0
    failed_lag_seconds: float = 0.0
    history_minutes: int = 75
    emit_zero_failed: bool = False
    connection_states: tuple[str, str, str] = ("Successful", "Failed", "Pending")
    emit_gaps_share: float = 0.0
    if_match_honoured: bool = True
    existing_flows: str = "keep"
    operation_time_scale: float = 1.0
    vnet_conflict: str = "429"
    metrics: str = "allowed"
    second_nat_gateway: str = "refused"
    operation_polls_need_role: bool = False
    batch_metrics: str = "allowed"
    logs: str = "collected"
    arm_reads_per_second: float = 0.0
    batch_calls_per_30_seconds: int = 0
    activity_log_lag_seconds: float = 300.0
    activity_log_bodies: bool = False
    clock_skew_seconds: float = 0.0
    round_trip_seconds: float = 0.0


def settings_from(given: Mapping[str, Any]) -> dict[str, Any]:
    """A scenario's settings as arguments of `Settings`."""
    values = dict(given)
    if "connection_states" in values:
        values["connection_states"] = tuple(str(state) for state in values["connection_states"])
    return values
