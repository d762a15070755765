"""Metric answers, readings and network facts that the tests of the core take as they are or vary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.core.detection.load_balancer import read_load_balancer, with_nodes
from shared.core.detection.rules.failing import snat_failing
from shared.core.detection.thresholds import Thresholds
from shared.core.planning.request import PlanOptions
from shared.model.assessment import Assessment
from shared.model.cluster import Cluster, NodePool
from shared.model.finding import Finding, FindingKind
from shared.model.load_balancer import LoadBalancer, Node, NodeList, OutboundRule, interface_of
from shared.model.metric import MetricAnswer, Series, Window
from shared.model.network import NatGateway, NetworkFacts, PublicIp, Subnet, Vnet
from shared.model.plan import Baseline, Demand
from shared.model.ports import NodePorts, PortReading
from shared.model.reading import Measured, Reading
from shared.model.resource_id import ArmId
from shared.model.text import Text

START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
SUBSCRIPTION = "00000000-0000-0000-0000-0000000000aa"
NETWORK = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-network/providers/Microsoft.Network"
VNET = ArmId(f"{NETWORK}/virtualNetworks/vnet-shop")
OUTBOUND_IP = ArmId(f"{NETWORK}/publicIPAddresses/aks")
USER_SUBNET = ArmId(f"{VNET}/subnets/snet-user")
SYSTEM_SUBNET = ArmId(f"{VNET}/subnets/snet-system")
NODE_GROUP = "MC_rg-shop_shop-prod_westeurope"
PLAN_OPTIONS = PlanOptions(name_template="{kind}-snatbot-{cluster}-{number}")
DEMAND = Demand(ports=1_000, public_ip_count=2, is_lower_bound=True, arithmetic=(Text("public IPs: 2"),))
BASELINE = Baseline(successful_per_minute=1_000, attempted_per_minute=1_100)


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def window(start: int = 0, end: int = 5) -> Window:
    return Window(at(start), at(end))


def series(points: Mapping[int, float], **dimensions: str) -> Series:
    """``points`` maps minutes after START to values; dimension names are written in lower case."""
    return Series(dimensions, tuple((at(minute), value) for minute, value in points.items()))


def answer(*found: Series, is_truncated: bool = False) -> MetricAnswer:
    return MetricAnswer(found, is_truncated)


def by_state(**points: Mapping[int, float]) -> MetricAnswer:
    """``Failed={0: 3}``: one series a connection state."""
    return answer(*(series(values, connectionstate=state) for state, values in points.items()))


def cluster(
    pools: Iterable[NodePool] = (
        NodePool("system", "System", 3, 3, vnet_subnet_id=SYSTEM_SUBNET),
        NodePool("user", "User", 9, 15, vnet_subnet_id=USER_SUBNET),
    ),
    **changed: Any,
) -> Cluster:
    name = changed.pop("name", "shop-prod")
    usual = Cluster(
        id=ArmId(
            f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-shop/providers/Microsoft.ContainerService/managedClusters/{name}"
        ),
        name=name,
        location="westeurope",
        node_resource_group=NODE_GROUP,
        outbound_type="loadBalancer",
        pools=tuple(pools),
    )
    return replace(usual, **changed)


def failing(reading: Reading) -> tuple[Finding, ...]:
    finding = snat_failing(reading, 12, Thresholds())
    return (finding,) if finding else ()


def assessment(reading: Reading, of: Cluster | None = None, *more: Finding) -> Assessment:
    """A complete assessment; ``more`` are findings in addition to the failing connections."""
    return Assessment(
        of or cluster(), at(10), reading, (*failing(reading), *more), evaluated_kinds=frozenset(FindingKind)
    )


def nic_configuration(instance: int, group: str = NODE_GROUP) -> str:
    return (
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachineScaleSets/"
        f"aks-user-1-vmss/virtualMachines/{instance}/networkInterfaces/nic/ipConfigurations/ipconfig1"
    )


def node(instance: int, subnet_id: str = USER_SUBNET) -> Node:
    return Node(
        f"aks-user-1-vmss{instance:06d}",
        "user",
        f"10.224.0.{instance + 4}",
        interface_of(ArmId(nic_configuration(instance))),
        ArmId(subnet_id),
    )


def subnet(subnet_id: str, **changed: Any) -> Subnet:
    usual = Subnet(
        id=ArmId(subnet_id),
        name=ArmId.parse(subnet_id).name,
        provisioning_state="Succeeded",
        etag='W/"1"',
        properties={
            "addressPrefix": "10.225.0.0/16" if subnet_id == SYSTEM_SUBNET else "10.224.0.0/16",
            "networkSecurityGroup": {"id": f"{NETWORK}/networkSecurityGroups/nsg"},
            "serviceEndpoints": [{"service": "Microsoft.Storage"}],
        },
        attached_ids=(ArmId(nic_configuration(0)), ArmId(nic_configuration(1))),
    )
    return replace(usual, **changed)


def nat_gateway(name: str = "ng-other", **changed: Any) -> NatGateway:
    usual = NatGateway(
        id=ArmId(f"{NETWORK}/natGateways/{name}"),
        name=name,
        location="westeurope",
        sku="Standard",
        provisioning_state="Succeeded",
        idle_timeout_minutes=4,
        public_ip_ids=(ArmId(f"{NETWORK}/publicIPAddresses/pip-other"),),
        subnet_ids=(USER_SUBNET,),
    )
    return replace(usual, **changed)


def outbound_rule(name: str = "aksOutboundRule", ports: int = 0, idle: int = 30, *ip_ids: ArmId) -> OutboundRule:
    """An outbound rule with IPv4 addresses."""
    ids = ip_ids or (OUTBOUND_IP,)
    return OutboundRule(name, ports, idle, (ArmId("frontend"),), ids, ids)


def load_balancer(**changed: Any) -> LoadBalancer:
    usual = LoadBalancer(
        id=ArmId(
            f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{NODE_GROUP}/providers/Microsoft.Network/loadBalancers/kubernetes"
        ),
        sku="Standard",
        outbound_rules=(outbound_rule(),),
        outbound_ip_ids=(OUTBOUND_IP,),
        outbound_ip_configuration_ids=(ArmId(nic_configuration(0)), ArmId(nic_configuration(1))),
    )
    return replace(usual, **changed)


def facts(of: Cluster | None = None, **changed: Any) -> NetworkFacts:
    """An own-VNet cluster that nothing speaks against, its subnets in the cluster's order."""
    found = of or cluster()
    usual = NetworkFacts(
        at=START,
        cluster=found,
        load_balancer=load_balancer(),
        nodes=(node(0), node(1)),
        vnet_id=VNET,
        vnet_location="westeurope",
        subnets=tuple(subnet(subnet_id) for subnet_id in found.subnet_ids),
        nat_gateways=(),
        outbound_ips=(PublicIp(OUTBOUND_IP, "aks", "20.50.10.7", "Standard", "Succeeded"),),
        vnet=Vnet(VNET, "westeurope"),
        nat_group_id=ArmId(NETWORK.partition("/providers/")[0]),
    )
    return replace(usual, **changed)


