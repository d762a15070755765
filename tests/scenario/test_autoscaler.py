"""A large cluster whose autoscaler adds and removes nodes all the time is cured, and proven so."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pytest

from shared.model.change import ChangeState
from shared.model.check import CheckId, CheckResult
from shared.model.cluster import Cluster
from shared.model.load_balancer import NodeList
from tests.support.theatre import playing

UNLISTED = 9  # nodes in the outbound pool whose interfaces are not listed, as right after a scale-out


def test_a_cluster_whose_nodes_come_and_go_still_ends_as_fixed(storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with playing("autoscaler", storage, monkeypatch) as theatre:
        discovery = theatre.app.discovery
        listed = discovery.nodes

        def nodes(cluster: Cluster, wanted: Collection[str] = ()) -> NodeList:
            found = listed(cluster, wanted)
            return replace(found, nodes=found.nodes[:-UNLISTED], is_complete=False, scale_set_subnets={})

        monkeypatch.setattr(discovery, "nodes", nodes)
        approved = theatre.approved()
        (check,) = [check for check in approved.plan.checks if check.id is CheckId.OUTBOUND_POOL]
        assert check.result in (CheckResult.PASS, CheckResult.WARN)
        ended = theatre.run_on(approved, 80)
        assert ended.state is ChangeState.FIXED, (ended.stop_reason, ended.outcome)
