"""One exact plan: what will be written, why it is that much, and how to take it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal


class PlanKind(StrEnum):
    ATTACH_NAT_GATEWAY = "attach_nat_gateway"
    DETACH_NAT_GATEWAY = "detach_nat_gateway"
    ADVICE = "advice"


class CheckResult(StrEnum):
    PASS = "pass"
    WARN = "warn"
    BLOCK = "block"
    COULD_NOT_CHECK = "could not check"


@dataclass(frozen=True, slots=True)
class Check:
    """One precondition in plain words. ``source`` names the call it was read from; ``remedy`` what to do."""

    name: str
    result: CheckResult
    message: str
    remedy: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class CreatePublicIp:
    id: str
    location: str
    zones: tuple[str, ...]
    tags: Mapping[str, str]
    kind: Literal["create_public_ip"] = "create_public_ip"


@dataclass(frozen=True, slots=True)
class CreateNatGateway:
    id: str
    location: str
    public_ip_ids: tuple[str, ...]
    idle_timeout_minutes: int
    tags: Mapping[str, str]
    kind: Literal["create_nat_gateway"] = "create_nat_gateway"


@dataclass(frozen=True, slots=True)
class AssociateSubnet:
    """``before`` and ``after`` are gateway ids (None: no gateway). ``properties_before`` is the subnet's writable
    projection at planning: any difference at applying, other than the gateway, means the world changed."""

    subnet_id: str
    before: str | None
    after: str | None
    properties_before: Mapping[str, Any]
    kind: Literal["associate_subnet"] = "associate_subnet"


@dataclass(frozen=True, slots=True)
class ObserveEgress:
    """A gate: go on only when the gateway carries new connections, none fails, and no node lost Ready."""

    nat_gateway_id: str
    subnet_id: str
    cluster_id: str
    kind: Literal["observe_egress"] = "observe_egress"


Step = CreatePublicIp | CreateNatGateway | AssociateSubnet | ObserveEgress


@dataclass(frozen=True, slots=True)
class Demand:
    """What the nodes need, with the arithmetic that a person can check line by line.

    ``ports`` is the scaled peak; ``is_lower_bound`` when ports were saturated or connections failed.
    ``missing`` names inputs that were not available.
    """

    ports: int
    public_ip_count: int
    is_lower_bound: bool
    arithmetic: tuple[str, ...]
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Baseline:
    """The load balancer's rates before the change, per minute, that the proof is held against.

    ``successful_by_subnet`` maps a subnet's id in lower case to the rate of the nodes in it.
    """

    successful_per_minute: float
    attempted_per_minute: float
    node_ips: tuple[str, ...]
    successful_by_subnet: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """``egress_now`` are addresses; ``egress_then`` are addresses where known, else names of IPs to be created.

    ``commands`` are ``az`` commands for a person (the whole answer of an advice plan); ``way_back_commands`` undo by
    hand. ``digest`` covers writes and writable preconditions only: never etags, evidence, prices or time.
    """

    kind: PlanKind
    cluster_id: str
    cluster_name: str
    vnet_id: str | None
    summary: str
    steps: tuple[Step, ...]
    checks: tuple[Check, ...]
    egress_now: tuple[str, ...]
    egress_then: tuple[str, ...]
    way_back: str
    digest: str
    demand: Demand | None = None
    baseline: Baseline | None = None
    commands: tuple[str, ...] = ()
    way_back_commands: tuple[str, ...] = ()
    of_change_id: str | None = None
    planned_at: datetime | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def blockers(self) -> tuple[Check, ...]:
        """Checks that forbid the write: a block, or a check that could not be made."""
        stops = (CheckResult.BLOCK, CheckResult.COULD_NOT_CHECK)
        return tuple(check for check in self.checks if check.result in stops)

    @property
    def warnings(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if check.result is CheckResult.WARN)

    @property
    def is_executable(self) -> bool:
        return bool(self.steps) and not self.blockers
