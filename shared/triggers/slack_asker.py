"""Who asks in Slack: the linked person, and what they may do there."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from ..app import App
from ..auth.errors import GuestRefused, LinkWanted, NotPermitted
from ..errors import SnatbotError
from ..formatting import clip, visible
from ..model.identity import Person
from ..model.slack import SlackLink, SlackRequest
from ..model.text import Text
from .visitors import app_with_sign_in

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asker:
    """A member of the workspace, who asks for something."""

    app: App
    request: SlackRequest
    name: str
    advance: Callable[[str], None]
    deliver: Callable[[str], None]

    def link_url(self) -> str:
        """Raises NotFoundHere or MisconfiguredError where nobody signs in."""
        app_with_sign_in()
        token, now = secrets.token_urlsafe(32), self.app.clock.wall()
        self.app.slack_accounts.ask(token, SlackLink(self.request.team, self.request.user, self.name, now))
        return f"{self.app.settings.public_base_url}/api/slack/link?t={token}"

    def permitted(self, check: Callable[[Person], T]) -> T:
        """What ``check`` answers for this person. Raises LinkWanted, or as ``check`` does."""
        app, now, hours = self.app, self.app.clock.wall(), self.app.settings.slack_role_hours
        account = app.slack_accounts.get(self.request.team, self.request.user, now)
        if account is None or account.tenant_id != app.settings.entra_tenant_id:
            raise LinkWanted(Text("This Slack account is not linked with a work account, so nobody knows who acts."))
        if account.is_guest and app.settings.allow_guests != "on":
            raise GuestRefused(account.name)
        try:
            return check(account.person(now, hours))
        except NotPermitted:
            if not account.has_old_roles(now, hours):
                raise
        raise LinkWanted(
            Text(
                "Your app roles were last seen at {at}, more than {hours} hours ago.",
                at=account.roles_as_of,
                hours=hours,
            )
        )


def asker_of(app: App, request: SlackRequest, advance: Callable[[str], None], deliver: Callable[[str], None]) -> Asker:
    """Raises NotPermitted, also if Slack does not say who this is."""
    team = app.settings.slack_team_id
    try:
        name = app.slack_api().member_name(team, request.user) if request.team == team else ""
    except SnatbotError as error:
        raise NotPermitted(Text("Slack does not say who you are: {reason}", reason=error.text)) from None
    if not name:
        raise NotPermitted(
            Text("Only members of this app's workspace can use it: no guests, no bots, nobody of another workspace.")
        )
    return Asker(app, request, clip(visible(name), 80), advance, deliver)
