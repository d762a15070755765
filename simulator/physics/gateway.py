"""A NAT gateway's ports: one pool on demand for all nodes of its subnets, for one protocol.

There is no allocation per node. One destination can be reached by at most 50,000 flows per public
IP. Microsoft's own health checks show up as a little traffic even when nobody uses the gateway
(Azure docs: nat-metrics).
"""

from __future__ import annotations

from dataclasses import dataclass

from ..noise import around_one
from .flows import Demand, Outcome, Rounding, StreamKey, run_minute
from .ports import NAT_FLOWS_PER_ADDRESS_AND_DESTINATION, PortTimers
from .workload import NodeLoad, Protocol, Stream

BACKGROUND_FLOWS_PER_MINUTE = 6.0


@dataclass(frozen=True)
class GatewayConfig:
    """A gateway's configuration: the loads behind it, its addresses and its timers."""

    protocol: Protocol
    loads: tuple[NodeLoad, ...]
    addresses: int
    timers: PortTimers
    seed: str


@dataclass(frozen=True)
class GatewayMinute:
    """The gateway's flows in one minute, background traffic included."""

    attempted: int
    failed: int
    active_flows: int
    dropped_packets: int
    bytes_sent: int
    packets_sent: int


@dataclass
class _StreamTotal:
    stream: Stream
    port_seconds: float
    rate: float = 0.0


class Gateway:
    """A NAT gateway's flows for one protocol, from `first_minute` on. Lazy and forked like a bank.

    A `settled` gateway is older than the history: it begins with the steady state's flows.
    """

    def __init__(self, config: GatewayConfig, first_minute: int, *, settled: bool = False) -> None:
        self.config = config
        self.first_minute = first_minute
        self._streams = [(load, stream) for load in config.loads for stream in load.streams(config.protocol)]
        self._minutes: list[GatewayMinute] = []
        self._held: dict[StreamKey, float] = {}
        self._retrying: dict[StreamKey, float] = {}
        self._failing: dict[int, Outcome] = {}
        self._attempted, self._failed = Rounding(), Rounding()
        if settled:
            self._settle()

    @property
    def next_minute(self) -> int:
        """The first minute that hasn't been computed."""
        return self.first_minute + len(self._minutes)

    def _settle(self) -> None:
        totals = self._totals(self.first_minute)
        limit = NAT_FLOWS_PER_ADDRESS_AND_DESTINATION * self.config.addresses
        self._held = {key: total.rate * total.port_seconds for key, total in totals.items()}
        for destination in {key[1] for key in self._held}:
            group = [key for key in self._held if key[1] == destination]
            wanted = sum(self._held[key] for key in group)
            for key in group:
                self._held[key] *= min(1.0, limit / wanted) if wanted else 1.0

    def minute(self, minute: int) -> GatewayMinute | None:
        """The flows in `minute`, or None before the gateway's history begins."""
        while self.next_minute <= minute:
            self._step()
        index = minute - self.first_minute
        return self._minutes[index] if index >= 0 else None

    def failing(self, minute: int) -> Outcome:
        """The streams in a minute in which flows failed; else none."""
        self.minute(minute)
        return self._failing.get(minute, {})

    def fork(self, minute: int, config: GatewayConfig) -> Gateway:
        """A gateway with this one's past and `config` from `minute` on (or from the first minute that isn't computed
        yet, if that is later: computed minutes don't change).

        Flows of nodes that have left, and of addresses that were removed, end (Azure docs:
        nat-gateway FAQ); the others continue.
        """
        while self.next_minute < minute:
            self._step()
        other = Gateway(config, self.first_minute)
        other._minutes = list(self._minutes)
        staying = len(set(config.loads) & set(self.config.loads)) / max(1, len(self.config.loads))
        kept = min(1.0, config.addresses / max(1, self.config.addresses))
        other._held = {key: n * staying * kept for key, n in self._held.items()}
        other._retrying = dict(self._retrying)
        other._failing = dict(self._failing)
        other._attempted, other._failed = Rounding(self._attempted.rest), Rounding(self._failed.rest)
        return other

    def _totals(self, minute: int) -> dict[StreamKey, _StreamTotal]:
        totals: dict[StreamKey, _StreamTotal] = {}
        for load, stream in self._streams:
            total = totals.get(stream.key)
            if total is None:
                port_seconds = self.config.timers.port_seconds(stream.workload)
                total = totals[stream.key] = _StreamTotal(stream, port_seconds)
            total.rate += load.rate(stream, minute)
        return totals

    def _step(self) -> None:
        config, minute = self.config, self.next_minute
        totals = self._totals(minute)
        limit = NAT_FLOWS_PER_ADDRESS_AND_DESTINATION * config.addresses
        demands = [
            Demand(key, total.rate + self._retrying.get(key, 0.0), total.port_seconds) for key, total in totals.items()
        ]
        outcome = run_minute(demands, self._held, limit)
        attempted = failed = active = sent_bytes = sent_packets = 0.0
        held: dict[StreamKey, float] = {}
        for key, result in outcome.items():
            workload = totals[key].stream.workload
            held[key] = result.held_after
            self._retrying[key] = result.failed / 60.0 * workload.retried_share
            attempted += result.attempted
            failed += result.failed
            active += result.held_average * workload.hold_seconds / totals[key].port_seconds
            sent_bytes += result.admitted * workload.bytes_per_flow
            sent_packets += result.admitted * workload.packets_per_flow
        if failed > 0:
            self._failing[minute] = outcome
        self._held = held
        noise = BACKGROUND_FLOWS_PER_MINUTE * around_one(0.5, config.seed, config.protocol, minute)
        background = noise if config.protocol is Protocol.TCP and config.addresses else 0.0
        lost = self._failed.whole(failed)
        self._minutes.append(
            GatewayMinute(
                attempted=max(lost, self._attempted.whole(attempted + background)),
                failed=lost,
                active_flows=round(active + background / 2),
                dropped_packets=lost * 3,
                bytes_sent=round(sent_bytes + background * 200),
                packets_sent=round(sent_packets + background * 4),
            )
        )
