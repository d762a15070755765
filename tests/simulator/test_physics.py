"""Laws that the model of SNAT ports must keep, whatever the load."""

from __future__ import annotations

import math
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.physics.bank import Bank, BankConfig
from simulator.physics.flows import Demand, run_minute, used_ports
from simulator.physics.gateway import Gateway, GatewayConfig
from simulator.physics.ports import (
    NAT_FLOWS_PER_ADDRESS_AND_DESTINATION,
    default_ports_per_node,
    load_balancer_timers,
    nat_gateway_timers,
    ports_per_node,
)
from simulator.physics.schedule import Burst, Spike, Steady, parse_cron
from simulator.physics.traffic import Path, Traffic
from simulator.physics.workload import Closing, Destination, NodeLoad, Protocol, Workload
from tests.support.every import every
from tests.support.thorough import examples

rates = st.floats(0, 200)
port_seconds = st.floats(1, 3600)
ports = st.sampled_from([32, 64, 512, 1024, 4000])


@st.composite
def demands(draw: st.DrawFn) -> list[Demand]:
    count = draw(st.integers(1, 5))
    return [Demand((f"w{i}", draw(st.sampled_from(["a", "b"]))), draw(rates), draw(port_seconds)) for i in range(count)]


@st.composite
def held_for(draw: st.DrawFn, wanted: list[Demand], limit: float) -> dict[tuple[str, str], float]:
    held = {d.key: draw(st.floats(0, 1)) for d in wanted}
    total = {name: sum(n for key, n in held.items() if key[1] == name) for name in ("a", "b")}
    return {key: n / max(1.0, total[key[1]]) * limit for key, n in held.items()}


@examples(80)
@given(data=st.data(), wanted=demands(), limit=ports)
def test_flows_are_conserved_and_ports_never_exceeded(data: st.DataObject, wanted: list[Demand], limit: int) -> None:
    held = data.draw(held_for(wanted, limit))
    for _ in range(4):
        outcome = run_minute(wanted, held, limit)
        for demand in wanted:
            got = outcome[demand.key]
            assert math.isclose(got.attempted, demand.rate_per_second * 60, abs_tol=1e-6)
            assert -1e-6 <= got.admitted <= got.attempted + 1e-6
            assert got.failed >= -1e-6
            assert got.released(held.get(demand.key, 0.0)) >= -1e-6, "a port is given back only once"
        held = {key: got.held_after for key, got in outcome.items()}
        assert used_ports(held) <= limit + 1e-6
        assert every(n >= 0 for n in held.values())


@examples(50)
@given(wanted=demands())
def test_nothing_fails_while_there_are_ports(wanted: list[Demand]) -> None:
    outcome = run_minute(wanted, {}, 1e9)
    assert every(got.failed == 0 for got in outcome.values())


@examples(50)
@given(rate=st.floats(1, 100), seconds=st.floats(5, 600), limit=ports)
def test_in_the_long_run_a_full_bank_admits_what_becomes_free(rate: float, seconds: float, limit: int) -> None:
    demand = Demand(("w", "a"), rate, seconds)
    held: dict[tuple[str, str], float] = {}
    for _ in range(int(seconds / 60 * 12) + 5):
        got = run_minute([demand], held, limit)[demand.key]
        held = {demand.key: got.held_after}
    expected = min(rate, limit / seconds) * 60
    assert got.admitted == pytest.approx(expected, rel=0.001)


def test_exact_and_stepped_minutes_agree_where_no_limit_binds() -> None:
    demand = Demand(("w", "a"), 8.0, 70.0)
    free = run_minute([demand], {demand.key: 100.0}, 10_000)[demand.key]
    close = run_minute([demand], {demand.key: 100.0}, 559.0)[demand.key]
    assert close.held_after == pytest.approx(free.held_after)
    assert close.held_average == pytest.approx(free.held_average, rel=0.001)
    assert close.failed == pytest.approx(0, abs=1e-6)


def workload(**given: object) -> Workload:
    values: dict[str, object] = {"name": "w", "new_flows_per_second": 5.0, "hold_seconds": 5.0, "spread": 0.0}
    return Workload(**(values | given))  # type: ignore[arg-type]


def bank(load: NodeLoad, limit: int = 1024, protocol: Protocol = Protocol.TCP) -> Bank:
    return Bank(BankConfig(load, protocol, limit, load_balancer_timers(30)), 0)


