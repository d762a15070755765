"""Answers that are a success and no JSON, or JSON that no parser survives: an AzureError at the one place."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
import requests
import urllib3

from shared.cloud.error_mapping import decoded
from shared.cloud.errors import AzureError, UnexpectedAnswer
from tests.support import every_client

pytestmark = pytest.mark.disable_socket

ODD = {
    "a web page": b"<html><body>Sign in to the proxy</body></html>",
    "nothing": b"",
    "no UTF-8": b'{"id": "\xff\xfe"}',
    "deep lists": b"[" * 100_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "half a JSON": b'{"value": [',
    "a list": b"[]",
    "a text": b'"text"',
    "a number": b"5",
    "nothing said": b"null",
    "many digits": b"9" * 5000,
}


# A deletion has no answer to read.
CALLS = {name: call for name, call in every_client.CALLS.items() if name != "writer's deletion"}
URL = "https://azure.example"


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def answer(body: bytes, content_type: str, status: int = 200) -> None:
        def send(self: Any, request: requests.PreparedRequest, **options: Any) -> requests.Response:
            response = requests.Response()
            response.status_code, response.request, response.url = status, request, str(request.url)
            response.headers["Content-Type"] = content_type
            response.raw = urllib3.HTTPResponse(
                io.BytesIO(body), headers={"Content-Type": content_type}, status=status, preload_content=False
            )
            return response

        monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)

    return answer


@pytest.mark.parametrize("content_type", ["application/json", "text/html", "application/json; charset=klingon", ""])
@pytest.mark.parametrize("call", CALLS)
def test_an_answer_that_is_something_else_is_an_unexpected_answer(
    answering: Callable[..., None], call: str, content_type: str
) -> None:
    for name, body in ODD.items():
        answering(body, content_type)
        with pytest.raises(UnexpectedAnswer):
            CALLS[call](URL)
            raise AssertionError(f"{name} was taken")


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("name", ODD)
def test_a_refusal_may_say_anything(answering: Callable[..., None], call: str, name: str) -> None:
    for details in (ODD[name], b'{"error": {"details": 5, "message": ["x"]}}', b'{"error": {"details": [5]}}'):
        answering(details, "application/json", 403)
        with pytest.raises(AzureError):
            CALLS[call](URL)


def test_a_number_of_many_digits_spoils_itself_only() -> None:
    found = decoded('{"value": [{"count": ' + "9" * 5000 + '}, {"count": 3}]}')
    assert found["value"][1] == {"count": 3}
