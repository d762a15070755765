"""Started sign-ins: each is valid once, for ten minutes, in the browser that started it."""

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
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")  # as secrets.token_urlsafe(32) creates it


@dataclass(frozen=True, slots=True)
class SignInFlow:
    msal_flow: Mapping[str, Any]
    link: str  # the signed link of the page to return to
    browser: str  # hash of the browser's cookie
    begun_at: datetime
    steps_up: str = ""  # object id of the person who signs in again for the plan of the link
    language: str = ""  # that the page's URL asked for


class SignInFlows:
    def __init__(self, table: Table) -> None:
        self._table = table

    def add(
        self,
        state: str,
        msal_flow: Mapping[str, Any],
        link: str,
        browser: str,
        now: datetime,
        steps_up: str = "",
        language: str = "",
    ) -> None:
        """Also deletes expired ones."""
        limit = {"partition": _PARTITION, "limit": now - 2 * LIFE}
        for old in self._table.query("PartitionKey eq @partition and begun_at lt @limit", limit, ["RowKey"]):
            self._table.delete(_PARTITION, old["RowKey"])
        flow = SignInFlow(msal_flow, link, _hash(browser), now, steps_up, language)
        self._table.write(_PARTITION, Row(f"flow-{state}", flow, columns={"begun_at": now}))

    def take(self, state: str, browser: str, now: datetime) -> SignInFlow | None:
        """None unless this browser started it, it is recent, and nobody used it before."""
        stored = self._table.get(SignInFlow, _PARTITION, f"flow-{state}") if TOKEN.fullmatch(state) else None
        if stored is None or not secrets.compare_digest(stored.value.browser, _hash(browser)):
            return None
        try:
            # Not ``delete``: Azure's client ignores a missing row.
            self._table.delete_all(_PARTITION, [f"flow-{state}"])
        except StoreConflict:
            return None
        return stored.value if now - stored.value.begun_at < LIFE else None


def _hash(browser: str) -> str:
    return hashlib.sha256(browser.encode(errors="replace")).hexdigest()
