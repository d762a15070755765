"""The nodes of a cluster, from the network interfaces in its node resource group."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from ..model.cluster import Cluster
from ..model.load_balancer import Node, NodeList
from ..model.resource_id import ArmId
from ..model.text import Text, arranged
from . import api_versions
from .arm import Arm
from .errors import AzureError, NotFound
from .parse.fields import Json, UnreadableRow, number, read_rows, segment, tags, text
from .parse.node import is_primary_interface, machine_of, model_subnet, parse_machine, parse_node

T = TypeVar("T")
_SCALE_SETS = "Microsoft.Compute/virtualMachineScaleSets"


def read_nodes(arm: Arm, cluster: Cluster, wanted: Collection[str] = ()) -> NodeList:
    """Every node with an IP address: instances of scale sets, and single virtual machines.

    An unreadable list or row hides no other node: ``unreadable`` names it. If scale sets have all ``wanted`` IPs,
    nothing else is read and the list is not complete.
    """
    return _Reading(arm, cluster).nodes(set(wanted))


@dataclass(frozen=True, slots=True)
class _ScaleSet:
    name: str
    tags: dict[str, str]
    has_no_interfaces: bool  # the scale set's model says so: it is empty, or Flexible
    subnet_id: ArmId | None


class _Reading:
    def __init__(self, arm: Arm, cluster: Cluster) -> None:
        self._arm = arm
        self._group = f"/subscriptions/{cluster.subscription}/resourceGroups/{cluster.node_resource_group}/providers"
        self._is_complete = cluster.shows_every_node
        self._unreadable: list[Text] = []
        self._bad: list[UnreadableRow] = []

    def nodes(self, wanted: set[str]) -> NodeList:
        scale_sets, error = self._list(_SCALE_SETS, api_versions.SCALE_SETS, _scale_set)
        self._note(Text("scale sets"), error)
        found = [node for scale_set in scale_sets for node in self._instances(scale_set)]
        if wanted and wanted <= {node.ip for node in found if node is not None}:
            self._is_complete = False
        else:
            machines, error = self._list("Microsoft.Network/networkInterfaces", api_versions.NETWORK, _machine)
            self._note(Text("network interfaces of virtual machines"), error)
            found += [node for nodes in machines for node in nodes]
        if self._bad:
            self._unreadable.append(unreadable_summary(self._bad))
        by_interface = {node.interface_id: node for node in found if node is not None}
        return NodeList(
            nodes=tuple(sorted(by_interface.values(), key=lambda node: node.name)),
            is_complete=self._is_complete and not self._unreadable and None not in found,
            unreadable=tuple(self._unreadable),
            scale_set_subnets={
                ArmId(f"{self._group}/{_SCALE_SETS}/{scale_set.name}"): scale_set.subnet_id
                for scale_set in scale_sets
                if scale_set.subnet_id
            },
        )

    def _instances(self, scale_set: _ScaleSet) -> list[Node | None]:
        path = f"{_SCALE_SETS}/{scale_set.name}/networkInterfaces"
        found, error = self._list(path, api_versions.SCALE_SET_NICS, partial(_instance, scale_set.tags))
        if isinstance(error, NotFound):
            # Azure's answer for a scale set without instances, a Flexible one, or one that was just deleted
            # (cilium/cilium#24185; Azure/azure-cli#27341).
            self._is_complete = self._is_complete and scale_set.has_no_interfaces
        else:
            self._note(Text("scale set {scale_set}", scale_set=scale_set.name), error)
        return [node for nodes in found for node in nodes]

    def _list(
        self, path: str, api_version: str, parse: Callable[[dict[str, Any]], T]
    ) -> tuple[list[T], AzureError | None]:
        """Page by page: rows before a failing page are kept."""
        rows: list[dict[str, Any]] = []
        failure = None
        try:
            for row in self._arm.list(f"{self._group}/{path}", api_version):
                rows.append(row)
        except AzureError as error:
            failure = error
        read, bad = read_rows(rows, parse)
        self._bad += bad
        return read, failure

    def _note(self, what: Text, error: AzureError | None) -> None:
        if error is not None:
            self._unreadable.append(arranged("{what}: {error}", what=what, error=error.text))


def unreadable_summary(rows: list[UnreadableRow]) -> Text:
    return Text.plural(
        "{count} row can't be read, such as {example}: {reason}",
        "{count} rows can't be read, such as {example}: {reason}",
        count=len(rows),
        example=rows[0].id or Text("one without id"),
        reason=rows[0].reason,
    )


def _scale_set(item: Json) -> _ScaleSet:
    is_flexible = text(item, "properties", "orchestrationMode").lower() == "flexible"
    is_empty = number(item, "sku", "capacity", default=-1) == 0
    return _ScaleSet(segment(item, "name"), tags(item), is_flexible or is_empty, model_subnet(item))


def _instance(scale_set_tags: dict[str, str], nic: Json) -> tuple[Node | None, ...]:
    """Empty for a further interface of a node, None for a node without an address (yet)."""
    return (parse_node(nic, scale_set_tags),) if is_primary_interface(nic) else ()


def _machine(nic: Json) -> tuple[Node | None, ...]:
    """As ``_instance``; empty for an interface without a virtual machine, such as a private endpoint's."""
    return (parse_machine(nic),) if machine_of(nic) and is_primary_interface(nic) else ()
