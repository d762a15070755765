"""A load balancer, reduced to its outbound side."""

from collections.abc import Mapping
from itertools import chain

from ...model.load_balancer import LoadBalancer, OutboundRule, interface_of
from ...model.resource_id import ArmId
from .fields import Json, inner, items, loose_references, number, reference, resource_id, text

_MOST_PORTS = 64_000  # per rule and node (Azure docs: outbound-rules)
_HOSTED_POOL = "/akshostedsystempooloutboundbackendpool"  # the pool of AKS's hosted system pools
_IDLE_TIMEOUT_MINUTES = 4  # Azure's default for an outbound rule (load-balancer docs: outbound-rules)


def parse_load_balancer(item: Json) -> LoadBalancer:
    """``outbound_ip_ids`` may also contain public IP prefixes, if a frontend uses one."""
    frontends = tuple(items(item, "properties", "frontendIPConfigurations"))
    entries = tuple(items(item, "properties", "outboundRules"))
    outbound = {_pool_of(entry) for entry in entries}
    members = {
        pool_id: loose_references(pool, "properties", "backendIPConfigurations")
        for pool in items(item, "properties", "backendAddressPools")
        # Which rule the pool of hosted nodes belongs to is not documented.
        if (pool_id := ArmId(text(pool, "id"))) in outbound or (entries and pool_id.lower().endswith(_HOSTED_POOL))
    }
    rules = tuple(_rule(entry, frontends, members) for entry in entries)
    return LoadBalancer(
        id=resource_id(item, "id"),
        sku=text(item, "sku", "name", default="Basic"),
        outbound_rules=rules,
        outbound_ip_ids=tuple(dict.fromkeys(ip_id for rule in rules for ip_id in rule.ip_ids)),
        outbound_ip_configuration_ids=tuple(dict.fromkeys(chain.from_iterable(members.values()))),
    )


def _pool_of(rule: Json) -> ArmId:
    return ArmId(text(rule, "properties", "backendAddressPool", "id"))


def _rule(item: Json, frontends: tuple[Json, ...], members: Mapping[ArmId, tuple[ArmId, ...]]) -> OutboundRule:
    properties = inner(item, "properties")
    frontend_ids = loose_references(properties, "frontendIPConfigurations")
    used = [frontend for frontend in frontends if ArmId(text(frontend, "id")) in frontend_ids]
    ipv4 = [entry for entry in used if text(entry, "properties", "privateIPAddressVersion").lower() != "ipv6"]
    return OutboundRule(
        name=text(item, "name"),
        allocated_outbound_ports=number(properties, "allocatedOutboundPorts", default=0, most=_MOST_PORTS),
        idle_timeout_minutes=number(properties, "idleTimeoutInMinutes", default=_IDLE_TIMEOUT_MINUTES),
        frontend_ids=frontend_ids,
        ip_ids=_ip_ids(used),
        ipv4_ip_ids=_ip_ids(ipv4),
        node_count=len(set(map(interface_of, members.get(_pool_of(item), ())))) or None,
    )


def _ip_ids(frontends: list[Json]) -> tuple[ArmId, ...]:
    found = [
        reference(frontend, "properties", "publicIPAddress") or reference(frontend, "properties", "publicIPPrefix")
        for frontend in frontends
    ]
    return tuple(dict.fromkeys(ip_id for ip_id in found if ip_id))
