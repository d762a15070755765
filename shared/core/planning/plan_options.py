"""The owner's settings that shape a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PlanOptions:
    name_template: str
    nat_resource_group: str = ""
    idle_timeout_minutes: int | None = None  # None: keep the cluster's present one
    tags: Mapping[str, str] = field(default_factory=dict)
    nat_ips: str = "addresses"  # addresses, prefix, or the id of a public IP prefix
    prices: Mapping[str, str] = field(default_factory=dict)  # as in ``cost``; empty: cost unknown
