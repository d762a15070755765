"""Reads the network resources that AKS creates for a cluster: its load balancer and its nodes' NICs."""

from __future__ import annotations

from ...errors import ArmError, child_not_found, resource_not_found
from ...fleet import Cluster, Node
from ...http import Request, Response
from ...resourceid import network_id
from ...routing import Route
from ...world import World
from ..compute.routes import pool_of
from ..paging import list_page
from .loadbalancers import CHILDREN, load_balancer_json
from .nics import machine_nic_json, nic_json
from .nodeips import public_ips_of


def _cluster_of_load_balancer(world: World, request: Request) -> Cluster:
    params = request.params
    world.group(params["subscription"], params["group"])
    load_balancer_id = network_id(params["subscription"], params["group"], "loadBalancers", params["name"])
    cluster = world.load_balancers.get(load_balancer_id.lower())
    if cluster is None:
        raise resource_not_found("Microsoft.Network/loadBalancers", params["name"], params["group"])
    return cluster


def list_load_balancers(world: World, request: Request) -> Response:
    subscription, group = world.scope(request.params)
    return list_page(request, world.clusters_with_nodes_in(subscription, group), load_balancer_json)


def get_load_balancer(world: World, request: Request) -> Response:
    body = load_balancer_json(_cluster_of_load_balancer(world, request))
    return Response(200, body, {"ETag": body["etag"]})


def list_load_balancer_children(world: World, request: Request) -> Response:
    render = CHILDREN.get(request.params["kind"].lower())
    if render is None:
        raise ArmError(404, "InvalidResourceType", f"The resource type '{request.params['kind']}' isn't known.")
    return Response(200, {"value": render(_cluster_of_load_balancer(world, request))})


def get_load_balancer_child(world: World, request: Request) -> Response:
    children = list_load_balancer_children(world, request).body["value"]
    for child in children:
        if child["name"].lower() == request.params["child"].lower():
            return Response(200, child, {"ETag": child["etag"]})
    raise child_not_found(request.path)


def list_scale_set_nics(world: World, request: Request) -> Response:
    """404 for a scale set without instances and for a Flexible one (cilium/cilium#24185; Azure/azure-cli#27341)."""
    pool = pool_of(world, request)
    if not pool.nodes or pool.orchestration_mode == "Flexible":
        raise child_not_found(pool.scale_set_id)
    return list_page(request, pool.nodes, nic_json)


def list_nics(world: World, request: Request) -> Response:
    """Those of scale sets are not among them (Azure docs: REST Network Interfaces, List)."""
    subscription, group = world.scope(request.params)
    clusters = world.clusters_with_nodes_in(subscription, group)
    return list_page(request, [node for cluster in clusters for node in _with_own_nics(cluster)], machine_nic_json)


def get_nic(world: World, request: Request) -> Response:
    subscription, group = world.scope(request.params)
    for cluster in world.clusters_with_nodes_in(subscription, group):
        for node in _with_own_nics(cluster):
            if node.nic_id.lower() == request.path.rstrip("/").lower():
                body = machine_nic_json(node)
                return Response(200, body, {"ETag": body["etag"]})
    raise resource_not_found("Microsoft.Network/networkInterfaces", request.params["nic"], group or "")


def _with_own_nics(cluster: Cluster) -> list[Node]:
    return [node for node in cluster.nodes if node.pool.has_own_nics]


def list_scale_set_public_ips(world: World, request: Request) -> Response:
    """Public IPs of instances (REST: List Virtual Machine Scale Set Public IP Addresses)."""
    pool = pool_of(world, request)
    return list_page(request, [each for node in pool.nodes for each in public_ips_of(node, world)], dict)


def list_instance_nics(world: World, request: Request) -> Response:
    nodes = [n for n in pool_of(world, request).nodes if str(n.instance) == request.params["instance"]]
    return list_page(request, nodes, nic_json)


def get_instance_nic(world: World, request: Request) -> Response:
    for node in pool_of(world, request).nodes:
        if str(node.instance) == request.params["instance"] and (
            node.nic_id.rpartition("/")[2].lower() == request.params["nic"].lower()
        ):
            body = nic_json(node)
            return Response(200, body, {"ETag": body["etag"]})
    raise child_not_found(request.path)


_SUBSCRIPTION = "/subscriptions/{subscription}"
_GROUP = _SUBSCRIPTION + "/resourceGroups/{group}"
_BALANCERS = "/providers/Microsoft.Network/loadBalancers"
_NICS = "/providers/Microsoft.Network/networkInterfaces"
_LOAD_BALANCER = _GROUP + _BALANCERS + "/{name}"
_SCALE_SET = _GROUP + "/providers/Microsoft.Compute/virtualMachineScaleSets/{scale_set}"
ROUTES = [
    Route("GET", _SUBSCRIPTION + _BALANCERS, list_load_balancers),
    Route("GET", _GROUP + _BALANCERS, list_load_balancers),
    Route("GET", _LOAD_BALANCER, get_load_balancer),
    Route("GET", _LOAD_BALANCER + "/{kind}", list_load_balancer_children),
    Route("GET", _LOAD_BALANCER + "/{kind}/{child}", get_load_balancer_child),
    Route("GET", _SUBSCRIPTION + _NICS, list_nics),
    Route("GET", _GROUP + _NICS, list_nics),
    Route("GET", _GROUP + _NICS + "/{nic}", get_nic),
    Route("GET", _SCALE_SET + "/networkInterfaces", list_scale_set_nics),
    Route("GET", _SCALE_SET + "/publicIPAddresses", list_scale_set_public_ips),
    Route("GET", _SCALE_SET + "/virtualMachines/{instance}/networkInterfaces", list_instance_nics),
    Route("GET", _SCALE_SET + "/virtualMachines/{instance}/networkInterfaces/{nic}", get_instance_nic),
]
