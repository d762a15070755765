"""Create, list and revoke the keys that a cluster's probes report with.

The secret begins with the partition of the cluster: so one query finds the key and whether anything is open there.
"""

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from ... import user_input
from ...errors import BadInput, NotFoundHere, Refused
from ...ids import cluster_key, new_id
from ...model.audit import PROBE_KEY_CREATED, PROBE_KEY_REVOKED, AuditLine
from ...model.identity import Approver
from ...model.probe import ProbeKey
from ...model.resource_id import ArmId
from ...model.text import Text
from ...store.probes import ProbeKeys

MOST_KEYS = 2  # one in use, and the next
_KEY = re.compile(r"snatprobe_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_KEY_ID = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Keys:
    store: ProbeKeys

    def create(self, cluster_id: ArmId, by: Approver, now: datetime) -> tuple[ProbeKey, str]:
        """The key as it is stored, and its text, which is shown once. Raises Refused if the cluster has two."""
        partition, person = cluster_key(cluster_id), user_input.person(by)
        if len(present := self.store.valid(partition)) >= MOST_KEYS:
            raise Refused(
                Text(
                    "{cluster} has {count} probe keys already; revoke one first: {ids}",
                    cluster=cluster_id.name,
                    count=len(present),
                    ids=tuple(key.id for key in present),
                )
            )
        secret = _base64(bytes.fromhex(partition) + secrets.token_bytes(16))
        key = ProbeKey(secrets.token_hex(6), cluster_id, _sha256(secret), now, person)
        self.store.add(partition, key, _line(now, person, PROBE_KEY_CREATED, key.id))
        return key, f"snatprobe_{key.id}_{secret}"

    def valid(self, cluster_id: ArmId) -> tuple[ProbeKey, ...]:
        return self.store.valid(cluster_key(cluster_id))

    def revoke(self, cluster_id: ArmId, key_id: str, by: Approver, now: datetime) -> None:
        """Raises NotFoundHere, or BadInput."""
        person = user_input.person(by)
        if not _KEY_ID.fullmatch(key_id):
            raise BadInput(Text("the id of a probe key is 12 of 0-9 and a-f, as `probe key list` shows it"))
        if not self.store.revoke(cluster_key(cluster_id), key_id, _line(now, person, PROBE_KEY_REVOKED, key_id)):
            raise NotFoundHere(Text("{cluster} has no probe key {id}", cluster=cluster_id.name, id=key_id))

    def verify(self, text: str) -> tuple[ProbeKey | None, bool]:
        """The key with this text, and whether its cluster has an open incident or change."""
        match = _KEY.fullmatch(text)
        if match is None:
            return None, False
        key, has_work = self.store.find(base64.urlsafe_b64decode(match[2] + "=")[:16].hex(), match[1])
        if key is None or not hmac.compare_digest(key.secret_sha256, _sha256(match[2])):
            return None, False
        return key, has_work


def _line(now: datetime, by: str, event: str, key_id: str) -> AuditLine:
    return AuditLine(new_id(), now, by, event, key_id)


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
