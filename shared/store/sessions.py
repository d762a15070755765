"""Sign-ins that have begun: each counts once, for ten minutes, in the browser that began it."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from .errors import StoreConflict
from .table import Row, Table

LIFE = timedelta(minutes=10)
_PARTITION = "sign-in"
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")  # as secrets.token_urlsafe(32) makes it


@dataclass(frozen=True, slots=True)
class SignInFlow:
    msal_flow: Mapping[str, Any]
    link: str  # the signed link of the page to go back to
    browser: str  # the hash of the browser's cookie
    begun_at: datetime


class SignInFlows:
    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, state: str, msal_flow: Mapping[str, Any], link: str, browser: str, now: datetime) -> None:
        """Deletes what is left of old ones, too."""
        limit = {"partition": _PARTITION, "limit": now - 2 * LIFE}
        for old in self._table.query("PartitionKey eq @partition and begun_at lt @limit", limit, ["RowKey"]):
            self._table.delete(_PARTITION, old["RowKey"])
        flow = SignInFlow(msal_flow, link, _hash(browser), now)
        self._table.write(_PARTITION, Row(f"flow-{state}", flow, columns={"begun_at": now}))

    def take(self, state: str, browser: str, now: datetime) -> SignInFlow | None:
        """None unless it was begun in this browser, not too long ago, and nobody took it before."""
        stored = self._table.get(SignInFlow, _PARTITION, f"flow-{state}") if TOKEN.fullmatch(state) else None
        if stored is None or not secrets.compare_digest(stored.value.browser, _hash(browser)):
            return None
        try:
            # Not ``delete``: Azure's client keeps it quiet when the row is gone already.
            self._table.delete_all(_PARTITION, [f"flow-{state}"])
        except StoreConflict:
            return None
        return stored.value if now - stored.value.begun_at < LIFE else None


def _hash(browser: str) -> str:
    return hashlib.sha256(browser.encode(errors="replace")).hexdigest()
