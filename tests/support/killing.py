"""The death of a worker, in the middle of a call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Killed(BaseException):
    """The worker's process is gone: nothing in it may catch this."""


def killing(call: Callable[..., Any], at: int, when: str) -> Callable[..., Any]:
    """The call, dying right before or right after it happens for the ``at``-th time."""
    count = 0

    def wrapped(*arguments: Any, **options: Any) -> Any:
        nonlocal count
        count += 1
        if count == at and when == "before":
            raise Killed
        answer = call(*arguments, **options)
        if count == at:
            raise Killed
        return answer

    return wrapped
