"""URLs of this app's pages, always from the setting and never from a request's Host header."""

from __future__ import annotations

from ..ids import cluster_key
from ..model.change import Change
from .signing import LinkTarget, Signer


class Links:
    def __init__(self, public_base_url: str, signer: Signer) -> None:
        self._base = public_base_url
        self.signer = signer

    def page(self, change: Change) -> str:
        """The page of a change, for the receiver of the message."""
        target = LinkTarget(cluster_key(change.cluster_id), change.id, change.plan.digest)
        return f"{self._base}/api/changes/{change.id}?t={self.signer.link_token(target)}"
