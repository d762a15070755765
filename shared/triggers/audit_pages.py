"""The handlers of the audit, for people with the role Snat.Audit: as JSON lines, and as a page."""

from collections.abc import Sequence
from urllib.parse import quote

import azure.functions as func

from ..app import App
from ..core.audit.chain import Line
from ..errors import BadInput
from ..model.identity import Role
from ..model.text import Text
from ..web.audit_lines import json_lines, line_json, verification_json
from ..web.audit_pages import audit_page
from .responses import as_page, language_of, wants_page
from .visitors import app_with_sign_in, require_role, signed_in, visitor_of

_LINES, _LINES_A_PAGE = 1000, 100


def show_audit(req: func.HttpRequest) -> func.HttpResponse:
    app = app_with_sign_in()
    require_role(app, req, Role.AUDIT, Text("read the audit"))
    is_page, after = wants_page(req), _cursor(req.params.get("after", ""))
    most = _LINES_A_PAGE if is_page else _LINES
    found = app.audit_chain.page(after, most)
    partition, last = found[-1] if len(found) == most else ("", None)
    next_path = f"/api/audit?after={quote(f'{partition},{last.key}')}" if last else ""
    if not is_page:
        return _as_lines(app, found, next_path, is_first=not any(after))
    report = None if any(after) else app.verify_audit.run(app.clock.now())
    person = signed_in(app, visitor_of(app, req))
    lines = [line for _, line in found]
    return as_page(audit_page(lines, report, next_path, language=language_of(req), signed_in=person))


def _as_lines(app: App, found: Sequence[tuple[str, Line]], next_path: str, *, is_first: bool) -> func.HttpResponse:
    now = app.clock.now()
    root = app.audit_chain.newest_root(now)
    sealed = {head.partition: head.sequence for head in root.heads} if root else {}
    first = [verification_json(app.verify_audit.run(now))] if is_first else []
    body = json_lines(*first, *(line_json(partition, line, sealed.get(partition, 0)) for partition, line in found))
    headers = {"Cache-Control": "no-store"}
    if next_path:
        headers["Link"] = f'<{app.settings.public_base_url}{next_path}>; rel="next"'
    return func.HttpResponse(body, mimetype="application/jsonl", charset="utf-8", headers=headers)


def _cursor(after: str) -> tuple[str, str]:
    """Partition and key of the last line of the page before."""
    partition, _, key = after.partition(",")
    if after and not (partition and key.startswith("audit-")):
        raise BadInput(Text("after is {after}; take the address of the next page from the Link header", after=after))
    return partition, key
