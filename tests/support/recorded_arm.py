"""Resource ids as Resource Manager writes them, and recorded answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

GROUP = "/subscriptions/s1/resourceGroups/shop"
NETWORK = "providers/Microsoft.Network"


def net(kind: str, name: str) -> str:
    return f"{GROUP}/{NETWORK}/{kind}/{name}"


GATEWAY, TABLE = net("natGateways", "ng"), net("routeTables", "rt")
IP, PREFIX = net("publicIPAddresses", "ip"), net("publicIPPrefixes", "p")


def recorded(folder: Path, name: str, key: str) -> Iterator[dict[str, Any]]:
    """Every successful answer that is one resource with ``key`` among its properties, or a list of such."""
    for exchange in json.loads((folder / name).read_text())["exchanges"]:
        body = exchange["response"].get("body") or {}
        for item in body.get("value", [body]):
            if exchange["response"]["status"] in (200, 201) and key in item.get("properties", {}):
                yield item
