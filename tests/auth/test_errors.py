"""A person who is refused reads why, and what to do."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from shared.auth import errors
from shared.errors import Refused
from shared.model.identity import Person, Role
from shared.model.text import Text


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
def test_each_refusal_is_a_sentence_for_a_person(kind: Callable[[], Refused], said: str) -> None:
    error = kind()
    assert isinstance(error, Refused)
    assert said in str(error)
    assert str(error).endswith(".")


def test_a_missing_role_comes_with_the_command_that_grants_it() -> None:
    at = datetime(2026, 11, 28, tzinfo=UTC)
    nora = Person("0a0a0a0a-0000-4000-8000-000000000005", "tenant", "Nora", frozenset(), at)
    told = str(errors.RoleMissing(nora, Role.APPROVE, Text("decide here"), "aaaaaaaa-0000-4000-8000-0000000000b1"))
    assert told.startswith("Nora lacks the app role Snat.Approve, which is needed to decide here.")
    command = told.split("`")[1]
    az = """az() { case "$*" in
      "ad sp show --id aaaaaaaa-"*" -o tsv --query id") echo principal ;;
      "ad sp show "*" --query appRoles[?value=='Snat.Approve'].id") echo role ;;
      *) for last; do :; done; echo "$last" ;;
    esac; }"""
    run = subprocess.run(["sh", "-c", f"{az}\n{command}"], capture_output=True, text=True, check=True)
    assert json.loads(run.stdout) == {"principalId": nora.object_id, "resourceId": "principal", "appRoleId": "role"}
