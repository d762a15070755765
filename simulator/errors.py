"""Errors that the services answer with.

A handler raises; the edge turns the error into HTTP once. `ArmError` has Azure Resource Manager's
wrapped body `{"error": {code, message, details}}`; `FlatError` the flat `{code, message}` that
Microsoft.Insights and parts of AKS use.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any


class ServiceError(Exception, ABC):
    """An HTTP error answer: status, code, message, extra headers."""

    def __init__(self, status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})

    @abstractmethod
    def body(self) -> Any:
        """The answer's JSON."""


class ControlError(ValueError):
    """An invalid control request; the message says what is valid."""


class ArmError(ServiceError):
    """`{"error": {"code", "message"[, "details"]}}`, as Resource Manager and most providers answer."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        details: Sequence[Mapping[str, Any]] | None = None,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(status, code, message, headers=headers)
        self.details = details
        self.extra = extra or {}

    def body(self) -> Any:
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.details is not None:
            error["details"] = [dict(detail) for detail in self.details]
        error |= self.extra
        return {"error": error}


class FlatError(ServiceError):
    """`{"code", "message"}`, as Microsoft.Insights answers."""

    def body(self) -> Any:
        return {"code": self.code, "message": self.message}


class AksError(ServiceError):
    """`{"code", "details", "message", "subcode"}`, as AKS answers; recorded bodies of AKS are often flat."""

    def body(self) -> Any:
        return {"code": self.code, "details": None, "message": self.message, "subcode": ""}


class PlainError(ServiceError):
    """A plain-text body, as Slack's incoming webhooks answer; the message is the body."""

    def body(self) -> Any:
        return self.message


GATEWAY = {"x-ms-failure-cause": "gateway"}


def resource_not_found(resource_type: str, name: str, group: str) -> ArmError:
    """Resource Manager's 404 for a tracked resource."""
    return ArmError(
        404,
        "ResourceNotFound",
        f"The Resource '{resource_type}/{name}' under resource group '{group}' was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix",
        headers=GATEWAY,
    )


def child_not_found(resource_id: str) -> ArmError:
    """Microsoft.Network's 404 for a child resource (a subnet, an outbound rule)."""
    return ArmError(404, "NotFound", f"Resource {resource_id} not found.", details=[])


def resource_group_not_found(name: str) -> ArmError:
    """404 for a resource group that isn't there."""
    return ArmError(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.", headers=GATEWAY)


def subscription_not_found(subscription_id: str) -> ArmError:
    """404 for a subscription that isn't there (or that the caller can't see)."""
    return ArmError(
        404,
        "SubscriptionNotFound",
        f"The subscription '{subscription_id}' could not be found.",
        headers=GATEWAY,
    )
