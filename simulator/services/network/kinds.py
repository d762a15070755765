"""The differences between the types of writable network resources (`kinds.json`).

Durations and Retry-After are as recorded from Azure: a public IP took about a second with Retry-After 1, a subnet 3, a
NAT gateway about ten seconds with 10; deletions have 10. Polls repeat it. Durations
are a little shorter than that, so that a client that follows Retry-After waits once.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...state.network import NAT_GATEWAY, PUBLIC_IP, SUBNET, VNET

DELETE_SECONDS = 9.8
DELETE_RETRY_AFTER = 10


@dataclass(frozen=True)
class Kind:
    """A writable type: its name in operations, how long writes take, defaults, read-only properties."""

    resource_type: str
    operation_noun: str
    put_seconds: float
    put_retry_after: int
    defaults: Mapping[str, Any] = field(default_factory=dict)
    read_only: frozenset[str] = frozenset()
    sku: str | None = None
    members: frozenset[str] = frozenset()  # all that a body may have, in lower case; empty: anything

    @property
    def put_name(self) -> str:
        return f"Put{self.operation_noun}Operation"

    @property
    def delete_name(self) -> str:
        return f"Delete{self.operation_noun}Operation"

    def filled(self, written: Mapping[str, Any]) -> dict[str, Any]:
        """Written properties with Azure's defaults, without what is read-only."""
        kept = {name: value for name, value in written.items() if name not in self.read_only}
        return copy.deepcopy(dict(self.defaults)) | copy.deepcopy(kept)


def _kind(read_only: list[str], members: Sequence[str] = (), **more: Any) -> Kind:
    never_written = frozenset({"provisioningState", "resourceGuid", *read_only})
    return Kind(read_only=never_written, members=frozenset(members), **more)


KINDS: dict[str, Kind] = {
    f"microsoft.network/{each['resource_type']}".lower(): _kind(**each)
    for each in json.loads(Path(__file__).with_name("kinds.json").read_text("utf-8"))
}
"""By type in lower case. NAT gateways' members are those of the SDK's NatGatewayPropertiesFormat, api 2026-03-01."""
SUBNETS, VIRTUAL_NETWORKS = KINDS[SUBNET], KINDS[VNET]
PUBLIC_IPS, NAT_GATEWAYS = KINDS[PUBLIC_IP], KINDS[NAT_GATEWAY]
