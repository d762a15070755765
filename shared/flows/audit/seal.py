"""Once a day: seal the heads of all chains into a day root. Who keeps the root can tell if older lines change later."""

import logging
from datetime import date, datetime

from ...core.audit.chain import Proof, root_hash
from ...model.audit import DayRoot, SealedHead
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
