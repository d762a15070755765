"""The owner's choices that shape a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """``idle_timeout_minutes`` None keeps the cluster's current outbound idle timeout.

    ``nat_ips`` is ``addresses``, ``prefix``, or the id of a public IP prefix. ``prices`` as in ``cost``; empty means
    unknown.
    """

    name_template: str
    nat_resource_group: str = ""
    idle_timeout_minutes: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    nat_ips: str = "addresses"
    prices: Mapping[str, str] = field(default_factory=dict)
