"""One POST to a webhook: what comes of it, as an answer or as one of this room's errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .errors import ChatRefused, ChatUnavailable

_READ_CHARACTERS = 64_000


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: str
    headers: Mapping[str, str]


def post(channel: str, url: str, body: bytes, seconds: float) -> Answer:
    """Sends JSON once and follows no redirect; the whole answer comes within about ``seconds``.

    Raises ChatUnavailable without an answer, ChatRefused when ``url`` is no address. Neither holds the address.
    """
    import requests

    from ..bounded_http import AnswerLost, send

    problem: ChatRefused | ChatUnavailable
    try:
        answer = send("POST", url, seconds, body, "application/json; charset=utf-8")
    except (requests.Timeout, AnswerLost):
        problem = ChatUnavailable(channel, f"no answer within {seconds:g} s")
    except (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema, requests.exceptions.InvalidSchema):
        problem = ChatRefused(channel, f"{channel.upper()}_WEBHOOK_URL is not a web address that can be posted to")
    except requests.RequestException as error:
        problem = ChatUnavailable(channel, f"no connection ({type(error).__name__})")
    else:
        text = answer.content[:_READ_CHARACTERS].decode("utf-8", "replace")
        return Answer(answer.status_code, text, answer.headers)
    raise problem  # outside the handler: the original holds the address
