"""One node's SNAT ports on the load balancer, for one protocol, with their history.

A bank is computed lazily, when it is read, and its configuration never changes: when the node's changes (a NAT gateway
takes over, the load balancer re-allocates ports) the bank is forked at that minute. Banks of equal configuration
behave equally, so nodes may share one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from .flows import Demand, Outcome, Rounding, StreamKey, run_minute, used_ports
from .ports import PortTimers
from .workload import NodeLoad, Protocol, Stream


@dataclass(frozen=True)
class BankConfig:
    """A bank's configuration. `admitting` is false once new flows leave by another path."""

    load: NodeLoad
    protocol: Protocol
    ports: int
    timers: PortTimers
    admitting: bool = True


@dataclass(frozen=True, eq=False, slots=True)
class BankWindow:
    """A bank's history over some minutes, one entry per minute. Flows are whole numbers, ports averages over the
    minute; ports are None before the bank exists. Windows compare by identity, so results computed from a window can
    be cached under it.
    """

    admitted: list[int]
    failed: list[int]
    used_ports: list[float | None]
    ports: list[int | None]
    bytes_sent: list[int]
    packets_sent: list[int]


class Bank:
    """A node's ports for one protocol, from `first_minute` on."""

    def __init__(self, config: BankConfig, first_minute: int) -> None:
        self.config = config
        self.first_minute = first_minute
        self._streams: tuple[Stream, ...] = config.load.streams(config.protocol)
        self._port_seconds = [config.timers.port_seconds(s.workload) for s in self._streams]
        self._columns = BankWindow([], [], [], [], [], [])
        self._last = range(0), self._columns
        self._held: dict[StreamKey, float] = {}
        self._retrying: dict[StreamKey, float] = {}
        self._latest: Outcome = {}
        self._failing: dict[int, Outcome] = {}
        self._admitted, self._failed = Rounding(), Rounding()
        if config.admitting:
            self._settle()

    @property
    def next_minute(self) -> int:
        """The first minute that hasn't been computed."""
        return self.first_minute + len(self._columns.admitted)

    def _settle(self) -> None:
        """Begin in the state into which the first minute's rates would lead in the long run."""
        totals: dict[str, float] = {}
        for stream, port_seconds in zip(self._streams, self._port_seconds, strict=True):
            level = self.config.load.rate(stream, self.first_minute) * port_seconds
            self._held[stream.key] = level
            totals[stream.key[1]] = totals.get(stream.key[1], 0.0) + level
        for key in self._held:
            if totals[key[1]] > self.config.ports:
                self._held[key] *= self.config.ports / totals[key[1]]

    def window(self, minutes: range) -> BankWindow:
        """The history of `minutes`. Don't change it: calls for the same minutes share the lists."""
        asked, window = self._last
        if asked != minutes:
            window = self._cut(minutes)
            self._last = minutes, window
        return window

    def streams(self, minute: int) -> Outcome:
        """The streams in a minute: in the last one that was computed, and in each in which flows failed."""
        self.window(range(minute, minute + 1))
        return self._failing.get(minute) or (self._latest if minute == self.next_minute - 1 else {})

    def _cut(self, minutes: range) -> BankWindow:
        while self.next_minute < minutes.stop:
            self._step()
        before = max(0, min(self.first_minute, minutes.stop) - minutes.start)
        start = max(0, minutes.start - self.first_minute)
        cut, columns = slice(start, start + len(minutes) - before), self._columns
        none: list[None] = [None] * before
        zeros = [0] * before
        return BankWindow(
            zeros + columns.admitted[cut],
            zeros + columns.failed[cut],
            [*none, *columns.used_ports[cut]],
            [*none, *columns.ports[cut]],
            zeros + columns.bytes_sent[cut],
            zeros + columns.packets_sent[cut],
        )

    def fork(self, minute: int, config: BankConfig, *, drop_flows: bool = False) -> Bank:
        """A bank with this one's past and `config` from `minute` on (or from the first minute that isn't computed yet,
        if that is later: computed minutes don't change).

        With `drop_flows` no flow survives; otherwise those that still fit do.
        """
        while self.next_minute < minute:
            self._step()
        other = Bank(replace(config, admitting=False), self.first_minute)
        other.config = config
        other._columns = self._cut(range(self.first_minute, self.next_minute))
        shrink = min(1.0, config.ports / used) if (used := used_ports(self._held)) > 0 else 1.0
        other._held = {key: 0.0 if drop_flows else n * shrink for key, n in self._held.items()}
        other._retrying = dict(self._retrying) if config.admitting else {}
        other._failing = dict(self._failing)
        other._admitted, other._failed = Rounding(self._admitted.rest), Rounding(self._failed.rest)
        return other

    def _step(self) -> None:
        config, minute = self.config, self.next_minute
        demands = []
        for stream, port_seconds in zip(self._streams, self._port_seconds, strict=True):
            rate = 0.0
            if config.admitting:
                rate = config.load.rate(stream, minute) + self._retrying.get(stream.key, 0.0)
            demands.append(Demand(stream.key, rate, port_seconds))
        outcome = run_minute(demands, self._held, config.ports)
        admitted = failed = 0.0
        sent_bytes = sent_packets = 0.0
        for stream in self._streams:
            result = outcome[stream.key]
            self._held[stream.key] = result.held_after
            self._retrying[stream.key] = result.failed / 60.0 * stream.workload.retried_share
            admitted += result.admitted
            failed += result.failed
            sent_bytes += result.admitted * stream.workload.bytes_per_flow
            sent_packets += result.admitted * stream.workload.packets_per_flow
        self._latest = outcome
        if failed > 0:
            self._failing[minute] = outcome
        used = used_ports({key: result.held_average for key, result in outcome.items()})
        columns = self._columns
        columns.admitted.append(self._admitted.whole(admitted))
        columns.failed.append(self._failed.whole(failed))
        columns.used_ports.append(min(used, float(config.ports)))
        columns.ports.append(config.ports)
        columns.bytes_sent.append(round(sent_bytes))
        columns.packets_sent.append(round(sent_packets))
