"""A check: a precondition of a change, with what reading Azure showed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
    def label(self) -> str:
        """For people."""
        return _LABELS.get(self) or self.value.replace("_", " ")


_LABELS = {
    CheckId.ALLOW_LISTS: "allow-lists",
    CheckId.API_SERVER_ACCESS: "API server access",
    CheckId.DDOS_PROTECTION: "DDoS protection",
    CheckId.IPV6: "IPv6",
    CheckId.NAT_GATEWAY: "NAT gateway",
    CheckId.NODE_PUBLIC_IPS: "node public IPs",
    CheckId.OUTBOUND_IPS: "outbound IPs",
    CheckId.PUBLIC_IP_PREFIX: "public IP prefix",
    CheckId.RESERVED_PUBLIC_IPS: "reserved public IPs",
    CheckId.SKU: "SKU",
    CheckId.SNAT_PORTS: "SNAT ports",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One precondition and its result in plain words.

    A check that could not be made blocks the write if ``is_needed``. It is not needed if Azure itself would refuse the
    write without harm, as with a lock.
    """

    id: CheckId
    result: CheckResult
    message: str
    remedy: str = ""  # what to do
    source: str = ""  # the API call that the facts come from
    is_needed: bool = True
    commands: tuple[str, ...] = ()  # commands for the remedy

    @property
    def name(self) -> str:
        """For people."""
        return self.id.label

    @property
    def is_blocking(self) -> bool:
        return self.result is CheckResult.BLOCK or (self.result is CheckResult.COULD_NOT_CHECK and self.is_needed)
