"""Converts between the host's messages and the ``azure.functions`` objects that handlers take and return.

Azure docs: "Python developer reference for Azure Functions" and "Azure Queue storage output bindings".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import azure.functions as func
from azure.functions.http import HttpRequest
from azure.functions.queue import QueueMessage
from azure.functions.timer import TimerRequest

from devhost.messages import Call, HttpAnswer, HttpCall, QueueCall

NO_CONTENT = 204


class OutputSlot(func.Out[Any]):
    """A handler's argument for an output parameter."""

    def __init__(self) -> None:
        self._value: Any = None

    def set(self, val: Any) -> None:
        self._value = val

    def get(self) -> Any:
        return self._value


def to_argument(call: Call) -> HttpRequest | QueueMessage | TimerRequest:
    """The argument for the trigger's parameter."""
    if isinstance(call, HttpCall):
        return HttpRequest(
            call.method,
            call.url,
            headers=call.headers,
            params=call.query,
            route_params=call.route_values,
            body_type="bytes",
            body=call.body,
        )
    if isinstance(call, QueueCall):
        return QueueMessage(
            id=call.id,
            body=call.body,
            dequeue_count=call.dequeue_count,
            expiration_time=call.expires_on,
            insertion_time=call.inserted_on,
            time_next_visible=call.next_visible_on,
            pop_receipt=call.pop_receipt,
        )
    status = {"Last": call.last, "Next": call.next, "LastUpdated": call.last}
    return TimerRequest(
        past_due=call.past_due,
        schedule_status={key: at.isoformat() for key, at in status.items() if at},
        schedule={"AdjustForDST": True},
    )


def to_answer(returned: Any) -> HttpAnswer:
    """The client's answer from an HTTP function's return value: a response, a text, or None.

    Raises TypeError for anything else.
    """
    if returned is None:
        return HttpAnswer(NO_CONTENT)
    if isinstance(returned, str):
        return HttpAnswer(200, (("Content-Type", "text/plain; charset=utf-8"),), returned.encode())
    if not isinstance(returned, func.HttpResponse):
        raise TypeError(f"an HTTP function returned {type(returned).__name__}, not HttpResponse or str")
    headers = list(returned.headers.items())
    if not any(name.lower() == "content-type" for name, _ in headers):
        charset = f"; charset={returned.charset}" if returned.mimetype.startswith("text/") else ""
        headers.append(("Content-Type", f"{returned.mimetype}{charset}"))
    return HttpAnswer(returned.status_code, tuple(headers), returned.get_body())


def queue_messages(value: Any) -> Iterator[bytes]:
    """The bodies to send for what a handler gave a queue output: none, one, or several.

    A text that is a JSON array counts as several messages, one for each item: the real host takes it apart.
    Raises TypeError for what can't be a message.
    """
    if value is None:
        return
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, str):
        items = _json_array(value)
        yield from (_item(item) for item in items) if items is not None else (value.encode(),)
    elif isinstance(value, func.QueueMessage):
        yield value.get_body()
    elif isinstance(value, Iterable):
        for item in value:
            if not isinstance(item, str | func.QueueMessage):
                raise TypeError(f"a list of queue messages holds {type(item).__name__}, not str or QueueMessage")
            yield item.encode() if isinstance(item, str) else item.get_body()
    else:
        raise TypeError(f"a queue output got {type(value).__name__}, not str, bytes, QueueMessage or a list of them")


def _json_array(text: str) -> list[Any] | None:
    try:
        items = json.loads(text)
    except ValueError:
        return None
    return items if isinstance(items, list) else None


def _item(item: Any) -> bytes:
    return (item if isinstance(item, str) else json.dumps(item)).encode()
