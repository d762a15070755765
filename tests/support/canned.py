"""A Resource Manager that answers from a table, for tests of what is made of its answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from shared.cloud.arm import Arm
from shared.cloud.errors import Forbidden, NotFound

Answer = dict[str, Any] | list[dict[str, Any]] | Exception


class Canned:
    """Answers by path, without case: an object to ``get``, a list to ``list``, an exception is raised.

    ``post`` takes one answer after the other. What is not in the table is not found.
    """

    def __init__(self, answers: Mapping[str, Answer], posts: tuple[Answer, ...] = ()) -> None:
        self._answers = {path.lower(): answer for path, answer in answers.items()}
        self._posts = list(posts)
        self.asked: list[str] = []
        self.posted: list[Mapping[str, Any]] = []

    @property
    def arm(self) -> Arm:
        return cast(Arm, self)

    def get(self, path: str, api_version: str, **query: str | int) -> dict[str, Any]:
        answer = self._answer(path)
        assert isinstance(answer, dict), f"{path} is a list in the table"
        return answer

    def list(self, path: str, api_version: str, **query: str | int) -> Iterator[dict[str, Any]]:
        answer = self._answer(path)
        assert not isinstance(answer, dict), f"{path} is an object in the table"
        yield from answer

    def post(self, path: str, body: Mapping[str, Any], api_version: str) -> dict[str, Any]:
        self.posted.append({**body, "options": dict(body["options"])})
        answer = self._posts.pop(0)
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, dict)
        return answer

    def post_bytes(self, path: str, body: Mapping[str, Any], api_version: str) -> bytes:
        return json.dumps(self.post(path, body, api_version)).encode()

    def _answer(self, path: str) -> Any:
        self.asked.append(path)
        answer = self._answers.get(path.lower(), NotFound(f"GET {path}", "not in the table", status=404))
        if isinstance(answer, Exception):
            raise answer
        return answer


class Answers(Canned):
    """Answers with whatever is in the table, a query too, by its path."""

    def get(self, path: str, api_version: str, **query: str | int) -> Any:
        return self._answer(path)

    def list(self, path: str, api_version: str, **query: str | int) -> Any:
        return iter(self._answer(path) if isinstance(self._answer(path), list) else [self._answer(path)])

    def post(self, path: str, body: Any, api_version: str) -> Any:
        return self._answer(path)


def forbidden(action: str = "some/read") -> Forbidden:
    return Forbidden("GET /x", f"may not {action}", code="AuthorizationFailed", missing_action=action)
