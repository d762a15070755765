"""Names of nodes: kept for a while, and not lost when they can't be read again."""

from __future__ import annotations

from typing import cast

import pytest

from shared.cloud.discovery import Discovery
from shared.flows.monitoring.node_names import KEPT_SECONDS, RETRY_SECONDS, NodeNames
from shared.model.cluster import Cluster
from shared.model.load_balancer import NodeList
from shared.model.text import Text
from tests.support.builders import cluster, node

REFUSED = NodeList(unreadable=(Text("scale sets: try later"),))


class Answers:
    """Answers of ``Discovery.nodes``, and a clock that moves on after each."""

    def __init__(self, *answers: NodeList) -> None:
        self.answers = list(answers)
        self.now = 0.0

    def nodes(self, of: Cluster, wanted: object = ()) -> NodeList:
        self.now += KEPT_SECONDS
        return self.answers.pop(0)


BOTH = NodeList((node(0), node(1)), is_complete=True)


@pytest.mark.parametrize("second", [REFUSED, NodeList((node(0),), unreadable=(Text("scale set b: try later"),))])
def test_names_that_were_known_outlive_a_list_that_cant_be_read(second: NodeList) -> None:
    answers = Answers(BOTH, second)
    names = NodeNames(cast(Discovery, answers), lambda: answers.now)
    assert names.of(cluster(), {node(0).ip}) == BOTH
    answers.now += KEPT_SECONDS
    found = names.of(cluster(), {node(0).ip})
    assert set(found.nodes) == set(BOTH.nodes)
    assert not found.is_complete


def test_a_node_that_is_in_no_complete_list_is_gone() -> None:
    answers = Answers(BOTH, NodeList((node(0),), is_complete=True))
    names = NodeNames(cast(Discovery, answers), lambda: answers.now)
    names.of(cluster(), {node(1).ip})
    answers.now += KEPT_SECONDS
    assert names.of(cluster(), {node(1).ip}) == NodeList((node(0),), is_complete=True)


def test_without_any_list_no_node_is_called_gone() -> None:
    answers = Answers(REFUSED)
    assert NodeNames(cast(Discovery, answers), lambda: answers.now).of(cluster(), {node(0).ip}) == REFUSED


def test_names_are_kept_for_a_while_and_looked_up_again_for_an_ip_that_has_none() -> None:
    answers = Answers(NodeList((node(0),)), BOTH)
    names = NodeNames(cast(Discovery, answers), lambda: answers.now)
    first = names.of(cluster(), {node(0).ip})
    answers.now += RETRY_SECONDS
    assert names.of(cluster(), {node(0).ip}) is first
    assert names.of(cluster(), {node(0).ip, node(1).ip}) == BOTH
    assert names.of(cluster(), {"10.9.9.9"}) == BOTH, "not again within a minute"
