"""Find the resource that spoils a whole batch, by halving: one that is gone, or is in another region."""

from __future__ import annotations

from collections.abc import Callable

from .errors import AzureError, BadRequest, NotFound
from .metric_request import Answers, Part

SAMPLE_SIZE = 4  # single resources queried after a refused or an empty batch: is it the batch, or the resources?
Send = Callable[[Part], Answers]


def query_halves(part: Part, error: AzureError, send: Send) -> Answers | None:
    """After Azure refused ``part`` with ``error``. None: it refused both halves and a sample of single resources."""
    answered = [_send_or_none(half, send) for half in part.halves]
    if not any(answered):
        step = -(-len(part.resource_ids) // SAMPLE_SIZE)
        sample = part.resource_ids[::step] if part.halves else ()
        if not any(_send_or_none(part.of([resource_id]), send) for resource_id in sample):
            return None
    found: Answers = {}
    for half, answers in zip(part.halves, answered, strict=True):
        found |= answers or _halve(half, error, send)
    return found


def _send_or_none(part: Part, send: Send) -> Answers | None:
    """None: Azure refused the request as a whole."""
    try:
        return send(part)
    except (BadRequest, NotFound):
        return None
    except AzureError as error:
        return part.failed(error)


def _halve(part: Part, error: AzureError, send: Send) -> Answers:
    found: Answers = {} if part.halves else part.failed(error)
    for half in part.halves:
        found |= _send_or_none(half, send) or _halve(half, error, send)
    return found
