"""Map HTTP error answers and SDK exceptions to the types in ``errors``.

Bodies come wrapped (``{"error": {"code", "message", "details"}}``) from Resource Manager and most providers, and flat
(``{"code", "message"}``) from Azure Monitor and AKS.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from ..errors import SnatbotError
from ..model.text import Text
from ..retry_after import parsed_seconds, requested_wait_seconds
from .errors import (
    AzureError,
    BadRequest,
    Conflict,
    Forbidden,
    MetricUnavailable,
    NotFound,
    NotRegistered,
    PreconditionFailed,
    SignInFailed,
    Throttled,
    TooMuchAsked,
    Unavailable,
    UnexpectedAnswer,
    UnsupportedApiVersion,
)

# "… does not have authorization to perform action 'A' over scope 'S' …" (AuthorizationFailed) and
# "… does not have permission to perform action(s) 'A' on the linked scope(s) 'S' …" (LinkedAuthorizationFailed).
_MISSING = re.compile(
    r"does not have (?:authorization|permission) to perform (?:the )?action(?:\(s\)|s)? '(?P<action>[^']+)'"
    r"(?: (?:over|on) (?:the )?(?:linked )?scope(?:\(s\)|s)? '(?P<scope>[^']+)')?",
    re.IGNORECASE,
)
# Some services send a sentence instead of Retry-After: "try again after '324' seconds", "retried in 11 seconds".
_WAIT = re.compile(r"(?:after|in) '?(?P<seconds>\d+)'? seconds?", re.IGNORECASE)
_QUERY = re.compile(r"(https?://[^\s?'\"]+)\?[^\s'\"]*")
_NOT_REGISTERED = re.compile(r"not ?registered|MissingSubscriptionRegistration", re.IGNORECASE)
# Azure documents no list of a metric's error codes: these are Resource Manager's names for the same.
_REFUSED_CODE = re.compile(r"(Linked)?AuthorizationFailed|Forbidden|Unauthorized|AccessDenied", re.IGNORECASE)
_THROTTLED_CODE = re.compile(r"TooManyRequests|\w*Thrott\w*|429|529", re.IGNORECASE)
# "The supported api-versions are '2025-05-01, 2025-06-02-preview'", in Resource Manager's own refusals.
_SUPPORTED_VERSIONS = re.compile(r"supported (?:api[- ])?versions (?:are|is)([^.]*)", re.IGNORECASE)
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(?:-[a-z]\w*)?", re.IGNORECASE)
_VERSION_CODES = ("noregisteredproviderfound", "invalidapiversionparameter", "unsupportedapiversion")
_MESSAGE_LIMIT = 1000


def operation_name(method: str, url: str) -> str:
    """Method and path, for errors; the query may hold signatures."""
    try:
        return f"{method} {urlsplit(url).path or '/'}"
    except ValueError:
        return Text("{method} an address that can't be read", method=method)


@contextmanager
def azure_errors(operation: str) -> Iterator[None]:
    """Wrap every call of an Azure SDK: turns each exception into an AzureError.

    The SDKs' parsers raise KeyError, TypeError or RecursionError for undocumented answers.
    """
    from azure.core.exceptions import AzureError as SdkError

    try:
        yield
    except SnatbotError:
        raise
    except SdkError as error:
        raise from_exception(operation, error) from error
    except Exception as error:
        raise UnexpectedAnswer(
            operation, Text("the answer can't be read ({error})", error=type(error).__name__)
        ) from error


def decoded(body: str) -> Any:
    """Parse JSON; integers with too many digits for Python become infinity. Raises ValueError."""
    try:
        try:
            return json.loads(body)
        except ValueError:  # invalid JSON, or more digits than Python accepts
            return json.loads(body, parse_int=lambda digits: int(digits) if len(digits) < 20 else math.inf)
    except RecursionError:
        raise ValueError("too many levels of JSON") from None


def json_object(operation: str, body: bytes) -> dict[str, Any]:
    """The JSON object of a successful answer. Raises UnexpectedAnswer."""
    content = json_value(operation, body)
    if not isinstance(content, dict):
        raise UnexpectedAnswer(operation, Text("the answer is not a JSON object"), status=200)
    return content


def json_value(operation: str, body: bytes) -> Any:
    """JSON in UTF-8, whatever the answer's headers claim. Raises UnexpectedAnswer."""
    try:
        content = decoded(body.decode("utf-8-sig"))
        # Azure Monitor sometimes sends a batch as a JSON string (the SDK accepts that too).
        return decoded(content) if isinstance(content, str) else content
    except ValueError:
        raise UnexpectedAnswer(operation, Text("the answer is not a JSON object"), status=200) from None


