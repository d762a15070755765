"""On demand: look now, and whether the bot itself is well."""

from __future__ import annotations

import azure.functions as func

blueprint = func.Blueprint()


@blueprint.function_name("check")
@blueprint.route(route="check", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
def check(req: func.HttpRequest) -> func.HttpResponse:
    """``?cluster=`` name or resource id, all without it; ``?window=`` minutes to judge. Writes nothing."""
    from .responses import answering_json, as_json

    def answer() -> func.HttpResponse:
        from .. import user_input
        from ..app import current
        from ..web.answers import check_json

        app = current()
        window, cluster = req.params.get("window", ""), req.params.get("cluster", "")
        minutes = user_input.whole_number("window", window, 1, 1440) if window.strip() else None
        now = app.clock.now()
        is_one = bool(cluster.strip())
        report = app.check.one(user_input.selector(cluster), now, minutes) if is_one else app.check.all(now, minutes)
        return as_json(check_json(report.at, report.window, report.assessments, report.unreadable))

    return answering_json(answer)


@blueprint.function_name("plan")
@blueprint.route(route="plan", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
def plan(req: func.HttpRequest) -> func.HttpResponse:
    """``?cluster=`` name or resource id: the plan as a dry run. Writes nothing, whatever REMEDIATION says.

    ``&kind=``: that kind of plan instead of the right answer. ``&as=page``: for people instead of programs.
    """
    from .responses import answering_json, as_json

    def answer() -> func.HttpResponse:
        from .. import user_input
        from ..app import current
        from ..core.planning.request import PlanRequest
        from ..flows.planning.plan import kind_named
        from ..web.answers import plan_json
        from .change_pages import plan_page_of

        selector = user_input.selector(req.params.get("cluster", ""))
        form = user_input.one_of("as", req.params.get("as", ""), ("json", "page"))
        request = PlanRequest(kind_named(req.params.get("kind", "")))
        app = current()
        found = app.planner.plan_cluster(app.check.find(selector).id, app.clock.now(), request)
        return plan_page_of(found) if form == "page" else as_json(plan_json(found))

    return answering_json(answer)


@blueprint.function_name("health")
@blueprint.route(route="health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def health(req: func.HttpRequest) -> func.HttpResponse:
    """200 or 503 and the version, for any outside monitor. No settings, no secrets, no reasons."""
    from .http_health import short

    return short()


@blueprint.function_name("health_details")
@blueprint.route(route="health/details", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
def health_details(req: func.HttpRequest) -> func.HttpResponse:
    """The same with what is configured and why it is not well. Names and yes or no, never a value that is secret."""
    from .http_health import detailed

    return detailed()
