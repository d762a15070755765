"""Where a page that refuses something leads: to sign-in, to the page whose form was sent, and to the clusters."""

from contextlib import suppress
from typing import TypedDict
from urllib.parse import urlsplit

import azure.functions as func

from ..app import App, current
from ..auth.errors import LinkTampered, NotPermitted, SignInNeeded
from ..errors import SnatbotError
from ..model.text import Text
from ..web.pages import FLEET
from ..web.paths import Paths
from .visitors import sign_in_url


class WaysBack(TypedDict, total=False):
    """As ``message_page`` takes them."""

    sign_in_url: str
    above: list[tuple[str, str]]
    back: str


def ways_back(req: func.HttpRequest, error: SnatbotError) -> WaysBack:
    """Empty if the app is not set up."""
    try:
        app = current()
        signs_in = app.settings.people_sign_in and app.settings.public_base_url
        asks = signs_in and req.method == "GET" and isinstance(error, SignInNeeded | NotPermitted)
        found: WaysBack = {
            "sign_in_url": sign_in_url(app, app.signer.page_token(_path(req))) if asks else "",
            "back": _path(req) if req.method == "POST" else "",
        }
    except SnatbotError:
        return {}
    with suppress(SnatbotError):
        found["above"] = _above(app, req)
    return found


def _above(app: App, req: func.HttpRequest) -> list[tuple[str, str]]:
    language, token = req.params.get("lang", ""), req.params.get("t", "")
    if app.settings.people_sign_in:
        return [(FLEET, Paths(language=language).fleet)]
    try:
        paths = Paths(token, app.signer.passed(token), language)
    except LinkTampered:
        partition = app.signer.read_link(token).partition
        paths = Paths(app.signer.read_pass(partition), partition, language)
    return [(FLEET, paths.fleet)] if paths.fleet else [(Text("Cluster"), paths.own_cluster)]


def _path(req: func.HttpRequest) -> str:
    """Of this app's page, with its query, wherever the request says it went."""
    parts = urlsplit(req.url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
