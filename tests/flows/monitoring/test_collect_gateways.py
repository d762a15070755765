"""NAT gateways: connections in every scan, the rest when due, in trouble, or silent."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from shared.cloud.deadline import Deadline
from shared.cloud.errors import AzureError, Throttled
from shared.core.detection.assess import GatewaySeries
from shared.core.detection.schedule import ScanScope, gateway_window
from shared.flows.monitoring.collect import collect_gateways
from shared.flows.monitoring.group_queries import GroupQueries
from shared.model.fleet import WatchedGateway
from shared.model.metric import MetricAnswer
from shared.model.reading import Unmeasured
from shared.model.resource_id import ArmId
from tests.support.builders import NETWORK, USER_SUBNET, answer, by_state, cluster, series, window
from tests.support.fakes import FakeAccess, watched

pytestmark = pytest.mark.disable_socket
GATEWAY = WatchedGateway(ArmId(f"{NETWORK}/natGateways/ng"), "ng", "westeurope", 2, (USER_SUBNET,))
TARGETS = watched(cluster(outbound_type="userAssignedNATGateway"), gateways=(GATEWAY,))
BUSY = by_state(Attempted={0: 100})
DATAPATH = answer(series({0: 100}))


def collect(scope: ScanScope, **answers: MetricAnswer | AzureError) -> tuple[GatewaySeries, list[str]]:
    access = FakeAccess({"nat": BUSY, "datapath": DATAPATH, "open": answer(series({0: 5})), **answers})
    queries = GroupQueries(access.access, TARGETS, Deadline(50), 1)
    found: Mapping[str, GatewaySeries] = collect_gateways(queries, TARGETS, scope)
    return found[GATEWAY.id.lower()], access.names_asked()


def test_a_busy_gateway_takes_one_query() -> None:
    found, asked = collect(ScanScope(window()))
    assert (found.connections, found.datapath, found.slow_window, asked) == (BUSY, None, None, ["nat"])


def test_a_silent_gateway_is_asked_whether_it_reports() -> None:
    found, asked = collect(ScanScope(window()), nat=answer())
    assert (found.datapath, asked) == (DATAPATH, ["nat", "datapath"])
    unknown, _ = collect(ScanScope(window()), nat=answer(), datapath=Throttled("metrics", "slow"))
    assert isinstance(unknown.connections, Unmeasured)


@pytest.mark.parametrize("is_due", [True, False])
def test_when_due_or_in_trouble_all_is_asked(is_due: bool) -> None:
    due = gateway_window(window()) if is_due else None
    in_trouble = frozenset() if is_due else frozenset({TARGETS[0].cluster.id.lower()})
    found, asked = collect(ScanScope(window(), gateways=due, in_trouble=in_trouble))
    assert asked == ["nat", "datapath", "open"]
    assert found.slow_window == gateway_window(window())
