"""Each rule of what is concluded: when it speaks, how grave it is, and when it says nothing."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from shared.core.associations import Associations
from shared.core.az_cli import associate_command
from shared.core.detection.nat_gateway import read_gateway
from shared.core.detection.rules.allocation_cliff import allocation_cliff
from shared.core.detection.rules.allocation_drift import allocation_drift, next_baseline
from shared.core.detection.rules.allocation_unsatisfiable import allocation_unsatisfiable
from shared.core.detection.rules.association_drift import association_drift
from shared.core.detection.rules.exhaustion import exhaustion_ahead
from shared.core.detection.rules.failing import snat_failing
from shared.core.detection.rules.nat_gateway import nat_gateway_datapath, nat_gateway_failing, nat_gateway_pressure
from shared.core.detection.rules.pressure import port_pressure
from shared.core.detection.thresholds import Thresholds
from shared.model.allocation import AllocationBaseline
from shared.model.cluster import Cluster, NodePool
from shared.model.finding import Severity
from shared.model.fleet import WatchedGateway
from shared.model.load_balancer import LoadBalancer, OutboundRule
from shared.model.plan import AssociateSubnet
from shared.model.ports import NodePorts, PortHistory, PortReading
from shared.model.reading import Idle, Measured, NodeFailures, Unmeasured
from shared.model.resource_id import ArmId
from tests.support.builders import (
    NETWORK,
    SYSTEM_SUBNET,
    USER_SUBNET,
    answer,
    at,
    by_state,
    cluster,
    load_balancer,
    series,
    window,
)

USUAL = Thresholds()
GATEWAY = WatchedGateway(ArmId(f"{NETWORK}/natGateways/ng"), "ng", "westeurope", 2, (USER_SUBNET,))
OURS = {USER_SUBNET: GATEWAY.id, SYSTEM_SUBNET: GATEWAY.id}


def measured(failed: int, successful: int, nodes: int = 1, **changed: object) -> Measured:
    failing = tuple(NodeFailures(f"10.0.0.{number}", 1, 1, 1, at(1), at(1)) for number in range(nodes))
    usual = Measured(window(), 5, failed, successful, failing, failed_minutes=(at(1),))
    return replace(usual, **changed)  # type: ignore[arg-type]


# --- failing ---


@pytest.mark.parametrize(
    ("reading", "severity"),
    [
        (measured(1, 999_999), Severity.FAILING),
        (measured(9, 91), Severity.FAILING),
        (measured(10, 90), Severity.CRITICAL),
        (measured(1, 999, nodes=5), Severity.FAILING),
        (measured(1, 999, nodes=6), Severity.CRITICAL),
        (measured(1, 999, failing_since=at(-25), trend="rising"), Severity.CRITICAL),
        (measured(1, 999, failing_since=at(-24), trend="rising"), Severity.FAILING),
        (measured(1, 999, failing_since=at(-90), trend="steady"), Severity.FAILING),
    ],
)
def test_share_spread_and_a_long_rise_make_a_failure_critical(reading: Measured, severity: Severity) -> None:
    finding = snat_failing(reading, 12, USUAL)
    assert finding is not None
    assert finding.severity is severity


def test_a_single_node_that_fails_is_not_half_of_a_cluster_of_one() -> None:
    finding = snat_failing(measured(1, 999, nodes=1), 1, USUAL)
    assert finding is not None
    assert finding.severity is Severity.FAILING


# --- ports ---


def ports(*nodes: tuple[float, float], protocol: str = "tcp", per_node: int | None = 1024) -> PortReading:
    found = [NodePorts(f"10.0.0.{number}", protocol, *one, at(number)) for number, one in enumerate(nodes)]
    return PortReading(window(), tuple(sorted(found, key=lambda one: -one.share)), per_node)


@pytest.mark.parametrize(
    ("used", "severity"),
    [(767, None), (768, Severity.WARNING), (921, Severity.WARNING), (922, Severity.HIGH), (1024, Severity.HIGH)],
)
def test_port_pressure_has_two_thresholds(used: float, severity: Severity | None) -> None:
    finding = port_pressure(ports((used, 1024.0), (512.0, 1024.0)), USUAL)
    assert (finding.severity if finding else None) is severity


def test_one_hot_node_is_not_hidden_by_the_mean() -> None:
    finding = port_pressure(ports(*[(10.0, 1024.0)] * 49, (1000.0, 1024.0)), USUAL)
    assert finding is not None
    assert [one.ip for one in finding.ports] == ["10.0.0.49"]
    assert finding.evidence.startswith("1 node had 75 % or more")


def history(values: Sequence[float], ip: str = "10.0.0.0") -> PortHistory:
    return PortHistory(ip, "tcp", tuple((at(number), value) for number, value in enumerate(values)))


def test_a_steady_leak_is_foretold() -> None:
    finding = exhaustion_ahead(ports((724.0, 1024.0)), [history([424 + 10.0 * one for one in range(31)])], USUAL)
    assert finding is not None
    assert "runs out of TCP ports in about 30 minutes" in finding.evidence
    assert finding.severity is Severity.WARNING


def test_a_fast_leak_is_foretold_by_its_last_minutes() -> None:
    values = [60.0] * 45 + [60 + 30.0 * one for one in range(1, 12)]
    finding = exhaustion_ahead(ports((values[-1], 1024.0)), [history(values)], USUAL)
    assert finding is not None
    assert "in about 21 minutes" in finding.evidence
    assert "30.0 more a minute over the last 9 minutes" in finding.evidence


NOISE = random.Random(7)


@pytest.mark.parametrize(
    ("last", "why"),
    [
        ([60.0] * 5 + [60 + 30.0 * one for one in range(1, 6)], "a burst of five minutes is no line"),
        ([400.0, 430, 460, 490, 500, 505, 507, 508, 508, 508], "it has come to rest"),
        ([400 + 10.0 * one for one in range(10)], "too little of its ports"),
        ([60 + 30.0 * one for one in range(9)], "too short"),
        ([100 + 18.0 * one for one in range(10)], "too far ahead"),
    ],
)
def test_a_short_climb_that_does_not_deserve_it_is_not_extended(last: list[float], why: str) -> None:
    values = [last[0]] * 30 + last if why != "too short" else last
    assert exhaustion_ahead(ports((max(values), 1024.0)), [history(values)], USUAL) is None, why


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ([700 + 10.0 * one for one in range(12)], "too short"),
        ([900.0] * 31, "flat"),
        ([900 - 5.0 * one for one in range(31)], "falling"),
        ([600 + NOISE.uniform(-200, 200) for _ in range(31)], "noise"),
        ([600.0] * 28 + [950, 970, 990], "a burst"),
        ([800 + 1.0 * one for one in range(31)], "a rise of less than a tenth"),
        ([500 + 4.0 * one for one in range(31)], "further away than an hour"),
    ],
)
def test_nothing_is_foretold_where_a_line_does_not_deserve_it(values: list[float], why: str) -> None:
    assert exhaustion_ahead(ports((values[-1], 1024.0)), [history(values)], USUAL) is None, why


def test_a_line_through_a_few_points_far_apart_says_nothing() -> None:
    """Two points always lie on a line."""
    sparse = PortHistory("10.0.0.0", "tcp", ((at(0), 400.0), (at(30), 724.0)))
    assert exhaustion_ahead(ports((724.0, 1024.0)), [sparse], USUAL) is None


def test_the_soonest_of_several_is_told_and_nodes_without_figures_are_left_alone() -> None:
    slow, fast = [424 + 10.0 * one for one in range(31)], [124 + 20.0 * one for one in range(31)]
    histories = [history(slow), history(fast, "10.0.0.1"), history(fast, "10.9.9.9")]
    finding = exhaustion_ahead(ports((724.0, 1024.0), (724.0, 1024.0)), histories, USUAL)
    assert finding is not None
    assert "about 15 minutes" in finding.evidence
    assert "1 other within 60 minutes" in finding.evidence
    assert len(finding.ports) == 2


# --- allocation ---


def sized(count: int, most: int, surge: str = "1") -> Cluster:
    return cluster(pools=(NodePool("user", "User", count, most, max_surge=surge, vnet_subnet_id=USER_SUBNET),))


@pytest.mark.parametrize(
    ("count", "most", "severity"),
    [
        (12, 40, None),
        (12, 49, None),
        (12, 50, Severity.NOTICE),
        (44, 60, Severity.NOTICE),
        (45, 60, Severity.WARNING),
        (50, 50, Severity.NOTICE),
        (46, 51, Severity.WARNING),
        (46, 46, Severity.NOTICE),
        (51, 80, None),
        (95, 120, Severity.WARNING),
        (790, 900, Severity.WARNING),
        (900, 990, None),
        (0, 90, None),
    ],
)
def test_the_cliff_is_told_when_the_cluster_may_fall_off(count: int, most: int, severity: Severity | None) -> None:
    finding = allocation_cliff(sized(count, most), load_balancer(), None, at(0))
    assert (finding.severity if finding else None) is severity


def test_a_fixed_pool_that_only_an_upgrade_takes_across_is_no_warning_that_never_clears() -> None:
    fixed_pool = sized(46, 46, surge="")
    finding = allocation_cliff(fixed_pool, load_balancer(), ports((400.0, 1024.0)), at(0))
    assert finding is not None
    assert finding.severity is Severity.NOTICE
    finding = allocation_cliff(fixed_pool, load_balancer(), ports((600.0, 1024.0)), at(0))
    assert finding is not None
    assert finding.severity is Severity.WARNING, "its next upgrade would fail connections"


def test_a_node_that_would_run_out_beyond_the_cliff_makes_it_a_warning() -> None:
    finding = allocation_cliff(sized(12, 60), load_balancer(), ports((600.0, 1024.0)), at(0))
    assert finding is not None
    assert finding.severity is Severity.WARNING
    assert "cut from 1,024 to 512" in finding.evidence
    assert "a node uses more than that already" in finding.evidence


def fixed(per_node: int, ips: int = 1, kind: str = "publicIPAddresses") -> LoadBalancer:
    rule = OutboundRule("aksOutboundRule", per_node, 30, (ArmId("frontend"),), ArmId("pool"))
    return load_balancer(outbound_rules=(rule,), outbound_ip_ids=tuple(f"{NETWORK}/{kind}/{one}" for one in range(ips)))


def test_a_fixed_allocation_has_no_cliff() -> None:
    assert allocation_cliff(sized(50, 90), fixed(1024, 2), None, at(0)) is None


@pytest.mark.parametrize(
    ("count", "most", "balancer", "severity"),
    [
        (15, 15, fixed(4000), None),
        (15, 16, fixed(4000), Severity.WARNING),
        (17, 20, fixed(4000), Severity.HIGH),
        (17, 20, fixed(4000, 2), None),
        (17, 20, fixed(4000, 1, "publicIPPrefixes"), None),
        (17, 20, fixed(0), None),
        (17, 20, fixed(4000, 0), None),
    ],
)
def test_a_fixed_allocation_must_fit(count: int, most: int, balancer: LoadBalancer, severity: Severity | None) -> None:
    finding = allocation_unsatisfiable(sized(count, most), balancer, at(0))
    assert (finding.severity if finding else None) is severity


def test_fewer_ports_than_before_are_told_for_a_day_and_are_then_normal() -> None:
    first = ports(per_node=1024)
    assert allocation_drift(first, None) is None
    seen = next_baseline(first, None)
    lower = ports(per_node=512)
    finding = allocation_drift(lower, seen)
    assert finding is not None
    assert "512 SNAT ports each; they had 1,024" in finding.evidence
    seen = next_baseline(lower, seen)
    assert seen == AllocationBaseline(1024, at(5))
    later = replace(lower, window=replace(window(), start=at(2000), end=at(2005)))
    still = allocation_drift(later, seen)
    assert still is not None
    assert still.since == at(5)
    seen = next_baseline(later, seen)
    assert allocation_drift(later, seen) is None
    assert next_baseline(ports(per_node=None), seen) == seen
    assert next_baseline(ports(per_node=2048), AllocationBaseline(1024, at(5))) == AllocationBaseline(2048)


# --- associations ---


def left(gateways: Mapping[ArmId, ArmId | None]) -> Associations:
    """As snatbot's verified writes left the subnets; None: it took the gateway off."""
    return Associations(
        {
            subnet: AssociateSubnet(subnet, None if gateway else GATEWAY.id, gateway, {})
            for subnet, gateway in gateways.items()
        }
    )


