"""Checks: what forbids a write, and in which order a person reads them."""

from __future__ import annotations

import pytest

from shared.core.checks import CheckBuilder, grant_where, sort_checks
from shared.model.check import Check, CheckId, CheckResult
from shared.model.text import Text
from shared.model.unreadable import Unreadable, UnreadableKind

ABOUT = CheckBuilder(CheckId.API_SERVER_ACCESS, "managedClusters GET")


@pytest.mark.parametrize(
    ("check", "is_blocking"),
    [
        (ABOUT.passes(Text("fine")), False),
        (ABOUT.warns(Text("mind this"), Text("look")), False),
        (ABOUT.blocks(Text("not so"), Text("change it")), True),
        (ABOUT.unknown(Text("unreadable"), Text("grant it")), True),
        (ABOUT.unknown(Text("unreadable"), Text("grant it"), is_needed=False), False),
        (ABOUT.requires(False, Text("fine"), Text("not so"), Text("change it")), True),
        (ABOUT.requires(True, Text("fine"), Text("not so"), Text("change it")), False),
    ],
)
def test_a_block_and_a_needed_check_that_could_not_be_made_forbid(check: Check, is_blocking: bool) -> None:
    assert check.is_blocking is is_blocking
    assert (check.id, check.source) == (CheckId.API_SERVER_ACCESS, "managedClusters GET")


def test_what_forbids_is_read_first() -> None:
    checks = [
        ABOUT.passes(Text("a")),
        ABOUT.warns(Text("b")),
        ABOUT.unknown(Text("c"), Text("d")),
        ABOUT.blocks(Text("e")),
    ]
    assert [check.result for check in sort_checks(checks)] == [
        CheckResult.BLOCK,
        CheckResult.COULD_NOT_CHECK,
        CheckResult.WARN,
        CheckResult.PASS,
    ]


def test_every_id_has_a_label_of_its_own_without_underscores() -> None:
    labels = [check_id.label for check_id in CheckId]
    assert len(set(labels)) == len(labels)
    assert not any("_" in label for label in labels)


def test_a_remedy_names_each_group_that_could_not_be_read() -> None:
    nodes = Unreadable(UnreadableKind.NODES, "", Text("403"), "MC_shop")
    routes = Unreadable(UnreadableKind.SUBNET, "pods", Text("403"), "hub(prod)")
    unknown = Unreadable(UnreadableKind.SUBNET, "pods", Text("403"))
    start, end = "grant the reading identity Reader on ", ", or try again"
    assert grant_where([nodes, nodes, routes]) == f"{start}resource group `MC_shop` and `hub(prod)`{end}"
    assert grant_where([unknown], "net") == f"{start}resource group `net`{end}"
    assert grant_where([]) == f"{start}its resource group{end}"
