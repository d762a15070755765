"""Recordings: JSON files, each with a short flow of requests and answers.

A file has `title`, `category`, `provenance`, `source` (with `repo`) and `exchanges`; an exchange has
`request` (`method`, `host`, `url` with its query, `headers`, `body`), `response` (`status`, `headers`,
`body`) and perhaps `n`, its number in the original. JSON bodies are parsed already. A file that is not
like that is reported, never fatal: an exchange that can't be replayed says why in `flaw`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

METHODS = ("GET", "PUT", "POST", "PATCH", "DELETE", "HEAD")
RECORDED = "recorded"


@dataclass(frozen=True)
class Exchange:
    """One request and the recorded answer to it. Header names are in lower case."""

    number: int | None = None
    method: str = ""
    host: str = ""
    url: str = ""
    request_headers: Mapping[str, str] = field(default_factory=dict)
    request_body: Any = None
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    flaw: str | None = None

    @property
    def path(self) -> str:
        """The path, percent-decoded."""
        return unquote(self.url.partition("?")[0])

    @property
    def query(self) -> dict[str, str]:
        """The query, names in lower case."""
        pairs = parse_qsl(self.url.partition("?")[2], keep_blank_values=True)
        return {name.lower(): value for name, value in pairs}

    @property
    def body_object(self) -> dict[str, Any]:
        """The recorded body, or an empty object when it isn't one."""
        return self.body if isinstance(self.body, dict) else {}

    @property
    def error_code(self) -> str | None:
        """The code of an error answer, wrapped or flat."""
        error = self.body_object.get("error", self.body_object)
        return error.get("code") if isinstance(error, dict) and self.status >= 400 else None


@dataclass(frozen=True)
class Recording:
    """One file. `name` is its path inside the folder."""

    name: str
    title: str
    category: str
    provenance: str
    repo: str
    exchanges: tuple[Exchange, ...]

    @property
    def counts(self) -> bool:
        """Whether it was recorded from the live service; examples and fixtures are reported separately."""
        return self.provenance == RECORDED


def load_folder(folder: Path) -> Iterator[Recording]:
    """All recordings below `folder`, in the order of their names."""
    for path in sorted(folder.rglob("*.json")):
        yield load_file(path, str(path.relative_to(folder)))


def load_file(path: Path, name: str) -> Recording:
    """Load a recording; an unreadable file becomes a single exchange with the reason."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return _unusable(name, f"the file can't be read: {type(error).__name__}")
    if not isinstance(content, dict):
        return _unusable(name, "the file is not a JSON object")
    given = content.get("exchanges")
    exchanges = tuple(_exchange(each) for each in given) if isinstance(given, list) else ()
    source = content.get("source")
    return Recording(
        name=name,
        title=str(content.get("title") or name),
        category=str(content.get("category") or Path(name).parent),
        provenance=str(content.get("provenance") or "unknown"),
        repo=str(source.get("repo") or "") if isinstance(source, dict) else str(source or ""),
        exchanges=exchanges or (Exchange(flaw="no exchange of a request and an answer in the file"),),
    )


def _unusable(name: str, flaw: str) -> Recording:
    return Recording(name, name, str(Path(name).parent), RECORDED, "", (Exchange(flaw=flaw),))


def _exchange(given: Any) -> Exchange:
    request, response = (given.get("request"), given.get("response")) if isinstance(given, dict) else (None, None)
    if isinstance(request, dict) and not response:
        return Exchange(flaw="no answer is recorded: what a service sends, not what it answers")
    if not isinstance(request, dict) or not isinstance(response, dict):
        return Exchange(flaw="no request, or no answer to it")
    method, url, status = request.get("method"), request.get("url"), response.get("status")
    exchange = Exchange(
        number=given.get("n"),
        method=str(method or "").upper(),
        host=str(request.get("host") or ""),
        url=str(url or ""),
        request_headers=_headers(request.get("headers")),
        request_body=request.get("body"),
        status=status if isinstance(status, int) else 0,
        headers=_headers(response.get("headers")),
        body=response.get("body"),
    )
    flaw = None
    if exchange.method not in METHODS:
        flaw = "no HTTP method is recorded"
    elif not exchange.status:
        flaw = "no answer is recorded"
    elif not exchange.url.startswith("/"):
        flaw = "no request path is recorded"
    elif request.get("trimmed") and exchange.method in ("PUT", "PATCH"):
        flaw = "the request's body was shortened"
    return Exchange(**{**exchange.__dict__, "flaw": flaw}) if flaw else exchange


def _headers(given: Any) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in given.items()} if isinstance(given, dict) else {}
