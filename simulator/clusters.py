"""From what a scenario says about clusters to a fleet."""

from __future__ import annotations

import copy
import ipaddress
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from .fleet import LOAD_BALANCER, Cluster, Frontend, Node, NodePool
from .networks import NetworkBuilder, filled
from .noise import stable_digits, stable_uuid
from .physics.workload import NodeLoad, Workload
from .services.containerservice.outbound import MANAGED_GATEWAY, build_gateway, own_network
from .services.network.subnets import prefixes_of
from .state.network import document_of
from .workloads import workload_from
from .world import World

Content = Mapping[str, Any]


class ClusterBuilder:
    """Puts a scenario's clusters into a world, with their nodes, workloads and outbound addresses."""

    def __init__(self, world: World, networks: NetworkBuilder, content: Content) -> None:
        self.world = world
        self.networks = networks
        self.content = content
        self._loads: dict[str, NodeLoad] = {}

    def add(self, each: Content, number: int) -> None:
        """Put in a cluster; `number` counts its replicas from 1."""
        subscription, location = (
            self.networks.subscription_of(each),
            str(each.get("location", self.networks.default_location)),
        )
        name = str(each["name"]).replace("{n}", f"{number:04d}")
        group = self.networks.group(subscription, str(each["resource_group"]).replace("{n}", f"{number:04d}"), location)
        node_group = str(each.get("node_resource_group") or f"MC_{group}_{name}_{location}")
        cluster = Cluster(
            subscription=subscription,
            group=group,
            name=name,
            location=location,
            node_group=node_group,
            outbound_type=str(each.get("outbound_type", "loadBalancer")),
            allocated_outbound_ports=int(each.get("allocated_outbound_ports", 0)),
            idle_timeout_minutes=int(each.get("idle_timeout_minutes", 30)),
            network_plugin=str(each.get("network_plugin", "azure")),
            power_state=str(each.get("power_state", "Running")),
            load_balancer_sku=str(each.get("load_balancer_sku", "standard")),
            tags={key: str(value) for key, value in (each.get("tags") or {}).items()},
            properties=copy.deepcopy(dict(each.get("properties") or {})),
        )
        self.networks.group(subscription, node_group, location, managed_by=cluster.id)
        if cluster.outbound_type in (LOAD_BALANCER, MANAGED_GATEWAY):
            cluster.frontends = tuple(self._frontend(cluster, i) for i in range(int(each.get("outbound_ips", 1))))
        self._pools(cluster, each, number)
        self.world.add_cluster(cluster)
        if cluster.outbound_type == MANAGED_GATEWAY and not own_network(cluster):
            build_gateway(self.world, cluster)

    def _frontend(self, cluster: Cluster, index: int) -> Frontend:
        name, address = stable_uuid("frontend", cluster.id, index), next(self.world.public_addresses)
        where = {"subscription": cluster.subscription, "resource_group": cluster.node_group}
        public_ip_id = self.networks.id_of(where | {"location": cluster.location}, "publicIPAddresses", name)
        idle = {"idleTimeoutInMinutes": cluster.idle_timeout_minutes}
        properties = filled("publicIPAddresses", {"ipAddress": address} | idle)
        self.world.network.add(
            document_of(
                public_ip_id,
                properties,
                location=cluster.location,
                tags={"aks-managed-type": "aks-slb-managed-outbound-ip"},
                sku={"name": "Standard", "tier": "Regional"},
            )
        )
        return Frontend(name, public_ip_id, address)

    def _pools(self, cluster: Cluster, each: Content, number: int) -> None:
        given = each.get("pools") or [{"name": "nodepool1", "mode": "System", "nodes": 3}]
        managed_subnet = None
        if any("subnet" not in pool for pool in given):
            managed_subnet = self._managed_subnet(cluster, each)
        seed = (
            f"{self.world.seed}/{each['name']}/{number % int(each.get('distinct', 8)) if each.get('replicas') else 0}"
        )
        hosts: dict[str, Iterator[str]] = {}
        for given_pool in given:
            subnet_id = self._subnet_id(each, str(given_pool["subnet"])) if "subnet" in given_pool else managed_subnet
            assert subnet_id is not None
            pool = NodePool(
                cluster=cluster,
                name=str(given_pool["name"]),
                mode=str(given_pool.get("mode", "User")),
                subnet_id=subnet_id,
                own_subnet="subnet" in given_pool,
                vm_size=str(given_pool.get("vm_size", "Standard_D4ds_v5")),
                zones=tuple(str(zone) for zone in given_pool.get("zones") or ()),
                max_nodes=given_pool.get("max_nodes"),
                pod_subnet_id=self._subnet_id(each, str(given_pool["pod_subnet"]))
                if "pod_subnet" in given_pool
                else None,
                node_public_ip=bool(given_pool.get("node_public_ip", False)),
            )
            addresses = hosts.setdefault(subnet_id.lower(), self._hosts(subnet_id))
            pool.next_address = partial(_take, addresses, subnet_id)
            pool.load_of = partial(self._load, each, pool.name, seed)
            pool.size_when_stopped = int(given_pool.get("nodes", 3))
            running = pool.size_when_stopped if cluster.power_state == "Running" else 0
            failed = given_pool.get("failed_nics") or ()
            for instance in range(running):
                node = Node(pool, instance, pool.next_address(), pool.load_of(instance))
                node.nic_state = "Failed" if instance in failed else "Succeeded"
                pool.nodes.append(node)
            cluster.pools.append(pool)

    def _hosts(self, subnet_id: str) -> Iterator[str]:
        """Free addresses of a subnet; Azure keeps the first four for itself."""
        subnet = self.world.network.get(subnet_id)
        assert subnet is not None
        taken = {node.address for node in self.world.nodes_in_subnet(subnet_id)}
        prefix = ipaddress.ip_network(prefixes_of(subnet.properties)[0])
        for offset in range(4, prefix.num_addresses - 1):
            address = str(prefix[offset])
            if address not in taken:
                yield address

    def _subnet_id(self, each: Content, text: str) -> str:
        """A subnet named as `vnet/subnet` (found in the scenario's virtual networks) or by its id."""
        if text.startswith("/"):
            return text
        vnet, _, subnet = text.partition("/")
        for given in self.content.get("virtual_networks") or []:
            if given["name"] == vnet:
                return self.networks.id_of(given, "virtualNetworks", vnet, "subnets", subnet)
        raise ValueError(f"cluster {each['name']}: there is no virtual network {vnet!r}")

    def _managed_subnet(self, cluster: Cluster, each: Content) -> str:
        name = f"aks-vnet-{stable_digits(8, cluster.id)}"
        vnet = {
            "name": name,
            "subscription": cluster.subscription,
            "resource_group": cluster.node_group,
            "location": cluster.location,
            "address_space": ["10.224.0.0/12"],
            "subnets": [
                {"name": "aks-subnet", "address_prefix": "10.224.0.0/16"} | dict(each.get("managed_subnet") or {})
            ],
        }
        return f"{self.networks.virtual_network(vnet)}/subnets/aks-subnet"

    def _load(self, each: Content, pool: str, seed: str, instance: int) -> NodeLoad:
        """A node's load; replicas of a cluster share theirs, so that their past is computed once."""
        node_seed = f"{seed}/{pool}/{instance}"
        if node_seed not in self._loads:
            self._loads[node_seed] = NodeLoad(self._workloads(each, pool, instance), node_seed)
        return self._loads[node_seed]

    def _workloads(self, each: Content, pool: str, instance: int) -> tuple[Workload, ...]:
        """The workloads that run on a node; `runs_on` names pools, or single nodes as `pool/instance`."""
        given = each.get("workloads")
        if given is None:
            given = self.content.get("workloads") or HEALTHY["workloads"]
        return tuple(
            workload_from(one, self.world.origin_minute)
            for one in given
            if not one.get("runs_on") or pool in one["runs_on"] or f"{pool}/{instance}" in one["runs_on"]
        )


def _take(addresses: Iterator[str], subnet_id: str) -> str:
    """The next free address of a subnet."""
    for address in addresses:
        return address
    raise ValueError(f"subnet {subnet_id} has no free address")


HEALTHY: Content = {
    "name": "healthy-{n}",
    "resource_group": "healthy",
    "replicas": 1,
    "pools": [{"name": "nodepool1", "mode": "System", "nodes": 3}],
    "workloads": [
        {
            "name": "web",
            "new_flows_per_second": 2.0,
            "hold_seconds": 4,
            "destinations": [{"name": "api.example.com:443", "share": 2}, {"name": "cdn.example.net:443", "share": 1}],
        },
        {"name": "dns", "new_flows_per_second": 0.2, "hold_seconds": 0.1, "protocol": "udp"},
    ],
}
"""A cluster that is well: what `--clusters` adds, and what runs where a scenario names no workloads."""
