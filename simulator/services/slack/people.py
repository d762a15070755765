"""People's Slack profiles (Slack docs: users.info; Slack Connect, external members)."""

from __future__ import annotations

from typing import Any

from ...state.people import DEFAULT_SLACK_TEAM, Person
from ...world import World
from .refusals import SlackError


def person_of(world: World, user: object) -> Person | None:
    """The person with a Slack user id."""
    return next((each for each in world.entra.people if user and each.chat.slack_user == user), None)


def user_name(person: Person) -> str:
    """The name that Slack sends to apps; people can change theirs, so it proves nothing."""
    return person.user_principal_name.partition("@")[0]


def member(world: World, user: object, refusal: str) -> dict[str, Any]:
    """A user object: members, guests, people of other workspaces, deleted users, bots, and the app's own user."""
    if user == world.slack.bot_user:
        return _user(world.slack.bot_user, DEFAULT_SLACK_TEAM, "simulated", "Simulated app", "bot")
    person = person_of(world, user)
    if person is None:
        raise SlackError(refusal)
    chat = person.chat
    found = _user(chat.slack_user, chat.slack_team, user_name(person), person.name, chat.slack_kind)
    if chat.slack_kind != "bot" and not found["is_stranger"]:
        found["profile"]["email"] = person.user_principal_name
    return found


def _user(user: str, team: str, name: str, real_name: str, kind: str) -> dict[str, Any]:
    flags = {
        "deleted": kind == "deleted",
        "is_restricted": kind == "guest",
        "is_ultra_restricted": False,
        "is_stranger": team != DEFAULT_SLACK_TEAM,
        "is_bot": kind == "bot",
    }
    profile = {"real_name": real_name, "display_name": name, "team": team}
    return {"id": user, "team_id": team, "name": name, "real_name": real_name, "profile": profile} | flags
