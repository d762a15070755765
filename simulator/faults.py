"""Faults on demand: what fails, for which requests, and how often.

A fault matches requests by method and path, skips the first `nth - 1` of them, strikes `times`
times (for ever when None), and then does one thing: answer in place of the service, wait, drop
the connection before or after the effect, mangle the answer on its way, or forge the ID token in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from .state.operations import Fate, fate_of

WRITES = ("PUT", "PATCH", "DELETE", "POST")
SCHEMA_FILE = Path(__file__).with_name("scenario.schema.json")


class FaultError(ValueError):
    """A fault's description is invalid; the message says what was given and what is valid."""


@dataclass(frozen=True)
class Answer:
    """Answer this and do nothing."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


@dataclass(frozen=True)
class Effects:
    """The effects of faults on a request."""

    latency_seconds: float = 0.0
    answer: Answer | None = None
    drop: str | None = None
    fate: Fate | None = None
    mangle: str = ""
    id_token: str = ""


NONE = Effects()


@dataclass
class Fault:
    """One fault and how often it has matched."""

    pattern: re.Pattern[str]
    method: str | None
    client_id: str | None
    first: int
    times: int | None
    then: Effects
    described: dict[str, Any]
    seen: int = 0

    def strikes(self, method: str, target: str, client_id: str | None) -> bool:
        """Count this request; whether the fault strikes it."""
        if self.method not in (None, method) or self.client_id not in (None, client_id):
            return False
        if (self.then.fate is not None and method not in WRITES) or not self.pattern.search(target):
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
        """The effects on this request."""
        if not self._faults:
            return NONE
        struck = [fault.then for fault in self._faults if fault.strikes(method, target, client_id)]
        end = next((each for each in struck if each.answer is not None or each.drop), NONE)
        answer = end.answer
        if answer is not None and answer.body == default_body(answer.status):
            answer = replace(answer, body=_body_at(target, answer.status))
        return Effects(
            sum(each.latency_seconds for each in struck),
            answer,
            end.drop,
            next((each.fate for each in struck if each.fate is not None), None),
            next((each.mangle for each in struck if each.mangle), ""),
            next((each.id_token for each in struck if each.id_token), ""),
        )


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
    """Resource Manager's body for this status, for faults without a body."""
    if status not in _CODES:
        return None
    code, message = _CODES[status]
    return {"error": {"code": code, "message": message}}


def _body_at(target: str, status: int) -> Any:
    """The body of the service at a path, for this status."""
    if status < 429:
        return default_body(status)
    if "/slack/api/" in target:
        return {"ok": False, "error": "ratelimited" if status == 429 else "service_unavailable"}
    if "/slack/" in target:
        return "rate_limited" if status == 429 else "service_unavailable"
    return _entra_body(status) if "/oauth2/" in target else default_body(status)


def _entra_body(status: int) -> Any:
    """Entra ID's error body (Entra docs, reference-error-codes: TenantThrottlingError and others)."""
    code, words = (90055, "There are too many incoming requests.") if status == 429 else (90033, "A transient error.")
    description = f"AADSTS{code}: {words}"
    return {"error": "temporarily_unavailable", "error_description": description, "error_codes": [code]}


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator

    definitions = json.loads(SCHEMA_FILE.read_text("utf-8"))["$defs"]
    schema = {"$ref": "#/$defs/fault", "$defs": definitions}
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def parse_fault(described: Mapping[str, Any]) -> Fault:
    """A fault as scenarios have them (`fault` in the schema of scenario files)."""
    for error in _validator().iter_errors(described):
        raise FaultError(f"{'.'.join(map(str, error.absolute_path)) or 'a fault'}: {error.message}")
    match, then = described.get("match") or {}, described["then"]
    pattern = re.compile(match.get("path", ""), re.IGNORECASE)
    effects = Effects(
        then.get("latency_seconds", 0.0),
        _answer(then),
        then.get("drop"),
        fate_of(then["operation"]) if "operation" in then else None,
        then.get("mangle", ""),
        then.get("id_token", ""),
    )
    method = match["method"].upper() if match.get("method") else None
    first, times = described.get("nth", 1), described.get("times")
    return Fault(pattern, method, match.get("client_id"), first, times, effects, dict(described))


def _answer(then: Mapping[str, Any]) -> Answer | None:
    if "status" not in then:
        return None
    status = then["status"]
    headers = {key: str(value) for key, value in (then.get("headers") or {}).items()}
    return Answer(status, headers, then["body"] if "body" in then else default_body(status))
