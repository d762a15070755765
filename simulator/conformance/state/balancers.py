"""Derives a cluster's state from its recorded load balancer and the children of that."""

from __future__ import annotations

from typing import Any

from ...fleet import Cluster
from ...resourceid import ResourceId, network_id
from ..stage import Stage
from .bodies import id_of
from .clusterparts import frontend
from .scalesets import node_of_configuration

CHILDREN = {
    "frontendipconfigurations": "frontendIPConfigurations",
    "backendaddresspools": "backendAddressPools",
    "outboundrules": "outboundRules",
}
"""Child types in lower case, and the property of the load balancer that lists them."""
Body = dict[str, Any]


def fill_from_load_balancer(stage: Stage, cluster: Cluster, _resource_id: ResourceId, body: Body) -> None:
    """The load balancer's answer: its frontends, its outbound rule, and who is behind it."""
    tags = body.get("tags") or {}
    cluster.name = str(tags.get("aks-managed-cluster-name", cluster.name))
    cluster.group = str(tags.get("aks-managed-cluster-rg", cluster.group))
    vars(cluster).pop("id", None)
    cluster.location = str(body.get("location") or cluster.location)
    cluster.load_balancer_sku = str((body.get("sku") or {}).get("name", "standard")).lower()
    cluster.outbound_type = "loadBalancer" if body["properties"].get("outboundRules") else "userDefinedRouting"
    _fill(stage, cluster, body["properties"])


def fill_from_child(stage: Stage, cluster: Cluster, resource_id: ResourceId, body: Body) -> None:
    """The answer of a frontend, a backend pool or an outbound rule."""
    _fill(stage, cluster, {CHILDREN[resource_id.types[-1].lower()]: [body]})


def fill_from_list(cluster: Cluster, child: str, body: Body) -> None:
    """The outbound type, derived from a list of children: without an outbound pool or rule not loadBalancer."""
    if child.lower() in CHILDREN and isinstance(body.get("value"), list):
        names = [str(each.get("name", "")).lower() for each in body["value"]]
        outbound = [name for name in names if child.lower() != "backendaddresspools" or "outbound" in name]
        cluster.outbound_type = "loadBalancer" if outbound else "userDefinedRouting"


def _fill(stage: Stage, cluster: Cluster, properties: Body) -> None:
    for rule in properties.get("outboundRules") or []:
        cluster.allocated_outbound_ports = int(rule["properties"].get("allocatedOutboundPorts") or 0)
        cluster.idle_timeout_minutes = int(rule["properties"].get("idleTimeoutInMinutes") or 4)
        for each in rule["properties"].get("frontendIPConfigurations") or []:
            name = str(each["id"]).rpartition("/")[2]
            _have_frontend(
                stage, cluster, network_id(cluster.subscription, cluster.node_group, "publicIPAddresses", name)
            )
    for each in properties.get("frontendIPConfigurations") or []:
        address = (each.get("properties") or {}).get("publicIPAddress")
        if address:
            _have_frontend(stage, cluster, str(address["id"]))
    for backend in properties.get("backendAddressPools") or []:
        for member in (backend.get("properties") or {}).get("backendIPConfigurations") or []:
            configuration = id_of(member.get("id"))
            if configuration is not None:
                node_of_configuration(stage, cluster, configuration)


def _have_frontend(stage: Stage, cluster: Cluster, public_ip_id: str) -> None:
    if all(each.public_ip_id.lower() != public_ip_id.lower() for each in cluster.frontends):
        cluster.frontends = (*cluster.frontends, frontend(stage, public_ip_id))
