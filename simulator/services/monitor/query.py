"""Parses metrics queries, with Azure's refusals.

Tolerated because real clients send it and Azure takes it: a timespan that is percent-encoded twice,
has a space for the T, or no zone; any case in names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

from ...errors import FlatError
from ...noise import stable_uuid
from ...state.metric_source import TIME_GRAINS, MetricDefinition
from .definitions import TIME_GRAINS_AS_SPANS

DEFAULT_TOP = 10
LONGEST_RANGE = timedelta(days=31)
MOST_METRICS = 20
AGGREGATIONS = ("total", "average", "minimum", "maximum", "count")


@dataclass(frozen=True)
class Condition:
    """`dimension op values`: op is eq, ne or sw; several values are alternatives. `*` is any value."""

    dimension: str
    operator: str
    values: tuple[str, ...]

    def allows(self, value: str) -> bool:
        lowered = value.lower()
        if self.operator == "sw":
            return any(lowered.startswith(v) for v in self.values)
        found = "*" in self.values or lowered in self.values
        return found if self.operator == "eq" else not found


@dataclass(frozen=True)
class MetricQuery:
    """A parsed query. `interval_minutes` 0 means FULL."""

    metrics: tuple[MetricDefinition, ...]
    start: datetime
    end: datetime
    interval_minutes: int
    aggregations: tuple[str, ...]
    conditions: tuple[Condition, ...]
    top: int
    order_by: tuple[str, bool] | None
    metadata_only: bool = False


def bad_request(message: str) -> FlatError:
    """Microsoft.Insights' refusal: flat, with a trace id."""
    return FlatError(400, "BadRequest", message)


_MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(?:\.(\d+))?)?\s*(Z|[+\- ]\d{2}:?\d{2})?", re.IGNORECASE
)
_DURATION = re.compile(
    r"P(?:(\d+(?:\.\d+)?)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?", re.IGNORECASE
)


def parse_moment(text: str) -> datetime:
    """An ISO date and time; without a zone it is UTC. A `+` that became a space is taken as `+`."""
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not a date and time: {text!r}")
    day, clock, fraction, zone = match.groups()
    clock = clock or "00:00:00"
    moment = datetime.fromisoformat(f"{day}T{clock if len(clock) > 5 else clock + ':00'}+00:00")
    if fraction:
        moment += timedelta(microseconds=int(fraction[:6].ljust(6, "0")))
    if zone and zone.upper() != "Z":
        digits = zone[1:].replace(":", "")
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        moment += offset if zone[0] == "-" else -offset
    return moment


def parse_duration(text: str) -> timedelta:
    """An ISO 8601 duration of days, hours, minutes and seconds."""
    match = _DURATION.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        raise ValueError(f"not a duration: {text!r}")
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def parse_timespan(text: str | None, now: datetime) -> tuple[datetime, datetime]:
    """`start/end`, `start/duration` or a duration that ends now; the last hour when nothing is given."""
    if not text:
        return now - timedelta(hours=1), now
    while (decoded := unquote(text)) != text:
        text = decoded
    first, _, second = text.partition("/")
    try:
        if not second:
            return now - parse_duration(first), now
        start = parse_moment(first)
        end = start + parse_duration(second) if second[:1] in "Pp" else parse_moment(second)
    except ValueError:
        raise bad_request(
            f"Invalid time span: {text}, it should be start and end in ISO 8601 format divided by a slash."
        ) from None
    if end < start:
        raise bad_request(f"Start time: {first} cannot be greater than end time: {second}.")
    return max(start, end - LONGEST_RANGE), end


_TERM = re.compile(r"\s*\(*\s*([\w .\-]+?)\s+(eq|ne|sw|startswith)\s+'((?:[^']|'')*)'\s*\)*\s*", re.IGNORECASE)
_JOIN = re.compile(r"\s*(and|or)\s+", re.IGNORECASE)


def parse_filter(text: str | None) -> tuple[Condition, ...]:
    """`A eq '*' and (B eq 'x' or B eq 'y')`: alternatives may only be of one dimension."""
    if not text or not text.strip():
        return ()
    conditions: dict[tuple[str, str], list[str]] = {}
    position, joined_by, previous = 0, "and", ""
    while True:
        match = _TERM.match(text, position)
        if match is None:
            raise bad_request(f"Invalid filter: {text}, it could not be parsed at position {position}.")
        name, operator, value = match[1].strip().lower(), match[2].lower(), match[3].replace("''", "'").lower()
        if joined_by == "or" and name != previous:
            raise bad_request(f"Invalid filter: {text}, 'or' can only join values of one dimension.")
        conditions.setdefault((name, "sw" if operator == "startswith" else operator), []).append(value)
        position, previous = match.end(), name
        if position >= len(text):
            return tuple(Condition(n, op, tuple(values)) for (n, op), values in conditions.items())
        join = _JOIN.match(text, position)
        if join is None:
            raise bad_request(f"Invalid filter: {text}, it could not be parsed at position {position}.")
        joined_by, position = join[1].lower(), join.end()


