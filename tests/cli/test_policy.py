"""``snatbot policy explain``: yes or no, and by which rule."""

from __future__ import annotations

import pytest

from shared.approval_policy import parse_policy
from shared.errors import NotFoundHere
from shared.model.text import Text
from tests.support.terminal import Check, run

ADA = "aaaaaaaa-0000-4000-8000-00000000000a"
POLICY = parse_policy(
    f"""[{{"name": "frozen", "clusters": {{"name": "shop-*"}}, "kinds": "delete_nat_gateway", "who": "{ADA}",
    "people": 2, "where": ["chat", "page"], "no_start": "daily 19:00-20:00"}},
    {{"name": "rest", "clusters": "all", "kinds": "all", "who": "Snat.Approve"}}]"""
)


def explain(*options: str, check: Check | None = None) -> int:
    return run("policy", "explain", "shop-prod", *options, check=check, policy=POLICY)


def test_yes_with_the_rule_the_places_the_second_person_and_the_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain("--user", ADA.upper(), "--kind", "delete_nat_gateway") == 0
    assert capsys.readouterr().out.splitlines() == [
        "yes, by rule 'frozen': may approve delete_nat_gateway on shop-prod by page and chat, "
        "and a second person must, too",
        "it would not start before 2026-11-22 20:00 UTC",
        f"version of the policy: {POLICY.version}",
    ]


def test_no_with_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain("--user", ADA, "--kind", "attach_nat_gateway", "--role", "Snat.Read") == 1
    assert capsys.readouterr().out.startswith(
        "no: rule 'rest' wants 1 person with role Snat.Approve; this is object id"
    )
    assert explain("--user", ADA, "--kind", "attach_nat_gateway", "--role", "Snat.Read", "--role", "Snat.Approve") == 0
    assert "yes, by rule 'rest'" in capsys.readouterr().out


def test_a_cluster_that_is_not_there_is_no_answer() -> None:
    gone = Check(error=NotFoundHere(Text("no cluster 'shop-prod' that this app's identity may read")))
    assert explain("--user", ADA, "--kind", "attach_nat_gateway", check=gone) == 2
