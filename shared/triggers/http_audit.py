"""The audit, for people with the role Snat.Audit."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import azure.functions as func

from ..errors import BadInput
from ..model.text import Text
from .responses import answers_whoever_asks, wants_page

if TYPE_CHECKING:
    from ..app import App

blueprint = func.Blueprint()
_LINES_A_PAGE = 1000


@blueprint.route(route="audit", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@answers_whoever_asks
def audit(req: func.HttpRequest) -> func.HttpResponse:
    """JSON lines: what verifying all of it found, then the lines, up to 1,000 a page; a Link header has the next page.

    With a session, or with a person's access token for this app's API. For browsers the same as a page.
    """
    from ..web.audit_lines import json_lines, line_json, verification_json
    from .visitors import app_with_sign_in

    app = app_with_sign_in()
    _require_auditor(app, req)
    if wants_page(req):
        from .audit_pages import show_audit

        return show_audit(app, req, _cursor(req.params.get("after", "")))
    after, now = _cursor(req.params.get("after", "")), app.clock.now()
    found = app.audit_chain.page(after, _LINES_A_PAGE)
    root = app.audit_chain.newest_root(now)
    sealed = {head.partition: head.sequence for head in root.heads} if root else {}
    first = [] if any(after) else [verification_json(app.verify_audit.run(now))]
    headers = {"Cache-Control": "no-store"}
    if len(found) == _LINES_A_PAGE:
        partition, line = found[-1]
        url = f"{app.settings.public_base_url}/api/audit?after={quote(f'{partition},{line.key}')}"
        headers["Link"] = f'<{url}>; rel="next"'
    body = json_lines(*first, *(line_json(partition, line, sealed.get(partition, 0)) for partition, line in found))
    return func.HttpResponse(body, mimetype="application/jsonl", charset="utf-8", headers=headers)


def _require_auditor(app: App, req: func.HttpRequest) -> None:
    """Raises SignInNeeded, TokenRefused, GuestRefused or RoleMissing."""
    from ..auth.errors import RoleMissing, SignInNeeded
    from ..model.identity import Role
    from .visitors import caller_of, visitor_of

    person = caller_of(app, req) if req.headers.get("Authorization") else visitor_of(app, req).person
    if person is None:
        raise SignInNeeded
    if Role.AUDIT not in person.roles:
        raise RoleMissing(person, Role.AUDIT, Text("read the audit"), app.settings.entra_client_id)


def _cursor(after: str) -> tuple[str, str]:
    """Partition and key of the last line of the page before."""
    partition, _, key = after.partition(",")
    if after and not (partition and key.startswith("audit-")):
        raise BadInput(Text("after is {after}; take the address of the next page from the Link header", after=after))
    return partition, key
