"""One exact plan: what will be written, why it is that much, and how to take it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Literal

from .check import Check, CheckResult
from .resource_id import ArmId


class PlanKind(StrEnum):
    """What snatbot does when a person approves, and below it what only a person may do, or is the answer instead."""

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
        """It has no steps and is never executed."""
        return self not in _EXECUTABLE


# What is offered against an incident. A roll-back and a deletion are about a change.
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
    """``length`` is in bits: a /30 holds four addresses."""

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
        """What traffic leaves from: public IPs, then prefixes."""
        return (*self.public_ip_ids, *self.public_ip_prefix_ids)


@dataclass(frozen=True, slots=True)
class AddPublicIps:
    """More public IPs or prefixes on a NAT gateway of ours, each list whole, before and after.

    Where the gateway is, its zones and its tags are as they were at planning; they are written back as they are when it
    is applied.
    """

    nat_gateway_id: ArmId
    before_ids: tuple[ArmId, ...]
    after_ids: tuple[ArmId, ...]
    properties_before: Mapping[str, Any]  # its writable projection at planning
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
    before: ArmId | None  # the NAT gateway, if any
    after: ArmId | None
    properties_before: Mapping[str, Any]  # its writable projection at planning; other differences are drift
    kind: Literal["associate_subnet"] = "associate_subnet"


@dataclass(frozen=True, slots=True)
class ObserveEgress:
    """A gate: go on only when new connections leave through the gateway, none fails, and no node lost Ready."""

    nat_gateway_id: ArmId | None  # None on the way back, when they must leave through the load balancer again
    subnet_id: ArmId
    cluster_id: ArmId
    kind: Literal["observe_egress"] = "observe_egress"


@dataclass(frozen=True, slots=True)
class DeleteCreated:
    """A NAT gateway, public IP or prefix that snatbot created."""

    id: ArmId
    owner: str  # the cluster that its tag must still name
    addresses: tuple[str, ...] = ()  # lost for good
    kind: Literal["delete_created"] = "delete_created"


CreateStep = CreatePublicIp | CreatePublicIpPrefix | CreateNatGateway
Step = CreateStep | AddPublicIps | AssociateSubnet | ObserveEgress | DeleteCreated


@dataclass(frozen=True, slots=True)
class Demand:
    """What the nodes need."""

    ports: int  # the scaled peak
    public_ip_count: int
    is_lower_bound: bool  # ports were saturated, or connections failed
    arithmetic: tuple[str, ...]  # that a person can check line by line
    missing: tuple[str, ...] = ()  # inputs that were not available
    no_need: str = ""  # what was measured that speaks against SNAT; empty: SNAT may be the trouble, or not measured
    busiest_node_ports: int | None = None  # the scaled peak of the node that needs most; None: not measured
    nodes: int = 0  # how many it is enough for; 0 when they don't count


@dataclass(frozen=True, slots=True)
class Baseline:
    """The load balancer's rates before the change, per minute, that the proof is held against."""

    successful_per_minute: float
    attempted_per_minute: float
    successful_by_subnet: Mapping[ArmId, float] = field(default_factory=dict)  # of the nodes in it
    is_of_gateway: bool = False  # the NAT gateway's own, because every subnet had it already


@dataclass(frozen=True, slots=True)
class Cost:
    """Per month, data not counted."""

    per_month: float | None  # None: unknown
    currency: str
    lines: tuple[str, ...]
    source: str = ""  # whose prices these are
    as_of: str = ""


@dataclass(frozen=True, slots=True)
class RelatedPlan:
    """Advice beside a plan: another way, or what is left for a person afterwards. Planned anew when it is opened."""

    kind: PlanKind
    summary: str
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    kind: PlanKind
    cluster_id: ArmId
    cluster_name: str
    vnet_id: ArmId | None
    summary: str
    steps: tuple[Step, ...]
    checks: tuple[Check, ...]
    egress_now: tuple[str, ...]  # addresses
    egress_then: tuple[str, ...]  # addresses where known, else names of IPs to be created
    rollback_text: str
    digest: str  # of writes and writable preconditions only: never etags, evidence, prices or time
    demand: Demand | None = None
    baseline: Baseline | None = None
    commands: tuple[str, ...] = ()  # ``az`` commands for a person: the whole answer of an advice plan
    rollback_commands: tuple[str, ...] = ()  # undo by hand
    of_change_id: str | None = None
    planned_at: datetime | None = None
    notes: tuple[str, ...] = field(default=())
    cost: Cost | None = None
    irreversible: str = ""  # what these can't undo
    related: tuple[RelatedPlan, ...] = ()
    is_requested: bool = False  # somebody asked for exactly this kind, needed or not
    egress_count: int = 0  # addresses that the NAT gateway then has; 0: unknown
    existing_ids: tuple[
        ArmId, ...
    ] = ()  # what creating steps name and is there already, as addresses that were reserved
    shape: Mapping[str, str] | None = None  # what the cluster was, by ``core.planning.shape``

    @property
    def blockers(self) -> tuple[Check, ...]:
        """Checks that forbid the write: a block, or a needed check that could not be made."""
        return tuple(check for check in self.checks if check.is_blocking)

    @property
    def warnings(self) -> tuple[Check, ...]:
        """What a person should know before deciding: warnings, and what could not be checked."""
        return tuple(check for check in self.checks if check.result is not CheckResult.PASS and not check.is_blocking)

    @property
    def nat_gateway_id(self) -> ArmId | None:
        """The gateway that the plan makes or uses; None when it has none."""
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
        """Without creating what is there already."""
        there = set(self.existing_ids)
        return tuple(step for step in self.steps if not (isinstance(step, CreateStep) and step.id in there))

    @property
    def is_executable(self) -> bool:
        return bool(self.steps) and not self.blockers
