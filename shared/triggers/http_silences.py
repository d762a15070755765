"""Hold back posts about one cluster, or allow them again."""

import azure.functions as func

from .responses import answers_json, as_json

blueprint = func.Blueprint()


@blueprint.route(route="silence", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@answers_json
def silence(req: func.HttpRequest) -> func.HttpResponse:
    """``?cluster=`` name or id, ``by=`` name of the person, and ``minutes=`` or ``until=`` (ISO 8601 with zone)."""
    from .commands import by_key

    return by_key("silence", req, req.params.get("by", ""))


@blueprint.route(route="silence", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@answers_json
def silences(req: func.HttpRequest) -> func.HttpResponse:
    """The clusters whose posts are held back now, until when, and by whom."""
    from ..app import current
    from ..web.answers import silences_json

    app = current()
    return as_json(silences_json(app.silence.present(app.clock.now())))


@blueprint.route(route="silence", methods=["DELETE"], auth_level=func.AuthLevel.FUNCTION)
@answers_json
def end_silence(req: func.HttpRequest) -> func.HttpResponse:
    """``?cluster=`` name or id, ``by=`` name of the person."""
    from .commands import by_key

    return by_key("unsilence", req, req.params.get("by", ""))
