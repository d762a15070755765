"""Checks that what a scenario refers to (subnets, pools, nodes, resources) exists and fits."""

from __future__ import annotations

import ipaddress
from collections.abc import Generator, Iterator, Mapping
from typing import Any

from . import yamllines
from .physics.schedule import parse_cron

Content = Mapping[str, Any]
Problem = tuple[yamllines.Path, str]

_SECTIONS = {
    "public_ips": "publicIPAddresses",
    "public_ip_prefixes": "publicIPPrefixes",
    "network_security_groups": "networkSecurityGroups",
    "route_tables": "routeTables",
    "nat_gateways": "natGateways",
    "virtual_networks": "virtualNetworks",
}
KEPT_ADDRESSES = 5
"""Addresses of every subnet that Azure keeps for itself."""


def reference_problems(content: Content) -> Iterator[Problem]:
    """Missing or unsuitable targets of the references in a schema-valid scenario."""
    yield from _network_problems(content)
    subnets = {
        f"{vnet['name']}/{subnet['name']}"
        for vnet in content.get("virtual_networks") or []
        for subnet in vnet.get("subnets") or []
    }
    pools: dict[str, dict[str, int]] = {}
    named_already: set[tuple[str, str]] = set()
    for i, cluster in enumerate(content.get("clusters") or []):
        at = ("clusters", i)
        counts = {str(pool["name"]): int(pool.get("nodes", 3)) for pool in cluster.get("pools") or []}
        pools[str(cluster["name"])] = counts or {"nodepool1": 3}
        for j, pool in enumerate(cluster.get("pools") or []):
            for key in ("subnet", "pod_subnet"):
                named = str(pool.get(key, "/"))
                if not named.startswith("/") and named not in subnets:
                    yield (*at, "pools", j, key), f"there is no subnet {named!r}; there are {_list(subnets)}"
        if (name := (str(cluster["resource_group"]), str(cluster["name"]))) in named_already:
            yield (*at, "name"), f"there is a cluster {name[1]!r} in {name[0]!r} already"
        named_already.add(name)
        if int(cluster.get("replicas", 1)) > 1 and "{n}" not in str(cluster["name"]):
            yield (*at, "name"), "a cluster with replicas needs {n} in its name"
        yield from _workload_problems(cluster.get("workloads"), pools[str(cluster["name"])], (*at, "workloads"))
    for i, probe in enumerate(content.get("probes") or []):
        if (named := str(probe["cluster"])) not in pools:
            yield ("probes", i, "cluster"), f"there is no cluster {named!r}; there are {_list(pools)}"
        else:
            yield from _place_problems(probe.get("nodes"), pools[named], ("probes", i, "nodes"))
    yield from _workload_problems(content.get("workloads"), None, ("workloads",))
    yield from _event_problems(content, pools, subnets)
    yield from _people_problems(content)


def _people_problems(content: Content) -> Iterator[Problem]:
    known: set[str] = set()
    for i, person in enumerate(content.get("people") or []):
        if (name := str(person["user_principal_name"]).lower()) in known:
            yield ("people", i, "user_principal_name"), f"there is somebody called {name!r} already"
        known.add(name)
        if person.get("guest") and "tenant" not in person:
            yield ("people", i, "guest"), "a guest needs the tenant that they come from"


def _workload_problems(workloads: Any, pools: Mapping[str, int] | None, at: yamllines.Path) -> Iterator[Problem]:
    for i, workload in enumerate(workloads or []):
        yield from _place_problems(workload.get("runs_on"), pools, (*at, i, "runs_on"))
        schedule = workload.get("schedule") or {}
        if schedule.get("kind") == "cron":
            try:
                parse_cron(str(schedule["at"]), 1, 1)
            except ValueError as error:
                yield (*at, i, "schedule", "at"), str(error)


def _place_problems(places: Any, pools: Mapping[str, int] | None, at: yamllines.Path) -> Iterator[Problem]:
    for j, place in enumerate(places or []):
        pool, _, instance = str(place).partition("/")
        if pools is not None and not (pool in pools and (not instance or int(instance) < pools[pool])):
            yield (*at, j), f"there is no pool or node {place!r}; pools are {_list(pools)}"


