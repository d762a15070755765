"""Audit the approval policy when it changes, and once a day seal the heads of all chains into a day root.

Who keeps the root can tell if older lines change later.
"""

import logging
from datetime import date, datetime

from ...core.audit.chain import Proof, root_hash
from ...ids import new_id
from ...model.audit import AuditLine, DayRoot, PolicyInForce, SealedHead
from ...store.audit import AuditChain

log = logging.getLogger("snatbot.audit")


class SealAudit:
    def __init__(self, chain: AuditChain) -> None:
        self._chain = chain
        self._looked_on: date | None = None  # by this process

    def run(self, now: datetime) -> None:
        """Three storage requests on its first run of a day, a query for all heads among them. Raises StoreError."""
        today = now.date()
        if self._looked_on == today:
            return
        newest = self._chain.newest_root(now)
        if newest is None or newest.day < today:
            self._seal(today)
        self._looked_on = today

    def _seal(self, today: date) -> None:
        found = sorted(self._chain.heads().items())
        heads = tuple(
            SealedHead(partition, stored.head.sequence, stored.head.hash)
            for partition, stored in found
            if stored.proof is not Proof.FORGED
        )
        root = DayRoot(today, root_hash(today, heads), heads)
        if heads and self._chain.add_root(root):
            log.info("audit: day root %s of %s over %d chains", root.hash, root.day, len(heads))


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
