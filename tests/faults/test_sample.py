"""A sample of the crash matrix; ``make faults`` plays all of it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

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


def test_a_matrix_without_cells_is_no_success() -> None:
    """It has proven nothing."""
    assert report([], seconds=1.0) != 0
