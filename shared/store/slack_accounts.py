"""Slack accounts that people linked with their work accounts, and links that wait for that. All rows are signed."""

import hashlib
from datetime import datetime, timedelta

from ..model.audit import AuditLine
from ..model.slack import SlackAccount, SlackLink
from .audit import AUDIT_PARTITION, AuditChain
from .audit_rows import row_of_line
from .errors import StoreConflict
from .signed_rows import RowSigner, SignedRows
from .table import ANY, Row, Table, stored

LINK_LIFE = timedelta(minutes=10)
ACCOUNT_LIFE = timedelta(days=30)
_LINKS = "slack-links"
_LINK, _ACCOUNT = "slack link", "slack account"


class SlackAccounts:
    """Methods raise RowForged or KeyMissing for a row that this app did not write."""

    def __init__(self, table: Table, signer: RowSigner | None) -> None:
        self._table = table
        self._signed = SignedRows(signer)
        self._audit = AuditChain(table, signer)

    def ask(self, token: str, link: SlackLink) -> None:
        """Also deletes expired links."""
        limit = {"partition": _LINKS, "limit": link.asked_at - LINK_LIFE}
        for old in self._table.query("PartitionKey eq @partition and at lt @limit", limit, ["RowKey"]):
            self._table.delete(_LINKS, old["RowKey"])
        row = Row(_key(token), link, columns={"at": link.asked_at})
        self._table.write(_LINKS, self._signed.signed(_LINK, _LINKS, row))

    def asked(self, token: str, now: datetime) -> SlackLink | None:
        """None if nobody asked for it, or it was used or expired."""
        for row in self._table.unread(_LINKS, _key(token)):
            self._signed.verify(_LINK, row)
            link = stored(SlackLink, row).value
            return link if now - link.asked_at < LINK_LIFE else None
        return None

    def link(self, token: str, account: SlackAccount, line: AuditLine) -> bool:
        """False, without any effect: somebody used the link already."""
        try:
            self._table.delete_all(_LINKS, [_key(token)])  # not ``delete``, which ignores a missing row
        except StoreConflict:
            return False
        row = Row(_account_key(account.team, account.user), account, ANY)
        self._audit.commit(AUDIT_PARTITION, [self._signed.signed(_ACCOUNT, AUDIT_PARTITION, row), row_of_line(line)])
        return True

    def get(self, team: str, user: str, now: datetime) -> SlackAccount | None:
        """None if it is not linked, or not any more."""
        key = _account_key(team, user)
        for row in self._table.unread(AUDIT_PARTITION, key):
            if row["RowKey"] != key:
                continue
            self._signed.verify(_ACCOUNT, row)
            account = stored(SlackAccount, row).value
            return account if now < account.ends_at else None
        return None


def _key(token: str) -> str:
    """What storage shows opens no page."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def _account_key(team: str, user: str) -> str:
    return f"slack-{team}-{user}"
