"""The page of a change, and requests with a function key: a plan to approve, a stop, the history."""

import azure.functions as func

from .queue_messages import queue
from .responses import answers_json, answers_page, as_json

blueprint = func.Blueprint()
_CLUSTERS_A_PAGE = 20


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


@blueprint.route(route="changes/{change_id}/receipt", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@answers_page
def receipt(req: func.HttpRequest) -> func.HttpResponse:
    """What is stored of a change as JSON, and what of that verifies; for those who may see its page."""
    from .change_pages import show_receipt

    return show_receipt(req)


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
    # A deleted cluster still has a history, so any resource id is accepted.
    cluster_id = selector if selector.startswith("/") else app.check.find(selector).id
    return as_json(history_json(read_history(app.records, cluster_key(cluster_id))))
