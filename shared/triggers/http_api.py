"""Requests with a function key, and commands of a person who signed in at a terminal: checks, plans, stop, silences."""

import azure.functions as func

from .queue_messages import message, queue
from .responses import answers_json, answers_whoever_asks, as_json, as_page, as_text, language_of

blueprint = func.Blueprint()
_CLUSTERS_A_PAGE = 20


@blueprint.route(route="check", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@answers_json
def check(req: func.HttpRequest) -> func.HttpResponse:
    """``?cluster=`` name or resource id, without it all clusters; ``?window=`` minutes to assess.

    ``&format=text``, or only text accepted: as the table of the terminal.
    """
    from .. import user_input
    from ..app import current
    from ..web.answers import check_json
    from ..web.check_table import check_as_text

    app = current()
    accepted = req.headers.get("Accept", "").partition(";")[0].strip().lower()
    form = user_input.choice("format", req.params.get("format", ""), ("", "json", "text"))
    window = req.params.get("window", "").strip()
    minutes = user_input.whole_number("window", window, 1, 1440) if window else None
    now = app.clock.now()
    if req.params.get("cluster", "").strip():
        report = app.check.one(user_input.selector(req.params), now, minutes)
    else:
        report = app.check.all(now, minutes)
    if form == "text" or (not form and accepted == "text/plain"):
        return as_text(check_as_text(report, language_of(req)))
    is_single = len(report.assessments) == 1 and app.settings.has_storage
    probes = app.read_probes.last_hour(report.assessments[0].cluster, now) if is_single else None
    return as_json(check_json(report, probes))


@blueprint.route(route="plan", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@answers_json
def plan(req: func.HttpRequest) -> func.HttpResponse:
    """``?cluster=`` name or resource id: the plan as a dry run, whatever REMEDIATION says.

    ``&kind=``: that kind of plan. ``&as=page``: as a page for people.
    """
    from .. import user_input
    from ..app import current
    from ..core.planning.request import PlanRequest
    from ..flows.planning.plan import kind_named
    from ..ids import cluster_key
    from ..web.answers import plan_json
    from ..web.pages import plan_page

    selector = user_input.selector(req.params)
    form = user_input.choice("as", req.params.get("as", ""), ("json", "page"))
    request = PlanRequest(kind_named(req.params.get("kind", "")))
    app = current()
    now = app.clock.now()
    found = app.planner.plan_cluster(app.check.find(selector).id, now, request)
    if form == "page":
        seen = app.read_probes.addresses(cluster_key(found.cluster_id), now)
        return as_page(plan_page(found, language=language_of(req), seen=seen))
    return as_json(plan_json(found))


@blueprint.route(route="changes", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@answers_json
def propose(req: func.HttpRequest) -> func.HttpResponse:
    """``?cluster=``: propose a plan without an incident; the answer has the URL of its page.

    ``&kind=attach_nat_gateway``: also if it is not needed yet. ``&kind=reserve_public_ips``, or ``&first=reserve``:
    only the public IPs, so that partners can allow them first.
    """
    from .commands import by_key

    return by_key("propose", req, "holder of the function key")


@blueprint.route(route="stop", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@answers_json
def stop(req: func.HttpRequest) -> func.HttpResponse:
    """``?by=&reason=``: stop all changes before their next step."""
    from ..app import current
    from ..web.answers import stop_json

    app = current()
    flag = app.stop.set(True, req.params.get("by", ""), req.params.get("reason", ""), app.clock.now())
    return as_json(stop_json(flag))


@blueprint.route(route="stop", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@answers_json
def stop_state(req: func.HttpRequest) -> func.HttpResponse:
    """Whether all changes are stopped, by whom, why and since when."""
    from ..app import current
    from ..web.answers import stop_json

    return as_json(stop_json(current().stop_switch.stop_flag()))


@blueprint.route(route="stop", methods=["DELETE"], auth_level=func.AuthLevel.FUNCTION)
@answers_json
def lift_stop(req: func.HttpRequest) -> func.HttpResponse:
    """``?by=&reason=``: allow changes to be resumed one by one."""
    from .commands import by_key

    return by_key("start", req, req.params.get("by", ""))


@blueprint.route(route="history", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@answers_json
def history(req: func.HttpRequest) -> func.HttpResponse:
    """``?cluster=`` name or resource id: its incidents, changes with their journals, and the audit trail.

    Without it every cluster's, 20 at a time: ``next`` is the address of those after ``?after=``.
    """
    from .. import user_input
    from ..app import current
    from ..flows.incidents.history import read_histories, read_history
    from ..ids import cluster_key
    from ..web.answers import history_json, history_page_json

    app = current()
    if not req.params.get("cluster", "").strip():
        after = user_input.cursor("after", req.params.get("after", ""))
        found, last = read_histories(app.records, after, _CLUSTERS_A_PAGE)
        return as_json(history_page_json(found, f"/api/history?after={last}" if last else ""))
    selector = user_input.selector(req.params)
    return as_json(history_json(read_history(app.records, cluster_key(app.check.id_of(selector)))))


@blueprint.route(route="silence", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@answers_json
def silence(req: func.HttpRequest) -> func.HttpResponse:
    """``?cluster=`` name or id, ``by=`` name of the person, and ``minutes=`` or ``until=`` (ISO 8601 with zone)."""
    from .commands import by_key

    return by_key("silence", req, req.params.get("by", ""))


@blueprint.route(route="silence", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@answers_json
def silences(req: func.HttpRequest) -> func.HttpResponse:
    """The clusters whose posts are held back now, until when, and by whom."""
    from ..app import current
    from ..web.answers import silences_json

    app = current()
    return as_json(silences_json(app.silence.present(app.clock.now())))


@blueprint.route(route="silence", methods=["DELETE"], auth_level=func.AuthLevel.FUNCTION)
@answers_json
def end_silence(req: func.HttpRequest) -> func.HttpResponse:
    """``?cluster=`` name or id, ``by=`` name of the person."""
    from .commands import by_key

    return by_key("unsilence", req, req.params.get("by", ""))


@blueprint.route(route="commands/{command}", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@answers_json
def command(req: func.HttpRequest) -> func.HttpResponse:
    """``propose``, ``silence``, ``unsilence`` or ``start``, with a person's access token for this app's API.

    A route of its own: the host lets everybody call an anonymous route, and does not say if a function key came along.
    """
    from .commands import by_person

    return by_person(req)


@blueprint.route(route="slack", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@blueprint.queue_output("asked", **queue("slack"))
@answers_json
def slack(req: func.HttpRequest, asked: func.Out[str]) -> func.HttpResponse:
    """The request URL of the app's slash command and its buttons. Slack signs the body as it is sent."""
    from ..app import current
    from ..errors import NotFoundHere
    from ..model.text import Text

    app = current()
    if app.slack_requests is None:
        raise NotFoundHere(Text("No Slack app is set up here: SLACK_SIGNING_SECRET is empty."))
    signed = app.slack_requests.read(req.get_body(), req.headers, app.clock.wall())
    if signed.request and app.stored_slack_requests.add(signed.key, signed.request):
        asked.set(message(request=signed.key))
    return func.HttpResponse(status_code=200, headers={"Cache-Control": "no-store"})


@blueprint.route(route="audit", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@answers_whoever_asks
def audit(req: func.HttpRequest) -> func.HttpResponse:
    """JSON lines: what verifying all of it found, then the lines, up to 1,000 a page; a Link header has the next page.

    For people with the role Snat.Audit: with a session, or with a person's access token for this app's API. For
    browsers the same as a page.
    """
    from .audit_pages import show_audit

    return show_audit(req)