def test_subnets_with_their_gateway_are_as_they_should_be() -> None:
    assert association_drift(cluster(), OURS, left(OURS), at(0)) is None
    assert association_drift(cluster(), {}, Associations(), at(0)) is None, "nothing was ever associated"


@pytest.mark.parametrize("now", [None, ArmId(f"{NETWORK}/natGateways/other")])
def test_a_subnet_that_lost_its_gateway_is_critical(now: ArmId | None) -> None:
    finding = association_drift(cluster(), {**OURS, USER_SUBNET: now}, left(OURS), at(0))
    assert finding is not None
    assert finding.severity is Severity.CRITICAL
    assert "snet-user, which was associated with ng" in finding.evidence
    assert finding.commands == (associate_command(USER_SUBNET, GATEWAY.id),)


def test_a_new_pool_in_a_subnet_without_a_gateway_is_critical() -> None:
    only_user = {USER_SUBNET: GATEWAY.id}
    finding = association_drift(cluster(), only_user, left(only_user), at(0))
    assert finding is not None
    assert "subnet snet-system of a node pool has no NAT gateway" in finding.evidence
    coming = replace(left(only_user), unverified=frozenset({SYSTEM_SUBNET}))
    assert association_drift(cluster(), only_user, coming, at(0)) is None, "the change has not come to it yet"


