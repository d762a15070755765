"""Faults on demand: what fails, for which requests, and how often.

A fault matches requests by method and path, skips the first `nth - 1` of them, strikes `times`
times (for ever when None), and then does one thing: answer in place of the service, wait, drop
the connection before or after the effect, mangle the answer on its way, or forge the ID token in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .state.operations import Fate, parse_fate
from .state.signing_keys import FORGERIES

WRITES = ("PUT", "PATCH", "DELETE", "POST")
MANGLED = ("truncated", "html")


class FaultError(ValueError):
    """A fault was described wrongly; the message says what was given and what would be right."""


@dataclass(frozen=True)
class Answer:
    """Answer this and do nothing."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


@dataclass(frozen=True)
class Effects:
    """What faults do to one request."""

    latency_seconds: float = 0.0
    answer: Answer | None = None
    drop: str | None = None
    fate: Fate | None = None
    mangle: str = ""
    id_token: str = ""


@dataclass
class Fault:
    """One fault and how often it has matched."""

    pattern: re.Pattern[str]
    method: str | None
    client_id: str | None
    first: int
    times: int | None
    answer: Answer | None
    latency_seconds: float
    drop: str | None
    described: dict[str, Any]
    fate: Fate | None = None
    mangle: str = ""
    id_token: str = ""
    seen: int = 0

    def strikes(self, method: str, target: str, client_id: str | None) -> bool:
        """Count this request; whether the fault strikes it."""
        if self.method is not None and method != self.method:
            return False
        if self.client_id is not None and client_id != self.client_id:
            return False
        if self.fate is not None and method not in WRITES:
            return False
        if not self.pattern.search(target):
            return False
        self.seen += 1
        return self.seen >= self.first and (self.times is None or self.seen < self.first + self.times)


class Faults:
    """The faults in force, in order. The first that answers or drops decides; delays add up.

    The first that gives the request's long operation a fate, mangles its answer or forges its ID token decides that.
    """

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, described: Mapping[str, Any]) -> None:
        self._faults.append(parse_fault(described))

    def clear(self) -> None:
        self._faults.clear()

    def to_json(self) -> list[dict[str, Any]]:
        return [fault.described | {"seen": fault.seen} for fault in self._faults]

    def effects(self, method: str, target: str, client_id: str | None) -> Effects:
        """What happens to this request."""
        latency, answer, drop, fate, mangle, id_token = 0.0, None, None, None, "", ""
        for fault in self._faults:
            if not fault.strikes(method, target, client_id):
                continue
            latency += fault.latency_seconds
            if answer is None and drop is None:
                answer, drop = fault.answer, fault.drop
            fate, mangle, id_token = fate or fault.fate, mangle or fault.mangle, id_token or fault.id_token
        if answer is not None and answer.body == default_body(answer.status):
            answer = replace(answer, body=_body_at(target, answer.status))
        return Effects(latency, answer, drop, fate, mangle, id_token)


_CODES = {
    401: ("InvalidAuthenticationToken", "The access token is invalid."),
    403: ("AuthorizationFailed", "The client does not have authorization to perform the action."),
    404: ("ResourceNotFound", "The Resource was not found."),
    409: ("Conflict", "The request conflicts with the state of the resource."),
    412: ("PreconditionFailed", "Precondition failed."),
    429: ("429", "Request is temporarily throttled because the subscription has issued too many requests."),
    500: ("InternalServerError", "An error occurred."),
    502: ("BadGatewayConnection", "The network connectivity issue encountered; cannot fulfill the request."),
    503: ("ServiceUnavailable", "The service is unavailable now, please retry later."),
    504: ("GatewayTimeout", "The gateway did not receive a response within the specified time period."),
    529: ("TooManyRequests", "The request is throttled. Please retry after some time."),
}


def default_body(status: int) -> Any:
    """What Resource Manager says with this status, for faults that name no body."""
    if status not in _CODES:
        return None
    code, message = _CODES[status]
    return {"error": {"code": code, "message": message}}


def _body_at(target: str, status: int) -> Any:
    """What the service at a path says with this status."""
    if status < 429:
        return default_body(status)
    if "/slack/api/" in target:
        return {"ok": False, "error": "ratelimited" if status == 429 else "service_unavailable"}
    if "/slack/" in target:
        return "rate_limited" if status == 429 else "service_unavailable"
    return _entra_body(status) if "/oauth2/" in target else default_body(status)


def _entra_body(status: int) -> Any:
    """What Entra ID says instead (Entra docs, reference-error-codes: TenantThrottlingError and others)."""
    code, words = (90055, "There are too many incoming requests.") if status == 429 else (90033, "A transient error.")
    description = f"AADSTS{code}: {words}"
    return {"error": "temporarily_unavailable", "error_description": description, "error_codes": [code]}


def _choice(then: Mapping[str, Any], name: str, choices: Iterable[str]) -> str:
    value = then.get(name, "")
    if value and value not in choices:
        raise FaultError(f"then.{name} was {value!r}; it must be one of {', '.join(choices)}")
    return str(value)


def _answer(then: Mapping[str, Any]) -> Answer | None:
    if "status" not in then:
        return None
    status = then["status"]
    if not isinstance(status, int) or not 100 <= status <= 599:
        raise FaultError(f"then.status was {status!r}; it must be an HTTP status")
    headers = {key: str(value) for key, value in (then.get("headers") or {}).items()}
    return Answer(status, headers, then["body"] if "body" in then else default_body(status))


def parse_fault(described: Mapping[str, Any]) -> Fault:
    """A fault from `{"match": {"method"?, "path"?, "client_id"?}, "nth"?, "times"?, "then": {...}}`."""
    unknown = set(described) - {"match", "nth", "times", "then"}
    if unknown:
        raise FaultError(f"a fault has match, nth, times and then; {', '.join(sorted(unknown))} was given")
    match, then = described.get("match") or {}, described.get("then")
    if not isinstance(then, Mapping) or not then:
        raise FaultError(
            'a fault needs "then": {"status": ...}, {"latency_seconds": ...}, {"drop": ...}, {"operation": ...}, '
            '{"mangle": ...} or {"id_token": ...}'
        )
    try:
        pattern = re.compile(str(match.get("path", "")), re.IGNORECASE)
    except re.error as error:
        raise FaultError(f"match.path is not a regular expression: {error}") from error
    drop = then.get("drop")
    if drop not in (None, "before", "after"):
        raise FaultError(f'then.drop was {drop!r}; it must be "before" or "after"')
    first, times = described.get("nth", 1), described.get("times")
    if not isinstance(first, int) or first < 1 or not (times is None or (isinstance(times, int) and times >= 1)):
        raise FaultError(f"nth ({first!r}) and times ({times!r}) must be whole numbers of at least 1")
    latency = then.get("latency_seconds", 0.0)
    if not isinstance(latency, int | float) or latency < 0:
        raise FaultError(f"then.latency_seconds was {latency!r}; it must be a number of at least 0")
    try:
        fate = parse_fate(then["operation"]) if "operation" in then else None
    except ValueError as error:
        raise FaultError(f"then.{error}") from error
    mangle, id_token = _choice(then, "mangle", MANGLED), _choice(then, "id_token", FORGERIES)
    method = str(match["method"]).upper() if match.get("method") else None
    client_id, answer = match.get("client_id"), _answer(then)
    counted = (pattern, method, client_id, first, times)
    return Fault(*counted, answer, latency, drop, dict(described), fate, mangle, id_token)
