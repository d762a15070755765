"""``snatbot check``: what it prints of each reading, and its exit code."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from shared.cloud.errors import Unavailable
from shared.model.assessment import Assessment
from shared.model.finding import Severity
from shared.model.fleet import Unlisted
from shared.model.reading import DoesNotApply, Idle, Measured, Reading, Unmeasured
from shared.model.resource_id import ArmId
from shared.model.text import Text
from shared.web.check_table import check_as_text
from tests.support.nouns import make_assessment, make_cluster
from tests.support.terminal import CLUSTER, HEALTHY, NOW, WINDOW, Check, assessed, run


@pytest.mark.parametrize(
    ("reading", "code", "first", "row"),
    [
        (HEALTHY, 0, "ok: 1 no trouble", "no trouble shop-prod 0 1,204 new outbound connections, none failed"),
        (Idle(WINDOW), 0, "ok: 1 idle", "idle shop-prod – idle, no new outbound connection"),
        (
            DoesNotApply(Text("outbound type is none")),
            0,
            "not watched: 1 not watched",
            "not watched shop-prod – outbound type is none",
        ),
        (
            Unmeasured(Text("Azure refused"), Text("grant Reader")),
            2,
            "not measured: 1 not measured",
            "not measured shop-prod – Azure refused → grant Reader",
        ),
    ],
)
def test_check_says_first_how_it_is_and_then_what_was_seen(
    capsys: pytest.CaptureFixture[str], reading: Reading, code: int, first: str, row: str
) -> None:
    assert run("check", check=Check(assessed(reading))) == code
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    judged = "judged 2026-11-22 18:57 UTC to 2026-11-22 19:02 UTC"
    assert lines == [first, judged, "", "State Cluster Failed Found", row]


def named(name: str, reading: Reading = HEALTHY) -> Assessment:
    return Assessment(make_cluster(name=name), NOW, reading)


def sick(severity: Severity) -> Assessment:
    found = make_assessment()
    return replace(found, findings=(replace(found.findings[0], severity=severity),))


BLIND = named("dark", Unmeasured(Text("Azure refused")))


@pytest.mark.parametrize(
    ("seen", "code", "word"),
    [
        ((named("well"), BLIND, sick(Severity.FAILING)), 1, "FAILING: 1 failing, 1 not measured, 1 no trouble"),
        ((replace(BLIND, findings=sick(Severity.CRITICAL).findings),), 1, "FAILING: 1 failing"),
        ((BLIND, sick(Severity.WARNING)), 2, "not measured: 1 not measured, 1 warning"),
        ((named("well"), sick(Severity.WARNING)), 1, "warning: 1 warning, 1 no trouble"),
        ((named("well"), sick(Severity.NOTICE)), 0, "ok: 2 no trouble"),
        ((), 2, "not measured: no cluster was found"),
    ],
)
def test_the_worst_cluster_decides_and_nothing_is_never_healthy(
    capsys: pytest.CaptureFixture[str], seen: tuple[Assessment, ...], code: int, word: str
) -> None:
    assert run("check", check=Check(*seen)) == code
    assert capsys.readouterr().out.splitlines()[0] == word


def test_check_names_the_failing_nodes_of_a_single_cluster(capsys: pytest.CaptureFixture[str]) -> None:
    sick = make_assessment()
    assert isinstance(sick.reading, Measured)
    unknown = replace(sick.reading.nodes[0], name="")
    nodes = (*sick.reading.nodes, replace(unknown, is_gone=True), replace(unknown, ip="10.224.0.9"))
    reading = replace(sick.reading, nodes=nodes)
    assert run("check", check=Check(replace(sick, reading=reading))) == 1
    out = " ".join(capsys.readouterr().out.split())
    assert sick.findings[0].evidence in out
    assert "aks-user-38166372-vmss000000 10.224.0.4 1,204" in out
    assert "no node has this IP any more 10.224.0.4 1,204" in out
    assert "its node could not be named 10.224.0.9 1,204" in out


@pytest.mark.parametrize("output", ["table", "tsv"])
def test_check_names_what_could_not_be_listed(capsys: pytest.CaptureFixture[str], output: str) -> None:
    check = Check(assessed(HEALTHY), unreadable=(Unlisted(Text("subscription x"), Text("no role")),))
    assert run("check", "-o", output, check=check) == 2
    assert "could not be listed: subscription x: no role" in "".join(capsys.readouterr())


def test_for_a_pipe_a_row_is_a_line_and_has_no_codes(capsys: pytest.CaptureFixture[str]) -> None:
    names = [f"{number:03d}-{'x' * 59}" for number in range(100)]
    assert run("check", "--all", check=Check(*map(named, names))) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert [line.split()[2] for line in out.splitlines()[4:]] == names


def test_a_table_of_many_clusters_lists_those_with_trouble(capsys: pytest.CaptureFixture[str]) -> None:
    fleet = Check(*(named(f"well-{number}") for number in range(30)), BLIND, sick(Severity.FAILING))
    assert run("check", check=fleet) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[4:] if line] == ["failing", "not", "30"]
    assert run("check", "-o", "tsv", check=fleet) == 1
    assert len(capsys.readouterr().out.splitlines()) == 32
    assert run("check", check=Check(*(named(f"well-{number}") for number in range(30)))) == 0
    assert capsys.readouterr().out.splitlines()[4:] == ["30 clusters without trouble; `--all` lists them"]


def test_clusters_with_the_same_name_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    ids = [ArmId(str(CLUSTER.id).replace("rg-shop", group)) for group in ("rg-a", "rg-b")]
    same = [Assessment(replace(CLUSTER, id=each), NOW, HEALTHY) for each in ids]
    assert run("check", check=Check(named("other"), *same)) == 0
    shown = [line.split()[2] for line in capsys.readouterr().out.splitlines()[4:]]
    assert sorted(shown) == ["other", "rg-a/shop-prod", "rg-b/shop-prod"]


@pytest.mark.parametrize("width", ["80", "120"])
def test_a_terminal_cuts_no_name_and_has_colours(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: str
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    name = "a-cluster-whose-name-is-as-long-as-azure-lets-it-be-63-letters-x"
    with monkeypatch.context() as patch:
        patch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
        run("check", check=Check(named(name), named("evil", Unmeasured(Text("\x1b[2Jevil\n[red]")))))
    out = capsys.readouterr().out
    plain = re.sub(r"\x1b\[[0-9;]*m", "", out)
    assert out != plain
    assert "\x1b" not in plain
    assert max(map(len, plain.splitlines())) <= int(width)
    begin = plain.splitlines()[3].index("Cluster")
    assert name in "".join(line[begin:].split("  ")[0] for line in plain.splitlines()[4:])
    assert "[2Jevil [red]" in plain


def test_tsv_is_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "-o", "tsv", "--lang", "es", check=Check(assessed(HEALTHY))) == 0
    found = "1,204 new outbound connections, none failed"
    assert capsys.readouterr().out == f"no trouble\tshop-prod\t0\t{found}\t{CLUSTER.id}\n"


def test_without_the_package_for_tables_the_values_are_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rich.console", None)
    assert run("check", check=Check(assessed(HEALTHY))) == 0
    assert capsys.readouterr().out.splitlines()[3].startswith("no trouble\tshop-prod")


def test_it_is_imported_for_a_table_only() -> None:
    code = "import sys; from shared.cli.__main__ import main; main(['settings']); print('rich' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.endswith("False\n")


def test_watch_checks_each_minute_until_ctrl_c_and_outlives_azures_errors(capsys: pytest.CaptureFixture[str]) -> None:
    check, waits = Check(assessed(HEALTHY)), []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        check.error = Unavailable("GET /subscriptions", "the connection was refused") if len(waits) == 1 else None
        if len(waits) == 3:
            raise KeyboardInterrupt

    assert run("check", "--watch", check=check, sleep=sleep) == 0
    shown = capsys.readouterr()
    assert (waits, shown.out.count("ok: 1 no trouble"), shown.err.count("connection was refused")) == ([60.0] * 3, 2, 1)


def test_check_asks_for_what_was_given() -> None:
    check = Check(assessed(HEALTHY))
    run("check", "shop-prod", "--window", "30", check=check)
    run("check", check=check)
    assert check.asked == [("shop-prod", 30), ("", None)]


def test_check_in_json_is_the_answer_of_the_request(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "-o", "json", check=Check(assessed(HEALTHY))) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["clusters"][0]["reading"]["kind"] == "measured"


@pytest.mark.parametrize("language", ["en", "es"])
def test_as_text_over_http_it_is_the_same_table(capsys: pytest.CaptureFixture[str], language: str) -> None:
    unlisted = (Unlisted(Text("subscription x"), Text("no role")),)
    evil = named("evil", Unmeasured(Text("\x1b[2Jevil\n[red]")))
    for check in (Check(make_assessment()), Check(named("well"), evil, sick(Severity.FAILING), unreadable=unlisted)):
        run("check", "--lang", language, check=check)
        assert check_as_text(check.report, language) == capsys.readouterr().out
