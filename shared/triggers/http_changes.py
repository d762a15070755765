"""The pages of a change, and what people ask for with a function key: a plan to approve, a stop, the history."""

from __future__ import annotations

import azure.functions as func

blueprint = func.Blueprint()


@blueprint.function_name("change_page")
@blueprint.route(route="changes/{change_id}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def change_page(req: func.HttpRequest) -> func.HttpResponse:
    """Shows the exact plan and its state. Changes nothing: previews and scanners follow links."""
    from .change_pages import answering_page, show

    return answering_page(lambda: show(req))


@blueprint.function_name("change_decision")
@blueprint.route(route="changes/{change_id}", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@blueprint.queue_output("advance", queue_name="%QUEUE_PREFIX%-advance", connection="AzureWebJobsStorage")
@blueprint.queue_output("deliver", queue_name="%QUEUE_PREFIX%-deliver", connection="AzureWebJobsStorage")
def change_decision(req: func.HttpRequest, advance: func.Out[str], deliver: func.Out[str]) -> func.HttpResponse:
    """Approves, denies, resumes, or asks for a roll-back: only from this page's own form."""
    from .change_pages import answering_page, decide

    return answering_page(lambda: decide(req, advance.set, deliver.set))


@blueprint.function_name("propose")
@blueprint.route(route="changes", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
def propose(req: func.HttpRequest) -> func.HttpResponse:
    """``?cluster=``: a plan without waiting for an incident; the answer holds the page's address.

    ``&kind=attach_nat_gateway``: also ahead of need. ``&kind=reserve_public_ips``, or ``&first=reserve``: only the
    public IPs, so that partners can list them before anything moves.
    """
    from .responses import answering_json, as_json

    def answer() -> func.HttpResponse:
        from .. import user_input
        from ..app import current
        from ..auth.errors import RemediationOff
        from ..flows.planning.plan import kind_named
        from ..web.answers import change_json

        selector = user_input.selector(req.params.get("cluster", ""))
        first = user_input.one_of("first", req.params.get("first", ""), ("", "reserve"))
        kind = kind_named("reserve_public_ips" if first else req.params.get("kind", ""))
        app = current()
        if not app.settings.is_remediation_on:
            raise RemediationOff
        cluster = app.check.find(selector)
        now, wall, by = app.clock.now(), app.clock.wall(), "holder of the function key"
        change = app.propose.propose(cluster.id, now, wall, by, kind=kind)
        return as_json({**change_json(change), "page_url": app.links.page(change)}, 201)

    return answering_json(answer)


@blueprint.function_name("stop")
@blueprint.route(route="stop", methods=["POST", "DELETE"], auth_level=func.AuthLevel.FUNCTION)
def stop(req: func.HttpRequest) -> func.HttpResponse:
    """POST ``?by=&reason=`` stops all changes before their next step; DELETE lets them be resumed one by one."""
    from .responses import answering_json, as_json

    def answer() -> func.HttpResponse:
        from ..app import current

        app = current()
        by, reason = req.params.get("by", ""), req.params.get("reason", "")
        flag = app.stop.set(req.method == "POST", by, reason, app.clock.now())
        return as_json({"is_stopped": flag.is_set, "by": flag.by, "reason": flag.reason})

    return answering_json(answer)


@blueprint.function_name("history")
@blueprint.route(route="history", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
def history(req: func.HttpRequest) -> func.HttpResponse:
    """``?cluster=`` name or resource id: its incidents, changes with their journals, and the audit trail."""
    from .responses import answering_json, as_json

    def answer() -> func.HttpResponse:
        from .. import user_input
        from ..app import current
        from ..flows.incidents.history import read_history
        from ..web.answers import history_json

        selector = user_input.selector(req.params.get("cluster", ""))
        app = current()
        # A deleted cluster still has a history: an id is taken as it is.
        cluster_id = selector if selector.startswith("/") else app.check.find(selector).id
        found = read_history(app.records, cluster_id)
        return as_json(history_json(found.record, found.incidents, found.changes, found.journals, found.audit))

    return answering_json(answer)
