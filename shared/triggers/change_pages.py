"""The handlers of a change's page: read the link, call one flow, render."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

import azure.functions as func

from ..app import App, current
from ..auth.errors import FormExpired, LinkTampered, NotPermitted, SignInNeeded
from ..auth.signing import LinkTarget
from ..clock import Instant
from ..core.approval.policy import Place
from ..core.planning.request import PlanRequest
from ..errors import NotFoundHere, Refused
from ..flows.approval.actions import AlreadyDecided
from ..flows.approval.decide import ChangeAndJournal
from ..flows.approval.propose import made_by
from ..model.change import Action, Change
from ..model.identity import Approver
from ..model.text import Text
from ..web.change_view import LinkedChange
from ..web.pages import FormFields, change_page, message_page, plan_page
from ..web.paths import Paths
from .attempts import note_refusal
from .queue_messages import message
from .responses import as_json, as_page, language_of, same_language, see_other, status_of, title_of, wants_page
from .visitors import (
    Visitor,
    is_own_origin,
    link_holder,
    permitted,
    read_form,
    reader_of,
    record_id,
    sign_in_url,
    signed_in,
    visitor_of,
)


@dataclass(frozen=True, slots=True)
class Opened:
    """How a change's page was opened. ``token``: for its form; empty if it only shows. ``link`` opens it again."""

    visitor: Visitor
    paths: Paths
    token: str
    link: str


def show(req: func.HttpRequest) -> func.HttpResponse:
    app = current()
    if req.params.get("cluster", ""):
        return _read(app, req)
    token = req.params.get("t", "")
    target = _target(app, token, req)
    try:
        visitor = visitor_of(app, req)
    except (SignInNeeded, NotPermitted) as error:
        return _ask_to_sign_in(app, req, token, error)
    return _shown(app, req, target, _by_link(app, req, target, visitor, token))


def _by_link(app: App, req: func.HttpRequest, target: LinkTarget, visitor: Visitor, token: str) -> Opened:
    """Opened by its own link, which also lets somebody who is not signed in read about the cluster."""
    language = req.params.get("lang", "")
    pass_ = ("", "") if visitor.person else (app.signer.read_pass(target.partition), target.partition)
    return Opened(visitor, Paths(*pass_, language), token, same_language(f"?t={quote(token)}", req))


def _read(app: App, req: func.HttpRequest) -> func.HttpResponse:
    """The same page, opened from another one: a person who signed in can act there, the holder of a link only read."""
    reader, change_id = reader_of(app, req), record_id(req, "change_id")
    partition = permitted(reader.paths, req.params["cluster"])
    stored = app.records.change(partition, change_id)
    if stored is None:
        raise NotFoundHere(Text("There is no such change here; 30 days after its end it is deleted."))
    target = LinkTarget(partition, change_id, stored.value.plan.digest)
    token = app.signer.link_token(target) if reader.visitor.person else ""
    query = reader.paths.change(stored.value.cluster_id, change_id).partition("?")[2]
    return _shown(app, req, target, Opened(reader.visitor, reader.paths, token, f"?{query}"))


def _shown(app: App, req: func.HttpRequest, target: LinkTarget, opened: Opened) -> func.HttpResponse:
    view = app.decide.view(target)
    if kind := req.params.get("kind", ""):
        return _related_page(app, req, view.change, kind)
    return _change_page(app, req, target, view, opened)


def show_receipt(req: func.HttpRequest) -> func.HttpResponse:
    """For all who may see the page, with the page's query: as a page for browsers, else as JSON."""
    from ..web.audit_pages import receipt_page
    from ..web.receipt import receipt_json

    app, cluster, token = current(), req.params.get("cluster", ""), req.params.get("t", "")
    if cluster:
        reader, change_id = reader_of(app, req), record_id(req, "change_id")
        partition, visitor, paths = permitted(reader.paths, cluster), reader.visitor, reader.paths
        query = paths.with_pass(f"?cluster={partition}")
    else:
        target = _target(app, token, req)
        partition, change_id = target.partition, target.change_id
        try:
            visitor = visitor_of(app, req)
        except (SignInNeeded, NotPermitted) as error:
            return _ask_to_sign_in(app, req, token, error)
        opened = _by_link(app, req, target, visitor, token)
        paths, query = opened.paths, opened.link
    receipt = app.receipts.of(partition, change_id, app.clock.now())
    if not wants_page(req):
        return as_json(receipt_json(receipt))
    return as_page(receipt_page(receipt, paths, query, language=language_of(req), signed_in=signed_in(app, visitor)))


