"""Replays a recording and reports for each exchange whether the simulator answers as recorded."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from traceback import extract_tb

from ..app import ARM_ROUTES, OPEN_ROUTES
from ..errors import ServiceError
from ..hosts import path_on_simulator
from ..http import Request
from ..routing import Router
from .compare import compare_bodies, compare_status
from .difference import Difference, Kind
from .headers import compare_headers
from .history import History, type_of
from .recorder import hidden_request, recorder_of
from .recording import Exchange, Recording
from .stage import Answer, Stage, open_stage
from .state import arrange
from .state.bodies import NotArrangeable, Refused

_SERVED = Router([*OPEN_ROUTES, *ARM_ROUTES])


class Verdict(StrEnum):
    """The result of one exchange."""

    MATCH = "match"
    DIFFERS = "differs"
    NOT_COVERED = "not covered"
    CRASHED = "crashed"


@dataclass(frozen=True)
class Result:
    """One exchange's outcome: the differences, or the reason why it wasn't replayed, or where the replay crashed.

    `added_later` counts the keys that are no difference because Azure added them afterwards.
    """

    exchange: Exchange
    verdict: Verdict
    differences: tuple[Difference, ...] = ()
    reason: str = ""
    added_later: int = 0


def replay(recording: Recording, history: History) -> list[Result]:
    """All exchanges of a recording, in order, on one fresh simulator."""
    stage = open_stage(recording)
    return [_replay_one(stage, index, history) for index in range(len(recording.exchanges))]


def _replay_one(stage: Stage, index: int, history: History) -> Result:
    exchanges = stage.recording.exchanges
    exchange = exchanges[index]
    reason = _unplayable(exchange)
    if reason is not None:
        return Result(exchange, Verdict.NOT_COVERED, reason=reason)
    try:
        arrange(stage, exchange, exchanges[index + 1 :])
        answer = stage.replay(exchange)
    except NotArrangeable as error:
        return Result(exchange, Verdict.NOT_COVERED, reason=str(error))
    except Refused as error:
        refused = Difference(Kind.STATUS, "state", "there", error.answer)
        return Result(exchange, Verdict.DIFFERS, (refused,))
    except Exception as error:  # a fault of the simulator or of the replay: shown, and the other exchanges go on
        return Result(exchange, Verdict.CRASHED, reason=_place(error))
    found = differences_of(exchange, answer, stage.recording.repo)
    differences = [each for each in found if not history.added_since(stage.recording, exchange, each)]
    verdict = Verdict.DIFFERS if differences else Verdict.MATCH
    return Result(exchange, verdict, tuple(differences), added_later=len(found) - len(differences))


def _place(error: Exception) -> str:
    """The type of an exception and the line that raised it; never its message, which may hold recorded content."""
    frame = extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"


THROTTLED = ("429", "ResourceRequestsThrottled", "TooManyRequests", "SubscriptionRequestsThrottled")
_LISTS = ("value", "values", "tables")
"""The keys under which an answer has a list of objects."""


def _unplayable(exchange: Exchange) -> str | None:
    """Why an exchange can't be replayed, whatever the simulator's state."""
    if exchange.flaw is not None:
        return exchange.flaw
    if not _is_served(exchange):
        return f"not served: {exchange.method} {type_of(exchange)}"
    if exchange.status >= 500 or exchange.error_code in THROTTLED:
        return "a failure that no state brings about; the simulator plays it as a fault"
    if any(not isinstance(exchange.body_object.get(name) or [], list) for name in _LISTS):
        return "the answer has something else where a list belongs"
    return hidden_request(exchange)


def _is_served(exchange: Exchange) -> bool:
    """Whether the simulator has a route for the request. Recordings of Resource Manager often leave the host out."""
    path = path_on_simulator(exchange.host, exchange.path)
    try:
        return path is not None and _SERVED.find(Request(exchange.method, path)) is not None
    except ServiceError:
        return False


def differences_of(exchange: Exchange, answer: Answer, repo: str = "") -> list[Difference]:
    """All differences between the recorded answer and the simulator's."""
    code = None
    if answer.status >= 400 and isinstance(answer.body, dict):
        error = answer.body.get("error", answer.body)
        code = error.get("code") if isinstance(error, dict) else None
    found = compare_status(exchange.status, answer.status, code)
    if found:
        return found
    found = compare_headers(exchange.headers, answer.headers, recorder_of(repo), exchange.status)
    return found + compare_bodies(exchange.body, answer.body, _opaque(exchange))


def _opaque(exchange: Exchange) -> frozenset[str]:
    """Places in a body whose content depends on the resources found: the cells of query results."""
    data = exchange.body_object.get("data")
    if not exchange.path.lower().endswith("/microsoft.resourcegraph/resources") or exchange.status != 200:
        return frozenset()
    if isinstance(data, dict):
        return frozenset({"data.rows[][]"})
    return frozenset(f"data[].{name}" for row in data or [] if isinstance(row, dict) for name in row)
