"""What each identity may do and see: roles against infra/roles, lists of clusters, metrics both ways, health events."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ...cloud import metric_queries
from ...cloud.access import read_permissions
from ...cloud.arm import Arm
from ...cloud.deadline import Deadline
from ...cloud.discovery import Discovery
from ...cloud.errors import AzureError, Forbidden
from ...cloud.logs import HealthEventLog
from ...cloud.metric_access import MetricAccess
from ...cloud.metric_doubts import has_values
from ...cloud.metric_request import MetricRequest
from ...core.checks import CheckBuilder, sort_checks
from ...core.detection.rules.batch_disagreement import compared_window, disagreement
from ...core.planning.permissions import is_granted
from ...formatting import clauses, clusters_of, listed
from ...model.check import Check
from ...model.fleet import WatchedCluster
from ...model.metric import Window
from ...model.resource_id import ArmId
from ...model.text import Text, arranged
from .run import set_on_app

MOST_SCOPES = 50  # a request each
_NONE_FOUND = Text("no cluster was found")
_READ = """ContainerService/managedClusters Network/loadBalancers Compute/virtualMachineScaleSets
    Compute/virtualMachineScaleSets/networkInterfaces Network/networkInterfaces Insights/metrics
    Network/publicIPAddresses Network/virtualNetworks Network/virtualNetworks/subnets Network/natGateways"""
_WRITTEN = """publicIPAddresses/read publicIPAddresses/write publicIPAddresses/join/action natGateways/read
    natGateways/write natGateways/join/action virtualNetworks/subnets/read virtualNetworks/subnets/write"""


@dataclass(frozen=True, slots=True)
class NeededRole:
    """What nothing works without, as infra/roles/README.md says; what some clusters need, each plan checks."""

    name: str
    actions: tuple[str, ...]


DETECTOR = NeededRole("snatbot detector", tuple(f"Microsoft.{kind}/read" for kind in _READ.split()))
REMEDIATOR = NeededRole("snatbot remediator", tuple(f"Microsoft.Network/{deed}" for deed in _WRITTEN.split()))
ASSIGN_ROLES = NeededRole("User Access Administrator", ("Microsoft.Authorization/roleAssignments/write",))


def cluster_groups(clusters: Iterable[WatchedCluster]) -> tuple[ArmId, ...]:
    """One resource group of each subscription: a role on the subscription counts there."""
    return tuple({target.cluster.subscription.lower(): _group(target.cluster.id) for target in clusters}.values())


def network_groups(clusters: Iterable[WatchedCluster], nat_resource_group: str) -> tuple[ArmId, ...]:
    """The resource groups in which a change would write."""
    pools = [pool for target in clusters for pool in target.cluster.pools]
    groups = [_group(pool.vnet_subnet_id) for pool in pools if pool.vnet_subnet_id]
    if nat_resource_group:
        groups += [ArmId(f"{group.rpartition('/')[0]}/{nat_resource_group}") for group in groups]
    return tuple(dict.fromkeys(groups))


def may_do(arm: Arm, scopes: Sequence[ArmId], role: NeededRole, check: CheckBuilder) -> Check:
    if not scopes:
        return check.unknown(_NONE_FOUND, Text(""))
    lacking, unread = dict[ArmId, Text](), list[Text]()
    for scope in scopes[:MOST_SCOPES]:
        try:
            granted = read_permissions(arm, scope)
        except AzureError as error:
            unread.append(error.text_with_remedy)
            continue
        if missing := [action for action in role.actions if not is_granted(action, granted)]:
            lacking[scope] = Text("{name} on {scope}", name=listed(missing, len(missing)), scope=scope)
    if lacking:
        remedy = Text("assign the role {role} on {scopes}", role=role.name, scopes=listed(list(lacking)))
        return check.blocks(Text("lacks {permissions}", permissions=listed(list(lacking.values()))), remedy)
    if unread or scopes[MOST_SCOPES:]:
        return check.unknown(clauses(*unread, listed(scopes[MOST_SCOPES:])), Text(""))
    groups = listed([scope.rpartition("/")[2] for scope in scopes])
    return check.passes(Text("may do what is needed in {groups}", groups=groups))


def subscriptions(discovery: Discovery, wanted: Sequence[str], check: CheckBuilder) -> Check:
    visible = discovery.visible_subscriptions()
    missing = [subscription for subscription in wanted if subscription.lower() not in visible]
    if missing or not visible:
        names = listed(missing) or Text("each subscription to watch")
        remedy = Text("assign the role {role} on {scopes}", role=DETECTOR.name, scopes=names)
        return check.blocks(Text("not visible: {names}", names=names), remedy)
    return check.passes(Text("visible: {names}", names=listed(sorted(visible))))


def resource_graph(discovery: Discovery, check: CheckBuilder) -> Check:
    by_graph, by_manager, unlisted = discovery.listed_both_ways()
    hidden, differing = by_manager - by_graph, sorted(by_manager ^ by_graph)
    if differing and (hidden or not unlisted):
        names = listed(differing)
        found = Text("Resource Graph and Resource Manager differ about {clusters}", clusters=names)
        remedy = Text("try again in some minutes; then look at the detector's role on {clusters}", clusters=names)
        return check.blocks(found, remedy) if hidden else check.warns(found, remedy)
    if unlisted or not by_graph:
        return check.unknown(clauses(*(entry.text for entry in unlisted)) or _NONE_FOUND, Text(""))
    return check.passes(clusters_of(len(by_graph)))


def metrics(access: MetricAccess, targets: Sequence[WatchedCluster], now: datetime, check: CheckBuilder) -> Check:
    """Of one load balancer of each subscription; the worst counts."""
    of_each = {target.cluster.subscription: target for target in targets if target.load_balancer}
    found = [_of_one(access, target, now, check) for target in of_each.values()]
    return sort_checks(found or [check.unknown(_NONE_FOUND, Text(""))])[0]


def _of_one(access: MetricAccess, target: WatchedCluster, now: datetime, check: CheckBuilder) -> Check:
    assert target.load_balancer is not None
    window, deadline, name = compared_window(now), Deadline(30.0), target.load_balancer.id
    request = MetricRequest([name], target.cluster.location, metric_queries.SNAT_PORTS, window)
    both = access.query_both_ways(request, deadline) if access.uses_batches else None
    if both is not None and (difference := disagreement(*both, window)):
        return check.blocks(
            arranged("{name}: {difference}", name=name, difference=difference), set_on_app("METRICS_MODE=arm")
        )
    alone = both[1] if both else next(iter(access.query_all([request], deadline)[0].values()))
    if isinstance(alone, AzureError):
        return (check.blocks if isinstance(alone, Forbidden) else check.unknown)(alone.text, alone.remedy)
    if not has_values(alone):
        return check.unknown(Text("{cluster} has no value yet", cluster=name), Text(""))
    if both or not access.uses_batches:
        return check.passes(Text("a batch and a single request say the same") if both else Text("read one by one"))
    return check.warns(
        Text("only one by one, not in batches: {reasons}", reasons=clauses(*access.one_by_one.values())),
        Text("assign the role {role} on {scopes}", role="Monitoring Reader", scopes=target.cluster.subscription),
    )


def health_events(log: HealthEventLog | None, now: datetime, check: CheckBuilder) -> Check:
    """That events are sent there can't be seen: none may have happened."""
    if log is None:
        return check.unknown(Text("not set: {settings}", settings="WORKSPACE_ID"), set_on_app("WORKSPACE_ID"))
    log.read_events(Window(now - timedelta(hours=1), now))
    return check.passes(Text("the workspace can be read"))


def _group(resource_id: ArmId) -> ArmId:
    return ArmId(resource_id.partition("/providers/")[0])
