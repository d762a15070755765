"""What Azure says the writing identity may do, and what would refuse a write: permissions, locks, policies, quotas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .resource_id import ArmId


@dataclass(frozen=True, slots=True)
class Permission:
    """One role's actions at a scope, with wildcards; an action in ``not_actions`` is not granted by this role."""

    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lock:
    """``level`` in Azure's words: ReadOnly or CanNotDelete. ``scope`` is the id of what is locked."""

    name: str
    level: str
    scope: ArmId


@dataclass(frozen=True, slots=True)
class PolicyDenial:
    """A policy assignment that would refuse the creation of ``resource_type``."""

    resource_type: str
    assignment: str


@dataclass(frozen=True, slots=True)
class Quota:
    """``name`` is Azure's name of what is counted, per subscription and region."""

    name: str
    used: int
    limit: int


@dataclass(frozen=True, slots=True)
class Access:
    """None where it could not be read; ``reasons`` says why, by what could not be read.

    ``permissions`` maps a scope in lower case to the roles of the writing identity there, inherited ones included.
    """

    permissions: Mapping[str, tuple[Permission, ...]] | None = None
    locks: tuple[Lock, ...] | None = None
    denials: tuple[PolicyDenial, ...] | None = None
    quotas: tuple[Quota, ...] | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)
