"""Azure Monitor's metrics of up to 50 resources in one request (``metrics:getBatch``).

Each region has its own host; all need a token for the batch audience and a role at the subscription: Monitoring Reader
on a resource group is not enough (Azure docs: migrate-to-batch-api). An error of one resource does not affect the
others. The SDK, azure-monitor-querymetrics, is not used: its models drop resource ids and error codes, and are slow.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from ..first_use import import_lock
from ..model.metric import MetricAnswer, Window
from ..model.resource_id import ArmId
from ..model.text import Text
from . import api_versions
from .error_mapping import azure_errors, from_response
from .errors import AzureError, Forbidden, MetricUnavailable, SignInFailed, UnexpectedAnswer
from .metric_queries import MetricQuery, utc_text
from .parse.metric import parse_batch

if TYPE_CHECKING:
    from azure.core import PipelineClient
    from azure.core.credentials import TokenCredential

    from .pipeline import BoundedRetry, OnRequest

MAX_RESOURCES = 50
_REGION = re.compile(r"[a-z0-9]{1,50}")
PUBLIC_ENDPOINT = "https://{region}.metrics.monitor.azure.com"
PUBLIC_AUDIENCE = "https://metrics.monitor.azure.com"


@dataclass(slots=True)
class BatchMetrics:
    """``endpoint`` contains ``{region}``. Safe to share between threads."""

    credential: TokenCredential
    endpoint: str = PUBLIC_ENDPOINT
    audience: str = PUBLIC_AUDIENCE
    on_request: OnRequest | None = None
    retry: BoundedRetry | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _clients: dict[str, PipelineClient[Any, Any]] = field(default_factory=dict, init=False)

    def query_batch(
        self, resource_ids: Sequence[str], region: str, query: MetricQuery, window: Window
    ) -> dict[str, MetricAnswer | AzureError]:
        """The answer or error of each resource, by its id in lower case.

        Takes at most 50 resources of one subscription (else ValueError), one type and ``region``. Raises when the
        whole request fails; Forbidden then names the missing action at the subscription.
        """
        subscription = _one_subscription(resource_ids)
        content = self._send(subscription, resource_ids, region.replace(" ", "").lower(), query, window)
        found = parse_batch(content, query, window)
        return {
            resource_id.lower(): found.get(resource_id.lower())
            or MetricUnavailable(
                Text("metric {metric}", metric=query.metric),
                Text("the batch's answer leaves out {resource}", resource=resource_id),
                status=200,
            )
            for resource_id in resource_ids
        }

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def _send(
        self, subscription: str, resource_ids: Sequence[str], region: str, query: MetricQuery, window: Window
    ) -> bytes:
        from azure.core.rest import HttpRequest

        operation = f"metrics:getBatch/{region}: {query.metric}"
        if not _REGION.fullmatch(region):
            raise UnexpectedAnswer(operation, Text("this is not the name of a region, and can't be part of a host's"))
        parameters = {
            "starttime": utc_text(window.start),
            "endtime": utc_text(window.end),
            **query.parameters("filter"),
            "api-version": api_versions.METRICS,
        }
        path = f"/subscriptions/{subscription}/metrics:getBatch?{urlencode(parameters, quote_via=quote)}"
        request = HttpRequest(
            "POST", self.endpoint.format(region=region).rstrip("/") + path, json={"resourceids": list(resource_ids)}
        )
        with azure_errors(operation):
            response = self._client(region).send_request(request, is_read=True)
            if response.status_code != 200:
                refusal = from_response(operation, response.status_code, response.headers, response.text())
                raise _role_missing(refusal, subscription) if isinstance(refusal, SignInFailed) else refusal
            return bytes(response.content)

    def _client(self, region: str) -> PipelineClient[Any, Any]:
        with self._lock, import_lock:
            from azure.core import PipelineClient

            from .pipeline import client_options

            if region not in self._clients:
                endpoint = self.endpoint.format(region=region)
                options = client_options(endpoint, self.credential, self.audience, self.on_request, self.retry)
                self._clients[region] = PipelineClient(endpoint, **options)
            return self._clients[region]


def _one_subscription(resource_ids: Sequence[str]) -> str:
    subscriptions = {ArmId.parse(resource_id).subscription.lower() for resource_id in resource_ids}
    if len(subscriptions) != 1 or len(resource_ids) > MAX_RESOURCES:
        raise ValueError(
            f"a batch takes 1 to {MAX_RESOURCES} resources of one subscription; "
            f"given were {len(resource_ids)} of {len(subscriptions)} subscription(s)"
        )
    return subscriptions.pop()


def _role_missing(error: AzureError, subscription: str) -> Forbidden:
    """The batch API answers 401, not 403, to an identity without the role at the subscription."""
    return Forbidden(
        error.operation,
        error.message,
        status=error.status,
        code=error.code,
        missing_action="Microsoft.Insights/metrics/read",
        missing_scope=f"/subscriptions/{subscription}",
    )
