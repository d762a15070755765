"""On demand: look now, and whether the bot itself is well."""

from __future__ import annotations

import azure.functions as func

blueprint = func.Blueprint()


@blueprint.function_name("check")
@blueprint.route(route="check", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
def check(req: func.HttpRequest) -> func.HttpResponse:
    """``?cluster=`` name or resource id, all without it; ``?window=`` minutes to judge. Writes nothing."""
    from .answers import answering_json, as_json

    def answer() -> func.HttpResponse:
        from ..app import current
        from ..web.answers import check_json

        app = current()
        minutes = _minutes(req.params.get("window"))
        selector = req.params.get("cluster", "").strip()
        now = app.clock.now()
        report = app.check.one(selector, now, minutes) if selector else app.check.all(now, minutes)
        return as_json(check_json(report.at, report.window, report.assessments, report.unreadable))

    return answering_json(answer)


@blueprint.function_name("plan")
@blueprint.route(route="plan", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
def plan(req: func.HttpRequest) -> func.HttpResponse:
    """``?cluster=`` name or resource id: the plan as a dry run. Writes nothing, whatever REMEDIATION says.

    ``&kind=``: that kind of plan instead of the right answer. ``&as=page``: for people instead of programs.
    """
    from .answers import answering_json, as_json

    def answer() -> func.HttpResponse:
        from ..app import current
        from ..core.plan_request import PlanRequest
        from ..errors import BadInput
        from ..flows.planning import kind_named
        from ..web.answers import plan_json
        from .change_pages import plan_page_of

        selector = req.params.get("cluster", "").strip()
        if not selector:
            raise BadInput("cluster is missing; give ?cluster=<name or resource id>")
        form = req.params.get("as", "json")
        if form not in ("json", "page"):
            raise BadInput(f"as is {form!r}; it must be json or page")
        request = PlanRequest(kind_named(req.params.get("kind", "")))
        app = current()
        found = app.planning.attachment(app.check.find(selector).id, app.clock.now(), request)
        return plan_page_of(found) if form == "page" else as_json(plan_json(found))

    return answering_json(answer)


@blueprint.function_name("health")
@blueprint.route(route="health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def health(req: func.HttpRequest) -> func.HttpResponse:
    """200 or 503 and the version, for any outside monitor. No settings, no secrets, no reasons."""
    from .health import short

    return short()


@blueprint.function_name("health_details")
@blueprint.route(route="health/details", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
def health_details(req: func.HttpRequest) -> func.HttpResponse:
    """The same with what is configured and why it is not well. Names and yes or no, never a value that is secret."""
    from .health import detailed

    return detailed()


def _minutes(text: str | None) -> int | None:
    from ..errors import BadInput

    if text is None or not text.strip():
        return None
    if not text.strip().isdigit():
        raise BadInput(f"window is {text!r}; it must be a whole number of minutes, 1 to 1440")
    return int(text)
