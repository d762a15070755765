"""The bot's view of people of every kind in the simulated Slack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.chat.errors import ChatRefused
from shared.chat.slack_api import SlackApi
from simulator.testing import RunningSimulator
from tests.support.azure_in_process import serve_azure

pytestmark = pytest.mark.network


@pytest.fixture(scope="module")
def slack() -> Iterator[RunningSimulator]:
    with serve_azure(Path(__file__).parents[1] / "simulator" / "chat.yaml") as running:
        yield running


def test_it_tells_members_from_guests_strangers_bots_and_deleted_users(slack: RunningSimulator) -> None:
    api = SlackApi(f"{slack.http_url}/slack/api", "xoxb-simulated", "C1")
    users = {person["chat"]["slack_user"]: person["name"] for person in slack.people()}
    names = {users[user]: api.member_name("T01CONTOSO", user) for user in users}
    assert {name for name, said in names.items() if said} == {"Ada Moreau"}
    with pytest.raises(ChatRefused):
        api.member_name("T01CONTOSO", "U09NOBODY")
