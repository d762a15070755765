"""A scenario's events, at given minutes or around given writes: scaling, nodes losing Ready,
other people's writes, upgrades, roles that are taken away.

Events before minute 0 have happened when the simulator starts.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from .external_writers import put_subnet, upgrade
from .fleet import Cluster, Node, NodePool
from .http import Request
from .physics.ports import PORTS_PER_FRONTEND, load_balancer_timers, ports_per_node
from .services.activitylog.recording import log_write
from .services.authorization.scenario import lock_of, role_of
from .services.containerservice.outbound import change
from .services.containerservice.wire import lay_over
from .services.network.writes import affected_nodes
from .settings import settings_from
from .state.network import SUBNET
from .timeline import Watch
from .world import World, epoch_minute

Content = Mapping[str, Any]


def schedule_events(world: World, content: Content, resolve: Callable[[Content, Any], Any]) -> None:
    """Put a scenario's events on the world's agenda. `resolve` turns {ref: ...} into ids."""
    world.originals = {each.key: copy.deepcopy(each.properties) for each in world.network.of_kind(SUBNET)}
    for event in content.get("events") or []:
        if "write" in event:
            written = event["write"]
            event = dict(event) | {"write": dict(written) | {"properties": resolve(written, written["properties"])}}
        schedule_event(world, event)


def schedule_event(world: World, event: Content) -> None:
    """Schedule an event at its minute, before or after the write that it waits for, or now."""
    action = _action(world, event)
    if "at_minute" in event:
        world.at_minute(float(event["at_minute"]), action)
    elif "after_write" in event:
        world.watches.append(_watch(event["after_write"], action))
    elif "before_write" in event:
        world.arrivals.append(_watch(event["before_write"], action))
    else:
        world.at(world.clock.now(), action)


def _watch(waited: Content, action: Callable[[datetime], None]) -> Watch:
    return Watch(
        re.compile(str(waited.get("to", "")), re.IGNORECASE),
        action,
        waited.get("method"),
        int(waited.get("count", 1)),
        float(waited.get("seconds", 0)),
        bool(waited.get("repeat", False)),
    )


def check_event(event: Any) -> None:
    """Raise ValueError unless the event is an object with a known kind."""
    known = {*_EFFECTS, *_ACTIONS}
    if not isinstance(event, Mapping) or not known & set(event) or set(event) - known - _WHEN:
        raise ValueError(
            f"an event has one of {', '.join(sorted(known))}, and perhaps one of {', '.join(sorted(_WHEN))}"
        )


def _action(world: World, event: Content) -> Callable[[datetime], None]:
    def happen(moment: datetime) -> None:
        for kind, effect in _EFFECTS.items():
            if kind in event:
                effect(world, event[kind], epoch_minute(moment))
        for kind, act in _ACTIONS.items():
            if kind in event:
                act(world, event[kind], moment)

    return happen


def _cluster(world: World, name: str) -> Cluster:
    return next(cluster for cluster in world.clusters.values() if cluster.name == name)


def _pool(world: World, given: Content) -> NodePool:
    cluster = _cluster(world, str(given["cluster"]))
    return next(pool for pool in cluster.pools if pool.name == given["pool"])


def _scale(world: World, given: Content, minute: int) -> None:
    scale_pool(world, _pool(world, given), int(given["nodes"]), minute)


def scale_pool(world: World, pool: NodePool, count: int, minute: int) -> None:
    """Add or remove nodes; the load balancer then allocates ports anew for all of the cluster's nodes.

    With a fixed number of ports per node, no more nodes come than the frontends have ports for
    (AKS docs: configure-load-balancer-standard).
    """
    cluster = pool.cluster
    if cluster.allocated_outbound_ports and cluster.has_outbound_rule:
        room = PORTS_PER_FRONTEND // cluster.allocated_outbound_ports * len(cluster.frontends)
        count = max(0, min(count, len(pool.nodes) + room - len(cluster.nodes)))
    while len(pool.nodes) > count:
        world.traffic.remove_node(pool.nodes.pop(), minute)
    made = []
    while len(pool.nodes) < count:
        instance = max((node.instance for node in pool.nodes), default=-1) + 1
        node = Node(pool, instance, pool.next_address(), pool.load_of(instance))
        if pool.node_public_ip:
            node.public_address = next(world.public_addresses)
        if pool.egress_prefix_id:
            node.egress_address = pool.next_address()
        pool.nodes.append(node)
        made.append(node)
    ports = ports_per_node(len(cluster.nodes), cluster.allocated_outbound_ports)
    timers = load_balancer_timers(cluster.idle_timeout_minutes)
    for node in made:
        world.traffic.place_node(node, node.load, ports, timers, minute)
    world.traffic.resize(cluster.nodes, ports, timers, minute)
    world.reroute(made, minute)


def _node_ready(world: World, given: Content, minute: int) -> None:
    for node in _pool(world, given).nodes:
        if given.get("instance") in (None, node.instance):
            node.ready = bool(given["ready"])
            node.note(minute)


def _outbound_type(world: World, given: Content, minute: int) -> None:
    cluster = _cluster(world, str(given["cluster"]))
    change(world, cluster, str(given["to"]), max(1, len(cluster.frontends)), cluster.idle_timeout_minutes)
    world.reroute(cluster.nodes, minute)


def _change_cluster(world: World, given: Content, _minute: int) -> None:
    """Its owner changes what the API shows of it, as `az aks update` and `az aks nodepool` do."""
    cluster = _cluster(world, str(given["cluster"]))
    lay_over(cluster.properties, given["properties"])


def _write(world: World, given: Content, minute: int) -> None:
    subscription = str(given.get("subscription") or next(iter(world.subscriptions.values())).id)
    document = world.network.get(
        f"/subscriptions/{subscription}/resourceGroups/{given['resource_group']}"
        f"/providers/Microsoft.Network/{given['resource']}"
    )
    if document is None:
        raise ValueError(f"an event writes {given['resource']}, which isn't there")
    before = affected_nodes(world, document)
    for name, value in given["properties"].items():
        if value is None:
            document.properties.pop(name, None)
        else:
            document.properties[name] = value
    world.network.touch(document)
    who = str(given.get("by", "operator"))
    body = json.dumps({"properties": given["properties"]}).encode()
    log_write(world, world.now(), Request("PATCH", str(document.id), body=body, client_id=who), 200)
    world.reroute({*before, *affected_nodes(world, document)}, minute)


def _settings(world: World, given: Content, _minute: int) -> None:
    world.settings = replace(world.settings, **settings_from(given))


def _faults(world: World, given: list[Content], _minute: int) -> None:
    for described in given:
        world.faults.add(described)


def _clear_faults(world: World, _given: bool, _minute: int) -> None:
    world.faults.clear()


def _upgrade(world: World, given: Content, moment: datetime) -> None:
    upgrade(world, _cluster(world, str(given["cluster"])), float(given.get("minutes", 30)), moment)


def _take_role(world: World, given: Content, moment: datetime) -> None:
    world.access.take_away(world.identities.client_id(str(given["identity"])), given.get("action"))
    world.record_event(moment, f"{given['identity']} lost {given.get('action') or 'all roles'}")


def _give_role(world: World, given: Content, moment: datetime) -> None:
    world.access.give(role_of(world, given))
    world.record_event(moment, f"{given['identity']} was given a role")


def _lock(world: World, given: Content, moment: datetime) -> None:
    world.access.locks.append(lock_of(world, given))
    world.record_event(moment, f"a lock {given['name']} was put on")


def _unlock(world: World, name: str, moment: datetime) -> None:
    world.access.locks = [each for each in world.access.locks if each.name != name]
    world.record_event(moment, f"the lock {name} was taken off")


_WHEN = {"at_minute", "after_write", "before_write"}
_ACTIONS: dict[str, Callable[[World, Any, datetime], None]] = {
    "put_subnet": put_subnet,
    "upgrade": _upgrade,
    "take_role": _take_role,
    "give_role": _give_role,
    "lock": _lock,
    "unlock": _unlock,
}
_EFFECTS: dict[str, Callable[[World, Any, int], None]] = {
    "scale": _scale,
    "node_ready": _node_ready,
    "outbound_type": _outbound_type,
    "change_cluster": _change_cluster,
    "write": _write,
    "settings": _settings,
    "clear_faults": _clear_faults,
    "faults": _faults,
}
