"""One POST to a webhook, and what its answer means: taken, to be tried again, or refused."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..model.text import Text, arranged
from .errors import ChatRefused, ChatUnavailable, readable_reason, retry_after_seconds

JSON = {"Content-Type": "application/json; charset=utf-8"}
_READ_CHARACTERS = 4_000_000  # a page of Slack's history is the longest


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: str
    headers: Mapping[str, str]


def post(
    channel: str, url: str, body: bytes, seconds: float, headers: Mapping[str, str] = JSON, setting: Text | None = None
) -> Answer:
    """Sends once and follows no redirect; the whole answer comes within about ``seconds``.

    Raises ChatUnavailable without an answer, ChatRefused when ``url`` is no address. Neither holds the address, which
    ``setting`` names.
    """
    import requests

    from ..bounded_http import AnswerLost, send

    problem: ChatRefused | ChatUnavailable
    try:
        answer = send("POST", url, seconds, body, headers)
    except (requests.Timeout, AnswerLost):
        problem = ChatUnavailable(channel, Text("no answer within {seconds} s", seconds=f"{seconds:g}"))
    except (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema, requests.exceptions.InvalidSchema):
        reason = Text("{setting} is not a web address that can be posted to", setting=setting or _setting(channel))
        problem = ChatRefused(channel, reason)
    except requests.RequestException as error:
        problem = ChatUnavailable(channel, Text("no connection ({error})", error=type(error).__name__))
    else:
        text = answer.content[:_READ_CHARACTERS].decode("utf-8", "replace")
        return Answer(answer.status_code, text, answer.headers)
    raise problem  # outside the handler: the original holds the address


def check(answer: Answer, channel: str, url: str, *, is_throttled: bool = False) -> None:
    """Raises ChatUnavailable (408, 429, 5xx, throttled: try again) or ChatRefused; neither holds the address."""
    reason = arranged("{parts:words}", parts=(str(answer.status), readable_reason(answer.body, url)))
    if is_throttled or answer.status in (408, 429) or answer.status >= 500:
        raise ChatUnavailable(channel, reason, retry_after_seconds(answer.headers))
    if not 200 <= answer.status < 300:
        raise ChatRefused(channel, reason)
    if answer.body.lstrip().startswith("<"):
        reason = Text(
            "the address answered with a web page: {setting} is not a webhook",
            setting=_setting(channel),
        )
        raise ChatRefused(channel, reason)


def _setting(channel: str) -> Text:
    return Text("{name}, or its url in ROUTES,", name=f"{channel.upper()}_WEBHOOK_URL")
