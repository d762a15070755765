"""Answers requests, independent of any HTTP server.

Order: faults, then the identity that sent the request, then the checks of Resource Manager's front
door (bearer token, api-version), then the route. Only this module turns errors into HTTP answers.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from email.utils import format_datetime

from .clock import iso_text
from .control import ROUNDS, run_rounds
from .control import ROUTES as CONTROL_ROUTES
from .errors import GATEWAY, ArmError, ControlError, ServiceError
from .hosts import is_dead, path_on_simulator
from .http import WRITES, Request, Response
from .noise import stable_uuid
from .requestlog import RequestLog
from .room.routes import ROUTES as ROOM_ROUTES
from .routing import Handler, Route, Router
from .services.activitylog.recording import logged
from .services.activitylog.routes import ROUTES as ACTIVITYLOG_ROUTES
from .services.authorization.guard import check_access
from .services.authorization.routes import ROUTES as AUTHORIZATION_ROUTES
from .services.compute.routes import ROUTES as COMPUTE_ROUTES
from .services.containerservice.routes import ROUTES as CONTAINERSERVICE_ROUTES
from .services.entra.routes import ROUTES as ENTRA_ROUTES
from .services.loganalytics.routes import ROUTES as LOGANALYTICS_ROUTES
from .services.monitor.routes import ROUTES as MONITOR_ROUTES
from .services.network.routes import ROUTES as NETWORK_ROUTES
from .services.resourcegraph.routes import ROUTES as RESOURCEGRAPH_ROUTES
from .services.slack.routes import ROUTES as SLACK_ROUTES
from .services.subscriptions.routes import ROUTES as SUBSCRIPTIONS_ROUTES
from .services.teams.routes import ROUTES as TEAMS_ROUTES
from .state.identities import client_of_token
from .state.operations import Fate
from .throttle import counters
from .world import World

OPEN_ROUTES: list[Route[Handler]] = [*ENTRA_ROUTES, *SLACK_ROUTES, *TEAMS_ROUTES]
ARM_ROUTES: list[Route[Handler]] = [
    *SUBSCRIPTIONS_ROUTES,
    *AUTHORIZATION_ROUTES,
    *CONTAINERSERVICE_ROUTES,
    *NETWORK_ROUTES,
    *COMPUTE_ROUTES,
    *RESOURCEGRAPH_ROUTES,
    *MONITOR_ROUTES,
    *LOGANALYTICS_ROUTES,
    *ACTIVITYLOG_ROUTES,
]
DROPPED = 0
"""The status that the log shows for a request whose connection was dropped."""


@dataclass(frozen=True)
class Reply:
    """An answer to send, or None to close the connection without one."""

    response: Response | None


class Simulator:
    """A world and the HTTP routes to it."""

    def __init__(self, world: World, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.world = world
        self.log = RequestLog()
        self._sleep = sleep
        self._control = Router(CONTROL_ROUTES)
        self._room = Router(ROOM_ROUTES)
        self._open = Router(OPEN_ROUTES)
        self._arm = Router(ARM_ROUTES)

    def handle(self, request: Request) -> Reply:
        """Answer a request. Latency, by fault or setting, is waited for outside the lock."""
        host = request.base_url.rpartition("/")[2]
        path = path_on_simulator(host, request.path)
        if path is not None and path != request.path:
            request = replace(request, path=path)
        if request.path == "/_sim" or request.path.startswith("/_sim/"):
            return Reply(_controlled(request, self._run_control))
        if request.path == "/chat" or request.path.startswith("/chat/"):
            return Reply(_controlled(request, self._run_room))
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        client_id = client_of_token(token.strip()) if scheme.lower() == "bearer" else None
        request = replace(request, client_id=client_id)
        with self.world.lock:
            effects = self.world.faults.effects(request.method, request.raw_target, client_id)
            if effects.drop != "before" and effects.answer is None and request.method in WRITES:
                self.world.note_arrival(request.method, request.path)
        delay = effects.latency_seconds + self.world.settings.round_trip_seconds
        if delay:
            self._sleep(delay)
        if effects.drop == "before" or is_dead(host):
            return self._logged(request, None)
        if effects.answer is not None:
            answer = effects.answer
            return self._logged(request, self._finish(Response(answer.status, answer.body, answer.headers)))
        with self.world.lock:
            response = self._finish(self._run(replace(request, forgery=effects.id_token), effects.fate))
        response = _mangled(response, effects.mangle)
        return self._logged(request, None if effects.drop == "after" else response)

    def _logged(self, request: Request, response: Response | None) -> Reply:
        status = response.status if response is not None else DROPPED
        with self.world.lock:
            at = iso_text(self.world.clock.now())
            self.log.add(at, request.method, request.raw_target, request.client_id, status)
        return Reply(response)

    def _run_control(self, request: Request) -> Response:
        with self.world.lock:
            self.world.settle()
            found = self._control.find(request)
            if found is None and request.path != ROUNDS:
                raise ControlError(f"{request.path} is not a control endpoint; see /_sim/")
            if found is not None:
                handler, params = found
                return handler(self.world, self.log, request.with_params(params))
        return run_rounds(self.world)

    def _run_room(self, request: Request) -> Response:
        """Without the lock, which the handlers take."""
        found = self._room.find(request)
        if found is None:
            raise ControlError(f"{request.path} is not in the room; see the simulator's README")
        handler, params = found
        return handler(self.world, request.with_params(params))

    def _run(self, request: Request, fate: Fate | None) -> Response:
        try:
            self.world.settle()
            found = self._open.find(request)
            if found is not None:
                handler, params = found
                return handler(self.world, request.with_params(params))
            with self.world.operations.fated(fate):
                response = self._run_arm(request)
            if request.method in WRITES and response.status < 300:
                self.world.note_write(request.method, request.path)
            return _counted(request, response)
        except ServiceError as error:
            return Response(error.status, error.body(), error.headers)

    def _run_arm(self, request: Request) -> Response:
        try:
            self._check_front_door(request)
            found = self._arm.find(request)
            if found is None:
                raise _unknown_path(request)
            check_access(self.world, request)
            handler, params = found
            return logged(self.world, request, lambda: handler(self.world, request.with_params(params)))
        except ServiceError as error:
            return Response(error.status, error.body(), error.headers)

    def _check_front_door(self, request: Request) -> None:
        _check_front_door(request)
        per_second = self.world.settings.arm_reads_per_second
        if per_second and request.method == "GET":
            now = self.world.clock.now().timestamp()
            self.world.throttle.take_read(str(request.client_id), now, per_second)

    def _finish(self, response: Response) -> Response:
        now = self.world.clock.now() + timedelta(seconds=self.world.settings.clock_skew_seconds)
        headers = {
            "Date": format_datetime(now, usegmt=True),
            "x-ms-request-id": stable_uuid("request", now.timestamp()),
        }
        return replace(response, headers=headers | dict(response.headers))


def _controlled(request: Request, run: Callable[[Request], Response]) -> Response:
    try:
        return run(request)
    except ServiceError as error:
        return Response(error.status, error.body(), error.headers)
    except ControlError as error:
        return Response(400, {"error": str(error)})


def _mangled(response: Response, how: str) -> Response:
    """Keeps the request's effect, and cuts the answer in half or replaces it with a gateway's error page."""
    if how == "html":
        page = "<!DOCTYPE html><html><body><h1>Working...</h1></body></html>"
        return replace(response, body=page, headers={**response.headers, "Content-Type": "text/html"})
    if how == "truncated":
        content, content_type = response.encoded()
        return replace(
            response,
            body=content[: len(content) // 2],
            headers={"Content-Type": content_type or "", **response.headers},
        )
    return response


def _counted(request: Request, response: Response) -> Response:
    """Add the header with the subscription's remaining requests; what the front door refuses isn't counted."""
    if response.headers.get("x-ms-failure-cause") == "gateway":
        return response
    return replace(response, headers=counters(request.method) | dict(response.headers))


def _check_front_door(request: Request) -> None:
    """Resource Manager's checks before it reads the resource: the token and the api-version."""
    if request.client_id is None:
        missing = "authorization" not in request.headers
        reason = "The 'Authorization' header is missing." if missing else "The access token is invalid."
        code = "AuthenticationFailed" if missing else "InvalidAuthenticationToken"
        challenge = (
            'Bearer authorization_uri="https://login.windows.net/", error="invalid_token", '
            f'error_description="{reason}"'
        )
        raise ArmError(401, code, f"Authentication failed. {reason}", headers=GATEWAY | {"WWW-Authenticate": challenge})
    names = {name.lower() for name in request.query}
    if "api-version" not in names and not request.path.startswith("/v1/"):
        raise ArmError(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
            headers=GATEWAY,
        )


def _unknown_path(request: Request) -> ArmError:
    parts = request.path.split("/")
    if "providers" in [part.lower() for part in parts]:
        at = [part.lower() for part in parts].index("providers")
        kind = "/".join(parts[at + 1 : at + 3])
        return ArmError(
            404,
            "InvalidResourceType",
            f"The resource type '{kind}' could not be found, or '{request.method} {request.path}' isn't served here.",
            headers=GATEWAY,
        )
    return ArmError(404, "NotFound", f"'{request.method} {request.path}' isn't served here.", headers=GATEWAY)
