"""What Azure says the writing identity may do, and what would refuse a write: permissions, locks, policies, quotas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .resource_id import ArmId


@dataclass(frozen=True, slots=True)
class Permission:
    """One role's actions at a scope, with wildcards."""

    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()  # not granted by this role


@dataclass(frozen=True, slots=True)
class Lock:
    name: str
    level: str  # in Azure's words: ReadOnly or CanNotDelete
    scope: ArmId  # what is locked


@dataclass(frozen=True, slots=True)
class PolicyDenial:
    """A policy assignment that would refuse the creation of ``resource_type``."""

    resource_type: str
    assignment: str


@dataclass(frozen=True, slots=True)
class Quota:
    """Of one subscription and region."""

    name: str  # Azure's, of what is counted
    used: int
    limit: int


@dataclass(frozen=True, slots=True)
class Access:
    """None where it could not be read."""

    permissions: Mapping[str, tuple[Permission, ...]] | None = None  # by scope in lower case, inherited ones included
    locks: tuple[Lock, ...] | None = None
    denials: tuple[PolicyDenial, ...] | None = None
    quotas: tuple[Quota, ...] | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)  # by what could not be read, such as a scope in lower case
