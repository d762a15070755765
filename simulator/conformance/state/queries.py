"""The results of queries of Resource Graph and Log Analytics.

A Resource Graph query finds as many resources as the recorded one. Which they are doesn't matter to the shape of
the answer, so they are public IPs, unless the query asks for a type: only simulated types can be found.
A log query finds nothing: events follow from the model.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from ...errors import ServiceError
from ...fleet import Cluster
from ...resourceid import network_id
from ...services.kql import parse
from ...services.kqltokens import QueryError
from ...services.loganalytics.state import TABLE as LOG_TABLE
from ...services.network.kinds import KINDS
from ...state.network import document_of
from ..recording import Exchange
from ..stage import CLIENT, Stage
from .bodies import NotArrangeable
from .fleet import forget_cluster

_TYPE = re.compile(r"['\"](?P<type>[\w.]+/[\w./]+)['\"]")
GROUP = "rows"
ADDRESSES = "microsoft.network/publicipaddresses"
CLUSTERS = "microsoft.containerservice/managedclusters"
PATH = "/providers/microsoft.resourcegraph/resources"
MOST_ROWS = 5_000
_LOG_QUERY = re.compile(r"/v1/.+/query")


def arrange_rows(stage: Stage, exchange: Exchange, _later: tuple[Exchange, ...]) -> None:
    """Create as many resources in the queried subscriptions as the recorded query found."""
    if exchange.path.lower() != PATH or not isinstance(exchange.request_body, dict):
        return
    if exchange.request_body.get("managementGroups"):
        raise NotArrangeable("a query over management groups, which aren't simulated")
    subscriptions = exchange.request_body.get("subscriptions") or [CLIENT.client_id]
    for subscription in subscriptions:
        stage.know_subscription(str(subscription))
    if exchange.status != 200:
        return
    text = str(exchange.request_body.get("query", ""))
    _check_table(stage, text, "resources", "resourcecontainers")
    wanted = int(exchange.body_object.get("totalRecords") or 0)
    if wanted > MOST_ROWS:
        raise NotArrangeable(f"the query found {wanted} rows")
    types = [match["type"].lower() for match in _TYPE.finditer(text)]
    kind = next((each for each in types if each in KINDS or each == CLUSTERS), None if types else ADDRESSES)
    stage.know_group(str(subscriptions[0]), GROUP)
    tagged = _has_tags(exchange.body_object.get("data"))
    for number in range(wanted):
        if kind is None:
            raise NotArrangeable("the query finds resources of types that aren't simulated")
        _create(stage, str(subscriptions[0]), kind, f"row-{number:05d}", tagged)


def arrange_logs(stage: Stage, exchange: Exchange, _later: tuple[Exchange, ...]) -> None:
    """Leave out log queries of other tables, and answers with rows."""
    if not _LOG_QUERY.fullmatch(exchange.path) or exchange.status != 200 or not isinstance(exchange.request_body, dict):
        return
    _check_table(stage, str(exchange.request_body.get("query", "")), LOG_TABLE.lower())
    if any(table.get("rows") for table in exchange.body_object.get("tables") or []):
        raise NotArrangeable("logged events, which here follow from the model")


def _check_table(stage: Stage, text: str, *served: str) -> None:
    try:
        table = parse(text, stage.world.clock.now()).table
    except (QueryError, ServiceError) as error:
        raise NotArrangeable("a query beyond the part of the language that is served") from error
    if table not in served:
        raise NotArrangeable(f"a query of the table {table}")


def _create(stage: Stage, subscription: str, kind: str, name: str, tagged: bool) -> None:
    """Create a resource of a kind, for this exchange."""
    tags: dict[str, str] | None = {} if tagged else None
    if kind == CLUSTERS:
        node_group = f"MC_{GROUP}_{name}_{stage.location}"
        cluster = Cluster(
            subscription, GROUP, name, stage.location, node_group, tags={"tagged": "yes"} if tagged else {}
        )
        stage.world.add_cluster(cluster)
        stage.undo.append(partial(forget_cluster, stage, cluster))
        return
    resource_id = network_id(subscription, GROUP, KINDS[kind].resource_type, name)
    document = document_of(resource_id, {"publicIPAllocationMethod": "Static"}, location=stage.location, tags=tags)
    stage.world.network.add(document)
    stage.undo.append(partial(stage.world.network.remove, document))


def _has_tags(data: Any) -> bool:
    rows = data if isinstance(data, list) else []
    return any(isinstance(row, dict) and row.get("tags") is not None for row in rows)
