"""A sample of the crash matrix; ``make faults`` plays all of it."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.chat.slack_api import SlackApi
from shared.flows.notification.rewrite import RewrittenMessage
from tests.faults import telling
from tests.faults.__main__ import report
from tests.support.thorough import slow

ROOT = Path(__file__).parents[2]
SECONDS = 290  # most of it for busy machines
TOTALS = re.compile(
    r"^(?P<cells>\d+) cells: 0 failed; .*; 0 duplicates, 0 properties lost, 0 unapproved writes, 0 incidents damaged; "
)


@pytest.mark.scenario
@pytest.mark.timeout(SECONDS + 10)
@slow
@pytest.mark.parametrize(
    "part",
    [
        "apply | PUT natGateways | killed after the effect",
        "apply | PUT subnets | operation canceled",
        "roll back | PUT subnets | killed before the call",
    ],
)
def test_a_sample_of_the_matrix_converges(part: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.faults", "--lanes", "1", "--only", part, "--most", "1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    last = run.stdout.strip().splitlines()[-1]
    match = TOTALS.match(last)
    assert run.returncode == 0, f"{run.stdout}\n{run.stderr}"
    assert match is not None, last
    assert int(match["cells"]) == 1


@pytest.mark.network
def test_a_sample_of_the_chats_matrix_loses_and_doubles_nothing() -> None:
    with telling.slack() as running:
        cells = list(telling.cells(running, every=13))
    assert len(cells) > 40
    assert [cell for cell in cells if cell.lost or cell.doubles or not cell.is_right] == []


@pytest.mark.network
def test_the_chats_matrix_sees_doubles_and_losses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without looking for what is there, messages would be doubled; one that is given up is lost."""
    base = datetime(2026, 11, 22, 19, 5, tzinfo=UTC)
    killed_after_post = telling.Breaks((3,), telling.KILLS[1])
    with telling.slack() as running:
        monkeypatch.setattr(SlackApi, "messages", lambda *_: ())
        assert telling.play(running, base, killed_after_post).doubles == 1
        monkeypatch.setattr(RewrittenMessage, "_answer", lambda *_: None)
        assert telling.play(running, base, telling.Breaks()).lost == len(telling.REPLIES)


def test_a_matrix_without_cells_is_no_success() -> None:
    """It has proven nothing."""
    assert report([], seconds=1.0) != 0
