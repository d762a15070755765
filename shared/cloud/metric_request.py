"""A metric query for many resources, and its parts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from ..model.metric import MetricAnswer, Window
from ..model.resource_id import ArmId
from .deadline import Deadline
from .errors import AzureError
from .metric_queries import MetricQuery

Answers = dict[str, MetricAnswer | AzureError]  # by resource id in lower case


@dataclass(frozen=True, slots=True)
class MetricRequest:
    """One query of any number of resources of one type and region."""

    resource_ids: Sequence[str]
    region: str
    query: MetricQuery
    window: Window
    series: Mapping[str, int] = field(default_factory=dict)  # expected time series by resource id; else 1


@dataclass(frozen=True, slots=True)
class Part:
    """Part of a request: resources of one subscription."""

    resource_ids: Sequence[str]
    subscription: str
    request: MetricRequest
    deadline: Deadline
    is_batch: bool = False  # one HTTP request for all, instead of one each
    repeats: Iterator[int] = field(default_factory=count, compare=False)  # number of repeats after doubted answers

    @property
    def region_key(self) -> str:
        return region_key(self.subscription, self.request.region)

    @property
    def limit_keys(self) -> tuple[str, str]:
        return self.subscription, self.region_key

    def of(self, resource_ids: Sequence[str]) -> "Part":
        return replace(self, resource_ids=resource_ids)

    @property
    def halves(self) -> "tuple[Part, ...]":
        """Empty for a single resource."""
        half = len(self.resource_ids) // 2
        return (self.of(self.resource_ids[:half]), self.of(self.resource_ids[half:])) if half else ()

    def failed(self, error: AzureError) -> Answers:
        return {resource_id.lower(): error for resource_id in self.resource_ids}


def region_key(subscription: str, region: str) -> str:
    """The key of a region of a subscription, such as ``… (westeurope)``."""
    return f"{subscription} ({region.replace(' ', '').lower()})"


def by_subscription(request: MetricRequest, deadline: Deadline) -> list[Part]:
    found: dict[str, list[str]] = {}
    for resource_id in request.resource_ids:
        found.setdefault(ArmId(resource_id).subscription.lower(), []).append(resource_id)
    return [Part(ids, subscription, request, deadline) for subscription, ids in found.items()]
