"""One exact plan: what it writes, why it is sized so, and how to undo it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Literal

from .check import Check, CheckResult
from .resource_id import ArmId
from .text import Text


class PlanKind(StrEnum):
    """The kind of a plan: first the kinds that snatbot executes after approval, then advice for a person."""

    ATTACH_NAT_GATEWAY = "attach_nat_gateway"
    DETACH_NAT_GATEWAY = "detach_nat_gateway"
    RESERVE_PUBLIC_IPS = "reserve_public_ips"
    ADD_PUBLIC_IPS = "add_public_ips"
    DELETE_NAT_GATEWAY = "delete_nat_gateway"

    RELIEVE_LOAD_BALANCER = "relieve_load_balancer"
    ALIGN_OUTBOUND_TYPE = "align_outbound_type"
    MANAGED_NAT_GATEWAY = "managed_nat_gateway"
    STANDARD_V2 = "standard_v2"
    NOT_SNAT = "not_snat"
    TOO_LARGE = "too_large"
    ADVICE = "advice"

    @property
    def is_advice(self) -> bool:
        """Advice has no steps and is never executed."""
        return self not in _EXECUTABLE


# Kinds that snatbot proposes against an incident. A rollback and a deletion refer to another change.
CURES = (PlanKind.ATTACH_NAT_GATEWAY, PlanKind.ADD_PUBLIC_IPS, PlanKind.RESERVE_PUBLIC_IPS)
_EXECUTABLE = (*CURES, PlanKind.DETACH_NAT_GATEWAY, PlanKind.DELETE_NAT_GATEWAY)


@dataclass(frozen=True, slots=True)
class CreatePublicIp:
    id: ArmId
    location: str
    zones: tuple[str, ...]
    tags: Mapping[str, str]
    kind: Literal["create_public_ip"] = "create_public_ip"
    address_count: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class CreatePublicIpPrefix:
    """A public IP prefix; ``length`` is in bits: a /30 has four addresses."""

    id: ArmId
    location: str
    length: int
    zones: tuple[str, ...]
    tags: Mapping[str, str]
    kind: Literal["create_public_ip_prefix"] = "create_public_ip_prefix"

    @property
    def address_count(self) -> int:
        return int(2 ** (32 - self.length))


@dataclass(frozen=True, slots=True)
class CreateNatGateway:
    id: ArmId
    location: str
    public_ip_ids: tuple[ArmId, ...]
    idle_timeout_minutes: int
    tags: Mapping[str, str]
    kind: Literal["create_nat_gateway"] = "create_nat_gateway"
    public_ip_prefix_ids: tuple[ArmId, ...] = ()
    address_count: ClassVar[int] = 0

    @property
    def egress_ids(self) -> tuple[ArmId, ...]:
        """Public IPs, then prefixes."""
        return (*self.public_ip_ids, *self.public_ip_prefix_ids)


@dataclass(frozen=True, slots=True)
class AddPublicIps:
    """More public IPs or prefixes on snatbot's NAT gateway: the complete lists before and after.

    The step does not hold the gateway's location, zones and tags: the write keeps them as it finds them.
    """

    nat_gateway_id: ArmId
    before_ids: tuple[ArmId, ...]
    after_ids: tuple[ArmId, ...]
    properties_before: Mapping[str, Any]  # writable properties at planning time
    kind: Literal["add_public_ips"] = "add_public_ips"
    before_prefix_ids: tuple[ArmId, ...] = ()
    after_prefix_ids: tuple[ArmId, ...] = ()
    location: str = ""
    zones: tuple[str, ...] = ()
    tags: Mapping[str, str] | None = None

    @property
    def added_ids(self) -> tuple[ArmId, ...]:
        before = {*self.before_ids, *self.before_prefix_ids}
        return tuple(ip_id for ip_id in (*self.after_ids, *self.after_prefix_ids) if ip_id not in before)


@dataclass(frozen=True, slots=True)
class AssociateSubnet:
    subnet_id: ArmId
    before: ArmId | None  # the NAT gateway at planning time, if any
    after: ArmId | None
    properties_before: Mapping[str, Any]  # writable properties at planning time; any other difference is drift
    kind: Literal["associate_subnet"] = "associate_subnet"


@dataclass(frozen=True, slots=True)
class ObserveEgress:
    """A gate: continue only if new connections use the gateway, none fails, and no node lost Ready."""

    nat_gateway_id: ArmId | None  # None in a rollback: connections must use the load balancer again
    subnet_id: ArmId
    cluster_id: ArmId
    kind: Literal["observe_egress"] = "observe_egress"


@dataclass(frozen=True, slots=True)
class DeleteCreated:
    id: ArmId
    owner: str  # the cluster that its tag must name
    addresses: tuple[str, ...] = ()  # addresses that are lost for good
    kind: Literal["delete_created"] = "delete_created"


CreateStep = CreatePublicIp | CreatePublicIpPrefix | CreateNatGateway
Step = CreateStep | AddPublicIps | AssociateSubnet | ObserveEgress | DeleteCreated


@dataclass(frozen=True, slots=True)
class Demand:
    ports: int  # peak, with headroom
    public_ip_count: int
    is_lower_bound: bool  # ports were exhausted, or connections failed
    arithmetic: tuple[Text, ...]  # lines that a person can check
    missing: tuple[Text, ...] = ()  # inputs that were not available
    no_need: Text = Text("")  # the measurement that speaks against SNAT exhaustion; empty: no such measurement
    busiest_node_ports: int | None = None  # peak of the busiest node, with headroom; None: not measured
    nodes: int = 0  # number of nodes that it is enough for; 0: not limited by nodes


@dataclass(frozen=True, slots=True)
class Baseline:
    """The load balancer's rates per minute before the change; verifying compares with them."""

    successful_per_minute: float
    attempted_per_minute: float
    successful_by_subnet: Mapping[ArmId, float] = field(default_factory=dict)  # by the nodes' subnet
    is_of_gateway: bool = False  # the NAT gateway's own rates, because every subnet had it already


