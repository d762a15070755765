"""URLs of this app's pages, always from the setting and never from a request's Host header."""

from ..ids import cluster_key
from ..model.change import Change
from ..model.incident import Incident
from .signing import LinkTarget, Signer


class Links:
    def __init__(self, public_base_url: str, signer: Signer, *, with_pass: bool = False) -> None:
        """``with_pass``: nobody signs in, so that a link itself opens a page to read."""
        self._base = public_base_url
        self._with_pass = with_pass
        self.signer = signer

    def page(self, change: Change) -> str:
        """The page of a change, for the receiver of the message."""
        return f"{self._base}/api/changes/{change.id}?t={self._token(change)}"

    def receipt(self, change: Change) -> str:
        """The receipt of a change; it asks for the same sign-in as the page."""
        return f"{self._base}/api/changes/{change.id}/receipt?t={self._token(change)}"

    def incident(self, incident: Incident) -> str:
        """The page of an incident; in messages about it."""
        key = cluster_key(incident.cluster_id)
        token = f"&t={self.signer.read_pass(key)}" if self._with_pass else ""
        return f"{self._base}/api/incidents/{incident.id}?cluster={key}{token}"

    def fleet(self) -> str:
        """The page of all clusters."""
        return f"{self._base}/api/fleet" + (f"?t={self.signer.read_pass('')}" if self._with_pass else "")

    def _token(self, change: Change) -> str:
        return self.signer.link_token(LinkTarget(cluster_key(change.cluster_id), change.id, change.plan.digest))
