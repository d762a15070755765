"""The page that links a Slack account with the work account of the person who signed in there."""

import azure.functions as func

from ..app import App
from ..auth.errors import FormExpired, SlackLinkUsed
from ..formatting import clip
from ..ids import new_id
from ..model.audit import AuditLine
from ..model.identity import Person
from ..model.slack import SlackAccount, SlackLink
from ..model.text import Text
from ..store.slack_accounts import ACCOUNT_LIFE
from ..web.pages import message_page, render
from .responses import as_page, language_of
from .visitors import Visitor, app_with_sign_in, is_own_origin, read_form, signed_in, visitor_of

_FORM = "slack-link"  # in a form token, instead of a change


def show(req: func.HttpRequest) -> func.HttpResponse:
    """Changes nothing: previews and scanners open links too."""
    app, visitor, token, link = _opened(req, req.params.get("t", ""))
    csrf = app.signer.form_token(visitor.nonce, f"{_FORM} {token}")
    page = render(
        "slack_link.html",
        language_of(req),
        link=link,
        person=visitor.person,
        token=token,
        csrf=csrf,
        signed_in=signed_in(app, visitor),
    )
    return as_page(page)


def confirm(req: func.HttpRequest) -> func.HttpResponse:
    form = read_form(req)
    app, visitor, token, link = _opened(req, form.get("t", ""))
    if not is_own_origin(req.headers.get("Origin"), app.settings.public_base_url):
        raise FormExpired
    app.signer.check_form(form.get("csrf", ""), visitor.nonce, f"{_FORM} {token}")
    person, now = visitor.person, app.clock.wall()
    assert person is not None, "people sign in here"
    if not app.slack_accounts.link(token, _account(link, person, app), _line(link, person, app)):
        raise SlackLinkUsed
    text = Text(
        "{name} now acts in Slack as {person}, until {until}.",
        name=link.name,
        person=person.name,
        until=now + ACCOUNT_LIFE,
    )
    return as_page(message_page(text, status=200, language=language_of(req), title=Text("Linked")))


def _opened(req: func.HttpRequest, token: str) -> tuple[App, Visitor, str, SlackLink]:
    """Raises SlackLinkUsed, and as ``visitor_of``."""
    app = app_with_sign_in()
    link = app.slack_accounts.asked(token, app.clock.wall())
    if link is None:
        raise SlackLinkUsed
    # A link says who somebody is and gives no right: rules may name a person without a role by object id.
    return app, visitor_of(app, req, needs_role=False), token, link


def _account(link: SlackLink, person: Person, app: App) -> SlackAccount:
    return SlackAccount(
        link.team,
        link.user,
        person.object_id,
        person.tenant_id,
        person.name,
        person.roles,
        person.signed_in_at,
        person.is_guest,
        app.clock.wall() + ACCOUNT_LIFE,
    )


def _line(link: SlackLink, person: Person, app: App) -> AuditLine:
    what = f"Slack user {link.user} of {link.team}"
    return AuditLine(new_id(), app.clock.now(), str(person), "Slack account linked", what, clip(link.name, 80))
