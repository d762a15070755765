"""All checks of the running app, or those before it is installed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ...chat.channels import AnyChannel
from ...clock import Clock
from ...cloud.arm import Arm
from ...cloud.deadline import Deadline, within
from ...cloud.discovery import Discovery
from ...cloud.logs import HealthEventLog
from ...cloud.metric_access import MetricAccess
from ...core.checks import CheckBuilder
from ...model.check import Check, CheckId
from ...model.fleet import WatchedCluster
from ...model.text import Text, verbatim
from ...settings import Settings
from ...store.stop_switch import StopFlag
from ..monitoring.inventory import FleetInventory
from . import azure, changes, channels, runtime
from .run import Category, Exam, examined

SECONDS = 180.0  # for all requests to Azure: Azure Functions ends a request after 230


@dataclass(frozen=True, slots=True)
class Doctor:
    settings: Settings
    env: Mapping[str, str]
    clock: Clock
    arm: Arm
    writer_arm: Arm | None
    discovery: Discovery
    inventory: FleetInventory
    metric_access: MetricAccess
    health_events: HealthEventLog | None
    channels: Mapping[str, AnyChannel]
    stop_flag: Callable[[], StopFlag]

    def examine(self) -> tuple[Category, ...]:
        has_command = self.settings.slack_signing_secret is not None
        with within(Deadline(SECONDS)):
            return (
                examined(Text("The app"), *self._runtime()),
                examined(verbatim("Azure"), *self._azure()),
                examined(Text("Chats"), *channels.exams(self.channels, has_command, self.clock.wall())),
                examined(Text("Changes"), *self._changes()),
            )

    def examine_before(self) -> tuple[Category, ...]:
        """With the sign-in of whoever installs: needs neither a deployment nor storage."""

        def assign(check: CheckBuilder) -> Check:
            return azure.may_do(self.arm, azure.cluster_groups(self._clusters()), azure.ASSIGN_ROLES, check)

        with within(Deadline(SECONDS)):
            return (examined(Text("Before installing"), (CheckId.ROLE_ASSIGNMENTS, assign), *self._sight()),)

    def _clusters(self) -> tuple[WatchedCluster, ...]:
        return self.inventory.get(self.clock.now()).clusters

    def _runtime(self) -> tuple[Exam, ...]:
        settings, env, wall = self.settings, self.env, self.clock.wall
        return (
            (CheckId.PYTHON, runtime.python),
            (CheckId.FUNCTIONS, lambda check: runtime.functions(self.arm, env, check)),
            (CheckId.HOST_STORAGE, lambda check: runtime.host_storage(env, check)),
            (CheckId.CLOCK, lambda check: runtime.clock(settings.arm_endpoint, wall, check)),
            (CheckId.OWN_ADDRESS, lambda check: runtime.own_address(settings.public_base_url, check)),
        )

    def _azure(self) -> tuple[Exam, ...]:
        log, now = self.health_events, self.clock.now()
        return (
            (CheckId.READING_IDENTITY, self._reader),
            (CheckId.WRITING_IDENTITY, self._writer),
            *self._sight(),
            (CheckId.HEALTH_EVENTS, lambda check: azure.health_events(log, now, check)),
        )

    def _sight(self) -> tuple[Exam, ...]:
        metric_access, now, wanted = self.metric_access, self.clock.now(), self.settings.subscriptions
        return (
            (CheckId.SUBSCRIPTIONS, lambda check: azure.subscriptions(self.discovery, wanted, check)),
            (CheckId.RESOURCE_GRAPH, lambda check: azure.resource_graph(self.discovery, check)),
            (CheckId.METRICS, lambda check: azure.metrics(metric_access, self._clusters(), now, check)),
        )

    def _reader(self, check: CheckBuilder) -> Check:
        return azure.may_do(self.arm, azure.cluster_groups(self._clusters()), azure.DETECTOR, check)

    def _writer(self, check: CheckBuilder) -> Check:
        if self.writer_arm is None:
            return check.unknown(Text("no writing identity is set (REMEDIATOR_CLIENT_ID)"), Text(""))
        groups = azure.network_groups(self._clusters(), self.settings.nat_resource_group)
        return azure.may_do(self.writer_arm, groups, azure.REMEDIATOR, check)

    def _changes(self) -> tuple[Exam, ...]:
        settings, stop_flag = self.settings, self.stop_flag
        keys, policy, is_on = len(settings.signing_key_list), settings.approval_policy, settings.is_remediation_on
        is_open = settings.people_sign_in or settings.approval_mode == "link"
        return (
            (CheckId.SIGNING_KEYS, lambda check: changes.signing_keys(keys, check)),
            (CheckId.APPROVERS, lambda check: changes.approvers(policy, is_open, self._clusters(), check)),
            (CheckId.REMEDIATION, lambda check: changes.remediation(is_on, stop_flag, check)),
        )
