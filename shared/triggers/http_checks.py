"""Assess a cluster or plan for it now, without writing anything."""

import azure.functions as func

from .responses import answers_json, as_json, as_page, as_text, language_of

blueprint = func.Blueprint()


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
    return as_json(check_json(report))


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
    from ..web.answers import plan_json
    from ..web.pages import plan_page

    selector = user_input.selector(req.params)
    form = user_input.choice("as", req.params.get("as", ""), ("json", "page"))
    request = PlanRequest(kind_named(req.params.get("kind", "")))
    app = current()
    found = app.planner.plan_cluster(app.check.find(selector).id, app.clock.now(), request)
    if form == "page":
        return as_page(plan_page(found, language=language_of(req)))
    return as_json(plan_json(found))
