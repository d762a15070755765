"""Who opens the connections of a node, from the sockets that Inspektor Gadget lists."""

from __future__ import annotations

import json
import shlex
from itertools import chain
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.guidance import culprits
from shared.core.guidance.culprits import commands, read_sockets
from shared.errors import BadInput
from shared.model.sockets import MANY, Cure
from tests.support.gadget_output import ESTABLISHED, LISTEN, NODE, SYN_SENT, TIME_WAIT, sockets

PUBLIC = ("52.168.1.9", "20.60.1.1", "2603:1020::1")
ANY_SOCKETS = st.lists(
    st.builds(
        sockets,
        st.integers(1, 40),
        st.sampled_from((*PUBLIC, "10.0.0.4", "168.63.129.16")),
        pod=st.sampled_from(("a", "b")),
        state=st.sampled_from((ESTABLISHED, SYN_SENT, TIME_WAIT)),
        protocol=st.sampled_from(("TCP", "UDP")),
    ),
    min_size=1,
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
ANY_JSON = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


def test_pods_and_destinations_are_listed_with_most_connections_first() -> None:
    output = json.dumps(
        [
            *sockets(44, pod="basket"),
            *sockets(700, state=TIME_WAIT),
            *sockets(30, state=SYN_SENT),
            *sockets(12, "10.0.0.4", port=6379),
            *sockets(3, "20.1.1.1", is_host_network=True),
        ]
    )
    (node,) = read_sockets(output).nodes
    assert (node.node, node.connections, node.inside, node.inbound) == (NODE, 777, 12, 0)
    worst, second, host = node.culprits
    assert (worst.pod, worst.destination, worst.connections) == ("shop/checkout-6d5b9-x1", "52.168.1.9:443", 730)
    assert (worst.opening, worst.closed, worst.cure) == (30, 700, Cure.REUSE)
    assert (second.pod, second.connections, second.cure) == ("shop/basket", 44, Cure.LIMIT)
    assert (host.pod, host.is_host_network, host.cure) == ("", True, Cure.NONE)
    assert (node.tcp_ports, node.udp_ports) == (774, 0)


def test_few_connections_to_a_destination_need_no_pooling() -> None:
    (node,) = read_sockets(json.dumps([*sockets(MANY - 1), *sockets(MANY, "20.60.1.1")])).nodes
    assert [culprit.cure for culprit in node.culprits] == [Cure.LIMIT, Cure.NONE]


def test_what_came_in_on_a_listening_port_holds_none() -> None:
    listening = sockets(1, "0.0.0.0", port=0, state=LISTEN, local_port=8080, pod="web")
    inbound = sockets(5, "93.184.1.1", port=50_000, local_port=8080, pod="web")
    same_port_elsewhere = sockets(1, local_port=8080, pod="other")
    (node,) = read_sockets(json.dumps([*inbound, *listening, *same_port_elsewhere])).nodes
    assert (node.inbound, node.connections) == (5, 1)


def test_azures_own_address_and_mapped_private_ones_stay_inside() -> None:
    inside = [
        *sockets(1, "168.63.129.16"),
        *sockets(1, "::ffff:10.0.0.4"),
        *sockets(1, "fd00::1"),
        *sockets(1, "100.64.0.1"),
    ]
    (node,) = read_sockets(json.dumps([*inside, *sockets(1, "::ffff:52.168.1.9")])).nodes
    assert (node.inside, [each.destination for each in node.culprits]) == (4, ["52.168.1.9:443"])


def test_nodes_are_apart_and_lines_of_kubectl_are_skipped() -> None:
    lines = ["Creating debugging pod", json.dumps(sockets(2)), json.dumps(sockets(3, node="other"))]
    assert [(node.node, node.connections) for node in read_sockets("\r\n".join(lines)).nodes] == [
        (NODE, 2),
        ("other", 3),
    ]
    indented = json.dumps(sockets(2), indent=2)
    assert read_sockets(indented) == read_sockets(json.dumps(sockets(2)))
    a_line_each = "\n".join(map(json.dumps, sockets(2)))
    assert read_sockets(a_line_each) == read_sockets(indented)


def test_a_pod_that_is_not_named_is_unknown() -> None:
    unnamed = [{**row, "k8s": {"node": NODE}} for row in sockets(2)]
    (node,) = read_sockets(json.dumps(unnamed)).nodes
    assert [(each.pod, each.is_host_network) for each in node.culprits] == [("", False)]


def test_entries_that_lack_something_are_counted_apart() -> None:
    good, bad = sockets(2)
    for missing in ("src", "dst", "state", "netns_id"):
        found = read_sockets(json.dumps([good, {key: value for key, value in bad.items() if key != missing}]))
        assert (found.unreadable, found.nodes[0].connections) == (1, 1)


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("", "0 entries"),
        ("no JSON at all", "0 entries"),
        ("[]", "0 entries"),
        ('[{"comm": "curl"}]', "1 entries"),
        ("[{]", "Line 1 is not JSON."),
        ("[" * 100_000, "Line 1 is not JSON."),
        ('{"dst": {"addr": 5}, "src": {"port": Infinity}, "state": 1, "netns_id": 1}', "1 entries"),
    ],
)
def test_what_is_not_the_gadgets_output_is_refused(output: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        read_sockets(output)


def test_the_output_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(culprits, "LONGEST", 100)
    with pytest.raises(BadInput, match="too long"):
        read_sockets(json.dumps(sockets(1)))


@given(rows=ANY_SOCKETS)
def test_each_connection_is_counted_once_and_ports_are_between_the_busiest_row_and_all(rows: list[list[Any]]) -> None:
    (node,) = read_sockets(json.dumps([*chain(*rows)])).nodes
    assert node.connections + node.inside == sum(map(len, rows))
    for protocol, ports in (("tcp", node.tcp_ports), ("udp", node.udp_ports)):
        own = [each.connections for each in node.culprits if each.protocol == protocol]
        assert max(own, default=0) <= ports <= sum(own)


@given(row=ANY_JSON | st.fixed_dictionaries(dict.fromkeys(("src", "dst", "k8s", "state", "netns_id"), ANY_JSON)))
def test_any_other_json_is_refused_and_never_an_error_of_our_own(row: Any) -> None:
    with pytest.raises(BadInput):
        read_sockets(json.dumps([row]))


def test_commands_name_the_node_as_a_word_of_the_shell() -> None:
    found = [line for line in commands("a'b $(x)") if line.startswith("kubectl")]
    assert [shlex.split(line)[:3] for line in found] == [
        ["kubectl", "gadget", "run"],
        *[["kubectl", "debug", "--profile=sysadmin"]] * 2,
        ["kubectl", "get", "pods"],
    ]
    words = [shlex.split(line) for line in found]
    assert words[0][words[0].index("--node") + 1] == "a'b $(x)"
    assert words[1][3] == words[2][3] == "node/a'b $(x)"
    assert words[3][-1] == "spec.nodeName=a'b $(x)"
