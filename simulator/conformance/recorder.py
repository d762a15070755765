"""What the recording tools remove: its absence from a recording proves nothing.

Known from each project's recording code and from comparing recordings of the same call: azure-cli
drops Retry-After and counters of reads; cloud-provider-azure drops Retry-After and blanks GUIDs; the
Java libraries add and drop Retry-After; Cloud Custodian keeps few headers and masks request bodies.
"""

from __future__ import annotations

from dataclasses import dataclass

from .recording import Exchange

MASKED_BODIES = ("mock_body",)
BLANKED_TIMESPAN = "0000-00-00"


@dataclass(frozen=True)
class Recorder:
    """A recording tool: the answer headers it drops, and whether the api-version in URLs can be trusted."""

    drops: frozenset[str] = frozenset()
    api_version_edited: bool = False


_RECORDERS = {
    "azure-cli": Recorder(frozenset({"retry-after"})),
    "azure-cli-extensions": Recorder(frozenset({"retry-after"}), api_version_edited=True),
    "cloud-provider-azure": Recorder(frozenset({"retry-after"})),
    "azure-libraries-for-java": Recorder(frozenset({"retry-after", "azure-asyncoperation", "etag"})),
    "cloud-custodian": Recorder(frozenset({"retry-after", "etag"})),
}
_UNKNOWN = Recorder()


def recorder_of(repo: str) -> Recorder:
    """The recorder that a repository (`owner/name`) uses."""
    return _RECORDERS.get(repo.rpartition("/")[2].lower(), _UNKNOWN)


def hidden_request(exchange: Exchange) -> str | None:
    """Why the recorded request can't be repeated, or None."""
    if exchange.request_body in MASKED_BODIES:
        return "the recorder masked the request's body"
    if exchange.method in ("PUT", "PATCH") and exchange.request_body is None:
        return "the recorder kept no request body"
    if exchange.status < 400 and "?" not in exchange.url and "/providers/" in exchange.url:
        return "the request's query is left out"
    return None


def restored_url(exchange: Exchange) -> str:
    """The request's path and query, with a time span that the recorder blanked taken from the answer."""
    timespan = exchange.body_object.get("timespan")
    if BLANKED_TIMESPAN in exchange.query.get("timespan", "") and isinstance(timespan, str):
        return exchange.url.replace(f"timespan={BLANKED_TIMESPAN}", f"timespan={timespan}")
    return exchange.url
