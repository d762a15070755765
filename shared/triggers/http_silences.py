"""Hold back posts about one cluster, or allow them again."""

from __future__ import annotations

import azure.functions as func

from .. import user_input
from .responses import answers_json, as_json

blueprint = func.Blueprint()


@blueprint.route(route="silence", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@answers_json
def silence(req: func.HttpRequest) -> func.HttpResponse:
    """``?cluster=`` name or id, ``by=`` name of the person, and ``minutes=`` or ``until=`` (ISO 8601 with zone)."""
    from ..app import current
    from ..flows.incidents.silence import moment_from
    from ..web.answers import plain

    app = current()
    now = app.clock.now()
    until = moment_from(req.params.get("until", ""), req.params.get("minutes", ""), now)
    cluster = app.check.find(user_input.selector(req.params))
    record = app.silence.begin(cluster, until, req.params.get("by", ""), now)
    return as_json({"cluster": record.cluster_name, "until": plain(record.silenced_until), "by": record.silenced_by})


@blueprint.route(route="silence", methods=["DELETE"], auth_level=func.AuthLevel.FUNCTION)
@answers_json
def end_silence(req: func.HttpRequest) -> func.HttpResponse:
    """``?cluster=`` name or id, ``by=`` name of the person."""
    from ..app import current

    app = current()
    cluster = app.check.find(user_input.selector(req.params))
    record = app.silence.end(cluster, req.params.get("by", ""), app.clock.now())
    return as_json({"cluster": record.cluster_name, "until": None, "by": ""})
