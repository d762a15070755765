"""How many public IPs: never fewer for more demand, and with arithmetic that a person can follow."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.planning.sizing import DemandInputs, GatewayInputs, PortUse, size, size_gateway

NODE = PortUse("10.224.0.4", tcp_peak=500, udp_peak=20, allocated=1024)
HEALTHY = DemandInputs(use=(NODE,), failed=0, successful=1_000, nodes_now=1, nodes_at_most=1)

ports = st.floats(0, 64_000, allow_nan=False).map(round)
nodes = st.builds(
    PortUse,
    ip=st.integers(4, 250).map(lambda last: f"10.224.0.{last}"),
    tcp_peak=ports.map(float),
    udp_peak=ports.map(float),
    allocated=st.sampled_from([0.0, 32.0, 1024.0, 8000.0, 64_000.0]),
)
inputs = st.builds(
    DemandInputs,
    use=st.none() | st.lists(nodes, max_size=12).map(tuple),
    failed=st.integers(0, 10**6),
    successful=st.integers(0, 10**7),
    nodes_now=st.integers(1, 200),
    nodes_at_most=st.integers(0, 1_000),
)


def count(of: DemandInputs) -> int:
    return size(of).public_ip_count


@given(inputs)
def test_there_is_always_at_least_one_and_at_least_two_when_ports_ran_out(given_inputs: DemandInputs) -> None:
    demand = size(given_inputs)
    assert demand.public_ip_count >= (2 if demand.is_lower_bound else 1)
    if given_inputs.failed:
        assert demand.is_lower_bound


@given(inputs, st.data(), st.floats(0, 50_000))
def test_more_ports_in_use_never_need_fewer_ips(given_inputs: DemandInputs, data: st.DataObject, more: float) -> None:
    if not given_inputs.use:
        return
    chosen = data.draw(st.integers(0, len(given_inputs.use) - 1))
    for name in ("tcp_peak", "udp_peak"):
        node = given_inputs.use[chosen]
        larger = replace(node, **{name: getattr(node, name) + more})
        use = (*given_inputs.use[:chosen], larger, *given_inputs.use[chosen + 1 :])
        assert count(replace(given_inputs, use=use)) >= count(given_inputs)


@given(inputs, nodes)
def test_another_node_never_needs_fewer_ips(given_inputs: DemandInputs, another: PortUse) -> None:
    more = replace(given_inputs, use=(*(given_inputs.use or ()), another))
    assert count(more) >= count(given_inputs)


@given(inputs, st.integers(0, 10**6))
def test_more_failed_connections_never_need_fewer_ips(given_inputs: DemandInputs, more: int) -> None:
    assert count(replace(given_inputs, failed=(given_inputs.failed or 0) + more)) >= count(given_inputs)


@given(inputs, st.integers(0, 1_000))
def test_more_nodes_to_come_never_need_fewer_ips(given_inputs: DemandInputs, more: int) -> None:
    larger = replace(given_inputs, nodes_at_most=(given_inputs.nodes_at_most or 0) + more)
    assert count(larger) >= count(given_inputs)


@given(inputs)
def test_the_ips_hold_the_demand_twice_over_and_all_of_it_to_one_destination(given_inputs: DemandInputs) -> None:
    demand = size(given_inputs)
    assert demand.public_ip_count * 64_512 >= 2 * demand.ports
    assert demand.public_ip_count * 50_000 >= demand.ports


@given(inputs)
def test_the_arithmetic_ends_in_the_result_and_names_the_scaled_peak(given_inputs: DemandInputs) -> None:
    demand = size(given_inputs)
    assert demand.arithmetic[-1] == f"public IPs: {demand.public_ip_count:,}"
    by_ports, by_destination = (
        int(line.rpartition("→ ")[2].replace(",", "")) for line in demand.arithmetic if "→" in line
    )
    at_least = 2 if demand.is_lower_bound else 1
    assert max(by_ports, by_destination, at_least) == demand.public_ip_count
    assert any(line.startswith(f"{demand.ports:,} ports ×") for line in demand.arithmetic)


def test_a_small_healthy_cluster_needs_one_ip() -> None:
    demand = size(HEALTHY)
    assert (demand.ports, demand.public_ip_count, demand.is_lower_bound, demand.missing) == (500, 1, False, ())
    assert demand.arithmetic == (
        "peak ports in use, added over 1 node: TCP 500, UDP 20; separate pools, the larger counts: 500",
        "500 ports × 2 headroom ÷ 64,512 per public IP → 1",
        "if all went to one destination: 500 ÷ 50,000 per public IP → 1",
        "public IPs: 1",
    )


def test_tcp_and_udp_are_separate_pools() -> None:
    assert size(replace(HEALTHY, use=(replace(NODE, tcp_peak=300, udp_peak=700),))).ports == 700


def test_use_under_saturation_is_a_lower_bound_and_scaled_by_what_failed() -> None:
    demand = size(replace(HEALTHY, use=(replace(NODE, tcp_peak=1_000),), failed=500, successful=1_000))
    assert (demand.ports, demand.is_lower_bound) == (1_500, True)
    assert "attempted/successful = 1.50" in " ".join(demand.arithmetic)


@pytest.mark.parametrize(("successful", "expected"), [(100, 4_000), (0, 4_000), (500, 3_000)])
def test_the_retry_factor_is_at_most_four(successful: int, expected: int) -> None:
    assert (
        size(replace(HEALTHY, use=(replace(NODE, tcp_peak=1_000),), failed=1_000, successful=successful)).ports
        == expected
    )


def test_full_ports_without_a_failed_connection_are_not_multiplied() -> None:
    """Long-lived connections can fill the ports of a node that opens no new ones."""
    demand = size(replace(HEALTHY, use=(replace(NODE, tcp_peak=1_000),), failed=0, successful=0))
    assert (demand.ports, demand.is_lower_bound, demand.public_ip_count) == (1_000, True, 2)


def test_use_is_scaled_to_the_most_nodes_there_can_be() -> None:
    demand = size(replace(HEALTHY, nodes_now=4, nodes_at_most=10))
    assert demand.ports == 1_250
    assert "times 10/4 nodes" in " ".join(demand.arithmetic)
    assert size(replace(HEALTHY, nodes_now=10, nodes_at_most=4)).ports == 500
    assert size(replace(HEALTHY, nodes_now=0, nodes_at_most=0)).ports == 500


def test_an_unknown_maximum_of_nodes_is_said_and_no_zero() -> None:
    demand = size(replace(HEALTHY, nodes_now=4, nodes_at_most=None))
    assert demand.ports == 500
    assert "the maximum number of nodes (sized for the present 4 nodes)" in demand.missing


def test_more_than_sixteen_is_said_and_not_hidden() -> None:
    many = tuple(PortUse(f"10.224.1.{number}", 60_000, 0, 64_000) for number in range(10))
    assert count(replace(HEALTHY, use=many)) == 19


@pytest.mark.parametrize("use", [None, ()])
def test_port_use_that_could_not_be_read_is_named(use: tuple[PortUse, ...] | None) -> None:
    demand = size(replace(HEALTHY, use=use, failed=7))
    assert (demand.ports, demand.public_ip_count) == (0, 2)
    assert len(demand.missing) == 1
    assert re.search(r"UsedSnatPorts", demand.missing[0])


@pytest.mark.parametrize(("now", "most", "enough_for"), [(4, 10, 10), (10, 4, 10), (4, None, 8)])
def test_a_size_says_for_how_many_nodes_it_is_enough(now: int, most: int | None, enough_for: int) -> None:
    assert size(replace(HEALTHY, nodes_now=now, nodes_at_most=most)).nodes == enough_for


@given(st.integers(1, 16), st.floats(0, 2_000_000), st.integers(0, 10_000), st.integers(0, 100_000))
def test_a_gateway_never_gets_fewer_ips_and_more_when_it_fails(have: int, peak: float, failed: int, more: int) -> None:
    found = size_gateway(GatewayInputs(peak, failed, failed + more, have))
    assert found.public_ip_count >= have
    if failed:
        assert found.public_ip_count > have
        assert found.no_need == ""


def test_calm_measured_ports_say_that_the_trouble_is_not_snat() -> None:
    use = (PortUse("10.0.0.4", 100, 0, 1024),)
    calm = size(DemandInputs(use, 0, 500, 1, 1))
    assert "no SNAT connection failed among 500" in calm.no_need
    for other in (
        DemandInputs(use, 1, 500, 1, 1),
        DemandInputs(None, 0, 500, 1, 1),
        DemandInputs((PortUse("10.0.0.4", 800, 0, 1024),), 0, 500, 1, 1),
        DemandInputs(use, 0, 500, 2, 2),
    ):
        assert size(other).no_need == ""