def find_metrics(
    namespace: str, known: tuple[MetricDefinition, ...], names: str | None
) -> tuple[MetricDefinition, ...]:
    """The requested metrics, case-insensitive; the first metric if the query names none."""
    provider, _, resource_type = namespace.partition("/")
    by_name = {metric.name.lower(): metric for metric in known}
    wanted = [name.strip() for name in (names or "").split(",") if name.strip()]
    if len(wanted) > MOST_METRICS:
        raise bad_request(f"The number of metrics requested is {len(wanted)}, the limit is {MOST_METRICS}.")
    for name in wanted:
        if name.lower() not in by_name:
            raise bad_request(
                f"Failed to find metric configuration for provider: {provider}, resource Type: {resource_type}, "
                f"metric: {name}, Valid metrics: {','.join(metric.name for metric in known)}"
            )
    return tuple(by_name[name.lower()] for name in wanted) or (known[0],)


def _parse_interval(text: str | None, metrics: tuple[MetricDefinition, ...]) -> int:
    if text is None:
        return 1
    if text.upper() == "FULL":
        return 0
    minutes = TIME_GRAINS.get(text.upper())
    if minutes is None:
        try:
            minutes = int(parse_duration(text).total_seconds() // 60)
        except ValueError:
            minutes = -1
    if minutes not in TIME_GRAINS.values():
        names = ",".join(metric.name for metric in metrics)
        raise bad_request(
            f"Invalid time grain duration: {text}, supported ones are: {TIME_GRAINS_AS_SPANS} for metrics: {names}"
        )
    return minutes


def _parse_aggregations(text: str | None) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(part.strip().lower() for part in (text or "").split(",") if part.strip()))
    for name in wanted:
        if name not in AGGREGATIONS:
            raise bad_request(
                f"Invalid aggregation type: {name}, supported ones are: Average,Count,Maximum,Minimum,Total"
            )
    return wanted


def parse_query(
    namespace: str,
    known: tuple[MetricDefinition, ...],
    parameters: Mapping[str, str],
    start: datetime,
    end: datetime,
    filter_text: str | None,
) -> MetricQuery:
    """Parse everything but the time range, which the two APIs spell differently. Names in lower case."""
    metrics = find_metrics(namespace, known, parameters.get("metricnames"))
    conditions = parse_filter(filter_text)
    if parameters.get("validatedimensions", "true").lower() != "false":
        _check_dimensions(metrics, conditions)
    top = DEFAULT_TOP
    if parameters.get("top"):
        if not parameters["top"].isdigit() or int(parameters["top"]) < 1:
            raise bad_request(f"Invalid top: {parameters['top']}, it should be a positive integer.")
        top = int(parameters["top"])
    return MetricQuery(
        metrics,
        start,
        end,
        _parse_interval(parameters.get("interval"), metrics),
        _parse_aggregations(parameters.get("aggregation")),
        conditions,
        top,
        _parse_order(parameters.get("orderby")),
        parameters.get("resulttype", "").lower() == "metadata",
    )


def _parse_order(text: str | None) -> tuple[str, bool] | None:
    if not text:
        return None
    name, _, direction = text.strip().partition(" ")
    if name.lower() not in AGGREGATIONS or direction.strip().lower() not in ("", "asc", "desc"):
        raise bad_request(f"Invalid order by: {text}, it should be an aggregation followed by asc or desc.")
    return name.lower(), direction.strip().lower() == "desc"


def _check_dimensions(metrics: tuple[MetricDefinition, ...], conditions: tuple[Condition, ...]) -> None:
    for metric in metrics:
        known = {dimension.lower() for dimension in metric.dimensions}
        unknown = [c.dimension for c in conditions if c.dimension not in known]
        if unknown:
            trace = stable_uuid("trace", metric.name, *unknown)
            raise bad_request(
                f"Metric: {metric.name} does not support requested dimension combination: "
                f"{','.join(sorted(c.dimension for c in conditions))}, supported ones are: "
                f"{','.join(metric.dimensions)}, TraceId: {{{trace}}}"
            )


def utc_text(moment: datetime) -> str:
    """A moment as the API writes it: whole seconds, Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
