"""Properties per api-version: older versions omit later properties.

From recorded answers: the same day showed `type` on a NAT gateway to 2024-03-01 and not to 2022-07-01;
2025-03-01 showed `scope` and private addresses, 2025-05-01 `type` again. Only recorded differences are simulated; a
version between two recorded versions behaves like the older.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_ADDED = {
    "Microsoft.Network/publicIPAddresses": {"ddosSettings": "2021-08-01"},
    "Microsoft.Network/virtualNetworks": {"privateEndpointVNetPolicies": "2023-09-01"},
}
"""By type: properties and about the first api-version that shows them."""

_GATEWAYS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("2025-05-01", {"type": "Public"}),
    ("2025-03-01", {"scope": "Public", "privateIPAddresses": [], "privateIPAddressesV6": []}),
    ("2024-03-01", {"type": "Public"}),
    ("", {}),
)
"""What a NAT gateway says about itself, from which api-version on; the newest first."""


def as_of(api_version: str, body: dict[str, Any]) -> dict[str, Any]:
    """A resource in this api-version."""
    kind = str(body.get("type"))
    properties = body.get("properties") or {}
    late = {name for name, since in _ADDED.get(kind, {}).items() if api_version < since}
    shown = {name: value for name, value in properties.items() if name not in late}
    if kind == "Microsoft.Network/natGateways":
        shown |= next(more for since, more in _GATEWAYS if api_version >= since)
    return body | {"properties": shown}
