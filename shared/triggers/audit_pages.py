"""The handler of the audit's page."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import azure.functions as func

from ..web.audit_pages import audit_page
from .change_pages import signed_in
from .responses import as_page, language_of
from .visitors import visitor_of

if TYPE_CHECKING:
    from ..app import App

_LINES_A_PAGE = 100


def show_audit(app: App, req: func.HttpRequest, after: tuple[str, str]) -> func.HttpResponse:
    """For an auditor with a session."""
    found = app.audit_chain.page(after, _LINES_A_PAGE)
    report = None if any(after) else app.verify_audit.run(app.clock.now())
    next_url = ""
    if len(found) == _LINES_A_PAGE:
        partition, line = found[-1]
        next_url = f"/api/audit?after={quote(f'{partition},{line.key}')}"
    person = signed_in(app, visitor_of(app, req))
    lines = [line for _, line in found]
    return as_page(audit_page(lines, report, next_url, language=language_of(req), signed_in=person))
