"""Builds the fleet from a scenario's clusters."""

from __future__ import annotations

import copy
import ipaddress
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from .fleet import LOAD_BALANCER, SCALE_SETS, Cluster, Node, NodePool
from .networks import NetworkBuilder
from .noise import stable_digits, stable_uuid
from .physics.workload import NodeLoad, Workload
from .services.containerservice.outbound import MANAGED_GATEWAY, build_gateway, new_frontend, own_network
from .services.network.subnets import prefixes_of
from .workloads import workload_from
from .world import World

Content = Mapping[str, Any]


class ClusterBuilder:
    """Adds a scenario's clusters to a world, with their nodes, workloads and outbound addresses."""

    def __init__(self, world: World, networks: NetworkBuilder, content: Content) -> None:
        self.world = world
        self.networks = networks
        self.content = content
        self._loads: dict[str, NodeLoad] = {}

    def add(self, given: Content, number: int) -> None:
        """Add a cluster; `number` counts its replicas from 1."""
        subscription = self.networks.subscription_of(given)
        location = str(given.get("location", self.networks.default_location))
        name, group = (str(given[key]).replace("{n}", f"{number:04d}") for key in ("name", "resource_group"))
        group = self.networks.group(subscription, group, location)
        node_group = str(given.get("node_resource_group") or f"MC_{group}_{name}_{location}")
        cluster = Cluster(
            subscription=subscription,
            group=group,
            name=name,
            location=location,
            node_group=node_group,
            outbound_type=str(given.get("outbound_type", "loadBalancer")),
            allocated_outbound_ports=int(given.get("allocated_outbound_ports", 0)),
            idle_timeout_minutes=int(given.get("idle_timeout_minutes", 30)),
            network_plugin=str(given.get("network_plugin", "azure")),
            power_state=str(given.get("power_state", "Running")),
            load_balancer_sku=str(given.get("load_balancer_sku", "standard")),
            tags={key: str(value) for key, value in (given.get("tags") or {}).items()},
            properties=copy.deepcopy(dict(given.get("properties") or {})),
        )
        self.networks.group(subscription, node_group, location, managed_by=cluster.id)
        if cluster.outbound_type in (LOAD_BALANCER, MANAGED_GATEWAY):
            for index in range(int(given.get("outbound_ips", 1))):
                frontend, address = stable_uuid("frontend", cluster.id, index), next(self.world.public_addresses)
                cluster.frontends += (new_frontend(self.world, cluster, frontend, address),)
        self._pools(cluster, given, number)
        self.world.add_cluster(cluster)
        if cluster.outbound_type == MANAGED_GATEWAY and not own_network(cluster):
            build_gateway(self.world, cluster)

    def _pools(self, cluster: Cluster, given: Content, number: int) -> None:
        pools = given.get("pools") or [{"name": "nodepool1", "mode": "System", "nodes": 3}]
        all_own = all("subnet" in given_pool for given_pool in pools)
        managed_subnet = "" if all_own else self._managed_subnet(cluster, given)
        course = number % int(given.get("distinct", 8)) if given.get("replicas") else 0
        seed = f"{self.world.seed}/{given['name']}/{course}"
        hosts: dict[str, Iterator[str]] = {}
        for given_pool in pools:
            subnet_id = self._subnet_id(given, str(given_pool["subnet"])) if "subnet" in given_pool else managed_subnet
            pod_subnet = given_pool.get("pod_subnet")
            pool = NodePool(
                cluster=cluster,
                name=str(given_pool["name"]),
                mode=str(given_pool.get("mode", "User")),
                subnet_id=subnet_id,
                own_subnet="subnet" in given_pool,
                vm_size=str(given_pool.get("vm_size", "Standard_D4ds_v5")),
                zones=tuple(str(zone) for zone in given_pool.get("zones") or ()),
                max_nodes=given_pool.get("max_nodes"),
                pod_subnet_id=self._subnet_id(given, str(pod_subnet)) if pod_subnet is not None else None,
                node_public_ip=bool(given_pool.get("node_public_ip", False)),
                kind=str(given_pool.get("kind", SCALE_SETS)),
                orchestration_mode=str(given_pool.get("orchestration_mode", "Uniform")),
                egress_prefix_id=self._prefix_id(cluster, given_pool),
            )
            addresses = hosts.setdefault(subnet_id.lower(), self._hosts(subnet_id))
            pool.next_address = partial(_take, addresses, subnet_id)
            pool.load_of = partial(self._load, given, pool.name, seed)
            pool.size_when_stopped = int(given_pool.get("nodes", 3))
            running = pool.size_when_stopped if cluster.power_state == "Running" else 0
            failed = given_pool.get("failed_nics") or ()
            for instance in range(running):
                node = Node(pool, instance, pool.next_address(), pool.load_of(instance))
                node.nic_state = "Failed" if instance in failed else "Succeeded"
                if pool.node_public_ip:
                    node.public_address = next(self.world.public_addresses)
                if pool.egress_prefix_id:
                    node.egress_address = pool.next_address()
                pool.nodes.append(node)
            cluster.pools.append(pool)

    def _prefix_id(self, cluster: Cluster, given_pool: Content) -> str | None:
        """The id of Static Egress Gateway's public IP prefix in the node resource group."""
        name, length = given_pool.get("egress_prefix"), given_pool.get("egress_prefix_length", 31)
        if name is None:
            return None
        prefix = {
            "name": name,
            "subscription": cluster.subscription,
            "resource_group": cluster.node_group,
            "location": cluster.location,
            "properties": {"prefixLength": length, "ipPrefix": self.world.public_addresses.block(int(length))},
        }
        self.networks.document(prefix, "publicIPPrefixes")
        return self.networks.id_of(prefix, "publicIPPrefixes", str(name))

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

    def _subnet_id(self, given: Content, text: str) -> str:
        """A subnet named as `vnet/subnet` (found in the scenario's virtual networks) or by its id."""
        if text.startswith("/"):
            return text
        vnet, _, subnet = text.partition("/")
        for network in self.content.get("virtual_networks") or []:
            if network["name"] == vnet:
                return self.networks.id_of(network, "virtualNetworks", vnet, "subnets", subnet)
        raise ValueError(f"cluster {given['name']}: there is no virtual network {vnet!r}")

    def _managed_subnet(self, cluster: Cluster, given: Content) -> str:
        name = f"aks-vnet-{stable_digits(8, cluster.id)}"
        vnet = {
            "name": name,
            "subscription": cluster.subscription,
            "resource_group": cluster.node_group,
            "location": cluster.location,
            "address_space": ["10.224.0.0/12"],
            "subnets": [
                {"name": "aks-subnet", "address_prefix": "10.224.0.0/16"} | dict(given.get("managed_subnet") or {})
            ],
        }
        return f"{self.networks.virtual_network(vnet)}/subnets/aks-subnet"

    def _load(self, given: Content, pool: str, seed: str, instance: int) -> NodeLoad:
        """A node's load; replicas of a cluster share theirs, so that their past is computed once."""
        node_seed = f"{seed}/{pool}/{instance}"
        if node_seed not in self._loads:
            self._loads[node_seed] = NodeLoad(self._workloads(given, pool, instance), node_seed)
        return self._loads[node_seed]

    def _workloads(self, given: Content, pool: str, instance: int) -> tuple[Workload, ...]:
        """The workloads that run on a node; `runs_on` names pools, or single nodes as `pool/instance`."""
        workloads = given.get("workloads")
        if workloads is None:
            workloads = self.content.get("workloads") or HEALTHY["workloads"]
        here = {pool, f"{pool}/{instance}"}
        return tuple(
            workload_from(workload, self.world.origin_minute)
            for workload in workloads
            if not workload.get("runs_on") or here & set(workload["runs_on"])
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
"""A healthy cluster: what `--clusters` adds; its workloads run where a scenario names none."""
