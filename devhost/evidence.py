"""The demo's last chapter: the receipt and the audit verify; then somebody edits a row, and that is found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from azure.data.tables import TableClient

from devhost.console import Teller
from devhost.errors import DevHostError
from devhost.stage import APP_FOLDER


class EvidenceError(DevHostError):
    """The evidence does not say what happened."""


def verify_evidence(settings: Mapping[str, str], receipt_text: str, tell: Teller) -> None:
    tell.chapter("Evidence: the receipt, and the audit before and after somebody edits a row")
    receipt: dict[str, Any] = json.loads(receipt_text) if receipt_text.startswith("{") else {}
    if not receipt.get("is_proven"):
        raise EvidenceError(f"the receipt is not proven: {receipt_text[:2000]}")
    tell.keep("receipt.json", receipt)
    people = ", ".join(f"{person['name']} ({person['known_by']})" for person in receipt["people"])
    tell.say(f"Receipt: approved by {people}; verdict {receipt['verdict']['verdict']}; {_listed(receipt['proofs'])}.")
    _verify(settings, tell, expected=0)
    connection, table = settings["AzureWebJobsStorage"], f"{settings.get('TABLE_PREFIX', 'snatbot')}records"
    with TableClient.from_connection_string(connection, table) as client:
        row = next(row for row in client.query_entities("kind eq 'audit'") if "snatbot" in row["json0"])
        client.update_entity({**row, "json0": row["json0"].replace("snatbot", "somebody")})
    tell.say("Somebody with access to the table edits one row, and the audit is verified again:")
    _verify(settings, tell, expected=1)


def _verify(settings: Mapping[str, str], tell: Teller, *, expected: int) -> None:
    command = [sys.executable, "-m", "shared.cli", "audit", "verify"]
    ran = subprocess.run(
        command, cwd=APP_FOLDER, env={**os.environ, **settings}, capture_output=True, text=True, timeout=120
    )
    tell.quote(["$ snatbot audit verify", *ran.stdout.splitlines()])
    if ran.returncode != expected:
        raise EvidenceError(f"`audit verify` ended with {ran.returncode}, not {expected}: {ran.stdout}{ran.stderr}")


def _listed(proofs: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {proof}" for name, proof in proofs.items())
