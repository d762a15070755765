"""Rows with the app's signature, which covers a row's kind, key and content."""

from dataclasses import replace
from typing import Any, Protocol

from ..core.audit.chain import Proof
from ..errors import KeyMissing, RowForged
from .codec import content_of, to_columns
from .table import Row


class RowSigner(Protocol):
    """See ``auth.signing``."""

    def sign_row(self, kind: str, partition: str, row_key: str, content: object) -> str: ...

    def verify_row(self, kind: str, partition: str, row_key: str, content: object, signature: str) -> None: ...


class SignedRows:
    """Without a signer, because no key is set, nothing is signed and every row is trusted."""

    def __init__(self, signer: RowSigner | None) -> None:
        self.signer = signer

    def signed(self, kind: str, partition: str, row: Row) -> Row:
        if self.signer is None:
            return row
        content = content_of(to_columns(row.value))
        signature = self.signer.sign_row(kind, partition, row.key, content)
        return replace(row, columns={**row.columns, "signature": signature})

    def verify(self, kind: str, row: Any, content: object = None) -> None:
        """A row as it was read; ``content``: if its signature is of something else. Raises RowForged or KeyMissing."""
        if self.signer is not None:
            signature = str(row.get("signature", ""))
            self.signer.verify_row(kind, row["PartitionKey"], row["RowKey"], content or content_of(row), signature)

    def proof(self, kind: str, row: Any, content: object = None) -> Proof:
        if not row.get("signature"):
            return Proof.NOT_SIGNED
        if self.signer is None:
            return Proof.KEY_MISSING
        try:
            self.verify(kind, row, content)
        except RowForged:
            return Proof.FORGED
        except KeyMissing:
            return Proof.KEY_MISSING
        return Proof.SIGNED
