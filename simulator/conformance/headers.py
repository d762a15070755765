"""Which headers matter, and how they are compared.

Those are the headers that a client acts on: how to follow an operation, when to come back, which
version it has read, what is left of a quota. Others (dates, tracing) are not compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from .difference import Difference, Kind, shown
from .recorder import Recorder
from .values import compare_texts

URLS = ("azure-asyncoperation", "location")
EXACT = ("retry-after", "x-ms-failure-cause", "azure-asyncnotification")
SHAPED = ("etag", "x-ms-user-quota-remaining", "x-ms-user-quota-resets-after", "www-authenticate")
DISTURBING = ("azure-asyncoperation", "location", "retry-after", "etag")
"""Headers that would make a client behave differently if only the simulator sent them."""

_COUNTER = re.compile(r"x-ms-ratelimit-remaining-(?P<what>.+)|x-rate-limit-.+")


def compare_headers(
    recorded: Mapping[str, str], simulated: Mapping[str, str], recorder: Recorder, status: int = 200
) -> list[Difference]:
    """The differences of the headers (names in lower case) of two answers with the same `status`."""
    return list(_compare(recorded, simulated, recorder, status))


def _compare(
    recorded: Mapping[str, str], simulated: Mapping[str, str], recorder: Recorder, status: int
) -> Iterator[Difference]:
    for name in (*URLS, *EXACT, *SHAPED):
        if name in recorded and name not in simulated:
            yield Difference(Kind.MISSING, f"header {name}")
        elif name in recorded and not _agree(name, recorded[name], simulated[name], status):
            yield Difference(Kind.VALUE, f"header {name}", shown(recorded[name]), shown(simulated[name]))
        elif name in simulated and name not in recorded and name in DISTURBING and name not in recorder.drops:
            yield Difference(Kind.EXTRA, f"header {name}")
    if "content-type" in recorded:
        yield from _content_types(recorded["content-type"], simulated.get("content-type", ""))
    families = {_family(name) for name in simulated}
    for name in recorded:
        family = _family(name)
        if family is not None and family not in families:
            yield Difference(Kind.MISSING, f"header {name}")


def _content_types(recorded: str, simulated: str) -> Iterator[Difference]:
    theirs, ours = (value.partition(";")[0].strip().lower() for value in (recorded, simulated))
    if theirs != ours:
        yield Difference(Kind.VALUE, "header content-type", theirs, ours)


def _agree(name: str, recorded: str, simulated: str, status: int) -> bool:
    if name == "retry-after" and status >= 400:
        return recorded.isdigit() == simulated.isdigit()  # Azure answers the remaining time of the other operation
    return recorded == simulated if name in EXACT else compare_texts(recorded, simulated) == "same"


def _family(name: str) -> str | None:
    """A counter's name; the renamed subscription-wide counters (…-global-…) have the same family."""
    match = _COUNTER.fullmatch(name)
    return (match["what"] or name).replace("subscription-global-", "subscription-") if match else None
