"""checkov says nothing and ends well where it has read no file."""

from __future__ import annotations

import pytest

from devhost.lint_infra import has_looked


@pytest.mark.parametrize(
    ("output", "is_so"),
    [
        ("bicep scan results:\n\nPassed checks: 25, Failed checks: 0, Skipped checks: 0\n", True),
        ("", False),
        ("Passed checks: 0, Failed checks: 0, Skipped checks: 3", False),
        ("Passed checks: 25, Failed checks: 0, Skipped checks: 0, Parsing errors: 1", False),
    ],
)
def test_a_run_that_looked_at_nothing_or_not_at_all_of_it_is_no_pass(output: str, is_so: bool) -> None:
    assert has_looked(output) is is_so
