"""What egress probes may say of a moved subnet: shut by trouble or silence, open only where metrics can't tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.remediation.gate import Evidence, Passage
from shared.core.remediation.probe_gate import SILENT_AFTER, Probes, through_probes
from shared.model.probe import ProbeReport, TargetCounts

AT = datetime(2026, 11, 28, 12, tzinfo=UTC)
PLANNED = ("20.1.2.0/30",)


def report(
    pod: str = "a", *, bad: int = 0, of: int = 50, address: str = "20.1.2.3", targets: tuple[str, ...] = ("x:1", "y:1")
) -> ProbeReport:
    counts = tuple(TargetCounts(target, of, slow=bad) for target in targets)
    return ProbeReport("0" * 32, "node", pod, AT, AT, AT, address, targets=counts)


BAD = (report("a", bad=5), report("b", bad=5))
FINE = (report("a"), report("b"))
PROBES = Probes(FINE, FINE, had_reported=True, addresses=PLANNED, is_app_judged=False)


def judged(probes: Probes, *, is_quiet: bool = False, waited: timedelta = SILENT_AFTER) -> Evidence:
    return through_probes(probes, is_quiet=is_quiet, waited=waited)


def test_trouble_on_two_probes_and_two_targets_holds_the_gate_with_its_figures() -> None:
    found = judged(replace(PROBES, moved=BAD))
    assert found.passage is Passage.SHUT
    assert not found.is_broken
    assert found.text == "20 of 200 connections of its probes (10.0\u00a0%) were slow or failed"


@pytest.mark.parametrize(
    "probes",
    [
        replace(PROBES, moved=(report("a", bad=1), report("b", bad=1))),  # four in all
        replace(PROBES, moved=(report("a", bad=10), report("b"))),  # one probe
        replace(PROBES, moved=tuple(report(pod, bad=5, targets=("x:1",)) for pod in "ab")),  # one target
        replace(PROBES, moved=tuple(report(pod, bad=5, of=500) for pod in "ab")),  # 1 %
        replace(PROBES, moved=BAD, elsewhere=(report("c", bad=2),)),  # 4 % elsewhere, 10 % here
        replace(PROBES, moved=tuple(report(pod, bad=5, targets=("x:1", "app")) for pod in "ab")),
    ],
    ids=["few", "a probe", "a target", "a small share", "elsewhere too", "the app in its own region"],
)
def test_less_than_that_holds_nothing(probes: Probes) -> None:
    assert judged(probes).passage is not Passage.SHUT


def test_time_outs_to_the_app_count_if_it_is_in_another_region() -> None:
    moved = tuple(report(pod, bad=5, targets=("x:1", "app")) for pod in "ab")
    assert judged(replace(PROBES, moved=moved, is_app_judged=True)).passage is Passage.SHUT


def test_without_a_probe_elsewhere_to_compare_with_trouble_is_said_and_holds_nothing() -> None:
    found = judged(replace(PROBES, moved=BAD, elsewhere=(), addresses=()), is_quiet=True)
    assert (found.passage, "slow or failed" in found.text) == (Passage.UNKNOWN, True)
    assert judged(replace(PROBES, moved=BAD, elsewhere=()), is_quiet=True).passage is Passage.UNKNOWN


def test_silence_after_the_move_holds_the_gate_only_while_others_report() -> None:
    silent = replace(PROBES, moved=())
    assert judged(silent).passage is Passage.SHUT
    assert judged(silent, waited=SILENT_AFTER - timedelta(seconds=1)).passage is Passage.UNKNOWN
    assert judged(replace(silent, elsewhere=())).passage is Passage.UNKNOWN
    assert judged(replace(silent, elsewhere=())).text.endswith("not measured from inside")
    assert judged(replace(silent, had_reported=False)) == Evidence(
        Passage.UNKNOWN, judged(Probes((), (), False, (), False)).text
    )


def test_a_quiet_subnet_is_open_by_tickets_that_show_the_plans_addresses() -> None:
    found = judged(PROBES, is_quiet=True)
    assert (found.passage, found.text) == (Passage.OPEN, "its probes leave by 20.1.2.3, as planned")
    assert judged(PROBES).passage is Passage.UNKNOWN


@pytest.mark.parametrize("address", ["", "52.0.0.1"])
def test_no_ticket_or_one_of_another_address_opens_nothing(address: str) -> None:
    moved = (report("a", address=address), report("b"), report("b", address=address))
    wanted = Passage.OPEN if not address else Passage.UNKNOWN
    assert judged(replace(PROBES, moved=moved), is_quiet=True).passage is wanted
    assert judged(replace(PROBES, moved=(moved[0],)), is_quiet=True).passage is Passage.UNKNOWN


@pytest.mark.parametrize(
    "probes",
    [
        replace(PROBES, moved=(report("a", bad=2, of=2),)),  # four in all
        replace(PROBES, moved=(report("a", bad=50),)),  # of one probe
        replace(PROBES, moved=BAD, elsewhere=BAD),  # elsewhere too
    ],
    ids=["few", "a probe", "elsewhere too"],
)
def test_what_fails_opens_nothing_and_is_said_also_where_it_is_too_little_to_hold(probes: Probes) -> None:
    found = judged(probes, is_quiet=True)
    assert found.passage is Passage.UNKNOWN
    assert "were slow or failed" in found.text


REPORTS = st.lists(
    st.builds(
        report,
        st.sampled_from("abc"),
        bad=st.integers(0, 20),
        of=st.integers(20, 40),
        address=st.sampled_from(["", "20.1.2.3", "52.0.0.1"]),
        targets=st.sampled_from([("x:1",), ("x:1", "y:1"), ("app", "x:1"), ()]),
    ),
    max_size=5,
)
ANY = st.builds(Probes, REPORTS, REPORTS, st.booleans(), st.sampled_from([(), PLANNED]), st.booleans())
WAITED = st.timedeltas(timedelta(), timedelta(minutes=10))


@given(ANY, st.booleans(), WAITED)
def test_probes_never_break_a_change_and_open_only_by_proof(probes: Probes, is_quiet: bool, waited: timedelta) -> None:
    found = judged(probes, is_quiet=is_quiet, waited=waited)
    assert not found.is_broken
    if found.passage is Passage.OPEN:
        assert is_quiet
        assert {each.address for each in probes.moved} - {""} == {"20.1.2.3"}
    if found.passage is Passage.SHUT and probes.moved:
        assert len({each.pod for each in probes.moved}) > 1


@given(ANY, st.booleans(), WAITED)
def test_more_trouble_elsewhere_never_shuts_the_gate(probes: Probes, is_quiet: bool, waited: timedelta) -> None:
    if probes.moved and probes.elsewhere and judged(probes, waited=waited).passage is not Passage.SHUT:
        more = replace(probes, elsewhere=[*probes.elsewhere, report("z", bad=40, of=40)])
        assert judged(more, is_quiet=is_quiet, waited=waited).passage is not Passage.SHUT
