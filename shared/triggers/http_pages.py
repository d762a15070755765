"""Pages for people: the fleet, a cluster, an incident, a change; sign-in, which leads back to them; public files."""

import azure.functions as func

from .queue_messages import queue
from .responses import answers_page, see_other

blueprint = func.Blueprint()
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}


@blueprint.route(route="fleet", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@answers_page
def fleet(req: func.HttpRequest) -> func.HttpResponse:
    """Every cluster as last scanned, the highest risk first. ``?q=`` part of a name, ``?state=`` filter."""
    from .read_pages import show_fleet

    return show_fleet(req)


@blueprint.route(route="fleet/open", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@answers_page
def open_fleet(req: func.HttpRequest) -> func.HttpResponse:
    """Redirects to the fleet page; where nobody signs in, with a link that opens all pages to read for an hour."""
    from ..app import current

    return see_other(current().links.fleet())


@blueprint.route(route="clusters/{*cluster}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@answers_page
def cluster(req: func.HttpRequest) -> func.HttpResponse:
    """One cluster by name, resource id or key: its state, incidents, changes and audit lines."""
    from .read_pages import show_cluster

    return show_cluster(req)


@blueprint.route(route="incidents/{incident_id}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@answers_page
def incident(req: func.HttpRequest) -> func.HttpResponse:
    """One incident, ``?cluster=`` the key of its cluster: what failed, when, and what was done about it."""
    from .read_pages import show_incident

    return show_incident(req)


@blueprint.route(route="incidents/{incident_id}", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@blueprint.queue_output("deliver", **queue("deliver"))
@answers_page
def act_on_incident(req: func.HttpRequest, deliver: func.Out[str]) -> func.HttpResponse:
    """Silence its cluster for an hour, or make a new plan; only from the page's own form, by a person who signed in."""
    from .read_pages import act_on_incident as act

    return act(req, deliver.set)


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


@blueprint.route(route="slack/link", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
@answers_page
def slack_link(req: func.HttpRequest) -> func.HttpResponse:
    """``?t=`` from the private answer in Slack: who links which accounts; the page's form links them."""
    from .slack_link_page import confirm, show

    return confirm(req) if req.method == "POST" else show(req)


@blueprint.route(route="sign-in", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@answers_page
def sign_in(req: func.HttpRequest) -> func.HttpResponse:
    """``?t=`` the link of a change's page: redirects the browser to Entra ID."""
    from .sign_in_pages import begin

    return begin(req)


@blueprint.route(route="signed-in", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@answers_page
def signed_in(req: func.HttpRequest) -> func.HttpResponse:
    """The redirect URI: Entra ID redirects the browser here, with a code or an error."""
    from .sign_in_pages import finish

    return finish(req)


@blueprint.route(route="sign-out", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@answers_page
def sign_out(req: func.HttpRequest) -> func.HttpResponse:
    """End the session in this browser; only from a page's own form."""
    from .sign_in_pages import leave

    return leave(req)


@blueprint.route(route="assets/{version}/{name}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def asset(req: func.HttpRequest) -> func.HttpResponse:
    """404 for another version: two versions of the app may run during a deployment."""
    from ..web.assets import read_asset

    found = read_asset(req.route_params.get("version", ""), req.route_params.get("name", ""))
    if found is None:
        return func.HttpResponse(status_code=404, headers={"Cache-Control": "no-store"})
    content, media_type = found
    return func.HttpResponse(content, mimetype=media_type, charset="utf-8", headers=_FOREVER)


@blueprint.route(route="openapi.json", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def openapi(req: func.HttpRequest) -> func.HttpResponse:
    """What each route takes and answers."""
    from ..web.assets import openapi_document

    headers = {"Cache-Control": "public, max-age=300", "X-Content-Type-Options": "nosniff"}
    return func.HttpResponse(openapi_document(), mimetype="application/json", charset="utf-8", headers=headers)
