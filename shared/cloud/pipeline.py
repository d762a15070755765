"""The HTTP pipeline of every Azure client here: allowed host, token, retries, request count and user agent.

It replaces the SDK's default policies, which log headers, register resource providers (a write), follow redirects, and
wait for any ``Retry-After``, even before a write.

This module imports azure.core at its top: import it only where a client is built.
"""

import math
import random
import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from azure.core.credentials import TokenCredential
from azure.core.exceptions import ServiceRequestError, ServiceResponseError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import (
    BearerTokenCredentialPolicy,
    CustomHookPolicy,
    HTTPPolicy,
    RequestIdPolicy,
    SansIOHTTPPolicy,
    UserAgentPolicy,
)
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest, HttpResponse

from .. import __version__
from ..bounded_http import MOST_BYTES, AnswerTooLarge, bounded_session
from ..model.text import Text
from ..retry_after import requested_wait_seconds
from .deadline import current_deadline
from .error_mapping import operation_name
from .errors import ForeignHost, Unavailable
from .paging import resolve_link

RETRIED_STATUSES = frozenset({408, 429, 500, 502, 503, 504, 529})
# Seconds for one attempt; the second limits the whole answer.
TIMEOUTS: dict[str, Any] = {"connection_timeout": 10, "read_timeout": 30}
_POINTERS = ("Location", "Azure-AsyncOperation", "Operation-Location")  # headers with URLs to follow
_PORTS = {"http": 80, "https": 443}
_ADDRESS = re.compile(r"(https?)://([a-z0-9.-]+|\[[0-9a-f:]+\])(?::(\d{1,5}))?(?=[/?#]|\Z)", re.IGNORECASE | re.ASCII)

OnRequest = Callable[[str, str], None]
"""Called with method and path before each HTTP request, retries included."""

_Request = PipelineRequest[HttpRequest]
_Response = PipelineResponse[HttpRequest, HttpResponse]
_Lost = ServiceRequestError | ServiceResponseError


class BoundedRetry(HTTPPolicy[HttpRequest, HttpResponse]):
    """Retries what is safe to repeat, and never waits longer than a caller can.

    A read (a GET, or a POST sent with the option ``is_read``) is retried on throttling, 5xx and lost connections, after
    the wait in Retry-After, else 1, 2, 4, … seconds plus up to half of that. If the next wait would end after
    ``budget_seconds``, the last answer is returned: the caller can come back later. A write is sent once; it is retried
    only if no connection could be made, so that nothing was sent. A read inside a deadline (``within``) ends with it.
    """

    def __init__(
        self,
        *,
        attempts: int = 5,
        budget_seconds: float = 60.0,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
        on_repeat: Callable[[], None] | None = None,
    ) -> None:
        """``on_repeat`` is called before each retry."""
        super().__init__()
        self._attempts = attempts
        self._budget_seconds = budget_seconds
        self._sleep = sleep
        self._monotonic = monotonic
        self._jitter = jitter
        self._on_repeat = on_repeat

    def send(self, request: _Request) -> _Response:
        is_read = request.context.options.pop("is_read", request.http_request.method == "GET")
        limit = current_deadline() if is_read else None
        deadline = self._monotonic() + min(self._budget_seconds, limit.seconds_left if limit else math.inf)
        attempt = 1
        while True:
            if limit is not None:
                _shorten(request, limit.seconds_left)
            outcome = self._once(request)
            if attempt == self._attempts or not _may_repeat(outcome, is_read):
                return _settled(outcome)
            wait_seconds = self._wait_seconds(outcome, attempt)
            if self._monotonic() + wait_seconds > deadline:
                return _settled(outcome)
            self._sleep(wait_seconds)
            attempt += 1
            if self._on_repeat is not None:
                self._on_repeat()

    def _once(self, request: _Request) -> _Response | _Lost:
        try:
            return self.next.send(request)
        except (ServiceRequestError, ServiceResponseError) as error:
            return error

    def _wait_seconds(self, outcome: _Response | _Lost, attempt: int) -> float:
        if isinstance(outcome, PipelineResponse):
            seconds = requested_wait_seconds(outcome.http_response.headers)
            if seconds is not None:
                return seconds
        return 2.0 ** (attempt - 1) * (1 + self._jitter() / 2)


