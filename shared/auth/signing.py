"""Everything that carries the app's signature: links, form tokens, decisions, starts, and stored rows.

The newest key signs and every listed key verifies, so keys can be rotated. Each kind has its own salt: a signature for
one purpose never passes for another. Links and forms age in wall time, by itsdangerous. What is stored has no age:
``flows.remediation.authority`` compares the domain times of a decision with the clock.
"""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from ..errors import KeyMissing, RowForged
from ..model.change import Action, Approval, Change, Decision, Start
from .errors import DecisionForged, FormExpired, LinkExpired, LinkTampered

_LINK = "snatbot.link.v1"
_FORM = "snatbot.form.v1"
_SESSION = "snatbot.session.v2"
_PAGE = "snatbot.page.v1"
_READ = "snatbot.read.v1"
_EGRESS = "snatbot.egress.v1"
_ROW = b"snatbot.row.v1"
_DECISION, _START, _APPROVAL = "decision", "start", "approval"
_SIGNATURE = re.compile(r"([0-9a-f]{8})\.[0-9a-f]{64}")
_FORM_SECONDS = 3600
TICKET_LIFE = timedelta(minutes=10)
SESSION_SECONDS = 3600
_READ_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """The target of a link: a change with exactly this plan."""

    partition: str
    change_id: str
    digest: str


class RowSigner:
    """Signs what is stored. ``keys``: newest first, at least one."""

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise ValueError("at least one signing key is needed")
        # A key's id is the start of its SHA-256, so that an operator can compute it from the key.
        self._row_keys = {_sha256(key.encode()).hexdigest()[:8]: _mac(key.encode(), _ROW) for key in keys}
        self._newest = next(iter(self._row_keys))

    def sign_row(self, kind: str, partition: str, row_key: str, content: object) -> str:
        """The newest key's id and its MAC over what the row is, where it stands, and what it holds, as JSON."""
        return f"{self._newest}.{self._row_mac(self._newest, kind, partition, row_key, content)}"

    def verify_row(self, kind: str, partition: str, row_key: str, content: object, signature: str) -> None:
        """Raises RowForged when it is absent or wrong, KeyMissing when a key that is not held is said to have made it.

        ``kind`` names the row in the message for people.
        """
        match = _SIGNATURE.fullmatch(signature)
        if match is None:
            raise RowForged(kind)
        if match[1] not in self._row_keys:
            raise KeyMissing(match[1])
        mac = self._row_mac(match[1], kind, partition, row_key, content)
        if not hmac.compare_digest(f"{match[1]}.{mac}", signature):
            raise RowForged(kind)

    def _row_mac(self, key_id: str, *row: object) -> str:
        return _mac(self._row_keys[key_id], json.dumps(row, sort_keys=True).encode()).hex()


