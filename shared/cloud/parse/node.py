"""A node, from its network interface.

AKS names an instance of a scale set after the scale set and the instance's number in six base-36 digits. A node in no
scale set has its virtual machine's name: pools of kind VirtualMachines (aks-<pool>-<hash>-vms<number>) and node
auto-provisioning. The pool is in a tag, else in the name of the scale set or machine.
"""

import re
from collections.abc import Mapping

from ...model.load_balancer import Node
from ...model.resource_id import NO_ID, ArmId
from ...model.text import Text
from ..errors import UnexpectedAnswer
from .fields import Json, flag, items, reference, resource_id, tags, text

# In lower case; the second is Karpenter's (Azure/karpenter-provider-azure: launchtemplate).
_POOL_TAGS = ("aks-managed-poolname", "karpenter.sh_nodepool")
_POOL_IN_NAME = re.compile(r"aks-(?P<pool>[a-z0-9]+)-\d+-vm(ss|s\d+)", re.IGNORECASE)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def parse_node(nic: Json, scale_set_tags: Mapping[str, str]) -> Node | None:
    """An instance of a scale set; None if the interface has no private IPv4 address (yet)."""
    nic_id = resource_id(nic, "id")
    try:
        scale_set, instance_id, *_ = ArmId.parse(nic_id).names
    except ValueError as error:
        raise UnexpectedAnswer(nic_id, Text("not the id of a scale set's network interface")) from error
    return _node(nic, node_name(scale_set, instance_id), pool_name(scale_set, scale_set_tags))


def parse_machine(nic: Json) -> Node | None:
    """A virtual machine in no scale set; None if the interface has no private IPv4 address (yet)."""
    machine_id = machine_of(nic)
    if machine_id is None:
        raise UnexpectedAnswer(resource_id(nic, "id"), Text("the network interface is of no virtual machine"))
    return _node(nic, machine_id.name, pool_name(machine_id.name, tags(nic)))


def machine_of(nic: Json) -> ArmId | None:
    """The virtual machine of a network interface; a private endpoint's interface has none."""
    return reference(nic, "properties", "virtualMachine")


def _node(nic: Json, name: str, pool: str) -> Node | None:
    configuration = _primary(nic)
    address = text(configuration, "properties", "privateIPAddress")
    if not address:
        return None
    return Node(
        name=name,
        pool=pool,
        ip=address,
        interface_id=resource_id(nic, "id"),
        subnet_id=reference(configuration, "properties", "subnet") or NO_ID,
        provisioning_state=text(nic, "properties", "provisioningState"),
        public_ip_ids=_public_ip_ids(nic),
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


def pool_name(machine: str, tags: Mapping[str, str]) -> str:
    """``machine``: name of a scale set or virtual machine. Empty if neither the tags nor the name contain the pool."""
    by_name = {name.lower(): value for name, value in tags.items()}
    tagged = next((by_name[name] for name in _POOL_TAGS if by_name.get(name)), "")
    match = _POOL_IN_NAME.fullmatch(machine)
    return tagged or (match["pool"] if match else "")


def is_primary_interface(nic: Json) -> bool:
    """Only one of several interfaces of a machine is primary; a single interface may not say so."""
    return flag(nic, "properties", "primary", default=True)


def model_subnet(scale_set: Json) -> ArmId | None:
    """The subnet in which a scale set's model puts its nodes; None if unknown."""
    interfaces = items(
        scale_set, "properties", "virtualMachineProfile", "networkProfile", "networkInterfaceConfigurations"
    )
    primary = next(filter(is_primary_interface, interfaces), {})
    return reference(_primary(primary), "properties", "subnet")


def _primary(nic: Json) -> Json:
    """With Azure CNI the other configurations are addresses of pods; a second primary one is IPv6."""
    configurations = _ipv4_configurations(nic)
    primary = [entry for entry in configurations if flag(entry, "properties", "primary")]
    return next(iter(primary or configurations), {})


def _ipv4_configurations(nic: Json) -> list[Json]:
    return [
        entry
        for entry in items(nic, "properties", "ipConfigurations")
        if text(entry, "properties", "privateIPAddressVersion", default="IPv4").lower() == "ipv4"
    ]


def _public_ip_ids(nic: Json) -> tuple[ArmId, ...]:
    """Public IPs of a Static Egress Gateway are on configurations that are not primary (Azure/kube-egress-gateway)."""
    found = (reference(entry, "properties", "publicIPAddress") for entry in _ipv4_configurations(nic))
    return tuple(ip_id for ip_id in found if ip_id is not None)
