"""A NAT gateway's metrics. Protocols are numbers (6, 17); there is no dimension for nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...noise import unit
from ...physics.gateway import GatewayMinute
from ...physics.workload import Protocol
from ...state.metric_source import Series
from ...world import World


def nat_gateway_series(world: World, key: str, metric: str, minutes: range) -> list[Series]:
    """All series of a metric for `minutes`; series without any data are left out."""
    made = _EMITTERS[metric](world, key, minutes)
    return [series for series in made if any(sample is not None for sample in series.samples)]


def _samples(
    world: World, key: str, protocol: Protocol, minutes: range, value: Callable[[GatewayMinute], float]
) -> list[float | None]:
    """`value` of each minute; nothing where it is 0: quiet series are sparse."""
    samples: list[float | None] = []
    for minute in minutes:
        recorded = world.traffic.gateway_minute(key, protocol, minute)
        amount = value(recorded) if recorded is not None else 0
        samples.append(amount or None)
    return samples


def _connections(world: World, key: str, minutes: range) -> Iterator[Series]:
    zero = 0 if world.settings.emit_zero_failed else None
    is_all = world.settings.gateway_attempted == "with_failed"
    for protocol in Protocol:
        name = {"protocol": str(protocol.number)}
        attempted = _samples(world, key, protocol, minutes, lambda m: m.attempted - (0 if is_all else m.failed))
        failed = _samples(world, key, protocol, minutes, lambda m: m.failed)
        if protocol is Protocol.TCP:
            failed = [(lost or 0) + _noise(world, key, at) or None for at, lost in zip(minutes, failed, strict=True)]
        filled = [lost or (zero if tried else None) for lost, tried in zip(failed, attempted, strict=True)]
        yield Series(name | {"connectionstate": "Attempted"}, attempted)
        yield Series(name | {"connectionstate": "Failed"}, filled)


def _noise(world: World, key: str, minute: int) -> int:
    """An occasional failed connection without a cause in the workload."""
    is_there = world.traffic.gateway_minute(key, Protocol.TCP, minute) is not None
    return int(
        is_there
        and 60 * unit(world.seed, key, "failed", minute - world.origin_minute)
        < world.settings.gateway_failures_per_hour
    )


def _active(world: World, key: str, minutes: range) -> Iterator[Series]:
    for protocol in Protocol:
        samples = _samples(world, key, protocol, minutes, lambda m: m.active_flows)
        yield Series({"protocol": str(protocol.number)}, samples)


def _both_ways(value: Callable[[GatewayMinute], float]) -> Callable[[World, str, range], Iterator[Series]]:
    def emit(world: World, key: str, minutes: range) -> Iterator[Series]:
        for protocol in Protocol:
            for direction, factor in (("Out", 1), ("In", 4)):
                samples = _samples(world, key, protocol, minutes, lambda m, f=factor: value(m) * f)  # type: ignore[misc]
                yield Series({"protocol": str(protocol.number), "direction": direction}, samples)

    return emit


def _drops(world: World, key: str, minutes: range) -> Iterator[Series]:
    yield Series({}, _samples(world, key, Protocol.TCP, minutes, lambda m: m.dropped_packets))


def _data_path(world: World, key: str, minutes: range) -> Iterator[Series]:
    there = [world.traffic.gateway_minute(key, Protocol.TCP, minute) is not None for minute in minutes]
    yield Series({}, [100 if present else None for present in there])


_EMITTERS: dict[str, Callable[[World, str, range], Iterator[Series]]] = {
    "SNATConnectionCount": _connections,
    "TotalConnectionCount": _active,
    "PacketDropCount": _drops,
    "ByteCount": _both_ways(lambda m: m.bytes_sent),
    "PacketCount": _both_ways(lambda m: m.packets_sent),
    "DatapathAvailability": _data_path,
}
