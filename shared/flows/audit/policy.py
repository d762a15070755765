"""Audit the approval policy: a line when this app runs with another one than the last."""

from datetime import datetime

from ...ids import new_id
from ...model.audit import AuditLine, PolicyInForce
from ...store.audit import AuditChain


class PolicyAudit:
    def __init__(self, chain: AuditChain, policy: str) -> None:
        """``policy``: its version, and the settings that also decide who may approve."""
        self._chain = chain
        self._policy = policy
        self._is_known = False

    def run(self, now: datetime) -> None:
        """Reads one row, once a process. Raises StoreError."""
        if self._is_known:
            return
        known = self._chain.policy()
        if known is None or known.policy != self._policy:
            detail = f"{self._policy}; before: {known.policy if known else 'not known'}"
            line = AuditLine(new_id(), now, "snatbot", "approval policy changed", "approval policy", detail)
            self._chain.set_policy(PolicyInForce(self._policy), line)
        self._is_known = True