@dataclass(frozen=True, slots=True)
class Cost:
    """Monthly cost, without data processing."""

    per_month: float | None  # None: unknown
    currency: str
    lines: tuple[Text, ...]
    source: str = ""  # where the prices come from
    as_of: str = ""


@dataclass(frozen=True, slots=True)
class RelatedPlan:
    """Another way than the plan, or what remains for a person afterwards. Planned anew when it is opened."""

    kind: PlanKind
    summary: Text
    commands: tuple[str, ...]
    egress_then: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    kind: PlanKind
    cluster_id: ArmId
    cluster_name: str
    vnet_id: ArmId | None
    summary: Text
    steps: tuple[Step, ...]
    checks: tuple[Check, ...]
    egress_now: tuple[Text, ...]  # addresses
    egress_then: tuple[Text, ...]  # addresses where known, else names of new public IPs, or how many come
    rollback_text: Text
    digest: str  # of writes and writable preconditions only, without etags, evidence, prices or times
    demand: Demand | None = None
    baseline: Baseline | None = None
    commands: tuple[str, ...] = ()  # ``az`` commands for a person; the whole answer of advice
    rollback_commands: tuple[str, ...] = ()  # ``az`` commands that undo the plan
    of_change_id: str | None = None
    planned_at: datetime | None = None
    notes: tuple[Text, ...] = ()
    cost: Cost | None = None
    irreversible: Text = Text("")  # what a rollback can't undo
    related: tuple[RelatedPlan, ...] = ()
    is_requested: bool = False  # a person requested this kind, needed or not
    egress_count: int = 0  # addresses on the NAT gateway afterwards; 0: unknown
    existing_ids: tuple[ArmId, ...] = ()  # resources of creating steps that exist already
    shape: Mapping[str, str] | None = None  # of the cluster, by ``core.planning.shape``

    @property
    def blockers(self) -> tuple[Check, ...]:
        """Checks that forbid the writes: blocks, and needed checks that could not be made."""
        return tuple(check for check in self.checks if check.is_blocking)

    @property
    def warnings(self) -> tuple[Check, ...]:
        """What a person should know before deciding: warnings, and other checks that could not be made."""
        return tuple(check for check in self.checks if check.result is not CheckResult.PASS and not check.is_blocking)

    @property
    def nat_gateway_id(self) -> ArmId | None:
        """The gateway that the plan creates or uses; None without one."""
        for step in self.steps:
            match step:
                case CreateNatGateway():
                    return step.id
                case AddPublicIps() | ObserveEgress():
                    return step.nat_gateway_id
        return None

    @property
    def create_steps(self) -> tuple[CreateStep, ...]:
        return tuple(step for step in self.steps if isinstance(step, CreateStep))

    def new_steps(self) -> tuple[Step, ...]:
        """The plan without the steps that create what exists already."""
        there = set(self.existing_ids)
        return tuple(step for step in self.steps if not (isinstance(step, CreateStep) and step.id in there))

    @property
    def is_executable(self) -> bool:
        return bool(self.steps) and not self.blockers
