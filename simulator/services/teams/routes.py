"""The trigger of a Power Automate workflow ("When a Teams webhook request is received").

202 means accepted only; a body over 28 KB is refused; broken JSON is a bad request
(Microsoft Teams docs: connectors-using; Power Automate docs).
"""

from __future__ import annotations

import json
from typing import Any

from ...errors import ArmError
from ...http import Request, Response
from ...routing import Route
from ...state.chat import Posted
from ...world import World

LARGEST_MESSAGE_BYTES = 28 * 1024


def invoke_workflow(world: World, request: Request) -> Response:
    workflow = request.params["workflow"]
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
    return Response(202)


def _keep(world: World, workflow: str, status: int, body: Any) -> None:
    world.teams.messages.append(Posted("teams", "webhook", workflow, world.clock.now(), status, body))


ROUTES = [Route("POST", "/teams/workflows/{workflow}/triggers/manual/paths/invoke", invoke_workflow)]
