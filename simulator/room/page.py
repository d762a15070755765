"""The chat room's page `/chat/`, with its scripts, its styles and the libraries that render messages.

Node packages that set-up installs render them: Microsoft's `adaptivecards` with `markdown-it` (which its documentation
says to use) Teams' cards, `slack-blocks-to-jsx` Slack's blocks. Without them the page shows a notice.
"""

from __future__ import annotations

from pathlib import Path

from ..http import Request, Response
from ..routing import Handler, Route
from ..world import World

_OURS = Path(__file__).parent / "page"
_PACKAGES = Path(__file__).resolve().parents[2] / "node_modules"
_FILES = {path.name: path for path in _OURS.iterdir()} | {
    "adaptivecards.js": _PACKAGES / "adaptivecards" / "dist" / "adaptivecards.min.js",
    "markdown-it.js": _PACKAGES / "markdown-it" / "dist" / "browser" / "markdown-it.umd.min.js",
    "blocks.js": _PACKAGES / ".room" / "blocks.js",
    "blocks.css": _PACKAGES / ".room" / "blocks.css",
}
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
_POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' https: data:"


def _file(name: str) -> Response:
    path = _FILES.get(name)
    if path is None or not path.is_file():
        return Response(404, f"There is no {name} here. `make setup` installs what draws messages.")
    headers = {
        "Content-Type": f"{_TYPES[path.suffix]}; charset=utf-8",
        "Cache-Control": "no-cache",
        "Content-Security-Policy": _POLICY,  # cards style themselves by attributes
    }
    return Response(200, path.read_text("utf-8"), headers)


def show_room(_world: World, _request: Request) -> Response:
    return _file("room.html")


def get_file(_world: World, request: Request) -> Response:
    return _file(request.params["name"])


ROUTES: list[Route[Handler]] = [
    Route("GET", "/chat", show_room),
    Route("GET", "/chat/files/{name}", get_file),
]