class Signer(RowSigner):
    def __init__(self, keys: Sequence[str], link_minutes: int) -> None:
        import itsdangerous  # noqa: F401 - a signer is made by one thread at a time, and what signs is loaded with it

        super().__init__(keys)
        self._keys = list(reversed(keys))  # itsdangerous signs with the last one
        self._link_seconds = link_minutes * 60

    def link_token(self, target: LinkTarget) -> str:
        return str(self._timed(_LINK).dumps([target.partition, target.change_id, target.digest]))

    def read_link(self, token: str) -> LinkTarget:
        """Raises LinkExpired or LinkTampered."""
        partition, change_id, digest = self._read(_LINK, token, self._link_seconds, 3)
        return LinkTarget(partition, change_id, digest)

    def read_pass(self, partition: str) -> str:
        """Opens the pages of one cluster for an hour, and those of the whole fleet if ``partition`` is empty."""
        return str(self._timed(_READ).dumps([partition]))

    def passed(self, token: str) -> str:
        """The partition of a read pass. Raises LinkExpired or LinkTampered."""
        return self._read(_READ, token, _READ_SECONDS, 1)[0]

    def page_token(self, path: str) -> str:
        """Leads back, after a sign-in, to this page of the app."""
        return str(self._timed(_PAGE).dumps([path]))

    def page_path(self, token: str) -> str:
        """Raises LinkExpired or LinkTampered."""
        return self._read(_PAGE, token, _READ_SECONDS, 1)[0]

    def egress_ticket(self, address: str, nonce: str) -> str:
        """Says that a request with this nonce came from this address now."""
        return str(self._timed(_EGRESS).dumps([address, nonce]))

    def ticket_address(self, ticket: str, nonce: str, issued_about: datetime) -> str:
        """The address that a ticket with this nonce proves; empty if it proves none, or is of another time."""
        from itsdangerous import BadData

        try:
            (address, of_nonce), at = self._timed(_EGRESS).loads(ticket, return_timestamp=True)
        except (BadData, ValueError, TypeError):
            return ""
        return str(address) if of_nonce == nonce and abs(at - issued_about) <= TICKET_LIFE else ""

    def _read(self, salt: str, token: str, seconds: int, length: int) -> list[str]:
        from itsdangerous import BadData, SignatureExpired

        try:
            found = self._timed(salt).loads(token, max_age=seconds)
        except SignatureExpired:
            raise LinkExpired from None
        except (BadData, ValueError, TypeError):
            raise LinkTampered from None
        if not isinstance(found, list) or len(found) != length:
            raise LinkTampered
        return found

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
        except (BadData, ValueError):
            return None

    def sign_decision(self, decision: Mapping[str, Any]) -> str:
        return self.sign_row(_DECISION, "", "", dict(decision))

    def verify_decision(self, change: Change, action: Action = Action.APPROVE) -> Decision:
        """The change's decision, if it is this app's own for exactly this plan. Raises DecisionForged or KeyMissing."""
        decision = change.decision
        if decision is None or decision.change_id != change.id:
            raise DecisionForged
        self._verify(_DECISION, decision.signature, decision_content(decision))
        if decision.digest != change.plan.digest or decision.action != action:
            raise DecisionForged
        return decision

    def approval(self, change: Change, unsigned: Approval) -> Approval:
        """With a signature that never passes for a decision's."""
        return replace(unsigned, signature=self.sign_row(_APPROVAL, "", "", _approval_content(change, unsigned)))

    def verify_approval(self, change: Change, approval: Approval) -> None:
        """Raises DecisionForged or KeyMissing unless this person approved exactly this plan of this change then."""
        self._verify(_APPROVAL, approval.signature, _approval_content(change, approval))

    def start(self, change: Change, at: datetime, line_id: str) -> Start:
        """A run of this change that begins now, signed."""
        return Start(at, line_id, self.sign_row(_START, "", "", _start_content(change, at, line_id)))

    def verify_start(self, change: Change, start: Start) -> None:
        """Raises DecisionForged or KeyMissing unless this app started exactly this plan of this change then."""
        self._verify(_START, start.signature, _start_content(change, start.at, start.line_id))

    def _verify(self, kind: str, signature: str, content: object) -> None:
        try:
            self.verify_row(kind, "", "", content, signature)
        except RowForged:
            raise DecisionForged from None

    def _timed(self, salt: str) -> Any:
        from itsdangerous import URLSafeTimedSerializer

        return URLSafeTimedSerializer(self._keys, salt=salt, signer_kwargs=_SHA256)


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
        # absent from decisions of earlier releases
        **({"object_id": decision.object_id} if decision.object_id else {}),
        **({"role_as_of": _text(decision.role_as_of)} if decision.role_as_of else {}),
    }


def _approval_content(change: Change, approval: Approval) -> list[str]:
    who = (approval.object_id, approval.approver, approval.policy)
    seen = [_text(approval.role_as_of)] if approval.role_as_of else []  # absent from approvals of earlier releases
    return [change.id, change.plan.digest, *who, _text(approval.approved_at), *seen]


def _start_content(change: Change, at: datetime, line_id: str) -> list[str]:
    return [change.id, change.plan.digest, _text(at), line_id]


def _text(at: datetime) -> str:
    return at.isoformat()


def _mac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha256")


def _sha256(data: bytes = b"") -> Any:
    return hashlib.sha256(data)


_SHA256 = {"digest_method": _sha256, "key_derivation": "hmac"}
