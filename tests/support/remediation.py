"""The remediation of one approved change: real records, claims and signatures, and fakes for the Azure readers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, cast

from shared.approval_policy import DEFAULT_POLICY
from shared.auth.links import Links
from shared.auth.signing import Signer, decision_content
from shared.chat.message import Message
from shared.cloud.errors import AzureError
from shared.cloud.network import Network
from shared.core.planning.digest import with_digest
from shared.flows.approval.permission import Permission
from shared.flows.approval.renew import PlanRenewer
from shared.flows.notification.outbox import Outbox, audit, message_of
from shared.flows.planning.plan import Planner
from shared.flows.remediation.authority import Authority
from shared.flows.remediation.change_run import ChangeRun
from shared.flows.remediation.concurrent_writes import AuditResult, ConcurrentWriteAudit
from shared.flows.remediation.context import ExecutionContext
from shared.flows.remediation.execute import PlanExecutor
from shared.flows.remediation.finish import ChangeFinisher
from shared.flows.remediation.gate import Gate
from shared.flows.remediation.reconcile import Reconciler
from shared.flows.remediation.step_result import Done, Result
from shared.flows.remediation.verify import Verify
from shared.ids import cluster_key
from shared.model.audit import now_is
from shared.model.change import Change, ChangeState, Outcome
from shared.model.network import NatGateway, NetworkFacts, PublicIp, Subnet
from shared.model.plan import AssociateSubnet, CreateNatGateway, CreatePublicIp, Plan
from shared.model.resource_id import ArmId
from shared.model.text import Text
from shared.store.records import Put, Records
from shared.store.stop_switch import StopSwitch
from shared.store.table import Table
from shared.store.vnet_lock import HeldClaim, VnetLock
from tests.support.builders import facts, subnet
from tests.support.nouns import NOW, make_change, make_plan

SIGNER = Signer(["k" * 32], 60)
LINKS = Links("https://bot.example.com", SIGNER)
PLAN = with_digest(make_plan())
PARTITION = cluster_key(PLAN.cluster_id)
LATER = NOW + timedelta(minutes=10)  # approved and due
OFFER_AGAIN = timedelta(minutes=60)


@dataclass
class SetClock:
    """A clock that only `sleep` advances."""

    time: datetime = LATER

    def now(self) -> datetime:
        return self.time

    def wall(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@dataclass
class FakeNetwork:
    """Azure as the plan writes it: each write takes effect at once. ``error`` is what the next write raises."""

    found: dict[str, Any] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)
    error: AzureError | None = None

    def __post_init__(self) -> None:
        for step in PLAN.steps:
            if isinstance(step, AssociateSubnet):
                self.found[step.subnet_id] = subnet(step.subnet_id, properties=dict(step.properties_before))

    def _write(self, resource_id: str, value: Any) -> None:
        error, self.error = self.error, None
        if error:
            raise error
        self.writes.append(ArmId(resource_id).name)
        self.found[resource_id] = value

    def read_public_ip(self, public_ip_id: str) -> PublicIp | None:
        return cast("PublicIp | None", self.found.get(public_ip_id))

    def create_public_ip(self, step: CreatePublicIp) -> None:
        self._write(step.id, PublicIp(step.id, step.id.name, "20.61.0.1", "Standard", "Succeeded", tags=step.tags))

    def read_nat_gateway(self, nat_gateway_id: str) -> NatGateway | None:
        return cast("NatGateway | None", self.found.get(nat_gateway_id))

    def create_nat_gateway(self, step: CreateNatGateway) -> None:
        idle, ips = step.idle_timeout_minutes, step.public_ip_ids
        made = NatGateway(step.id, step.id.name, "westeurope", "Standard", "Succeeded", idle, ips, (), tags=step.tags)
        self._write(step.id, made)

    def read_subnet(self, subnet_id: str) -> Subnet:
        return cast(Subnet, self.found[subnet_id])

    def put_subnet(self, of: Subnet, nat_gateway_id: ArmId | None, etag: str, request_id: str) -> None:
        self._write(of.id, replace(of, nat_gateway_id=nat_gateway_id, etag=f"{etag}+"))


@dataclass
class FakeGate:
    """Opens at once, after it gives ``results``."""

    results: list[Result] = field(default_factory=list)
    is_busy: str = ""

    def before(self, *_: object) -> None:
        return None

    def busy(self, _: str) -> str:
        return self.is_busy

    def observe(self, *_: object) -> Result:
        return self.results.pop(0) if self.results else Done(Text("900 new connections a minute on the NAT gateway"))


@dataclass
class FakeVerify:
    outcome: Outcome | None = None
    little: Text = Text("")
    command: str = ""

    def is_measurable(self, *_: object) -> bool:
        return True

    def verdict(self, *_: object) -> Outcome | None:
        return self.outcome

    def little_left(self, *_: object) -> Text:
        return self.little

    def authorize_command(self, *_: object) -> str:
        return self.command


@dataclass
class FakePlanner:
    facts: NetworkFacts | AzureError = field(default_factory=facts)

    def read_facts(self, *_: object, **__: object) -> NetworkFacts:
        if isinstance(self.facts, AzureError):
            raise self.facts
        return self.facts

    read_network = read_facts


@dataclass
class FakeRenewer:
    offered: list[str] = field(default_factory=list)
    renews: bool = False

    def offer_again(self, _: str, change: Change) -> None:
        self.offered.append(change.id)

    def renew_expired(self, *_: object) -> bool:
        return self.renews


class Remediation:
    """``change`` is signed and stored; its run is started if its state requires that."""

    def __init__(self, table: Table, state: ChangeState = ChangeState.APPLYING, plan: Plan = PLAN) -> None:
        self.records, self.stop_switch = Records(table, SIGNER), StopSwitch(table, SIGNER)
        self.stop_switch.begin(NOW)
        self.vnet_lock = VnetLock(table)
        self.clock, self.network, self.gate = SetClock(), FakeNetwork(), FakeGate()
        self.verify, self.planner, self.renewer = FakeVerify(), FakePlanner(), FakeRenewer()
        self.found = AuditResult()
        self.outbox = Outbox(("slack",))
        authority = Authority(SIGNER, self.records, is_remediation_on=True)
        self.finisher = ChangeFinisher(self.records, self.outbox, LINKS, OFFER_AGAIN)
        self.context = ExecutionContext(
            records=self.records,
            stop_switch=self.stop_switch,
            vnet_lock=self.vnet_lock,
            outbox=self.outbox,
            links=LINKS,
            authority=authority,
            permission=Permission(DEFAULT_POLICY, "signin", lambda _: {}),
            planner=cast(Planner, self.planner),
            verify=cast(Verify, self.verify),
            gate=cast(Gate, self.gate),
            finisher=self.finisher,
            clock=self.clock,
            pause_between_subnets=timedelta(),
        )
        change = signed(replace(make_change(state, plan), due_at=LATER))
        decision = change.decision
        writes = (
            [audit(decision.decided_at, decision.approver, now_is(ChangeState.APPROVED), change.id)] if decision else []
        )
        if state is ChangeState.APPLYING:
            start, line = authority.start(change, LATER)
            change = replace(self.records.with_journal(PARTITION, change), start=start)
            writes.append(line)
        self.records.commit_in(PARTITION, [Put(change), *writes])
        self.id = change.id

    @property
    def run(self) -> ChangeRun:
        stored = self.records.change(PARTITION, self.id)
        assert stored is not None
        return ChangeRun(PARTITION, self.id, stored)

    @property
    def change(self) -> Change:
        return self.run.change

    def vary(self, **fields: Any) -> None:
        run = self.run
        self.records.commit_in(PARTITION, [run.put(replace(run.change, **fields))])

    def claim(self, worker: str = "worker", change_id: str = "") -> HeldClaim:
        vnet_id = str(PLAN.vnet_id)
        return self.vnet_lock.claim_vnet(vnet_id, change_id or self.id, worker, self.clock.wall(), PARTITION)

    def execute(self, claim: HeldClaim | None = None) -> Change:
        PlanExecutor(self.context, self.run, claim or self.claim(), cast(Network, self.network)).execute()
        return self.change

    def reconcile(self) -> Change:
        renewer, audit = cast(PlanRenewer, self.renewer), cast(ConcurrentWriteAudit, self)
        Reconciler(self.context, renewer, lambda _: cast(Network, self.network), audit).run(PARTITION, self.id)
        return self.change

    def check(self, *_: object) -> AuditResult:
        """Replaces the search of the activity log."""
        return self.found

    def told(self) -> list[Message]:
        return [message_of(row.value) for row in self.records.outbox(PARTITION)]

    def audited(self) -> list[str]:
        return [line.event for line in self.records.audit(PARTITION)]


def signed(change: Change) -> Change:
    decision = change.decision
    if decision is None:
        return change
    return replace(change, decision=replace(decision, signature=SIGNER.sign_decision(decision_content(decision))))
