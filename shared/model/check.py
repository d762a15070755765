"""A check: a precondition of a change, or of the app as a whole, with what looking showed."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from .text import Text, verbatim


class CheckResult(StrEnum):
    PASS = "pass"
    WARN = "warn"
    BLOCK = "block"
    COULD_NOT_CHECK = "could not check"


class CheckId(StrEnum):
    """The subject of a check. Code decides by this id, never by the text. ``label`` is for people."""

    label: Text

    def __new__(cls, value: str, label: Text) -> Self:
        member = str.__new__(cls, value)
        member._value_, member.label = value, label
        return member

    ALLOW_LISTS = "allow_lists", Text("allow lists")
    API_SERVER_ACCESS = "api_server_access", Text("API server access")
    CLUSTER_STATE = "cluster_state", Text("cluster state")
    DDOS_PROTECTION = "ddos_protection", Text("DDoS protection")
    DEFAULT_ROUTE = "default_route", Text("default route")
    EGRESS_GATEWAY = "egress_gateway", Text("egress gateway")
    EXISTING_CONNECTIONS = "existing_connections", Text("existing connections")
    IPV6 = "ipv6", Text("IPv6")
    LOAD_BALANCER_EGRESS = "load_balancer_egress", Text("load balancer egress")
    LOCKS = "locks", Text("locks")
    MANAGED_AS_CODE = "managed_as_code", Text("managed as code")
    NAT_GATEWAY = "nat_gateway", Text("NAT gateway")
    NEED = "need", Text("need")
    NETWORK_INTERFACES = "network_interfaces", Text("network interfaces")
    NODE_PUBLIC_IPS = "node_public_ips", Text("node public IPs")
    OTHER_CHANGES = "other_changes", Text("other changes")
    OTHER_SUBNETS = "other_subnets", Text("other subnets")
    OTHERS_IN_THE_SUBNETS = "others_in_the_subnets", Text("others in the subnets")
    OUTBOUND_IPS = "outbound_ips", Text("outbound IPs")
    OUTBOUND_POOL = "outbound_pool", Text("outbound pool")
    OUTBOUND_TYPE = "outbound_type", Text("outbound type")
    OUTBOUND_TYPE_CHANGE = "outbound_type_change", Text("outbound type change")
    OWNERSHIP = "ownership", Text("ownership")
    PERMISSIONS = "permissions", Text("permissions")
    POLICY = "policy", Text("policy")
    PORTS_A_NODE = "ports_a_node", Text("ports per node")
    PROOF = "proof", Text("proof")
    PROPAGATED_ROUTES = "propagated_routes", Text("propagated routes")
    PUBLIC_IP_PREFIX = "public_ip_prefix", Text("public IP prefix")
    QUOTA = "quota", Text("quota")
    REGION = "region", Text("region")
    RESERVED_PUBLIC_IPS = "reserved_public_ips", Text("reserved public IPs")
    RESOURCES = "resources", Text("resources")
    ROUTE_TABLE = "route_table", Text("route table")
    ROUTING_PREFERENCE = "routing_preference", Text("routing preference")
    SIZE = "size", Text("size")
    SKU = "sku", Text("SKU")
    SNAT_PORTS = "snat_ports", Text("SNAT ports")
    SUBNETS = "subnets", Text("subnets")
    SUBNETS_OF_OTHERS = "subnets_of_others", Text("subnets of others")
    SUBSCRIPTION = "subscription", Text("subscription")
    USE = "use", Text("use")
    VIRTUAL_NETWORK = "virtual_network", Text("virtual network")
    WORK_TO_DO = "work_to_do", Text("work to do")
    ZONES = "zones", Text("zones")

    # Of the app as a whole, for `snatbot doctor`.
    APPROVERS = "approvers", Text("approvers")
    CLOCK = "clock", Text("clock")
    FUNCTIONS = "functions", Text("functions")
    HEALTH_EVENTS = "health_events", Text("health events")
    HOST_STORAGE = "host_storage", Text("host storage")
    METRICS = "metrics", Text("metrics")
    OWN_ADDRESS = "own_address", Text("own address")
    PYTHON = "python", verbatim("Python")
    READING_IDENTITY = "reading_identity", Text("reading identity")
    REMEDIATION = "remediation", Text("remediation")
    RESOURCE_GRAPH = "resource_graph", verbatim("Resource Graph")
    ROLE_ASSIGNMENTS = "role_assignments", Text("role assignments")
    SETTINGS = "settings", Text("settings")
    SIGNING_KEYS = "signing_keys", Text("signing keys")
    SLACK_APP = "slack_app", Text("Slack app")
    SLACK_BLOCKS = "slack_blocks", Text("Slack layout")
    SLACK_CHANNEL = "slack_channel", Text("Slack channel")
    SUBSCRIPTIONS = "subscriptions", Text("subscriptions")
    WEBHOOK = "webhook", Text("webhook")
    WRITING_IDENTITY = "writing_identity", Text("writing identity")


@dataclass(frozen=True, slots=True)
class Check:
    """One precondition, of a change or of the app, and its result.

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
