"""Azure's errors as types: callers check the type, never the text.

Every error says which operation failed (method and path, or the metric's name), what Azure answered, and in ``remedy``
what a person can do. People may see messages, so ``error_mapping`` removes signatures from URLs.
"""

import re
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from ..errors import SnatbotError
from ..model.text import Text, arranged, verbatim

_GROUP = re.compile(r"/resourceGroups/([^/?]+)", re.IGNORECASE)


class AzureError(SnatbotError):
    """Azure refused, failed, or could not be reached.

    ``status`` is the HTTP status, 0 when there was no answer. ``code`` is Azure's error code. ``retry_after_seconds``
    is the wait that the service requested, None when it requested none.
    """

    def __init__(
        self, operation: str, message: str, *, status: int = 0, code: str = "", retry_after_seconds: float | None = None
    ) -> None:
        self.operation = operation
        self.message = verbatim(message)
        self.status = status
        self.code = code
        self.retry_after_seconds = retry_after_seconds
        answered = " ".join(part for part in (str(status or ""), code) if part)
        where = arranged("{operation}: {answered}", operation=operation, answered=answered) if answered else operation
        super().__init__(arranged("{where}: {message}", where=where, message=message))

    @property
    def remedy(self) -> Text:
        """What a person can do; empty if nothing."""
        return Text("")

    @property
    def text_with_remedy(self) -> Text:
        return arranged("{text}. {remedy}", text=self.text, remedy=self.remedy) if self.remedy else self.text

    @property
    def resource_group(self) -> str:
        """The resource group in the operation's path; empty without one."""
        found = _GROUP.search(self.operation)
        return unquote(found[1]) if found else ""


class NotFound(AzureError):
    """404: the resource or its group does not exist, or (for some resources) the identity may not read it."""


class Forbidden(AzureError):
    """403: the identity may not do this.

    ``missing_action`` and ``missing_scope`` come from Azure's message; None when it names none, as for a policy or
    a deny assignment. On a subnet write they can name a linked resource such as its route table.
    """

    def __init__(
        self,
        operation: str,
        message: str,
        *,
        status: int = 403,
        missing_action: str | None = None,
        missing_scope: str | None = None,
        **answer: Any,
    ) -> None:
        super().__init__(operation, message, status=status, **answer)
        self.missing_action = missing_action
        self.missing_scope = missing_scope

    @property
    def remedy(self) -> Text:
        if self.missing_action is None:
            return Text("")
        if not self.missing_scope:
            return Text("grant this app's identity a role with the action {action}", action=self.missing_action)
        return Text(
            "grant this app's identity a role with the action {action} on {scope}",
            action=self.missing_action,
            scope=self.missing_scope,
        )


class SignInFailed(Forbidden):
    """401, or the identity gets no token: its roles don't matter."""

    @property
    def remedy(self) -> Text:
        return Text("check that the managed identity is assigned to this app and that its client id is right")


class NotRegistered(Forbidden):
    """403: the subscription has not registered the resource provider."""

    @property
    def remedy(self) -> Text:
        return Text("register the resource provider Microsoft.Insights once in that subscription")


class Throttled(AzureError):
    """429, or Azure Monitor's 529: Azure refused the request because there were too many."""

    until: datetime | None = None  # when the next request is sent, if known


class Conflict(AzureError):
    """409, or 429 ``RetryableError``: the resource cannot take this write now, or at all.

    ``reason`` is the code of the first detail where there is one, else the code: network services put the real
    reason there.
    """

    def __init__(self, operation: str, message: str, *, status: int = 409, reason: str = "", **answer: Any) -> None:
        super().__init__(operation, message, status=status, **answer)
        self.reason = reason or self.code

    @property
    def is_transient(self) -> bool:
        """Whether waiting helps: another operation is running, or a referenced resource is not ready yet."""
        return self.code == "RetryableError" or self.reason == "AnotherOperationInProgress"


class PreconditionFailed(AzureError):
    """412: somebody else wrote the resource after the read (If-Match)."""


class BadRequest(AzureError):
    """400: Azure does not accept the request, or refuses to delete what is in use."""


class TooMuchAsked(BadRequest):
    """400 of Resource Graph: the answer would be larger than 16 MiB (microsoft/ARI#199)."""


class UnsupportedApiVersion(BadRequest):
    """This cloud's provider does not have the API version. ``supported``: those that it lists, previews too."""

    supported: tuple[str, ...] = ()


class Unavailable(AzureError):
    """5xx, a timeout, or no connection. After a write the effect is unknown: read before doing it again."""


class NotSent(Unavailable):
    """The scan sent no request: its time was over, or it would have needed too many."""


class UnexpectedAnswer(AzureError):
    """The answer was a success but is not what Azure documents; nothing is guessed from it."""


class ForeignHost(UnexpectedAnswer):
    """An answer points to another host than the configured endpoint; nothing was sent there. ``host`` is its origin."""

    def __init__(self, operation: str, host: str, endpoint: str, *, status: int = 0) -> None:
        self.host = host
        message = Text(
            "Azure's answer points to {host}, and only {endpoint} is configured", host=host, endpoint=endpoint
        )
        super().__init__(operation, message, status=status)

    @property
    def remedy(self) -> Text:
        return Text("find out who answers there; nothing was sent to that host")


class MetricUnavailable(AzureError):
    """Azure Monitor answered, but with an ``errorCode`` or nothing for this metric."""
