"""Hold back posts about one cluster, or let them through again."""

from __future__ import annotations

import azure.functions as func

blueprint = func.Blueprint()


@blueprint.function_name("silence")
@blueprint.route(route="silence", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
def silence(req: func.HttpRequest) -> func.HttpResponse:
    """``?cluster=`` name or id, ``by=`` who, and ``minutes=`` or ``until=`` (ISO 8601 with zone)."""
    from .responses import answering_json

    return answering_json(lambda: _begin(req))


@blueprint.function_name("end_silence")
@blueprint.route(route="silence", methods=["DELETE"], auth_level=func.AuthLevel.FUNCTION)
def end_silence(req: func.HttpRequest) -> func.HttpResponse:
    """``?cluster=`` name or id, ``by=`` who."""
    from .responses import answering_json

    return answering_json(lambda: _end(req))


def _begin(req: func.HttpRequest) -> func.HttpResponse:
    from ..app import current
    from ..flows.incidents.silence import moment_from
    from ..web.answers import plain
    from .responses import as_json

    app = current()
    now = app.clock.now()
    until = moment_from(req.params.get("until", ""), req.params.get("minutes", ""), now)
    record = app.silence.begin(app.check.find(_cluster(req)), until, req.params.get("by", ""), now)
    return as_json({"cluster": record.cluster_name, "until": plain(record.silenced_until), "by": record.silenced_by})


def _end(req: func.HttpRequest) -> func.HttpResponse:
    from ..app import current
    from .responses import as_json

    app = current()
    record = app.silence.end(app.check.find(_cluster(req)), req.params.get("by", ""), app.clock.now())
    return as_json({"cluster": record.cluster_name, "until": None, "by": ""})


def _cluster(req: func.HttpRequest) -> str:
    from .. import user_input

    return user_input.selector(req.params.get("cluster", ""))