def _shorten(request: _Request, seconds_left: float) -> None:
    if seconds_left <= 0:
        sent = request.http_request
        raise Unavailable(operation_name(sent.method, sent.url), Text("the time for this was over before it was sent"))
    for name, usual in TIMEOUTS.items():
        request.context.options[name] = min(usual, seconds_left)


def _may_repeat(outcome: _Response | _Lost, is_read: bool) -> bool:
    if isinstance(outcome, PipelineResponse):
        return is_read and outcome.http_response.status_code in RETRIED_STATUSES
    if isinstance(outcome.inner_exception, AnswerTooLarge):
        return False
    never_sent = isinstance(outcome, ServiceRequestError)
    return is_read or never_sent


def _settled(outcome: _Response | _Lost) -> _Response:
    if isinstance(outcome, PipelineResponse):
        return outcome
    raise outcome


class _Counting(SansIOHTTPPolicy[HttpRequest, HttpResponse]):
    def __init__(self, on_request: OnRequest) -> None:
        super().__init__()
        self._on_request = on_request

    def on_request(self, request: _Request) -> None:
        self._on_request(request.http_request.method, urlsplit(request.http_request.url).path)


class OneHost(HTTPPolicy[HttpRequest, HttpResponse]):
    """Sends to the configured endpoint (scheme, host, port) only; runs before the policy that adds the token.

    Raises ForeignHost, also when an answer points elsewhere: clients follow links to pages and operations.
    """

    def __init__(self, endpoint: str) -> None:
        super().__init__()
        self._origin = _origin(endpoint)

    def send(self, request: _Request) -> _Response:
        sent = request.http_request
        operation = operation_name(sent.method, sent.url)
        self._check(operation, sent.url)
        answer = self.next.send(request)
        response = answer.http_response
        for pointer in filter(None, map(response.headers.get, _POINTERS)):
            self._check(operation, resolve_link(sent.url, pointer), response.status_code)
        return answer

    def _check(self, operation: str, url: str, status: int = 0) -> None:
        if (origin := _origin(url)) != self._origin:
            raise ForeignHost(operation, origin or Text("no address that can be read"), self._origin, status=status)


def _origin(url: str) -> str:
    """Scheme, host and port; empty for an unusual address, which HTTP clients parse differently."""
    match = _ADDRESS.match(url)
    if match is None:
        return ""
    scheme, host, port = match.groups()
    scheme = scheme.lower()
    is_usual = port is None or int(port) == _PORTS[scheme]
    return f"{scheme}://{host.lower()}" + ("" if is_usual else f":{int(port)}")


def client_options(
    endpoint: str, credential: TokenCredential, audience: str, on_request: OnRequest | None, retry: BoundedRetry | None
) -> dict[str, Any]:
    """Policies (from the caller to the wire) and transport, as arguments for an SDK client.

    No policy logs addresses, headers or bodies.
    """
    policies = [
        RequestIdPolicy(),
        UserAgentPolicy(base_user_agent=f"snatbot/{__version__}"),
        CustomHookPolicy(),
        retry or BoundedRetry(),
        OneHost(endpoint),
        BearerTokenCredentialPolicy(credential, f"{audience.rstrip('/')}/.default"),
        _Counting(on_request) if on_request else None,
    ]
    # The session has read the whole answer; azure.core would copy it in blocks of 4 KB.
    transport = RequestsTransport(session=bounded_session(), connection_data_block_size=MOST_BYTES, **TIMEOUTS)
    return {"policies": policies, "transport": transport}
