"""The host's HTTP side: routes, keys, limits, and the admin call that runs a function now.

It forwards the client's request unchanged: the Host header, the body's bytes, the path still encoded. Answers that
come from the host and not from a function are 401, 404, 500 and 502, without a body, as in Azure.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

from devhost.errors import DevHostError
from devhost.functions import Function
from devhost.messages import HttpAnswer, HttpCall
from devhost.routes import Route

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_FORWARDED = "X-Forwarded-For"
_SOURCE = "X-Simulated-Source"
ADMIN_PREFIX = "/admin/functions/"


@dataclass(frozen=True)
class Keys:
    """The host's keys. Callers send a key in the header ``x-functions-key`` or the query's ``code``."""

    function: str
    master: str

    def allow(self, level: str, key: str) -> bool:
        """True if `key` is valid for a function of this auth level."""
        accepted = {"anonymous": (), "function": (self.function, self.master)}.get(level, (self.master,))
        return level == "anonymous" or any(hmac.compare_digest(key.encode(), each.encode()) for each in accepted)


class Frontend:
    """A WSGI application in front of the functions."""

    def __init__(
        self,
        routes: list[Route],
        keys: Keys,
        timeout_seconds: float,
        call: Callable[[Function, HttpCall], Future[HttpAnswer]],
        run_now: Callable[[str, str], bool],
    ) -> None:
        self._routes = routes
        self._keys = keys
        self._timeout_seconds = timeout_seconds
        self._call = call
        self._run_now = run_now

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        answer = self._answer(request)
        response = Response(answer.body, answer.status, list(answer.headers))
        if not any(name.lower() == "content-type" for name, _ in answer.headers):
            del response.headers["Content-Type"]
        return response(environ, start_response)

    def _answer(self, request: Request) -> HttpAnswer:
        target: str = request.environ["REQUEST_URI"]
        path = target.partition("?")[0]
        key = request.headers.get("x-functions-key") or request.args.get("code", "")
        if path.startswith(ADMIN_PREFIX):
            return self._admin(request, path.removeprefix(ADMIN_PREFIX), key)
        for route in self._routes:
            values = route.match(request.method, path)
            if values is not None:
                if not self._keys.allow(route.trigger.auth_level, key):
                    return HttpAnswer(401)
                return self._function(route.function, _call(request, target, values))
        return HttpAnswer(404)

    def _function(self, function: Function, call: HttpCall) -> HttpAnswer:
        try:
            return self._call(function, call).result(self._timeout_seconds)
        except TimeoutError:
            return HttpAnswer(502)  # the request ends, the function keeps running
        except DevHostError:
            return HttpAnswer(500)

    def _admin(self, request: Request, name: str, key: str) -> HttpAnswer:
        """Azure docs: "Manually run a non HTTP-triggered function"."""
        if not self._keys.allow("admin", key):
            return HttpAnswer(401)
        if request.method != "POST":
            return HttpAnswer(404)
        try:
            value = json.loads(request.get_data() or b"{}").get("input", "")
        except (ValueError, AttributeError):
            return HttpAnswer(400)
        return HttpAnswer(202 if self._run_now(name, str(value)) else 404)


def _call(request: Request, target: str, values: dict[str, str]) -> HttpCall:
    headers: dict[str, str] = {}
    for name, value in request.headers:
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    # As Azure's front end does: what the caller claims, and then where the request came from. A simulated pod says the
    # latter itself: between it and this host there is no network that could translate its address.
    came_from = headers.pop(_SOURCE, "") or f"{request.remote_addr}:{request.environ.get('REMOTE_PORT', 0)}"
    hops = (headers.get(_FORWARDED, ""), came_from)
    headers[_FORWARDED] = ", ".join(filter(None, hops))
    return HttpCall(
        method=request.method,
        url=f"{request.scheme}://{request.headers.get('Host', '')}{target}",
        headers=headers,
        query={name: ",".join(several) for name, several in request.args.lists()},
        route_values=values,
        body=request.get_data(),
    )
