"""A person who is refused reads why, and what to do."""

from __future__ import annotations

import pytest

from shared.auth import errors
from shared.errors import Refused


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (errors.LinkExpired, "expired"),
        (errors.LinkTampered, "not made by this app"),
        (errors.FormExpired, "Load it again"),
        (errors.DecisionForged, "nothing is changed"),
        (errors.SignInNeeded, "Sign in with your work account"),
        (errors.RemediationOff, "REMEDIATION is off"),
    ],
)
def test_each_refusal_is_a_sentence_for_a_person(kind: type[Refused], said: str) -> None:
    error = kind()
    assert isinstance(error, Refused)
    assert said in str(error)
    assert str(error).endswith(".")