loads = st.builds(
    lambda rate, hold, closing, retried, spread: NodeLoad(
        (
            workload(
                new_flows_per_second=rate, hold_seconds=hold, closing=closing, retried_share=retried, spread=spread
            ),
        ),
        "seed",
    ),
    st.floats(0, 60),
    st.floats(0.1, 300),
    st.sampled_from(Closing),
    st.floats(0, 0.9),
    st.floats(0, 0.5),
)


@examples(30)
@given(load=loads, limit=ports)
def test_a_bank_never_uses_more_than_it_has(load: NodeLoad, limit: int) -> None:
    window = bank(load, limit).window(range(30))
    assert every(used is not None and 0 <= used <= limit for used in window.used_ports)
    assert every(n >= 0 for n in window.admitted + window.failed)


@examples(20)
@given(load=loads, cut=st.integers(1, 29))
def test_looking_often_or_once_gives_the_same_past(load: NodeLoad, cut: int) -> None:
    once, often = bank(load), bank(load)
    often.window(range(cut))
    assert asdict(once.window(range(30))) == asdict(often.window(range(30)))


@examples(20)
@given(load=loads, limit=ports, later=ports, at=st.integers(1, 20))
def test_a_fork_keeps_the_past_and_fits_into_its_new_ports(load: NodeLoad, limit: int, later: int, at: int) -> None:
    first = bank(load, limit)
    past = first.window(range(at))
    config = BankConfig(load, Protocol.TCP, later, load_balancer_timers(30))
    second = first.fork(at, config)
    assert asdict(second.window(range(at))) == asdict(past)
    assert every(used is not None and used <= later for used in second.window(range(at, at + 10)).used_ports)


def test_a_bank_that_admits_nothing_empties() -> None:
    load = NodeLoad((workload(new_flows_per_second=10.0),), "s")
    first = bank(load)
    config = BankConfig(load, Protocol.TCP, 1024, load_balancer_timers(30), admitting=False)
    later = first.fork(5, config).window(range(20))
    assert every(later.admitted[:5])
    assert not any(later.admitted[5:])
    used = [u or 0.0 for u in later.used_ports]
    assert used[5] > used[10] > used[19]
    dropped = first.fork(5, config, drop_flows=True).window(range(5, 6))
    assert dropped.used_ports == [0.0]


def test_a_port_serves_many_destinations_at_once() -> None:
    many = tuple(Destination(f"d{i}", 0.1) for i in range(10))
    spread = bank(NodeLoad((workload(new_flows_per_second=100.0, destinations=many),), "s"))
    single = bank(NodeLoad((workload(new_flows_per_second=100.0),), "s"))
    assert not any(spread.window(range(10)).failed)
    assert any(single.window(range(10)).failed)


def test_tcp_and_udp_have_ports_of_their_own() -> None:
    load = NodeLoad((workload(name="dns", new_flows_per_second=20.0, protocol=Protocol.UDP), workload()), "s")
    assert any(bank(load, protocol=Protocol.UDP).window(range(10)).failed)
    assert not any(bank(load, protocol=Protocol.TCP).window(range(10)).failed)


def test_how_a_flow_closes_decides_how_long_its_port_is_held() -> None:
    timers = load_balancer_timers(30)
    by_closing = [timers.port_seconds(workload(closing=each)) for each in (Closing.RST, Closing.FIN, Closing.IDLE)]
    assert by_closing == sorted(by_closing)
    assert by_closing[-1] == 5 + 30 * 60


def test_clients_that_retry_ask_for_more_than_they_would() -> None:
    calm = bank(NodeLoad((workload(new_flows_per_second=30.0),), "s")).window(range(20))
    eager = bank(NodeLoad((workload(new_flows_per_second=30.0, retried_share=0.5),), "s")).window(range(20))
    assert sum(eager.failed) > sum(calm.failed)


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [(1, 1024), (50, 1024), (51, 512), (100, 512), (101, 256), (400, 128), (800, 64), (1000, 32)],
)
def test_default_ports_follow_the_published_table(nodes: int, expected: int) -> None:
    assert default_ports_per_node(nodes) == expected
    assert ports_per_node(nodes, 0) == expected
    assert ports_per_node(nodes, 4000) == 4000


