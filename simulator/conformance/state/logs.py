"""Log queries: only their empty answers and their refusals can be had, because events follow from the model."""

from __future__ import annotations

import re

from ...errors import ServiceError
from ...services.kql import parse
from ...services.kqltokens import QueryError
from ...services.loganalytics.state import TABLE
from ..recording import Exchange
from ..stage import Stage
from .bodies import NotArrangeable

_QUERY = re.compile(r"/v1/.+/query")


def arrange_logs(stage: Stage, exchange: Exchange, _later: tuple[Exchange, ...]) -> None:
    """Leave out queries of other tables, and answers with rows."""
    if not _QUERY.fullmatch(exchange.path) or exchange.status != 200 or not isinstance(exchange.request_body, dict):
        return
    try:
        table = parse(str(exchange.request_body.get("query", "")), stage.world.clock.now()).table
    except (QueryError, ServiceError) as error:
        raise NotArrangeable("a query beyond the part of the language that is served") from error
    if table != TABLE.lower():
        raise NotArrangeable(f"a query of the table {table}")
    if any(each.get("rows") for each in exchange.body_object.get("tables") or []):
        raise NotArrangeable("logged events, which here follow from the model")
