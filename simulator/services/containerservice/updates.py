"""PUT of a managed cluster as `az aks update` sends it: the whole document, changed in one place.

What takes effect: the outbound type with its profiles, the API server's access profile, the node
resource group's restriction level, tags. Other properties are accepted and stay as they are. The
answer is 200 with `Azure-AsyncOperation`, the state Updating and the wanted network profile (recorded);
the operation takes about three minutes.
"""

from __future__ import annotations

import copy
import ipaddress
from datetime import datetime
from typing import Any

from ...fleet import LOAD_BALANCER, Cluster
from ...http import Request, Response
from ...physics.ports import PORTS_PER_FRONTEND, load_balancer_timers, ports_per_node
from ...state.operations import Operation, operation_url
from ...world import World
from .outbound import MANAGED_GATEWAY, change, check_change
from .refusals import BUSY, PORTS, PROFILE, PROPERTY_FIXED, RANGES, STOPPED
from .wire import cluster_json, lay_over, network_profile

UPDATE_SECONDS = 170.0
OPERATION_API_VERSION = "2016-03-30"
_ENDED = ("Succeeded", "Failed", "Canceled")
MOST_RANGES = 200


def put_cluster(world: World, request: Request, cluster: Cluster) -> Response:
    """Update an existing cluster."""
    body = request.json_object()
    properties = body.get("properties") or {}
    _check_idle(cluster)
    _check_fixed(cluster, properties)
    profile = properties.get("networkProfile") or {}
    outbound = str(profile.get("outboundType") or cluster.outbound_type)
    check_change(world, cluster, outbound)
    wanted = _Wanted(cluster, outbound, profile)
    _check_ranges(properties.get("apiServerAccessProfile") or {})
    before = cluster.properties
    cluster.properties = _while_updating(cluster, profile, outbound)
    cluster.provisioning_state = "Updating"

    def finish(ended: datetime) -> None:
        cluster.provisioning_state = "Succeeded"
        cluster.properties = _written(before, properties)
        if "tags" in body:
            cluster.tags = {name: str(value) for name, value in (body["tags"] or {}).items()}
        wanted.apply(world, int(ended.timestamp() // 60))

    def abandon(status: str) -> None:
        cluster.provisioning_state, cluster.properties = status, before

    where = ("Microsoft.ContainerService", cluster.subscription, cluster.location)
    held = (cluster.id.lower(), cluster.id)
    operation = Operation("UpdateManagedCluster", *where, *held, UPDATE_SECONDS, 0, finish, abandon)
    world.operations.start(operation)
    url = operation_url(request.base_url, operation, OPERATION_API_VERSION, "operations")
    return Response(200, cluster_json(cluster), {"Azure-AsyncOperation": url})


class _Wanted:
    """The network that the body asks for, checked."""

    def __init__(self, cluster: Cluster, outbound: str, profile: dict[str, Any]) -> None:
        balancer = profile.get("loadBalancerProfile") or {}
        gateway = profile.get("natGatewayProfile") or {}
        managed = outbound == MANAGED_GATEWAY
        same = outbound == cluster.outbound_type
        given = gateway if managed else balancer
        counts = gateway.get("managedOutboundIPProfile") if managed else balancer.get("managedOutboundIPs")
        self.cluster = cluster
        self.outbound = outbound
        self.addresses = int((counts or {}).get("count") or (len(cluster.frontends) if same else 0) or 1)
        default = cluster.idle_timeout_minutes if same else (4 if managed else 30)
        self.idle_minutes = int(given.get("idleTimeoutInMinutes") or default)
        ports = balancer.get("allocatedOutboundPorts")
        self.ports = cluster.allocated_outbound_ports if ports is None else int(ports)
        most = 16 if managed else 100
        if not 1 <= self.addresses <= most or not 4 <= self.idle_minutes <= 120:
            raise PROFILE.error(
                f"Outbound IPs were {self.addresses} (1 to {most} are allowed), "
                f"the idle timeout {self.idle_minutes} minutes (4 to 120)."
            )
        if outbound == LOAD_BALANCER:
            self._check_ports()

    def _check_ports(self) -> None:
        nodes, needed = len(self.cluster.nodes), self.ports * len(self.cluster.nodes)
        if self.ports % 8 or not 0 <= self.ports <= PORTS_PER_FRONTEND or needed > self.addresses * PORTS_PER_FRONTEND:
            raise PORTS.error(
                f"Load balancer profile allocated ports {self.ports} is not in an allowable range given the number "
                f"of nodes ({nodes}) and IP addresses ({self.addresses})."
            )

    def apply(self, world: World, minute: int) -> None:
        cluster = self.cluster
        change(world, cluster, self.outbound, self.addresses, self.idle_minutes)
        if cluster.has_outbound_rule:
            cluster.allocated_outbound_ports = self.ports
            ports = ports_per_node(len(cluster.nodes), self.ports)
            timers = load_balancer_timers(cluster.idle_timeout_minutes)
            world.traffic.resize(cluster.nodes, ports, timers, minute)
        world.reroute(cluster.nodes, minute)


def _check_idle(cluster: Cluster) -> None:
    if cluster.power_state != "Running":
        raise STOPPED.error(f"Operation is not allowed: cluster {cluster.name} is stopped. Start it first.")
    if cluster.provisioning_state not in _ENDED:
        raise BUSY.error(
            f"Operation is not allowed: Another operation ({cluster.name} - {cluster.provisioning_state}) is in "
            "progress, please wait for it to finish before starting a new operation. "
            "See https://aka.ms/aks-pending-operation for more details"
        )


def _check_fixed(cluster: Cluster, properties: dict[str, Any]) -> None:
    profile = properties.get("networkProfile") or {}
    fixed: list[tuple[str, Any, str | None]] = [
        ("nodeResourceGroup", properties.get("nodeResourceGroup"), cluster.node_group),
        ("networkProfile.networkPlugin", profile.get("networkPlugin"), cluster.network_plugin),
        ("networkProfile.loadBalancerSku", profile.get("loadBalancerSku"), cluster.load_balancer_sku),
    ]
    there = {pool.name.lower(): pool for pool in cluster.agent_pools}
    for given in properties.get("agentPoolProfiles") or []:
        pool = there.get(str(given.get("name", "")).lower())
        if pool is not None:
            subnet = pool.subnet_id if pool.own_subnet else None
            fixed.append(("agentPoolProfile.vnetSubnetID", given.get("vnetSubnetID"), subnet))
    for name, wanted, has in fixed:
        if wanted is not None and str(wanted).lower() != str(has).lower():
            raise PROPERTY_FIXED.error(f"Changing property '{name}' is not allowed.")


def _check_ranges(access: dict[str, Any]) -> None:
    ranges = access.get("authorizedIPRanges") or []
    if access.get("enablePrivateCluster") and ranges:
        raise RANGES.error("Authorized IP ranges can't be set on a private cluster.")
    if len(ranges) > MOST_RANGES:
        raise RANGES.error(f"{len(ranges)} authorized IP ranges were given; {MOST_RANGES} are allowed.")
    for each in ranges:
        try:
            ipaddress.IPv4Network(str(each), strict=False)
        except ValueError as error:
            raise RANGES.error(f"'{each}' is not an IPv4 range: {error}.") from error


def _written(before: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    """Properties that the API shows and the simulator doesn't model: access profile, restriction level."""
    after = copy.deepcopy(before)
    for name in ("apiServerAccessProfile", "nodeResourceGroupProfile"):
        if name in properties:
            after.pop(name, None)
            if properties[name]:
                after[name] = copy.deepcopy(properties[name])
    return after


def _while_updating(cluster: Cluster, profile: dict[str, Any], outbound: str) -> dict[str, Any]:
    """The cluster's overlay during the operation: the wanted network profile is shown at once (recorded)."""
    shown = network_profile(cluster)
    lay_over(shown, cluster.properties.get("networkProfile") or {})
    shown["outboundType"] = outbound
    for name in ("loadBalancerProfile", "natGatewayProfile"):
        if profile.get(name):
            shown[name] = {**shown.get(name, {}), **profile[name]}
    return copy.deepcopy(cluster.properties) | {"networkProfile": shown}
