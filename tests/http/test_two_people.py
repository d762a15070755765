"""A policy that wants two people, from their browsers: the first is recorded and shown, the second approves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from devhost.stage import Stage
from tests.support.html_page import fields
from tests.support.sign_in import ADA, Visitor, link_of, stage_with_people

POLICY = [{"name": "two", "clusters": {"name": "shop-*"}, "kinds": "all", "who": [ADA, "Snat.Operate"], "people": 2}]


@pytest.fixture
def stage(tmp_path: Path, azurite: str) -> Iterator[Stage]:
    with stage_with_people(tmp_path, azurite, APPROVAL_POLICY=json.dumps(POLICY)) as ready:
        yield ready


def approve(visitor: Visitor, link: str, page: str) -> tuple[int, str]:
    form = fields(page.partition("/api/sign-out")[0])
    answer = visitor.post(link, data={**form, "action": "approve"})
    return answer.status_code, visitor.get(link).text if answer.status_code == 303 else answer.text


def test_two_people_approve_and_everybody_sees_who_was_first(stage: Stage) -> None:
    link = link_of(stage)
    with Visitor(stage) as ada, Visitor(stage) as olga, Visitor(stage) as rui:
        shown = ada.sign_in(link, "ada@contoso.example").text
        assert approve(ada, link, shown)[0] == 303
        half = ada.get(link).text
        assert f"1 of 2 approvals, by Ada (object id {ADA}, signed in)" in half
        assert 'value="approve"' not in half and "another person must approve it too" in half
        status, text = approve(ada, link, shown)
        assert (status, "another person must approve it too" in text) == (403, True)

        reader = rui.sign_in(link, "rui@contoso.example").text
        assert 'value="approve"' not in reader and "2 people with object id" in reader

        second = olga.sign_in(link, "olga@contoso.example").text
        assert "1 of 2 approvals, by Ada" in second and 'value="approve"' in second
        status, done = approve(olga, link, second)
        assert status == 303
        assert f"Approved by Ada (object id {ADA}, signed in) and Olga (object id" in done
