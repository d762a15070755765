"""Metric definitions, derived from a recorded answer of the metrics service."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...state.metric_source import MetricDefinition
from ..recording import Exchange

AGGREGATIONS = ("Average", "Minimum", "Maximum", "Total", "Count")
_VALID = re.compile(r"Valid metrics: (?P<names>.+)$")
_SUPPORTED = re.compile(r"supported ones are: (?P<names>[^ ]*), TraceId")
_CONDITION = re.compile(r"(?:^|\band\b|\bor\b|\()\s*([\w .\-]+?)\s+(?:eq|ne|sw|startswith)\s+'", re.IGNORECASE)
Body = dict[str, Any]


def definition_of(value: Body, query: Mapping[str, str]) -> MetricDefinition:
    """The definition behind one entry of a metrics answer. `query` is the request's, names in lower case.

    The primary aggregation is the answer's when the query names none. An entry that failed
    for its aggregation doesn't support what was asked.
    """
    asked = [name.strip().capitalize() for name in query.get("aggregation", "").split(",") if name.strip()]
    if value.get("errorCode", "Success") != "Success":
        aggregations = [name for name in AGGREGATIONS if name not in asked]
    else:
        aggregations = list(dict.fromkeys([*(asked or _returned(value)), *AGGREGATIONS]))
    name = value["name"]
    return MetricDefinition(
        name=str(name["value"]),
        display_name=str(name.get("localizedValue", name["value"])),
        description=str(value.get("displayDescription") or ""),
        unit=str(value.get("unit", "Unspecified")),
        aggregations=tuple(aggregations),
        dimensions=tuple(dict.fromkeys([*_split_by(value), *_filtered(query)])),
    )


def _returned(value: Body) -> list[str]:
    for series in value.get("timeseries") or []:
        for point in series.get("data") or []:
            found = [name.capitalize() for name in point if name.capitalize() in AGGREGATIONS]
            if found:
                return found
    return []


def _split_by(value: Body) -> list[str]:
    return [
        str(each["name"]["value"])
        for series in value.get("timeseries") or []
        for each in series.get("metadatavalues") or []
    ]


def _filtered(query: Mapping[str, str]) -> list[str]:
    text = query.get("$filter") or query.get("filter") or ""
    return [name.strip().lower() for name in _CONDITION.findall(text)]


def definitions_in(body: Body) -> tuple[MetricDefinition, ...]:
    """The definitions that a metricDefinitions answer lists."""
    return tuple(_listed(each) for each in body.get("value") or [])


def _listed(each: Body) -> MetricDefinition:
    primary = str(each.get("primaryAggregationType", "Average"))
    return MetricDefinition(
        name=str(each["name"]["value"]),
        display_name=str(each["name"].get("localizedValue", "")),
        description=str(each.get("displayDescription", "")),
        unit=str(each.get("unit", "")),
        aggregations=tuple(dict.fromkeys([primary, *(each.get("supportedAggregationTypes") or [])])),
        dimensions=tuple(str(dimension["value"]) for dimension in each.get("dimensions") or []),
        grains=tuple(str(grain["timeGrain"]) for grain in each.get("metricAvailabilities") or []),
        category=str(each.get("category", "")),
        dimension_required=bool(each.get("isDimensionRequired", False)),
    )


def definitions_in_refusal(exchange: Exchange) -> tuple[MetricDefinition, ...]:
    """The valid metrics, and their dimensions, that a refusal lists."""
    message = str(exchange.body_object.get("message", ""))
    valid, supported = _VALID.search(message), _SUPPORTED.search(message)
    names = valid["names"] if valid else exchange.query.get("metricnames", "")
    dimensions = tuple(supported["names"].split(",")) if supported and "dimension" in message else ()
    return tuple(
        MetricDefinition(name.strip(), name.strip(), "", "Count", AGGREGATIONS, dimensions)
        for name in names.split(",")
        if name.strip()
    )
