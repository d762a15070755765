"""Writes as ``az`` commands for a person, each word quoted for the shell: a resource group's name may hold brackets."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import assert_never

from ..model.cluster import Cluster
from ..model.network import NatGateway
from ..model.plan import (
    AddPublicIps,
    AssociateSubnet,
    CreateNatGateway,
    CreatePublicIp,
    CreatePublicIpPrefix,
    DeleteCreated,
    ObserveEgress,
    Step,
)
from ..model.resource_id import ArmId
from ..model.text import Text, arranged

# The first release that has the options, read from the azure-cli packages. The AKS docs ask for 2.56 to change an
# outbound type; all commands run with 2.56 unless an entry here names a later release.
_LEAST_VERSION = "2.56"
_FIRST_WITH = {"StandardV2": "2.78", "--outbound-type-sku": "2.91"}
_DELETE = {
    "natgateways": ("nat", "gateway", "delete"),
    "publicipaddresses": ("public-ip", "delete"),
    "publicipprefixes": ("public-ip", "prefix", "delete"),
}


def az(*words: str) -> str:
    return shlex.join(["az", *words])


def least_version(commands: Iterable[str]) -> str:
    """The Azure CLI version that all these commands need; empty if none is an ``az`` command."""
    words = {word for command in commands if command.startswith("az ") for word in command.split()}
    versions = [version for word, version in _FIRST_WITH.items() if word in words]
    return [_LEAST_VERSION, *versions][-1] if words else ""


def script_lines(commands: Iterable[str]) -> tuple[str, ...]:
    """One command a line, after a comment with the Azure CLI version."""
    lines = tuple(commands)
    version = least_version(lines)
    return (Text("# Azure CLI {version} or later", version=version), *lines) if version else lines


def script(commands: Iterable[str]) -> Text:
    """``script_lines`` as one text."""
    return arranged("{lines:lines}", lines=script_lines(commands))


def named(resource_id: str) -> tuple[str, ...]:
    """Subscription, resource group and name as options."""
    parsed = ArmId.parse(resource_id)
    return ("--subscription", parsed.subscription, "-g", parsed.resource_group, "-n", parsed.name)


def az_commands(steps: Iterable[Step]) -> tuple[str, ...]:
    """One command for each write, in the plan's order.

    The commands put the plan's tags on new resources, so that the plan, if it is applied later, reuses them.
    """
    return tuple(command for step in steps if (command := _command(step)))


def az_undo_commands(steps: Sequence[Step]) -> tuple[str, ...]:
    """Detach the gateway from the subnets; if no subnet was written, undo the other writes, the last one first."""
    moves = [step for step in steps if isinstance(step, AssociateSubnet)]
    if moves:
        return tuple(associate_command(move.subnet_id, move.before) for move in moves)
    commands = []
    for step in reversed(steps):
        match step:
            case AddPublicIps():
                commands.append(_set_ips(step, step.before_ids, step.before_prefix_ids))
            case CreatePublicIp() | CreatePublicIpPrefix():
                commands.append(_delete(step.id))
            case CreateNatGateway() | AssociateSubnet() | ObserveEgress() | DeleteCreated():
                pass
            case _:
                assert_never(step)
    return tuple(commands)


def aks_update(cluster: Cluster, *options: str) -> str:
    """An ``az aks update`` for a person: snatbot never writes managedClusters."""
    return az("aks", "update", *named(cluster.id), *options)


def use_managed_gateway(cluster: Cluster, ips: int, idle_timeout_minutes: int) -> str:
    """The command names the SKU, because AKS defaults to StandardV2 where the region has it. Standard is IPv4 only."""
    ipv6 = ("--nat-gateway-managed-outbound-ipv6-count", "1") if cluster.has_ipv6 else ()
    return aks_update(
        cluster,
        *("--outbound-type", "managedNATGateway"),
        *("--outbound-type-sku", "StandardV2" if cluster.has_ipv6 else "Standard"),
        *("--nat-gateway-managed-outbound-ip-count", str(ips), *ipv6),
        *("--nat-gateway-idle-timeout", str(idle_timeout_minutes)),
    )


def add_public_ips(gateway: NatGateway) -> str:
    """For a gateway that snatbot did not create. The option replaces the list, so it names the present IPs too."""
    ips = ("--public-ip-addresses", *gateway.public_ip_ids, f"<{gateway.sku}-public-ip-ids>")
    return az("network", "nat", "gateway", "update", *named(gateway.id), *ips)


def associate_command(subnet_id: str, nat_gateway_id: str | None) -> str:
    change = ("--nat-gateway", nat_gateway_id) if nat_gateway_id else ("--remove", "natGateway")
    return az("network", "vnet", "subnet", "update", "--ids", subnet_id, *change)


def create_public_ip(
    ip_id: str, location: str, zones: Sequence[str] = (), tags: Mapping[str, str] | None = None, sku: str = "Standard"
) -> str:
    kind = ("--sku", sku, "--allocation-method", "Static")
    return az("network", "public-ip", "create", *named(ip_id), "-l", location, *kind, *_zones(zones), *_tags(tags))


def create_prefix(
    prefix_id: str, location: str, length: int, zones: Sequence[str] = (), tags: Mapping[str, str] | None = None
) -> str:
    words = (*named(prefix_id), "-l", location, "--length", str(length), *_zones(zones), *_tags(tags))
    return az("network", "public-ip", "prefix", "create", *words)


def _command(step: Step) -> str:
    """The command for one step; empty for a gate."""
    match step:
        case CreatePublicIp():
            return create_public_ip(step.id, step.location, step.zones, step.tags)
        case CreatePublicIpPrefix():
            return create_prefix(step.id, step.location, step.length, step.zones, step.tags)
        case CreateNatGateway():
            ips = _options("--public-ip-addresses", step.public_ip_ids)
            prefixes = _options("--public-ip-prefixes", step.public_ip_prefix_ids)
            kind = ("-l", step.location, "--idle-timeout", str(step.idle_timeout_minutes))
            return az("network", "nat", "gateway", "create", *named(step.id), *kind, *ips, *prefixes, *_tags(step.tags))
        case AddPublicIps():
            return _set_ips(step, step.after_ids, step.after_prefix_ids)
        case AssociateSubnet():
            return associate_command(step.subnet_id, step.after)
        case DeleteCreated():
            return _delete(step.id)
        case ObserveEgress():
            return ""
        case _:
            assert_never(step)


def _set_ips(step: AddPublicIps, ip_ids: Sequence[str], prefix_ids: Sequence[str]) -> str:
    """Only the list that the step changes; each option replaces its whole list."""
    options: tuple[str, ...] = ()
    if step.before_ids != step.after_ids:
        options += _options("--public-ip-addresses", ip_ids) or ("--remove", "publicIpAddresses")
    if step.before_prefix_ids != step.after_prefix_ids:
        options += _options("--public-ip-prefixes", prefix_ids) or ("--remove", "publicIpPrefixes")
    return az("network", "nat", "gateway", "update", *named(step.nat_gateway_id), *options)


def _delete(resource_id: str) -> str:
    kind = ArmId.parse(resource_id).type.rpartition("/")[2].lower()
    return az("network", *_DELETE[kind], *named(resource_id))


def _zones(zones: Sequence[str]) -> tuple[str, ...]:
    return _options("--zone", zones)


def _tags(tags: Mapping[str, str] | None) -> tuple[str, ...]:
    return _options("--tags", [f"{name}={value}" for name, value in (tags or {}).items()])


def _options(option: str, values: Sequence[str]) -> tuple[str, ...]:
    return (option, *values) if values else ()
