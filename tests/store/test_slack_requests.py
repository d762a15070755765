"""Requests of Slack that wait: taken once, signed, and forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.auth.signing import RowSigner
from shared.errors import KeyMissing, RowForged
from shared.model.slack import SlackRequest
from shared.store.slack_requests import ANSWERABLE, KEPT, StoredSlackRequests
from shared.store.table import Table
from tests.support.nouns import NOW

pytestmark = pytest.mark.azurite
ASKED = SlackRequest("T1", "U1", "check", "https://hooks.slack.com/commands/1", NOW)


@pytest.fixture
def kept(table: Table) -> StoredSlackRequests:
    return StoredSlackRequests(table, RowSigner(["k" * 32]))


def test_a_request_is_taken_once(kept: StoredSlackRequests) -> None:
    assert kept.add("a1", ASKED)
    assert not kept.add("a1", ASKED)
    assert kept.get("a1", NOW) == ASKED
    assert kept.get("a", NOW) is None
    kept.finish("a1", NOW)
    assert kept.get("a1", NOW) is None
    assert not kept.add("a1", ASKED), "a replay after the answer"


def test_an_old_request_is_not_answered_and_its_key_is_forgotten_after_an_hour(kept: StoredSlackRequests) -> None:
    kept.add("a1", ASKED)
    assert kept.get("a1", NOW + ANSWERABLE) is None
    kept.add("b2", replace(ASKED, received_at=NOW + KEPT))
    kept.finish("b2", NOW + KEPT + timedelta(seconds=1))
    assert kept.add("a1", ASKED)


def test_a_request_that_this_app_did_not_store_is_not_answered(table: Table, kept: StoredSlackRequests) -> None:
    StoredSlackRequests(table, RowSigner(["x" * 32])).add("a1", ASKED)
    StoredSlackRequests(table, None).add("b2", ASKED)
    with pytest.raises(KeyMissing):
        kept.get("a1", NOW)
    with pytest.raises(RowForged):
        kept.get("b2", NOW)
