"""Lists in pages, with `nextLink`, as Resource Manager gives them.

Azure's page sizes aren't documented; 100 is assumed, so that clients that forget to page are found out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from ..errors import ArmError
from ..http import Request, Response

PAGE_SIZE = 100
T = TypeVar("T")


def list_page(request: Request, items: Sequence[T], render: Callable[[T], Any], size: int = PAGE_SIZE) -> Response:
    """One page of `items`; only those on the page are rendered."""
    token = request.query.get("$skiptoken", "0")
    if not token.isdigit():
        raise ArmError(400, "InvalidSkipToken", f"The skip token '{token}' is invalid.")
    start = int(token)
    body: dict[str, Any] = {"value": [render(item) for item in items[start : start + size]]}
    if start + size < len(items):
        query = {"api-version": request.query.get("api-version", ""), "$skiptoken": str(start + size)}
        body["nextLink"] = f"{request.base_url}{quote(request.path)}?{urlencode(query)}"
    return Response(200, body)
