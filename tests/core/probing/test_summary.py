"""What the figures of probes say, and what they do not say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.probing.summary import Expectation, Hint, ProbeSummary, others, summarize
from shared.model.probe import ProbeReport, TargetCounts

AT = datetime(2026, 11, 28, 12, tzinfo=UTC)
FINE = TargetCounts("api:443", 10, connect_ms=120.0, slowest_ms=15.0)
NUMBERS = st.integers(0, 40)


def report(*targets: TargetCounts, node: str = "node-1", address: str = "20.1.2.3", **more: Any) -> ProbeReport:
    return ProbeReport("0" * 32, node, "pod-1", AT, AT, AT, address, targets=targets or (FINE,), **more)


def summary(*reports: ProbeReport, expected: tuple[str, ...] = (), is_app_elsewhere: bool = True) -> ProbeSummary:
    return summarize(reports, AT - timedelta(hours=1), Expectation(expected), is_app_elsewhere=is_app_elsewhere)


def hints(*reports: ProbeReport, **how: Any) -> list[Hint]:
    return [each.hint for each in summary(*reports, **how).observed]


def test_an_address_that_no_plan_expects_is_said_with_both() -> None:
    assert hints(report(), expected=("20.1.2.3",)) == []
    assert hints(report(), expected=("20.1.2.0/28", "52.0.0.1")) == []
    found = summary(report(), report(address="6.6.6.6", node="node-2"), expected=("20.1.2.3",))
    assert [str(each.text) for each in found.observed] == ["Traffic leaves by 6.6.6.6; expected: 20.1.2.3."]
    assert [(seen.address, seen.nodes) for seen in found.addresses] == [
        ("20.1.2.3", ("node-1",)),
        ("6.6.6.6", ("node-2",)),
    ]


@pytest.mark.parametrize("expected", [(), ("VirtualAppliance 10.0.0.4",), ("20.9.9.9", "public IPs of pool egress")])
def test_an_address_is_not_compared_where_the_expected_is_unknown(expected: tuple[str, ...]) -> None:
    assert hints(report(), expected=expected) == [Hint.EXPECTED_UNKNOWN]


def test_an_appliance_is_named_as_what_makes_the_expected_unknown() -> None:
    (found,) = summary(report(), expected=("VirtualAppliance 10.0.0.4",)).observed
    assert "The plan names VirtualAppliance 10.0.0.4, whose address is unknown" in found.text


def test_an_address_that_was_last_seen_before_the_switch_is_no_difference() -> None:
    old, new = report(address="20.0.0.1"), replace(report(), sent_at=AT + timedelta(minutes=30))
    expectation = Expectation(("20.1.2.3",), AT + timedelta(minutes=10))
    assert summarize([old, new], AT, expectation, is_app_elsewhere=True).observed == ()
    later = replace(old, sent_at=AT + timedelta(minutes=11))
    (found,) = summarize([later, new], AT, expectation, is_app_elsewhere=True).observed
    assert found.hint is Hint.OTHER_ADDRESS


def test_a_switch_is_told_by_its_connections_before_and_since() -> None:
    def moment(minute: int, slow: int) -> ProbeReport:
        at = AT + timedelta(minutes=minute)
        return replace(report(TargetCounts("x:1", 10, slow=slow)), began_at=at, sent_at=at)

    expectation = Expectation(("20.1.2.3",), None, (AT + timedelta(minutes=10), AT + timedelta(minutes=20)))
    reports = [moment(5, 4), moment(10, 3), moment(15, 9), moment(20, 0), moment(25, 1)]
    (found, *_) = (
        each for each in summarize(reports, AT, expectation, is_app_elsewhere=True).observed if each.hint is Hint.SWITCH
    )
    assert found.text == "Slow or failed: 7 of 20 connections before the switch, 1 of 20 since."
    to_app = [replace(each, targets=(replace(each.targets[0], target="app"),)) for each in reports]
    (found,) = summarize(to_app, AT, expectation, is_app_elsewhere=False).observed
    assert found.hint is Hint.SAME_REGION
    for some in (reports[:2], reports[2:]):
        hints = [each.hint for each in summarize(some, AT, expectation, is_app_elsewhere=True).observed]
        assert Hint.SWITCH not in hints


def test_without_a_proven_address_nothing_is_compared() -> None:
    assert hints(report(address=""), expected=("20.1.2.3",)) == []


def test_silence_is_not_measured() -> None:
    found = summary(expected=("20.1.2.3",))
    assert ([each.hint for each in found.observed], found.last_report_at) == ([Hint.SILENT], None)


def test_a_probe_that_would_take_too_many_ports_is_named() -> None:
    refused = replace(report(is_refused=True, address=""), targets=())
    assert "node-1 measure nothing" in summary(refused, expected=("1.1.1.1",)).observed[0].text


@pytest.mark.parametrize(
    ("counts", "hint", "says"),
    [
        ({"timed_out": 5}, Hint.NO_ANSWER, "5 of 100 connections (5.0\u00a0%) took a second or more"),
        ({"slow": 5, "retried": (5, 0, 0, 0)}, Hint.NO_ANSWER, "SYNs were lost"),
        ({"dns_failed": 5}, Hint.DNS, "look at DNS, not at SNAT"),
        ({"tls_failed": 5}, Hint.TLS, "that is not SNAT"),
        ({"intercepted": 5}, Hint.INTERCEPTED, "too fast for a public address"),
    ],
)
def test_figures_say_what_they_point_to_and_never_that_ports_are_exhausted(
    counts: dict[str, Any], hint: Hint, says: str
) -> None:
    (found,) = summary(report(TargetCounts("api:443", 100, **counts)), expected=("20.1.2.3",)).observed
    assert found.hint is hint
    assert says in found.text
    assert "exhaust" not in found.text
    fewer: dict[str, Any] = {name: (4, 0, 0, 0) if name == "retried" else 4 for name in counts}
    assert not hints(report(TargetCounts("api:443", 100, **fewer)), expected=("20.1.2.3",))
    assert not hints(report(TargetCounts("api:443", 250, **counts)), expected=("20.1.2.3",))


def test_time_outs_to_the_app_are_judged_only_if_it_is_surely_in_another_region() -> None:
    to_app = report(TargetCounts("app", 100, timed_out=50))
    assert hints(to_app, expected=("20.1.2.3",)) == [Hint.NO_ANSWER]
    found = summary(to_app, expected=("20.1.2.3",), is_app_elsewhere=False)
    assert [each.hint for each in found.observed] == [Hint.SAME_REGION]
    assert found.observed[0].text.startswith("50 of 100 connections (50.0 %) to this app")
    assert "not judged" in found.observed[0].text
    with_others = summary(to_app, report(), expected=("20.1.2.3",), is_app_elsewhere=False)
    assert with_others.observed == found.observed, "of those to the app"
    assert not found.targets[0].is_judged


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["app", "x:1"]), NUMBERS, NUMBERS), max_size=12))
def test_every_connection_is_in_one_row_and_the_worst_come_first(given: list[tuple[str, str, int, int]]) -> None:
    reports = [
        report(TargetCounts(target, 1 + slow + failed, slow=slow, timed_out=failed), node=node)
        for node, target, slow, failed in given
    ]
    rows = summary(*reports).targets
    assert sum(row.counts.connections for row in rows) == sum(1 + slow + failed for _, _, slow, failed in given)
    assert len({(row.node, row.counts.target) for row in rows}) == len(rows)
    shares = [(row.counts.slow + row.counts.failed) / row.counts.connections for row in rows]
    assert shares == sorted(shares, reverse=True)


@given(st.lists(st.ip_addresses(v=4).map(str)), st.lists(st.ip_addresses(v=4).map(str)))
def test_what_is_expected_is_never_another_address(seen: list[str], expected: list[str]) -> None:
    assert set(others(seen, expected)) == set(seen) - set(expected)