HALF_BACK = left({USER_SUBNET: None, SYSTEM_SUBNET: GATEWAY.id})


def test_what_a_roll_back_took_off_is_as_it_should_be_and_what_it_has_not_come_to_is_not() -> None:
    still = {SYSTEM_SUBNET: GATEWAY.id}
    assert association_drift(cluster(), still, HALF_BACK, at(0)) is None
    finding = association_drift(cluster(), {}, HALF_BACK, at(0))
    assert finding is not None
    assert finding.severity is Severity.CRITICAL
    assert "snet-system" in finding.evidence
    assert "snet-user" not in finding.evidence


def test_a_gateway_that_others_put_back_after_a_roll_back_is_a_warning() -> None:
    finding = association_drift(cluster(), OURS, HALF_BACK, at(0))
    assert finding is not None
    assert finding.severity is Severity.WARNING
    assert finding.evidence == "subnet snet-user, from which snatbot took ng, has it again"
    assert finding.commands == (associate_command(USER_SUBNET, None),)
    assert "outside snatbot" in finding.remedy
    other = {**OURS, USER_SUBNET: ArmId(f"{NETWORK}/natGateways/other")}
    assert association_drift(cluster(), other, HALF_BACK, at(0)) is None, "the owner's own way"


# --- NAT gateways ---


