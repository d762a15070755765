"""Settings for all simulated services, from a scenario."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Settings:
    """Defaults follow Azure's documents; where these say nothing, the harder case."""

    ingestion_lag_seconds: float = 120.0
    """Age at which a minute's metrics are complete; Azure docs: "a couple of minutes" (metrics-troubleshoot)."""
    failed_lag_seconds: float = 0.0
    """How much later than the other states failed connections can be read; Azure docs don't give the order."""
    history_minutes: int = 75
    """How far before the start metrics reach back."""
    emit_zero_failed: bool = False
    """Whether a node without failures has a Failed series of zeros, or none."""
    connection_states: tuple[str, str, str] = ("Successful", "Failed", "Pending")
    """The load balancer's spellings of these states, in this order."""
    emit_gaps_share: float = 0.0
    """Share of minutes for which a series has no data, at random."""
    if_match_honoured: bool = True
    """Whether a stale If-Match is refused (412) or ignored; for subnets and virtual networks nobody has shown which."""
    existing_flows: str = "keep"
    """What old flows do when a NAT gateway takes over: "keep" or "drop"; Microsoft's documents disagree."""
    operation_time_scale: float = 1.0
    """Factor on the duration of long operations; with 0 they end at the next request."""
    aks_api_versions: tuple[str, ...] = ()
    """The API versions of managed clusters that this cloud has; empty: any. The public cloud has the newest first."""
    vnet_conflict: str = "429"
    """The answer to a second writer of a VNet: "429" (RetryableError) or "409" (AnotherOperationInProgress); both
    were recorded."""
    metrics: str = "allowed"
    """Whether metrics of a resource may be read: "allowed" or "forbidden"."""
    second_nat_gateway: str = "refused"
    """A subnet write that names another NAT gateway than the attached: "refused" or "replaces"; not documented."""
    operation_polls_need_role: bool = False
    """Whether polls need `Microsoft.Network/locations/operations/read`; nobody has shown that they do."""
    batch_metrics: str = "allowed"
    """metrics:getBatch: "allowed", "forbidden" (401, no Monitoring Reader at the subscription), or "unregistered"
    (403, provider Microsoft.Insights) (Azure docs: migrate-to-batch-api)."""
    batch_series_limit: int = 0
    """Time series above which a batch is a success without any point; 0 is no limit, 500,000 was reported."""
    batch_gaps_share: float = 0.0
    """Share of points that are missing, at random, in batches of four and more resources."""
    batch_zero_aggregation: str = ""
    """An aggregation, such as "average", that is zero in batches and right in single requests."""
    gateway_attempted: str = "with_failed"
    """Whether a NAT gateway's Attempted counts failed connections too: "with_failed" or "without_failed"; no document
    says which."""
    gateway_failures_per_hour: float = 0.0
    """Single connections that fail on a NAT gateway now and then, at random minutes, whatever its load."""
    logs: str = "collected"
    """Whether a diagnostic setting sends health events to Log Analytics: "collected" or "absent"."""
    arm_reads_per_second: float = 0.0
    """Reads of a principal in the long run; 0 is no limit. Azure's figure is 25, with a bucket of 250."""
    batch_calls_per_30_seconds: int = 0
    """Batch calls of a principal; 0 is no limit."""
    activity_log_lag_seconds: float = 300.0
    """Age at which a write's events can be read; Azure docs speak of minutes (data-ingestion-time)."""
    activity_log_bodies: bool = False
    """Whether a write's first event holds the body as `properties.requestbody`; shown for other types, not subnets."""
    unknown_applications: str = "welcome"
    """Applications that the scenario doesn't name: "welcome", with loopback redirect URIs, or "refused"."""
    slack_burst: int = 5
    """Messages that a channel takes at once, beyond one a second; Slack says "short bursts" without a number."""
    slack_newer_blocks: tuple[str, ...] = ("table", "data_table", "data_visualization")
    """The newer blocks that the workspace has, by message and by webhook; others are `invalid_blocks`."""
    slack_answer_seconds: float = 3.0
    """How long Slack waits for an app's answer to a click or a command (Slack docs)."""
    clock_skew_seconds: float = 0.0
    """How far the services' clocks are off, in the Date header, in tokens, and where Slack signs."""
    round_trip_seconds: float = 0.0
    """Delay added to every answer, for benchmarks."""


def settings_from(given: Mapping[str, Any]) -> dict[str, Any]:
    """A scenario's settings as arguments of `Settings`."""
    values = dict(given)
    for name in ("aks_api_versions", "connection_states", "slack_newer_blocks"):
        if name in values:
            values[name] = tuple(str(each) for each in values[name])
    return values