def gateway(rate: float, addresses: int = 1) -> Gateway:
    loads = tuple(NodeLoad((workload(new_flows_per_second=rate),), str(i)) for i in range(4))
    config = GatewayConfig(Protocol.TCP, loads, addresses, nat_gateway_timers(4), "gw")
    return Gateway(config, 0, settled=True)


def test_a_gateway_limits_flows_to_one_destination_by_its_addresses() -> None:
    rate = 1.2 * NAT_FLOWS_PER_ADDRESS_AND_DESTINATION / 70 / 4
    full, roomy = gateway(rate).minute(5), gateway(rate, addresses=2).minute(5)
    assert full is not None
    assert roomy is not None
    assert full.failed > 0
    assert full.dropped_packets > 0
    assert roomy.failed == 0
    assert full.attempted >= full.failed


def test_a_gateway_without_traffic_shows_health_checks_only() -> None:
    quiet = Gateway(GatewayConfig(Protocol.TCP, (), 1, nat_gateway_timers(4), "gw"), 0)
    recorded = [quiet.minute(m) for m in range(10)]
    assert every(m is not None and 0 < m.attempted < 20 and m.failed == 0 for m in recorded)


def test_traffic_moves_to_the_gateway_and_back() -> None:
    traffic = Traffic(0)
    loads = {name: NodeLoad((workload(),), name) for name in "ab"}
    for name, load in loads.items():
        traffic.place_node(name, load, 1024, load_balancer_timers(30), 0)
    traffic.set_path("ab", Path(load_balancer=True), 0)
    traffic.set_gateway("gw", 1, 4, 10)
    traffic.set_path("a", Path(gateway="gw"), 12)
    traffic.set_path("a", Path(load_balancer=True), 20)
    a = traffic.node_window("a", Protocol.TCP, range(30)).admitted
    b = traffic.node_window("b", Protocol.TCP, range(30)).admitted
    assert every(a[:12]) and not any(a[12:20]) and all(a[20:])
    assert every(b)
    through = [traffic.gateway_minute("gw", Protocol.TCP, m) for m in range(30)]
    assert through[9] is None
    attempted = [m.attempted for m in through[10:] if m is not None]
    assert max(attempted[:2]) < 20 < min(attempted[2:10])
    assert max(attempted[11:]) < 20


def test_what_was_measured_stays() -> None:
    traffic = Traffic(0)
    traffic.place_node("a", NodeLoad((workload(),), "a"), 1024, load_balancer_timers(30), 0)
    traffic.set_path("a", Path(load_balancer=True), 0)
    before = traffic.node_window("a", Protocol.TCP, range(15))
    traffic.set_gateway("gw", 1, 4, 10)
    traffic.set_path("a", Path(gateway="gw"), 10)
    assert asdict(traffic.node_window("a", Protocol.TCP, range(15))) == asdict(before)
    assert traffic.node_window("a", Protocol.TCP, range(15, 16)).admitted == [0]


def test_same_seed_same_course_other_seed_another() -> None:
    def course(seed: str) -> list[int]:
        return bank(NodeLoad((workload(spread=0.3),), seed)).window(range(10)).admitted

    assert course("x") == course("x")
    assert course("x") != course("y")


def test_schedules() -> None:
    assert Steady().factor(7) == 1
    spike = Spike(100, -20, 5, times=4, ramp_minutes=2)
    assert [spike.factor(m) for m in (79, 80, 81, 82, 104, 105)] == [1, 2, 3, 4, 4, 1]
    burst = Burst(0, every_minutes=60, lasts_minutes=3, times=9, from_minute=10)
    assert [burst.factor(m) for m in (9, 10, 12, 13, 70)] == [1, 9, 9, 1, 9]
    hourly = parse_cron("5 * * * *", 2, 3.0)
    assert [hourly.factor(m) for m in (4, 5, 6, 7, 65)] == [0, 3, 3, 0, 3]


@pytest.mark.parametrize("line", ["* * * *", "61 * * * *", "a * * * *", "5-1 * * * *", "*/0 * * * *"])
def test_a_bad_cron_line_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="cron"):
        parse_cron(line, 1, 1.0)


def test_cron_takes_either_day_when_both_are_given() -> None:
    line = parse_cron("0 0 13 * 5", 1, 1.0)
    friday_13 = 29717280 + 1440 * 3  # minutes; any day works as long as the rule does
    days = [line.factor(friday_13 // 1440 * 1440 + 1440 * day) for day in range(31)]
    assert sum(days) >= 5
