"""Pages to read: the fleet, a cluster, an incident."""

import azure.functions as func

from .queue_messages import queue
from .responses import answers_page, see_other

blueprint = func.Blueprint()


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