def decide(req: func.HttpRequest, advance: Callable[[str], None], deliver: Callable[[str], None]) -> func.HttpResponse:
    """The form's POST. ``advance`` and ``deliver`` queue messages; without them the next tick does the work."""

    app = current()
    form = read_form(req)
    target = _target(app, form.get("t", ""), req)
    try:
        visitor = visitor_of(app, req)
    except (SignInNeeded, NotPermitted) as error:
        return _ask_to_sign_in(app, req, form.get("t", ""), error)
    if not is_own_origin(req.headers.get("Origin"), app.settings.public_base_url):
        raise FormExpired
    app.signer.check_form(form.get("csrf", ""), visitor.nonce, target.change_id)
    action, approver = form.get("action", ""), visitor.person or link_holder(form.get("name", ""))
    change = _proposed_by(app, target, action, approver)
    if change is None:
        try:
            place = _place(app, target, visitor)
            change = app.decide.decide(target, action, approver, Instant.of(app.clock), place)
        except AlreadyDecided as error:
            note_refusal(req, error, status_of(error)[1])
            opened = _by_link(app, req, target, visitor, form["t"])
            return _change_page(app, req, target, app.decide.view(target), opened, error)
        advance(message(partition=target.partition, change=target.change_id))
    deliver(message(partition=target.partition))
    return see_other(same_language(app.links.page(change), req))


def _ask_to_sign_in(app: App, req: func.HttpRequest, token: str, error: Refused) -> func.HttpResponse:
    """Why, and a link to where signing in begins. A link, not a redirect: previews and scanners follow those."""
    status, code = status_of(error)
    note_refusal(req, error, code)
    url = same_language(sign_in_url(app, token), req)
    page = message_page(error.text, status=status, language=language_of(req), title=title_of(code), sign_in_url=url)
    return as_page(page, status)


def _proposed_by(app: App, target: LinkTarget, action: str, approver: Approver) -> Change | None:
    """The new change that a button proposes; None if the button decides on the change itself. Raises Refused."""

    if action not in (Action.ROLL_BACK, Action.DELETE, Action.ASK_AGAIN):
        return None
    at, change = Instant.of(app.clock), app.decide.view(target).change
    app.decide.actions.refuse_unless_possible(change, Action(action), approver, at.domain)
    if action == Action.ASK_AGAIN:
        return app.renewer.plan_again(target.partition, change, str(approver))
    propose = app.propose.propose_rollback if action == Action.ROLL_BACK else app.propose.propose_deletion
    return propose(made_by(app.records, target.partition, change), at, str(approver))


def _change_page(
    app: App,
    req: func.HttpRequest,
    target: LinkTarget,
    view: ChangeAndJournal,
    opened: Opened,
    refusal: Refused | None = None,
) -> func.HttpResponse:
    """``refusal``: of what the visitor just tried, shown beside what is possible now."""
    change, visitor, now = view.change, opened.visitor, app.clock.now()
    form, notice, step_up_url = None, None, ""
    if opened.token:
        place = _place(app, target, visitor)
        actions, notice, needs_step_up = app.decide.actions.offered(change, visitor.person or "", now, place)
        step_up_url = same_language(sign_in_url(app, opened.token, "&step_up=on"), req) if needs_step_up else ""
        csrf = app.signer.form_token(visitor.nonce, change.id)
        form = FormFields(opened.token, csrf, actions, asks_name=visitor.person is None) if actions else None
    original = _original(app, target, change)

    def linked(other: Change) -> LinkedChange:
        """With a page to act on, if this one is."""
        page = same_language(app.links.page(other), req) if opened.token else ""
        return LinkedChange(other, page or opened.paths.change(other.cluster_id, other.id))

    return as_page(
        change_page(
            change,
            language=language_of(req),
            journal=view.journal,
            form=form,
            notice=notice,
            refusal=refusal.text if refusal else None,
            signed_in=signed_in(app, visitor),
            step_up_url=step_up_url,
            is_unverified=app.settings.approval_mode == "link",
            now=now,
            link=opened.link,
            paths=opened.paths,
            pace=app.pace,
            original=linked(original) if original else None,
            follow_ups=[linked(later) for later in view.follow_ups],
            seen=app.read_probes.addresses(target.partition, now),
        ),
        status_of(refusal)[0] if refusal else 200,
        visitor.headers(f"/api/changes/{change.id}"),
    )


def _place(app: App, target: LinkTarget, visitor: Visitor) -> Place:
    return app.permission.place(target.digest, visitor.person or "", visitor.step_up, app.clock.wall())


def _original(app: App, target: LinkTarget, change: Change) -> Change | None:
    """The change that this one rolls back or deletes, if it is still stored."""

    try:
        return made_by(app.records, target.partition, change) if change.plan.of_change_id else None
    except NotFoundHere:
        return None


def _related_page(app: App, req: func.HttpRequest, change: Change, kind: str) -> func.HttpResponse:
    """A related plan, planned now; read-only. The link opens only kinds related to the plan."""

    related = next((plan.kind for plan in change.plan.related if plan.kind.value == kind), None)
    if related is None:
        raise NotFoundHere(Text("There is no such plan beside this one."))
    plan = app.planner.plan_cluster(change.cluster_id, app.clock.now(), PlanRequest(related))
    is_unverified = app.settings.approval_mode == "link"
    return as_page(plan_page(plan, language=language_of(req), is_unverified=is_unverified))


def _target(app: App, token: str, req: func.HttpRequest) -> LinkTarget:
    """The link's target. Raises LinkTampered if it is for another change than the URL."""

    target = app.signer.read_link(token)
    if target.change_id != req.route_params.get("change_id"):
        raise LinkTampered
    return target
