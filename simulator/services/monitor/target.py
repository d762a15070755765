"""A resource that has metrics: what can be asked of it, and who answers."""

from __future__ import annotations

from dataclasses import dataclass

from .answer import Emit
from .definitions import MetricDefinition


@dataclass(frozen=True)
class Target:
    """A resource, the namespace and the metrics that it has, and what emits their series."""

    resource_id: str
    namespace: str
    region: str
    metrics: tuple[MetricDefinition, ...]
    emit: Emit