def from_response(operation: str, status: int, headers: Mapping[str, str], body: str) -> AzureError:
    """The typed error for an answer with a status that is not a success."""
    code, message, reason = _read_body(body)
    message = message or Text("HTTP status {status:plain} without an explanation", status=status)
    wait = retry_after_seconds(headers, message)
    if status in (400, 404):
        supported = _supported_versions(body)
        if supported or code.lower() in _VERSION_CODES:
            refusal = UnsupportedApiVersion(operation, message, status=status, code=code)
            refusal.supported = supported
            return refusal
    if status == 401:
        return SignInFailed(operation, message, status=status, code=code)
    if status == 403:
        return _forbidden(operation, message, code)
    if status == 409 or (status == 429 and code == "RetryableError"):
        return Conflict(operation, message, status=status, code=code, retry_after_seconds=wait, reason=reason)
    if status == 400 and reason == "ResponsePayloadTooLarge":
        return TooMuchAsked(operation, message, status=status, code=reason)
    kind = _KIND_BY_STATUS.get(status) or (Unavailable if status >= 500 else AzureError)
    return kind(operation, message, status=status, code=code, retry_after_seconds=wait)


_KIND_BY_STATUS: dict[int, type[AzureError]] = {
    400: BadRequest,
    404: NotFound,
    408: Unavailable,
    412: PreconditionFailed,
    429: Throttled,
    529: Throttled,
}


def from_exception(operation: str, error: Exception) -> AzureError:
    """The typed error for what an Azure SDK raised (``azure.core.exceptions``, azure-identity's included)."""
    from azure.core.exceptions import ClientAuthenticationError, HttpResponseError

    from ..bounded_http import MOST_BYTES, AnswerTooLarge

    response = getattr(error, "response", None)
    if isinstance(error, ClientAuthenticationError):
        # From azure-identity, with the token endpoint's answer or none, or a 401: there is no usable token.
        status = getattr(response, "status_code", 0) or 0
        code, message, _ = _read_body(_text_of(response))
        kind = Unavailable if status >= 500 else SignInFailed
        return kind(operation, message if code else _clean(error.message), status=status, code=code)
    if isinstance(error, HttpResponseError) and response is not None:
        return from_response(operation, response.status_code, response.headers, _text_of(response))
    if isinstance(getattr(error, "inner_exception", None), AnswerTooLarge):
        size = MOST_BYTES // 1024**2
        return UnexpectedAnswer(operation, Text("the answer is larger than {size} MiB", size=size))
    return Unavailable(operation, _clean(str(error)))


def from_metric_code(operation: str, code: str, message: str, resource_id: str) -> AzureError:
    """The typed error of one metric inside an answer that is a success (``errorCode``, ``errorMessage``)."""
    if _NOT_REGISTERED.search(code) or _REFUSED_CODE.fullmatch(code):
        refusal = _forbidden(operation, message, code)
        if refusal.missing_action is None and not isinstance(refusal, NotRegistered):
            refusal.missing_action, refusal.missing_scope = "Microsoft.Insights/metrics/read", resource_id or None
        return refusal
    if _THROTTLED_CODE.fullmatch(code):
        wait = retry_after_seconds({}, message)
        return Throttled(operation, message, status=200, code=code, retry_after_seconds=wait)
    return MetricUnavailable(operation, message, status=200, code=code)


def _text_of(response: Any) -> str:
    try:
        return str(response.text())
    except Exception:  # the body of a streamed answer may be closed; status and headers still count
        return ""


def _forbidden(operation: str, message: str, code: str) -> Forbidden:
    if _NOT_REGISTERED.search(code) or _NOT_REGISTERED.search(message):
        return NotRegistered(operation, message, code=code)
    match = _MISSING.search(message)
    return Forbidden(
        operation,
        message,
        code=code,
        missing_action=match["action"] if match else None,
        missing_scope=match["scope"] if match else None,
    )


def _read_body(body: str) -> tuple[str, str, str]:
    """Code, message and the first detail's code; the raw text as the message when it is not an error in JSON."""
    try:
        content = decoded(body)
    except ValueError:
        return "", _clean(body), ""
    if not isinstance(content, Mapping):
        return "", _clean(body), ""
    error = content.get("error")
    if not isinstance(error, Mapping):
        error = content
    listed = error.get("details")
    details = [entry for entry in listed if isinstance(entry, Mapping)] if isinstance(listed, list) else []
    messages = [str(entry.get("message") or "") for entry in (error, *details)]
    message = " ".join(dict.fromkeys(filter(None, messages)))
    reason = str(details[0].get("code") or "") if details else ""
    return str(error.get("code") or ""), _clean(message), reason


def _supported_versions(body: str) -> tuple[str, ...]:
    """From the whole answer: AKS lists more versions than fit into a displayed message."""
    try:
        listed = _SUPPORTED_VERSIONS.search(str(decoded(body)))
    except ValueError:
        return ()
    return tuple(_VERSION.findall(listed[1])) if listed else ()


def _clean(text: str) -> str:
    """One line of limited length, without the query of any address: it may hold signatures."""
    return " ".join(_QUERY.sub(r"\1", text).split())[:_MESSAGE_LIMIT]


def retry_after_seconds(headers: Mapping[str, str], message: str = "") -> float | None:
    """From the headers, else from the sentence in ``message``; None when neither has it."""
    seconds = requested_wait_seconds(headers)
    if seconds is None and (match := _WAIT.search(message)):
        return parsed_seconds(match["seconds"])
    return seconds
