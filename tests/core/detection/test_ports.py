"""From port metrics to the fullest minute of each node and protocol."""

from __future__ import annotations

import pytest

from shared.core.detection.ports import named, read_history, read_ports
from shared.model.load_balancer import NodeList
from shared.model.metric import MetricAnswer
from tests.support.builders import (
    answer,
    at,
    node,
    port_series,
    window,
)

NOTHING = MetricAnswer(())


def test_the_fullest_minute_counts_and_protocols_are_apart() -> None:
    used = answer(
        port_series("10.0.0.4", {0: 600, 2: 900, 9: 1024}),
        port_series("10.0.0.4", {0: 100}, protocol="UDP"),
        port_series("10.0.0.5", {0: 800}, protocol="17"),
    )
    limits = answer(
        port_series("10.0.0.4", dict.fromkeys(range(10), 1024)),
        port_series("10.0.0.4", {0: 1024}, protocol="udp"),
        port_series("10.0.0.5", {0: 1024}, protocol="17"),
        port_series("10.0.0.6", {0: 512}),
    )
    reading = read_ports(window(), used, limits)
    assert [(one.ip, one.protocol, one.used, one.at) for one in reading.nodes] == [
        ("10.0.0.4", "tcp", 900, at(2)),
        ("10.0.0.5", "udp", 800, at(0)),
    ]
    assert reading.allocated_per_node == 512, "one each: the smaller one is the careful answer"


@pytest.mark.parametrize(("yes", "no"), [("True", "False"), ("true", "false"), ("1", "0"), ("Yes", "")])
def test_ports_of_a_frontend_that_is_drained_are_no_capacity_and_no_use(yes: str, no: str) -> None:
    used = answer(port_series("10.0.0.4", {0: 500}, draining=no), port_series("10.0.0.4", {0: 500}, draining=yes))
    limits = answer(port_series("10.0.0.4", {0: 512}, draining=no), port_series("10.0.0.4", {0: 512}, draining=yes))
    (one,) = read_ports(window(), used, limits).nodes
    assert (one.used, one.allocated) == (500, 512)


@pytest.mark.parametrize(
    ("points", "is_kept"),
    [
        ({0: 200, 1: 230, 2: 260, 3: 290, 4: 320}, True),
        ({0: 120, 1: 150, 2: 180, 3: 210, 4: 240}, False),
        ({0: 300, 1: 305, 2: 310, 3: 315, 4: 320}, False),
        ({0: 420, 1: 390, 2: 360, 3: 330, 4: 300}, False),
        ({4: 320}, False),
    ],
)
def test_a_node_that_climbs_steeply_is_kept_before_it_is_half_full(points: dict[int, float], is_kept: bool) -> None:
    used = answer(port_series("10.0.0.4", points))
    limits = answer(port_series("10.0.0.4", dict.fromkeys(range(5), 1024)))
    assert bool(read_ports(window(), used, limits).nodes) is is_kept


def test_use_without_a_known_allocation_says_nothing() -> None:
    used = answer(port_series("10.0.0.4", {0: 500}))
    assert read_ports(window(), used, NOTHING).nodes == ()
    assert read_ports(window(), used, answer(port_series("10.0.0.4", {0: 0, 1: 1024}))).nodes == ()


def test_names_may_come_later_and_history_is_in_order() -> None:
    used, limits = (
        answer(port_series(node(0).ip, {1: 700, 0: 600})),
        answer(port_series(node(0).ip, {0: 1024, 1: 1024})),
    )
    reading = read_ports(window(), used, limits)
    assert named(reading, NodeList((node(0), node(1)))).nodes[0].name == node(0).name
    assert named(reading, NodeList()) == reading
    assert named(reading, NodeList((node(1),), is_complete=True)).nodes[0].is_gone
    (found,) = read_history(window(), used)
    assert [value for _, value in found.used] == [600, 700]
