"""Where the pages are. Relative to this app's origin, so that they work behind any name."""

from dataclasses import dataclass
from urllib.parse import quote

from ..ids import cluster_key
from ..wording.languages import LANGUAGES


@dataclass(frozen=True, slots=True)
class Paths:
    """``token``: the read pass of a visitor who did not sign in, kept in every link. ``partition``: as in it."""

    token: str = ""
    partition: str = ""
    language: str = ""  # that the visitor asked for by ?lang=

    @property
    def fleet(self) -> str:
        """Empty if this visitor may see one cluster only."""
        return "" if self.partition else f"/api/fleet{self._end('?')}"

    @property
    def own_cluster(self) -> str:
        """The page of the only cluster that this visitor may see."""
        return f"/api/clusters/{self.partition}{self._end('?')}"

    def cluster(self, cluster_id: str) -> str:
        return f"/api/clusters/{cluster_key(cluster_id)}{self._end('?')}"

    def incident(self, cluster_id: str, incident_id: str) -> str:
        return f"/api/incidents/{quote(incident_id, safe='')}?cluster={cluster_key(cluster_id)}{self._end('&')}"

    def change(self, cluster_id: str, change_id: str) -> str:
        return f"/api/changes/{quote(change_id, safe='')}?cluster={cluster_key(cluster_id)}{self._end('&')}"

    def with_pass(self, query: str) -> str:
        return f"{query}{self._end('&')}"

    def _end(self, joint: str) -> str:
        parts = [("t", self.token), ("lang", self.language if self.language in LANGUAGES else "")]
        query = "&".join(f"{name}={quote(value)}" for name, value in parts if value)
        return f"{joint}{query}" if query else ""
