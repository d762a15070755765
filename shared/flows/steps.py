"""One step of a plan, reconciled: read; already as planned -> done; still updating -> wait; else write.

A step may be repeated any number of times: names are part of the plan, so a second resource can't come into being,
and what is as planned is never written again. Nothing here sleeps or decides about the next step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ..cloud.errors import AzureError, Conflict, PreconditionFailed, Throttled, Unavailable
from ..core.planner import PRODUCT_TAG
from ..model.network import NatGateway, PublicIp, Subnet
from ..model.plan import AssociateSubnet, CreateNatGateway, CreatePublicIp
from ..model.resource_id import ResourceId, same_id
from ..texts import count

_SUBNET_WAIT_SECONDS = 3.0
_PUBLIC_IP_WAIT_SECONDS = 2.0
_GATEWAY_WAIT_SECONDS = 5.0
_BUSY_WAIT_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Done:
    note: str
    after: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    seconds: float
    note: str


@dataclass(frozen=True, slots=True)
class Stop:
    """The world is not as approved, or Azure refuses: a person must look."""

    reason: str


Result = Done | Wait | Stop


class NetworkWriter(Protocol):
    """The writing side of the cloud room; reads right around the writes use the same identity."""

    def read_public_ip(self, public_ip_id: str) -> PublicIp | None: ...
    def create_public_ip(self, step: CreatePublicIp) -> object: ...
    def read_nat_gateway(self, nat_gateway_id: str) -> NatGateway | None: ...
    def create_nat_gateway(self, step: CreateNatGateway) -> object: ...
    def read_subnet(self, subnet_id: str) -> Subnet: ...
    def put_subnet(self, subnet: Subnet, nat_gateway_id: str | None, etag: str) -> object: ...


# Called right before a write, so that a worker that lost its claim, or a set stop flag, writes nothing.
MayWrite = Callable[[], None]


def with_azure_trouble(step: Callable[[], Result]) -> Result:
    """What waiting can cure becomes Wait, what it can't becomes Stop with Azure's words."""
    try:
        return step()
    except Throttled as error:
        return Wait(error.retry_after_seconds or _BUSY_WAIT_SECONDS, "Azure throttled the requests")
    except Conflict as error:
        if error.is_transient:
            return Wait(
                error.retry_after_seconds or _BUSY_WAIT_SECONDS, f"another operation is running ({error.reason})"
            )
        return Stop(str(error))
    except PreconditionFailed:
        return Wait(_SUBNET_WAIT_SECONDS, "somebody wrote to the virtual network in between; reading again")
    except Unavailable as error:
        return Wait(error.retry_after_seconds or _BUSY_WAIT_SECONDS, "Azure did not answer; reading what happened")
    except AzureError as error:
        return Stop(f"{str(error).rstrip('.')}. {error.remedy}".strip())


def create_public_ip(step: CreatePublicIp, network: NetworkWriter, may_write: MayWrite) -> Result:
    ip = network.read_public_ip(step.id)
    if ip is None:
        may_write()
        network.create_public_ip(step)
        return Wait(_PUBLIC_IP_WAIT_SECONDS, "public IP is being created")
    if (ip.tags or {}).get(PRODUCT_TAG) != step.tags.get(PRODUCT_TAG):
        return Stop(f"a public IP named {ip.name} exists that snatbot did not create for this cluster")
    if (waiting := _settling(ip.provisioning_state, f"public IP {ip.name}", _PUBLIC_IP_WAIT_SECONDS)) is not None:
        return waiting
    if not ip.address:
        return Wait(_PUBLIC_IP_WAIT_SECONDS, f"public IP {ip.name} has no address yet")
    return Done(f"public IP {ip.name} is {ip.address}", {"address": ip.address})


def create_nat_gateway(step: CreateNatGateway, network: NetworkWriter, may_write: MayWrite) -> Result:
    gateway = network.read_nat_gateway(step.id)
    if gateway is None:
        may_write()
        network.create_nat_gateway(step)
        return Wait(_GATEWAY_WAIT_SECONDS, "NAT gateway is being created")
    if (gateway.tags or {}).get(PRODUCT_TAG) != step.tags.get(PRODUCT_TAG):
        return Stop(f"a NAT gateway named {gateway.name} exists that snatbot did not create for this cluster")
    if (
        waiting := _settling(gateway.provisioning_state, f"NAT gateway {gateway.name}", _GATEWAY_WAIT_SECONDS)
    ) is not None:
        return waiting
    wanted = {one.lower() for one in step.public_ip_ids}
    if {one.lower() for one in gateway.public_ip_ids} != wanted or (
        gateway.idle_timeout_minutes != step.idle_timeout_minutes
    ):
        return Stop(f"NAT gateway {gateway.name} exists with other public IPs or another idle timeout than planned")
    return Done(f"NAT gateway {gateway.name} is ready with {count(len(wanted), 'public IP')}")


def associate_subnet(step: AssociateSubnet, network: NetworkWriter, may_write: MayWrite) -> Result:
    """Changes one property of the subnet; every other must be as it was when the plan was approved."""
    subnet = network.read_subnet(step.subnet_id)
    if subnet.provisioning_state.lower() == "updating":
        return Wait(_SUBNET_WAIT_SECONDS, f"subnet {subnet.name} is being updated")
    changed = changed_properties(step.properties_before, subnet.properties)
    if changed:
        return Stop(
            f"subnet {subnet.name} is not as it was approved: {', '.join(changed)} changed. "
            "Nothing more is written; ask for a new plan"
        )
    if same_id(subnet.nat_gateway_id, step.after):
        if subnet.provisioning_state.lower() != "succeeded":
            return Stop(f"subnet {subnet.name} is {subnet.provisioning_state} after the write")
        name = ResourceId.parse(step.after).name if step.after else "no NAT gateway"
        return Done(f"subnet {subnet.name} has {name}; every other property is as before", dict(subnet.properties))
    if not same_id(subnet.nat_gateway_id, step.before):
        return Stop(f"subnet {subnet.name} has another NAT gateway now: {subnet.nat_gateway_id or 'none'}")
    if subnet.provisioning_state.lower() != "succeeded":
        return Stop(f"subnet {subnet.name} is {subnet.provisioning_state}; it must be Succeeded before a write")
    may_write()
    network.put_subnet(subnet, step.after, subnet.etag)
    return Wait(_SUBNET_WAIT_SECONDS, f"subnet {subnet.name} is being updated")


def changed_properties(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Names of writable properties that differ, the NAT gateway aside."""
    names = sorted({*before, *now} - {"natGateway"})
    return [name for name in names if before.get(name) != now.get(name)]


def _settling(provisioning_state: str, what: str, seconds: float) -> Result | None:
    match provisioning_state.lower():
        case "succeeded":
            return None
        case "failed":
            return Stop(f"{what} is Failed; look at it in the portal")
        case _:
            return Wait(seconds, f"{what} is {provisioning_state.lower()}")