def _event_problems(content: Content, pools: Mapping[str, Mapping[str, int]], subnets: set[str]) -> Iterator[Problem]:
    for i, event in enumerate(content.get("events") or []):
        named_subnet = str((event.get("put_subnet") or {}).get("subnet", "/"))
        if not named_subnet.startswith("/") and named_subnet not in subnets:
            yield (
                ("events", i, "put_subnet", "subnet"),
                f"there is no subnet {named_subnet!r}; there are {_list(subnets)}",
            )
        for kind in ("scale", "node_ready", "outbound_type", "change_cluster", "upgrade"):
            named = str((event.get(kind) or {}).get("cluster", ""))
            if kind in event and named not in pools:
                yield ("events", i, kind, "cluster"), f"there is no cluster {named!r}; there are {_list(pools)}"
            pool = (event.get(kind) or {}).get("pool")
            if pool is not None and pool not in pools.get(named, {pool: 0}):
                yield ("events", i, kind, "pool"), f"there is no pool {pool!r}; there are {_list(pools.get(named, {}))}"


def _list(names: Any) -> str:
    return ", ".join(sorted(map(str, names))) or "none"


def _network_problems(content: Content) -> Iterator[Problem]:
    known = {
        (str(each["resource_group"]), f"{kind}/{each['name']}".lower())
        for section, kind in _SECTIONS.items()
        for each in content.get(section) or []
    }
    for section in _SECTIONS:
        for i, each in enumerate(content.get(section) or []):
            group = str(each["resource_group"])
            for j, name in enumerate(each.get("public_ips") or []):
                if (group, f"publicipaddresses/{name}".lower()) not in known:
                    yield (section, i, "public_ips", j), f"there is no public IP {name!r} in {group!r}"
            for path, ref in _refs(each, (section, i)):
                if (group, "/".join(ref.split("/")[:2]).lower()) not in known:
                    yield path, f"there is no {ref!r} in resource group {group!r}"
    room = yield from _subnet_sizes(content)
    for (i, j, named), needed in _addresses_needed(content):
        room[named] = room.get(named, needed) - needed
        if room[named] < 0:
            at = ("clusters", i, "pools", j, "subnet")
            yield at, f"subnet {named!r} is too small: {-room[named]} addresses are missing"


def _refs(value: Any, path: yamllines.Path) -> Iterator[tuple[yamllines.Path, str]]:
    """All `{ref: ...}` below a value."""
    if isinstance(value, Mapping):
        if set(value) == {"ref"}:
            yield path, str(value["ref"])
            return
        for key, item in value.items():
            yield from _refs(item, (*path, str(key)))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _refs(item, (*path, index))


def _subnet_sizes(content: Content) -> Generator[Problem, None, dict[str, int]]:
    """Yields what isn't a network; returns the room for nodes in every subnet."""
    room: dict[str, int] = {}
    for i, vnet in enumerate(content.get("virtual_networks") or []):
        for j, space in enumerate(vnet.get("address_space") or []):
            if _network(space) is None:
                yield ("virtual_networks", i, "address_space", j), f"{space!r} is not a network such as 10.1.0.0/16"
        for j, subnet in enumerate(vnet.get("subnets") or []):
            network = _network(subnet["address_prefix"])
            if network is None:
                at = ("virtual_networks", i, "subnets", j, "address_prefix")
                yield at, f"{subnet['address_prefix']!r} is not a network such as 10.1.0.0/24"
            else:
                room[f"{vnet['name']}/{subnet['name']}"] = network.num_addresses - KEPT_ADDRESSES
    return room


def _network(text: Any) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(str(text))
    except ValueError:
        return None


def _addresses_needed(content: Content) -> Iterator[tuple[tuple[int, int, str], int]]:
    """Nodes per pool in a subnet of the scenario's own, at their most."""
    for i, cluster in enumerate(content.get("clusters") or []):
        for j, pool in enumerate(cluster.get("pools") or []):
            named = str(pool.get("subnet", "/"))
            if named.startswith("/"):
                continue
            sizes = [int(pool.get("nodes", 3))] + [
                int(event["scale"]["nodes"])
                for event in content.get("events") or []
                if (event.get("scale") or {}).get("cluster") == cluster["name"]
                and event["scale"]["pool"] == pool["name"]
            ]
            yield (i, j, named), max(sizes) * int(cluster.get("replicas", 1))
