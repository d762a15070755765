"""A resource with metrics: its metric definitions and their source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

TIME_GRAINS = {"PT1M": 1, "PT5M": 5, "PT15M": 15, "PT30M": 30, "PT1H": 60, "PT6H": 360, "PT12H": 720, "P1D": 1440}


@dataclass(frozen=True)
class MetricDefinition:
    """One metric of a resource type. Only some types have a category, or dimensions that a query must request."""

    name: str
    display_name: str
    description: str
    unit: str
    aggregations: tuple[str, ...]
    dimensions: tuple[str, ...] = ()
    grains: tuple[str, ...] = tuple(TIME_GRAINS)
    category: str = ""
    dimension_required: bool = False

    @property
    def primary_aggregation(self) -> str:
        return self.aggregations[0]

    @property
    def is_counter(self) -> bool:
        """Whether samples are amounts that add up over time."""
        return self.primary_aggregation == "Total"


@dataclass(frozen=True)
class Series:
    """One combination of dimension values, with a sample or nothing for every minute.

    Dimension names are in lower case, as the API gives them back.
    """

    dimensions: dict[str, str]
    samples: Sequence[float | None]


Emit = Callable[[str, range], list[Series]]
"""The series of a metric (by name) in a range of minutes since 1970."""


@dataclass(frozen=True)
class Target:
    """A resource, the namespace and the metrics that it has, and what emits their series."""

    resource_id: str
    namespace: str
    region: str
    metrics: tuple[MetricDefinition, ...]
    emit: Emit
