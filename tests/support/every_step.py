"""A plan that has a step of every kind."""

from __future__ import annotations

from shared.model.plan import (
    AddPublicIps,
    AssociateSubnet,
    CreateNatGateway,
    CreatePublicIp,
    CreatePublicIpPrefix,
    DeleteCreated,
    ObserveEgress,
    Plan,
    PlanKind,
    Step,
)
from shared.model.resource_id import ArmId
from shared.model.text import Text
from tests.support.builders import NETWORK, USER_SUBNET, cluster

CLUSTER_ID = cluster().id
VNET_ID = ArmId(f"{NETWORK}/virtualNetworks/shop-vnet")
GATEWAY = ArmId(f"{NETWORK}/natGateways/ng")
STEPS: tuple[Step, ...] = (
    CreatePublicIp(ArmId(f"{NETWORK}/publicIPAddresses/pip"), "westeurope", ("1",), {"a": "1", "b": "2"}),
    CreateNatGateway(GATEWAY, "westeurope", (ArmId(f"{NETWORK}/publicIPAddresses/pip"),), 30, {"a": "1"}),
    AssociateSubnet(USER_SUBNET, None, GATEWAY, {"addressPrefix": "10.0.0.0/16", "list": [{"x": 1, "y": 2}]}),
    ObserveEgress(GATEWAY, USER_SUBNET, CLUSTER_ID),
    CreatePublicIpPrefix(ArmId(f"{NETWORK}/publicIPPrefixes/p"), "westeurope", 30, ("1",), {"a": "1"}),
    AddPublicIps(GATEWAY, (ArmId("/pip-1"),), (ArmId("/pip-1"), ArmId("/pip-2")), {"idleTimeoutInMinutes": 30}),
    DeleteCreated(GATEWAY, "shop-prod", ("203.0.113.7",)),
)
PLAN = Plan(
    kind=PlanKind.ATTACH_NAT_GATEWAY,
    cluster_id=CLUSTER_ID,
    cluster_name="shop-prod",
    vnet_id=VNET_ID,
    summary=Text("attach"),
    steps=STEPS,
    checks=(),
    egress_now=(),
    egress_then=(),
    rollback_text=Text("detach"),
    digest="",
)
