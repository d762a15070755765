"""Builds a world from a scenario's content."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .clock import SimulatedClock
from .clusters import HEALTHY, ClusterBuilder
from .events import schedule_events
from .networks import NetworkBuilder
from .probe_reports import describe_probes
from .services.authorization.scenario import read_access
from .services.entra.tenants import home_tenant
from .settings import Settings, settings_from
from .state.identities import identity_of
from .state.people import DEFAULT_PEOPLE, person_of
from .world import Subscription, World

Content = Mapping[str, Any]

DEFAULT_SUBSCRIPTION = "11111111-1111-4111-8111-111111111111"
DEFAULT_TENANT = "99999999-9999-4999-8999-999999999999"
_DOCUMENTS = {
    "public_ips": "publicIPAddresses",
    "public_ip_prefixes": "publicIPPrefixes",
    "network_security_groups": "networkSecurityGroups",
    "route_tables": "routeTables",
    "nat_gateways": "natGateways",
}


def build_world(content: Content, clock: SimulatedClock, *, extra_clusters: int = 0) -> World:
    """Builds the initial world. `extra_clusters` adds that many healthy clusters."""
    settings = Settings(**settings_from(content.get("settings") or {}))
    name = str(content["name"])
    world = World(clock, settings, name, str(content.get("seed", name)))
    _add_directory(world, content)
    networks = NetworkBuilder(world, str(content.get("location", "westeurope")))
    _add_networks(networks, content)
    clusters = ClusterBuilder(world, networks, content)
    for each in content.get("clusters") or []:
        for number in range(1, int(each.get("replicas", 1)) + 1):
            clusters.add(each, number)
    for number in range(1, extra_clusters + 1):
        clusters.add(HEALTHY, number)
    world.reroute(world.all_nodes(), world.traffic.first_minute)
    for described in content.get("faults") or []:
        world.faults.add(described)
    schedule_events(world, content, networks.resolve)
    describe_probes(world, content)
    world.settle()
    return world


def _add_directory(world: World, content: Content) -> None:
    for each in content.get("subscriptions") or [{"id": DEFAULT_SUBSCRIPTION, "name": "Production"}]:
        subscription = Subscription(each["id"], each.get("name", each["id"]), each.get("tenant", DEFAULT_TENANT))
        world.subscriptions[subscription.id.lower()] = subscription
    for each in content.get("identities") or []:
        world.identities.add(identity_of(each))
    home = home_tenant(world)
    world.entra.people = [person_of(each, home) for each in content.get("people", DEFAULT_PEOPLE)]
    for each in content.get("resource_groups") or []:
        owner = str(each.get("subscription") or next(iter(world.subscriptions.values())).id)
        place = str(each.get("location") or content.get("location", "westeurope"))
        group = world.make_group(owner, str(each["name"]), place)
        group.tags = {key: str(value) for key, value in (each.get("tags") or {}).items()}
    read_access(world, content)


def _add_networks(networks: NetworkBuilder, content: Content) -> None:
    for section, resource_type in _DOCUMENTS.items():
        for each in content.get(section) or []:
            networks.document(each, resource_type)
    for each in content.get("virtual_networks") or []:
        networks.virtual_network(each)
