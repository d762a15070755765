"""What the writing identity may do, and what would make Azure refuse a write: permissions, locks, policies, quotas.

And a write of anybody in Azure's activity log.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .resource_id import ArmId
from .text import Text


@dataclass(frozen=True, slots=True)
class Permission:
    """The actions of one role at a scope, with wildcards."""

    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()  # excluded from this role


@dataclass(frozen=True, slots=True)
class Lock:
    name: str
    level: str  # ReadOnly or CanNotDelete
    scope: ArmId  # the locked resource, group or subscription


@dataclass(frozen=True, slots=True)
class PolicyDenial:
    """A policy assignment that denies the creation of ``resource_type``."""

    resource_type: str
    assignment: str


@dataclass(frozen=True, slots=True)
class Quota:
    name: str  # Azure's name of what is counted
    used: int
    limit: int


@dataclass(frozen=True, slots=True)
class Access:
    """None where it could not be read."""

    permissions: Mapping[str, tuple[Permission, ...]] | None = None  # by scope in lower case, with inherited ones
    locks: tuple[Lock, ...] | None = None
    denials: tuple[PolicyDenial, ...] | None = None
    quotas: tuple[Quota, ...] | None = None
    reasons: Mapping[str, Text] = field(default_factory=dict)  # by what could not be read, such as a scope


@dataclass(frozen=True, slots=True)
class LoggedWrite:
    operation_id: str
    at: datetime  # when Resource Manager received it
    caller: str  # a person's name, or an application's object id
    action: str  # such as Microsoft.Network/virtualNetworks/subnets/write
    resource_id: ArmId
    correlation_id: str
    request_ids: frozenset[str]  # correlation id and client request id
    app_id: str = ""  # the application's client id
    has_failed: bool = False
    properties: Mapping[str, Any] | None = None  # body of the request, if the log has it
