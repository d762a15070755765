"""Which ports each node's flows use, now and in the past.

Ties nodes to banks (the load balancer's ports) and gateways. The simulator sets the egress path of a node's new flows;
this module forks the histories at that minute and has the flows of every minute since.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field, replace
from math import inf

from .bank import Bank, BankConfig, BankWindow
from .flows import Demand, StreamMinute, admitted_share, run_minute
from .gateway import Gateway, GatewayConfig, GatewayMinute
from .ports import PortTimers, nat_gateway_timers
from .workload import NodeLoad, Protocol, Stream


@dataclass(frozen=True)
class Path:
    """The egress path of a node's new flows: the load balancer, a NAT gateway (its key), or another."""

    load_balancer: bool = False
    gateway: str | None = None


@dataclass(eq=False)
class _NodeTraffic:
    load: NodeLoad
    ports: int
    timers: PortTimers
    path: Path
    banks: dict[Protocol, Bank] = field(default_factory=dict)


@dataclass(eq=False)
class _GatewayTraffic:
    addresses: int
    idle_timeout_minutes: int
    members: dict[Hashable, NodeLoad] = field(default_factory=dict)
    pools: dict[Protocol, Gateway] = field(default_factory=dict)
    since_minute: int = 0


class Traffic:
    """The flows of all nodes, from `first_minute` (the beginning of history) on."""

    def __init__(self, first_minute: int, *, drop_flows_on_path_change: bool = False) -> None:
        self.first_minute = first_minute
        self._drop_flows = drop_flows_on_path_change
        self._nodes: dict[Hashable, _NodeTraffic] = {}
        self._gateways: dict[str, _GatewayTraffic] = {}
        self._shared: dict[BankConfig, Bank] = {}

    # -- changes -----------------------------------------------------------------------------------

    def place_node(self, node: Hashable, load: NodeLoad, ports: int, timers: PortTimers, minute: int) -> None:
        """Add a node in `minute`, without a path."""
        traffic = _NodeTraffic(load, ports, timers, Path())
        self._nodes[node] = traffic
        if minute > self.first_minute:
            for protocol in Protocol:
                config = BankConfig(load, protocol, ports, timers, admitting=False)
                traffic.banks[protocol] = Bank(config, minute)

    def remove_node(self, node: Hashable, minute: int) -> None:
        """Remove a node."""
        if node in self._nodes:
            self.set_path([node], Path(), minute)
            del self._nodes[node]

    def set_path(self, nodes: Iterable[Hashable], path: Path, minute: int) -> None:
        """New flows of the nodes leave by `path` from `minute` on. A setting decides whether old flows continue or
        drop."""
        moving = [node for node in nodes if self._nodes[node].path != path]
        gateways = {self._nodes[node].path.gateway for node in moving} | ({path.gateway} if moving else set())
        changing = sorted(key for key in gateways if key is not None)
        for key in changing:
            self._before_gateway_change(key, minute)
        for node in moving:
            traffic = self._nodes[node]
            before = traffic.path
            self._before_change(traffic, minute)
            traffic.path = path
            if path.load_balancer != before.load_balancer:
                drop = self._drop_flows and not path.load_balancer
                self._after_change(traffic, minute, drop_flows=drop)
            if before.gateway is not None:
                self._gateways[before.gateway].members.pop(node, None)
            if path.gateway is not None:
                self._gateways[path.gateway].members[node] = traffic.load
        for key in changing:
            self._after_gateway_change(key, minute)

    def resize(self, nodes: Iterable[Hashable], ports: int, timers: PortTimers, minute: int) -> None:
        """The load balancer gives each of `nodes` `ports` ports from `minute` on."""
        for node in nodes:
            traffic = self._nodes[node]
            if (traffic.ports, traffic.timers) != (ports, timers):
                self._before_change(traffic, minute)
                traffic.ports, traffic.timers = ports, timers
                self._after_change(traffic, minute)

    def set_gateway(self, key: str, addresses: int, idle_timeout_minutes: int, minute: int) -> None:
        """A NAT gateway exists with this many addresses from `minute` on."""
        gateway = self._gateways.get(key)
        if gateway is None:
            self._gateways[key] = _GatewayTraffic(addresses, idle_timeout_minutes, since_minute=minute)
        elif (gateway.addresses, gateway.idle_timeout_minutes) != (addresses, idle_timeout_minutes):
            self._before_gateway_change(key, minute)
            gateway.addresses, gateway.idle_timeout_minutes = addresses, idle_timeout_minutes
            self._after_gateway_change(key, minute)

    def remove_gateway(self, key: str) -> None:
        """Remove the NAT gateway and its history."""
        self._gateways.pop(key, None)

    # -- history -----------------------------------------------------------------------------------

    def path(self, node: Hashable) -> Path:
        """The current egress path of the node's new flows."""
        return self._nodes[node].path

    def node_window(self, node: Hashable, protocol: Protocol, minutes: range) -> BankWindow:
        """The history of the node's load balancer ports."""
        return self._bank(self._nodes[node], protocol).window(minutes)

    def gateway_minute(self, key: str, protocol: Protocol, minute: int) -> GatewayMinute | None:
        """The gateway's flows in a minute; None before it exists."""
        gateway = self._gateways.get(key)
        return None if gateway is None else self._pool(key, protocol).minute(minute)

    def streams(self, node: Hashable, protocol: Protocol, minute: int) -> dict[Stream, StreamMinute]:
        """The node's streams in a minute: on the load balancer as `Bank.streams`, elsewhere without a limit."""
        traffic = self._nodes[node]
        load = traffic.load
        if traffic.path.load_balancer:
            outcome = self._bank(traffic, protocol).streams(minute)
        else:
            demands = [
                Demand(each.key, load.rate(each, minute), traffic.timers.port_seconds(each.workload))
                for each in load.streams(protocol)
            ]
            outcome = run_minute(demands, {each.key: each.rate_per_second * each.port_seconds for each in demands}, inf)
        return {stream: outcome[stream.key] for stream in load.streams(protocol) if stream.key in outcome}

    def admitted_share(self, node: Hashable, destination: str, minute: int) -> float:
        """The chance that one more TCP flow of the node to a destination gets a port."""
        path = self._nodes[node].path
        if path.gateway is not None:
            return admitted_share(self._pool(path.gateway, Protocol.TCP).failing(minute), destination)
        if path.load_balancer:
            return admitted_share(self._bank(self._nodes[node], Protocol.TCP).streams(minute), destination)
        return 1.0

    def warm(self, minute: int, most: int = 2000) -> None:
        """Compute the past until `minute` beforehand, for up to `most` nodes with a course of their own."""
        for traffic in self._nodes.values():
            for protocol in Protocol:
                self._bank(traffic, protocol)
            if len(self._shared) >= most:
                break
        for bank in self._shared.values():
            bank.window(range(minute, minute + 1))

    # -- inside -----------------------------------------------------------------------------------

    def _bank(self, traffic: _NodeTraffic, protocol: Protocol) -> Bank:
        bank = traffic.banks.get(protocol)
        if bank is None:
            config = BankConfig(traffic.load, protocol, traffic.ports, traffic.timers, traffic.path.load_balancer)
            bank = self._shared.get(config)
            if bank is None:
                bank = self._shared[config] = Bank(config, self.first_minute)
            traffic.banks[protocol] = bank
        return bank

    def _before_change(self, traffic: _NodeTraffic, minute: int) -> None:
        """Preserve the history: create the banks for the node's configuration so far."""
        if minute > self.first_minute:
            for protocol in Protocol:
                self._bank(traffic, protocol)

    def _after_change(self, traffic: _NodeTraffic, minute: int, *, drop_flows: bool = False) -> None:
        if minute <= self.first_minute:
            traffic.banks.clear()  # no history yet: the banks start with this configuration
            return
        for protocol, bank in traffic.banks.items():
            config = replace(
                bank.config,
                ports=traffic.ports,
                timers=traffic.timers,
                admitting=traffic.path.load_balancer,
            )
            traffic.banks[protocol] = bank.fork(minute, config, drop_flows=drop_flows)

    def _gateway_config(self, key: str, protocol: Protocol) -> GatewayConfig:
        gateway = self._gateways[key]
        timers = nat_gateway_timers(gateway.idle_timeout_minutes)
        return GatewayConfig(protocol, tuple(gateway.members.values()), gateway.addresses, timers, key)

    def _pool(self, key: str, protocol: Protocol) -> Gateway:
        gateway = self._gateways[key]
        pool = gateway.pools.get(protocol)
        if pool is None:
            since = max(self.first_minute, gateway.since_minute)
            config = self._gateway_config(key, protocol)
            pool = Gateway(config, since, settled=since == self.first_minute)
            gateway.pools[protocol] = pool
        return pool

    def _before_gateway_change(self, key: str, minute: int) -> None:
        if minute > self.first_minute:
            for protocol in Protocol:
                self._pool(key, protocol)

    def _after_gateway_change(self, key: str, minute: int) -> None:
        gateway = self._gateways[key]
        if minute <= self.first_minute:
            gateway.pools.clear()
            return
        for protocol, pool in gateway.pools.items():
            gateway.pools[protocol] = pool.fork(minute, self._gateway_config(key, protocol))
