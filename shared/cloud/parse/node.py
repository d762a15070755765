"""A node, from the network interface of a scale set's instance.

AKS names a node after its scale set and the instance's number in six base-36 digits. The pool is in a tag of the
scale set; the scale set's own name (aks-<pool>-<hash>-vmss) is the second choice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ...model.load_balancer import Node
from ...model.resource_id import NO_ID, ArmId
from ..errors import UnexpectedAnswer
from .fields import Json, flag, items, reference, resource_id, text

_POOL_TAG = "aks-managed-poolname"
_POOL_IN_NAME = re.compile(r"aks-(?P<pool>[a-z0-9]+)-\d+-vmss", re.IGNORECASE)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def parse_node(nic: Json, scale_set_tags: Mapping[str, str]) -> Node | None:
    """None when the interface carries no private IPv4 address (yet)."""
    nic_id = resource_id(nic, "id")
    try:
        scale_set, instance_id, *_ = ArmId.parse(nic_id).names
    except ValueError as error:
        raise UnexpectedAnswer(nic_id, "not the id of a scale set's network interface") from error
    configuration = _primary(nic)
    address = text(configuration, "properties", "privateIPAddress")
    if not address:
        return None
    return Node(
        name=node_name(scale_set, instance_id),
        pool=pool_name(scale_set, scale_set_tags),
        ip=address,
        scale_set=scale_set,
        instance_id=instance_id,
        subnet_id=reference(configuration, "properties", "subnet") or NO_ID,
        provisioning_state=text(nic, "properties", "provisioningState"),
    )


def node_name(scale_set: str, instance_id: str) -> str:
    """``aks-apps-12345678-vmss``, ``37`` → ``aks-apps-12345678-vmss000011``."""
    if not (instance_id.isascii() and instance_id.isdecimal() and len(instance_id) < 20):
        return instance_id
    digits, rest = "", int(instance_id)
    while rest:
        rest, digit = divmod(rest, 36)
        digits = _DIGITS[digit] + digits
    return scale_set + digits.rjust(6, "0")


def pool_name(scale_set: str, tags: Mapping[str, str]) -> str:
    """Empty when neither the tag nor the name has it."""
    tagged = next((value for name, value in tags.items() if name.lower() == _POOL_TAG), "")
    match = _POOL_IN_NAME.fullmatch(scale_set)
    return tagged or (match["pool"] if match else "")


def is_primary_interface(nic: Json) -> bool:
    """Of several interfaces of an instance only one is primary; a single one need not say so."""
    return flag(nic, "properties", "primary", default=True)


def model_subnet(scale_set: Json) -> ArmId | None:
    """Where a scale set's model puts its nodes; None where it has no model, or none that says so."""
    interfaces = items(
        scale_set, "properties", "virtualMachineProfile", "networkProfile", "networkInterfaceConfigurations"
    )
    primary = next(filter(is_primary_interface, interfaces), {})
    return reference(_primary(primary), "properties", "subnet")


def _primary(nic: Json) -> Json:
    """With Azure CNI the others are addresses of pods; a second primary one is IPv6."""
    configurations = [
        entry
        for entry in items(nic, "properties", "ipConfigurations")
        if text(entry, "properties", "privateIPAddressVersion", default="IPv4").lower() == "ipv4"
    ]
    primary = [entry for entry in configurations if flag(entry, "properties", "primary")]
    return next(iter(primary or configurations), {})
