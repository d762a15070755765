"""The app's HTTP functions as a WSGI app in this process. It asks for no function key: that is the host's part."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import azure.functions as func
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from tests.support.http_functions import FUNCTIONS, Out

UNROUTED = "X-Unrouted"  # a header of answers that no function gave


def _rule(route: str) -> str:
    return "/api/" + route.replace("{*", "<path:").replace("{", "<").replace("}", ">")


ROUTES = Map(
    [Rule(_rule(found.route), methods=found.methods, endpoint=name) for name, found in FUNCTIONS.items()],
    merge_slashes=False,
)


def wsgi(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    request = Request(environ)
    try:
        name, values = ROUTES.bind_to_environ(environ).match()
    except HTTPException as none:
        answer = none.get_response(environ)
        answer.headers[UNROUTED] = "yes"
        return answer(environ, start_response)
    asked = func.HttpRequest(
        request.method,
        request.url,
        headers=dict(request.headers),
        params=request.args.to_dict(),
        route_params=dict(values),
        body=request.get_data(),
    )
    found = FUNCTIONS[name]
    given = found.call(asked, *(Out() for _ in found.outputs))
    headers = dict(given.headers)
    if given.get_body():
        charset = "; charset=utf-8" if given.mimetype.startswith("text/") else ""
        headers["Content-Type"] = f"{given.mimetype}{charset}"
    response = Response(given.get_body(), status=given.status_code, headers=headers)
    return response(environ, start_response)