def test_failed_connections_on_a_gateway_are_failing() -> None:
    reading = read_gateway("ng", window(), by_state(Attempted={0: 100, 1: 100}, Failed={1: 4}), None)
    finding = nat_gateway_failing(GATEWAY, reading, USUAL)
    assert finding is not None
    assert (finding.severity, finding.since, finding.resource_id) == (Severity.FAILING, at(1), GATEWAY.id)
    assert "4 of 200" in finding.evidence
    critical = read_gateway("ng", window(), by_state(attempted={0: 100}, FAILED={0: 40}), None)
    found = nat_gateway_failing(GATEWAY, critical, USUAL)
    assert found is not None
    assert found.severity is Severity.CRITICAL


def test_a_quiet_gateway_is_idle_when_its_data_path_reports_and_not_measured_otherwise() -> None:
    nothing = answer()
    assert read_gateway("ng", window(), nothing, answer(series({1: 100}))) == Idle(window())
    assert isinstance(read_gateway("ng", window(), nothing, nothing), Unmeasured)
    healthy = read_gateway("ng", window(), by_state(Attempted={0: 9}), None)
    assert nat_gateway_failing(GATEWAY, healthy, USUAL) is None


@pytest.mark.parametrize(
    ("held", "severity"),
    [(90_316, None), (90_317, Severity.WARNING), (116_121, Severity.WARNING), (116_122, Severity.HIGH)],
)
def test_open_connections_are_held_against_the_public_ips(held: int, severity: Severity | None) -> None:
    finding = nat_gateway_pressure(GATEWAY, window(), answer(series({0: 5, 1: held})), USUAL)
    assert (finding.severity if finding else None) is severity


@pytest.mark.parametrize("count", [None, 0])
def test_capacity_that_is_not_known_is_not_guessed(count: int | None) -> None:
    gateway = replace(GATEWAY, public_ip_count=count)
    assert nat_gateway_pressure(gateway, window(), answer(series({0: 1e9})), USUAL) is None


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([100.0] * 15, False),
        ([90.0] * 15, False),
        ([89.0] * 15, True),
        ([100.0] * 12 + [0.0] * 3, True),
        ([100.0] * 14 + [0.0], False),
        ([0.0] * 9, False),
    ],
)
def test_the_data_path_is_judged_over_fifteen_minutes(values: list[float], told: bool) -> None:
    found = answer(series(dict(enumerate(values))))
    assert bool(nat_gateway_datapath(GATEWAY, window(0, 15), found, USUAL)) is told


def test_thresholds_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="must be below the second"):
        Thresholds(pressure_warn_percent=90, pressure_high_percent=90)


def test_shares_of_nothing_say_nothing() -> None:
    assert NodePorts("10.0.0.4", "tcp", 5, 0, at(0)).share == 0
    assert not math.isnan(NodePorts("10.0.0.4", "tcp", 0, 0, at(0)).share)