def minutes(start: int, end: int, failed: Mapping[int, float] | None = None, nodes: int = 1) -> Measured:
    """Every minute measured; ``failed`` spread over as many nodes."""
    failed = failed or {}
    states = by_state(Failed=failed, Successful=dict.fromkeys(range(start, end), 100))
    reading = read_load_balancer(window(start, end), states, None)
    assert isinstance(reading, Measured)
    by_backend = [
        series(failed, connectionstate="Failed", backendipaddress=f"10.0.0.{number}") for number in range(nodes)
    ]
    return with_nodes(reading, answer(*by_backend), NodeList())


def port_series(ip: str, points: Mapping[int, float], protocol: str = "TCP", draining: str = "False") -> Series:
    return series(points, backendipaddress=ip, protocoltype=protocol, isawaitingremoval=draining)


def port_reading(*nodes: tuple[float, float], protocol: str = "tcp", per_node: int | None = 1024) -> PortReading:
    found = [NodePorts(f"10.0.0.{number}", protocol, *ports, at(number)) for number, ports in enumerate(nodes)]
    return PortReading(window(), tuple(sorted(found, key=lambda node: -node.share)), per_node)


def sized(count: int, most: int, surge: str = "1") -> Cluster:
    return cluster(pools=(NodePool("user", "User", count, most, max_surge=surge, vnet_subnet_id=USER_SUBNET),))


def fixed_allocation(per_node: int, ips: int = 1, kind: str = "publicIPAddresses") -> LoadBalancer:
    ids = tuple(ArmId(f"{NETWORK}/{kind}/{number}") for number in range(ips))
    rule = replace(outbound_rule(ports=per_node), ip_ids=ids, ipv4_ip_ids=ids)
    return load_balancer(outbound_rules=(rule,), outbound_ip_ids=ids)
