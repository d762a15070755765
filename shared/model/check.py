"""A check: a precondition of a change, with what reading Azure showed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .text import Text


class CheckResult(StrEnum):
    PASS = "pass"
    WARN = "warn"
    BLOCK = "block"
    COULD_NOT_CHECK = "could not check"


class CheckId(StrEnum):
    """The subject of a check. Code decides by this id, never by the text."""

    ALLOW_LISTS = "allow_lists"
    API_SERVER_ACCESS = "api_server_access"
    CLUSTER_STATE = "cluster_state"
    DDOS_PROTECTION = "ddos_protection"
    DEFAULT_ROUTE = "default_route"
    EGRESS_GATEWAY = "egress_gateway"
    EXISTING_CONNECTIONS = "existing_connections"
    IPV6 = "ipv6"
    LOAD_BALANCER_EGRESS = "load_balancer_egress"
    LOCKS = "locks"
    MANAGED_AS_CODE = "managed_as_code"
    NAT_GATEWAY = "nat_gateway"
    NEED = "need"
    NETWORK_INTERFACES = "network_interfaces"
    NODE_PUBLIC_IPS = "node_public_ips"
    OTHER_CHANGES = "other_changes"
    OTHER_SUBNETS = "other_subnets"
    OTHERS_IN_THE_SUBNETS = "others_in_the_subnets"
    OUTBOUND_IPS = "outbound_ips"
    OUTBOUND_POOL = "outbound_pool"
    OUTBOUND_TYPE = "outbound_type"
    OUTBOUND_TYPE_CHANGE = "outbound_type_change"
    OWNERSHIP = "ownership"
    PERMISSIONS = "permissions"
    POLICY = "policy"
    PORTS_A_NODE = "ports_a_node"
    PROOF = "proof"
    PROPAGATED_ROUTES = "propagated_routes"
    PUBLIC_IP_PREFIX = "public_ip_prefix"
    QUOTA = "quota"
    REGION = "region"
    RESERVED_PUBLIC_IPS = "reserved_public_ips"
    RESOURCES = "resources"
    ROUTE_TABLE = "route_table"
    ROUTING_PREFERENCE = "routing_preference"
    SIZE = "size"
    SKU = "sku"
    SNAT_PORTS = "snat_ports"
    SUBNETS = "subnets"
    SUBNETS_OF_OTHERS = "subnets_of_others"
    SUBSCRIPTION = "subscription"
    USE = "use"
    VIRTUAL_NETWORK = "virtual_network"
    WORK_TO_DO = "work_to_do"
    ZONES = "zones"

    @property
    def label(self) -> Text:
        return _LABELS[self]


_LABELS = {
    CheckId.ALLOW_LISTS: Text("allow lists"),
    CheckId.API_SERVER_ACCESS: Text("API server access"),
    CheckId.CLUSTER_STATE: Text("cluster state"),
    CheckId.DDOS_PROTECTION: Text("DDoS protection"),
    CheckId.DEFAULT_ROUTE: Text("default route"),
    CheckId.EGRESS_GATEWAY: Text("egress gateway"),
    CheckId.EXISTING_CONNECTIONS: Text("existing connections"),
    CheckId.IPV6: Text("IPv6"),
    CheckId.LOAD_BALANCER_EGRESS: Text("load balancer egress"),
    CheckId.LOCKS: Text("locks"),
    CheckId.MANAGED_AS_CODE: Text("managed as code"),
    CheckId.NAT_GATEWAY: Text("NAT gateway"),
    CheckId.NEED: Text("need"),
    CheckId.NETWORK_INTERFACES: Text("network interfaces"),
    CheckId.NODE_PUBLIC_IPS: Text("node public IPs"),
    CheckId.OTHER_CHANGES: Text("other changes"),
    CheckId.OTHER_SUBNETS: Text("other subnets"),
    CheckId.OTHERS_IN_THE_SUBNETS: Text("others in the subnets"),
    CheckId.OUTBOUND_IPS: Text("outbound IPs"),
    CheckId.OUTBOUND_POOL: Text("outbound pool"),
    CheckId.OUTBOUND_TYPE: Text("outbound type"),
    CheckId.OUTBOUND_TYPE_CHANGE: Text("outbound type change"),
    CheckId.OWNERSHIP: Text("ownership"),
    CheckId.PERMISSIONS: Text("permissions"),
    CheckId.POLICY: Text("policy"),
    CheckId.PORTS_A_NODE: Text("ports per node"),
    CheckId.PROOF: Text("proof"),
    CheckId.PROPAGATED_ROUTES: Text("propagated routes"),
    CheckId.PUBLIC_IP_PREFIX: Text("public IP prefix"),
    CheckId.QUOTA: Text("quota"),
    CheckId.REGION: Text("region"),
    CheckId.RESERVED_PUBLIC_IPS: Text("reserved public IPs"),
    CheckId.RESOURCES: Text("resources"),
    CheckId.ROUTE_TABLE: Text("route table"),
    CheckId.ROUTING_PREFERENCE: Text("routing preference"),
    CheckId.SIZE: Text("size"),
    CheckId.SKU: Text("SKU"),
    CheckId.SNAT_PORTS: Text("SNAT ports"),
    CheckId.SUBNETS: Text("subnets"),
    CheckId.SUBNETS_OF_OTHERS: Text("subnets of others"),
    CheckId.SUBSCRIPTION: Text("subscription"),
    CheckId.USE: Text("use"),
    CheckId.VIRTUAL_NETWORK: Text("virtual network"),
    CheckId.WORK_TO_DO: Text("work to do"),
    CheckId.ZONES: Text("zones"),
}


@dataclass(frozen=True, slots=True)
class Check:
    """One precondition and its result.

    A check that could not be made blocks the write if ``is_needed``. It is not needed if Azure itself would refuse the
    write without harm, as with a lock.
    """

    id: CheckId
    result: CheckResult
    message: Text
    remedy: Text = Text("")  # what to do
    source: str = ""  # the API call that the facts come from
    is_needed: bool = True
    commands: tuple[str, ...] = ()  # commands for the remedy

    @property
    def name(self) -> Text:
        return self.id.label

    @property
    def is_blocking(self) -> bool:
        return self.result is CheckResult.BLOCK or (self.result is CheckResult.COULD_NOT_CHECK and self.is_needed)
