"""Public IPs that nodes have of their own. Today's egress IPs are among them; no write depends on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from ..model.load_balancer import Node
from ..model.network import PublicIp, Unreadable, UnreadableKind
from ..model.resource_id import ArmId
from . import api_versions
from .arm import Arm
from .errors import AzureError
from .node_list import unreadable_summary
from .parse.public_ip import parse_public_ip
from .parse.rows import read_rows

_KIND = UnreadableKind.NODE_PUBLIC_IPS


def read_node_ips(arm: Arm, nodes: Iterable[Node]) -> tuple[tuple[PublicIp, ...], tuple[Unreadable, ...]]:
    """With the prefixes that they come from, and what could not be read. One list for each scale set."""
    ids = dict.fromkeys(ip_id for node in nodes for ip_id in node.public_ip_ids)
    unreadable: list[Unreadable] = []

    def rows(path: ArmId, read: Callable[[], Iterable[dict[str, Any]]]) -> list[PublicIp]:
        try:
            found, bad = read_rows(list(read()), parse_public_ip)
        except AzureError as error:
            unreadable.append(Unreadable(_KIND, path.name, str(error), path.resource_group))
            return []
        if bad:
            unreadable.append(Unreadable(_KIND, path.name, unreadable_summary("row", bad), path.resource_group))
        return found

    def get(path: ArmId) -> list[dict[str, Any]]:
        return [arm.get(path, api_versions.NETWORK)]

    def one_by_one(paths: Iterable[ArmId]) -> list[PublicIp]:
        return [ip for path in paths for ip in rows(path, partial(get, path))]

    scale_sets = dict.fromkeys(scale_set for ip_id in ids if (scale_set := _scale_set_of(ip_id)))
    found = one_by_one(ip_id for ip_id in ids if not _scale_set_of(ip_id))
    for scale_set in scale_sets:
        path = f"{scale_set}/publicIPAddresses"
        found += rows(scale_set, partial(arm.list, path, api_versions.SCALE_SET_NICS))
    kept = [ip for ip in found if ip.id in ids]
    prefixes = one_by_one(dict.fromkeys(ip.prefix_id for ip in kept if ip.prefix_id))
    return (*kept, *prefixes), tuple(unreadable)


def _scale_set_of(ip_id: ArmId) -> ArmId | None:
    """The scale set that lists a public IP of one of its instances."""
    at = ip_id.lower().find("/virtualmachines/")
    return ArmId(ip_id[:at]) if at >= 0 else None
