"""The page of a change, and requests with a function key: a plan to approve, a stop, the history."""

from __future__ import annotations

import azure.functions as func

from .. import user_input
from ..clock import Instant
from .queue_messages import queue
from .responses import answers_json, answers_page, as_json

blueprint = func.Blueprint()


@blueprint.route(route="changes/{change_id}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@answers_page
def change_page(req: func.HttpRequest) -> func.HttpResponse:
    """Show the exact plan and its state. It changes nothing, because previews and scanners follow links."""
    from .change_pages import show

    return show(req)


@blueprint.route(route="changes/{change_id}", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@blueprint.queue_output("advance", **queue("advance"))
@blueprint.queue_output("deliver", **queue("deliver"))
@answers_page
def change_decision(req: func.HttpRequest, advance: func.Out[str], deliver: func.Out[str]) -> func.HttpResponse:
    """Approve, deny, resume, or propose a rollback; only from this page's own form."""
    from .change_pages import decide

    return decide(req, advance.set, deliver.set)


@blueprint.route(route="changes", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@answers_json
def propose(req: func.HttpRequest) -> func.HttpResponse:
    """``?cluster=``: propose a plan without an incident; the answer has the URL of its page.

    ``&kind=attach_nat_gateway``: also if it is not needed yet. ``&kind=reserve_public_ips``, or ``&first=reserve``:
    only the public IPs, so that partners can allow them first.
    """
    from ..app import current
    from ..auth.errors import RemediationOff
    from ..flows.planning.plan import kind_named
    from ..model.plan import PlanKind
    from ..web.answers import change_json

    selector = user_input.selector(req.params)
    first = user_input.choice("first", req.params.get("first", ""), ("", "reserve"))
    kind = PlanKind.RESERVE_PUBLIC_IPS if first else kind_named(req.params.get("kind", ""))
    app = current()
    if not app.settings.is_remediation_on:
        raise RemediationOff
    cluster = app.check.find(selector)
    change = app.propose.propose(cluster.id, Instant.of(app.clock), "holder of the function key", kind=kind)
    return as_json({**change_json(change), "page_url": app.links.page(change)}, 201)


@blueprint.route(route="stop", methods=["POST", "DELETE"], auth_level=func.AuthLevel.FUNCTION)
@answers_json
def stop(req: func.HttpRequest) -> func.HttpResponse:
    """POST ``?by=&reason=`` stops all changes before their next step; DELETE allows to resume them one by one."""
    from ..app import current

    app = current()
    by, reason = req.params.get("by", ""), req.params.get("reason", "")
    flag = app.stop.set(req.method == "POST", by, reason, app.clock.now())
    return as_json({"is_stopped": flag.is_set, "by": flag.by, "reason": flag.reason})


@blueprint.route(route="history", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@answers_json
def history(req: func.HttpRequest) -> func.HttpResponse:
    """``?cluster=`` name or resource id: its incidents, changes with their journals, and the audit trail."""
    from ..app import current
    from ..flows.incidents.history import read_history
    from ..web.answers import history_json

    selector = user_input.selector(req.params)
    app = current()
    # A deleted cluster still has a history, so any resource id is accepted.
    cluster_id = selector if selector.startswith("/") else app.check.find(selector).id
    return as_json(history_json(read_history(app.records, cluster_id)))
