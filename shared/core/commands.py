"""The same writes as ``az`` commands for a person, and what the bot only advises."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..model.cluster import VnetOwnership
from ..model.network import NetworkFacts
from ..model.plan import AssociateSubnet, CreateNatGateway, CreatePublicIp, Demand, Step
from ..model.resource_id import ResourceId, same_id
from .demand import MAX_PUBLIC_IPS


def attach_by_hand(steps: Sequence[Step]) -> Iterator[str]:
    for step in steps:
        match step:
            case CreatePublicIp():
                ip = ResourceId.parse(step.id)
                yield (
                    f"az network public-ip create --subscription {ip.subscription} -g {ip.group} -n {ip.name} "
                    f"-l {step.location} --sku Standard --allocation-method Static"
                )
            case CreateNatGateway():
                gateway = ResourceId.parse(step.id)
                yield (
                    f"az network nat gateway create --subscription {gateway.subscription} -g {gateway.group} "
                    f"-n {gateway.name} -l {step.location} --idle-timeout {step.idle_timeout_minutes} "
                    f"--public-ip-addresses {' '.join(step.public_ip_ids)}"
                )
            case AssociateSubnet():
                yield f"az network vnet subnet update --ids {step.subnet_id} --nat-gateway {step.after}"


def detach_by_hand(steps: Sequence[Step]) -> Iterator[str]:
    for step in steps:
        if isinstance(step, AssociateSubnet):
            yield f"az network vnet subnet update --ids {step.subnet_id} --remove natGateway"


def advice(facts: NetworkFacts, demand: Demand) -> Iterator[str]:
    cluster = facts.cluster
    count = min(demand.public_ip_count, MAX_PUBLIC_IPS)
    if cluster.outbound_type.lower() != "loadbalancer":
        return
    if cluster.vnet_ownership is VnetOwnership.MANAGED:
        yield (
            f"az aks update -g {cluster.resource_group} -n {cluster.name} --outbound-type managedNATGateway "
            f"--nat-gateway-managed-outbound-ip-count {count} "
            f"--nat-gateway-idle-timeout {facts.outbound_idle_timeout_minutes}"
        )
    for gateway in facts.nat_gateways:
        if any(same_id(subnet.nat_gateway_id, gateway.id) for subnet in facts.subnets):
            one = ResourceId.parse(gateway.id)
            yield (
                f"az network nat gateway update --subscription {one.subscription} -g {one.group} -n {one.name} "
                f"--public-ip-addresses {' '.join(gateway.public_ip_ids)} <id of each further public IP>"
            )
