"""Everything that the app signs: links, form tokens, decisions, starts.

The newest key signs and every listed key verifies, so keys can be rotated. Each kind has its own salt, so a signature
for one purpose is invalid for others. itsdangerous limits the age of links and forms in wall time. A decision's
signature has no age: ``flows.remediation.authority`` compares the domain times that it covers with the clock.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..model.change import Action, Change, Decision, Start
from .errors import DecisionForged, FormExpired, LinkExpired, LinkTampered

_LINK = "snatbot.link.v1"
_FORM = "snatbot.form.v1"
_DECISION = "snatbot.decision.v1"
_START = "snatbot.start.v1"
_SESSION = "snatbot.session.v1"
_FORM_SECONDS = 3600
SESSION_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """The target of a link: a change with exactly this plan."""

    partition: str
    change_id: str
    digest: str


class Signer:
    """``keys``: newest first, at least one."""

    def __init__(self, keys: Sequence[str], link_minutes: int) -> None:
        import itsdangerous  # noqa: F401 - a signer is made by one thread at a time, and what signs is loaded with it

        if not keys:
            raise ValueError("at least one signing key is needed")
        self._keys = list(reversed(keys))  # itsdangerous signs with the last key
        self._link_seconds = link_minutes * 60

    def link_token(self, target: LinkTarget) -> str:
        return str(self._timed(_LINK).dumps([target.partition, target.change_id, target.digest]))

    def read_link(self, token: str) -> LinkTarget:
        """Raises LinkExpired or LinkTampered."""
        from itsdangerous import BadData, SignatureExpired

        try:
            partition, change_id, digest = self._timed(_LINK).loads(token, max_age=self._link_seconds)
        except SignatureExpired:
            raise LinkExpired from None
        except (BadData, ValueError, TypeError):
            raise LinkTampered from None
        return LinkTarget(partition, change_id, digest)

    def form_token(self, nonce: str, change_id: str) -> str:
        """A token for one form of one change; ``nonce`` also goes into a cookie of the same browser."""
        return str(self._timed(_FORM).dumps([nonce, change_id]))

    def check_form(self, token: str, nonce: str, change_id: str) -> None:
        """Raises FormExpired unless the token is for this browser and this change, and recent."""
        from itsdangerous import BadData

        try:
            signed_nonce, signed_change = self._timed(_FORM).loads(token, max_age=_FORM_SECONDS)
        except (BadData, ValueError, TypeError):
            raise FormExpired from None
        given = nonce.encode(errors="replace")  # compare_digest takes only ASCII text, and a cookie may hold any text
        if not nonce or not secrets.compare_digest(str(signed_nonce).encode(), given) or signed_change != change_id:
            raise FormExpired

    def session_token(self, facts: list[Any]) -> str:
        return str(self._timed(_SESSION).dumps(facts))

    def read_session(self, token: str) -> Any:
        """What was signed; None unless this app signed it for a session, not too long ago."""
        from itsdangerous import BadData

        try:
            return self._timed(_SESSION).loads(token, max_age=SESSION_SECONDS)
        except BadData:
            return None

    def sign_decision(self, decision: Mapping[str, Any]) -> str:
        return str(self._plain(_DECISION).dumps(dict(decision)))

    def verify_decision(self, change: Change, action: Action = Action.APPROVE) -> Decision:
        """The change's decision, if this app signed it for exactly this plan. Raises DecisionForged otherwise."""
        decision = change.decision
        if decision is None or decision.change_id != change.id:
            raise DecisionForged
        self._verify(_DECISION, decision.signature, decision_content(decision))
        if decision.digest != change.plan.digest or decision.action != action:
            raise DecisionForged
        return decision

    def start(self, change: Change, at: datetime, line_id: str) -> Start:
        """The signed start of a run of this change."""
        return Start(at, line_id, str(self._plain(_START).dumps(_start_content(change, at, line_id))))

    def verify_start(self, change: Change, start: Start) -> None:
        """Raises DecisionForged unless this app signed this start of exactly this plan of this change."""
        self._verify(_START, start.signature, _start_content(change, start.at, start.line_id))

    def _verify(self, salt: str, signature: str, content: object) -> None:
        """Raises DecisionForged unless this app signed exactly this content."""
        from itsdangerous import BadData

        try:
            signed = self._plain(salt).loads(signature)
        except (BadData, ValueError):
            raise DecisionForged from None
        if signed != content:
            raise DecisionForged

    def _timed(self, salt: str) -> Any:
        from itsdangerous import URLSafeTimedSerializer

        return URLSafeTimedSerializer(self._keys, salt=salt, signer_kwargs=_SHA256)

    def _plain(self, salt: str) -> Any:
        from itsdangerous import URLSafeSerializer

        return URLSafeSerializer(self._keys, salt=salt, signer_kwargs=_SHA256)


def decision_content(decision: Decision) -> dict[str, str]:
    """What a decision's signature covers: all its other fields."""
    return {
        "change": decision.change_id,
        "digest": decision.digest,
        "action": decision.action,
        "approver": decision.approver,
        "policy": decision.policy,
        "decided_at": _text(decision.decided_at),
        "decide_by": _text(decision.decide_by),
        "start_by": _text(decision.start_by),
        "write_until": _text(decision.write_until),
    }


def _start_content(change: Change, at: datetime, line_id: str) -> list[str]:
    return [change.id, change.plan.digest, _text(at), line_id]


def _text(at: datetime) -> str:
    return at.isoformat()


def _sha256(data: bytes = b"") -> Any:
    import hashlib

    return hashlib.sha256(data)


_SHA256 = {"digest_method": _sha256, "key_derivation": "hmac"}
