"""The trigger of a Power Automate workflow ("When a Teams webhook request is received").

202 means accepted only: a bad card fails later, in the run. A body over 28 KB is refused, broken JSON is a bad
request, and more than four requests a second are too many (Microsoft Teams docs: connectors-using). The action that
posts takes 25 messages in five minutes (Power Automate docs: connectors/teams); the trigger doesn't know of that.
"""

from __future__ import annotations

import json
from typing import Any

from ...clock import iso_text
from ...errors import ArmError
from ...http import Request, Response
from ...routing import Route
from ...state.chat import Message, Posted, Revision
from ...world import World
from .cards import failure_of

LARGEST_MESSAGE_BYTES = 28 * 1024
REQUESTS_PER_SECOND = 4
POSTS, POSTS_SECONDS = 25, 300
_TRIGGER = "workflows/{workflow}/triggers/manual/paths/invoke"


def invoke_workflow(world: World, request: Request) -> Response:
    workflow, now = request.params["workflow"], world.clock.now().timestamp()
    if not request.query.get("sig"):
        raise ArmError(
            401,
            "DirectApiAuthorizationRequired",
            "The request must be authenticated only by Shared Access scheme.",
        )
    if not world.throttle.fits(f"teams {workflow}", now, REQUESTS_PER_SECOND, 1):
        _keep(world, workflow, 429, f"({len(request.body)} bytes)")
        raise ArmError(429, "WorkflowTriggerRateLimit", "Rate limit is exceeded. Try again in 1 seconds.",
                       headers={"Retry-After": "1"})  # fmt: skip
    if len(request.body) > LARGEST_MESSAGE_BYTES:
        _keep(world, workflow, 413, f"({len(request.body)} bytes)")
        raise ArmError(
            413,
            "RequestEntityTooLarge",
            f"The request is {len(request.body)} bytes; the largest message is {LARGEST_MESSAGE_BYTES}.",
        )
    try:
        message = json.loads(request.body)
        if not isinstance(message, dict):
            raise ValueError("a JSON object is expected")
    except ValueError as error:
        _keep(world, workflow, 400, request.body.decode("utf-8", "replace"))
        raise ArmError(400, "InvalidRequestContent", f"The request content is not valid JSON: '{error}'.") from error
    _keep(world, workflow, 202, message)
    failure = failure_of(message)
    if not failure and not world.throttle.fits(f"teams posts {workflow}", now, POSTS, POSTS_SECONDS):
        failure = "Rate limit is exceeded: the action was throttled."
    room, revision = world.teams.room, Revision(iso_text(world.clock.now()), message)
    room.append(Message("teams", workflow, str(len(room) + 1), "workflow", [revision], failure=failure))
    return Response(202)


def _keep(world: World, workflow: str, status: int, body: Any) -> None:
    world.teams.messages.append(Posted("teams", "webhook", workflow, world.clock.now(), status, body))


ROUTES = [
    Route("POST", f"/teams/{_TRIGGER}", invoke_workflow),
    Route("POST", f"/teams/powerautomate/automations/direct/{_TRIGGER}", invoke_workflow),
]
"""As on *.logic.azure.com, and on *.environment.api.powerplatform.com."""
