"""One step of a plan, reconciled: read; already as planned -> done; still updating -> wait; else write.

A step may be repeated any number of times: names are part of the plan, so a second resource can't come into being,
and what is as planned is never written again. Nothing here sleeps or decides about the next step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from ...cloud.errors import (
    AzureError,
    Conflict,
    PreconditionFailed,
    SignInFailed,
    Throttled,
    Unavailable,
    UnexpectedAnswer,
)
from ...core.planning.naming import PRODUCT_TAG
from ...formatting import count, marked, sentences
from ...model.network import NatGateway, PublicIp, Subnet
from ...model.plan import AddPublicIps, CreateNatGateway, CreatePublicIp, CreatePublicIpPrefix, DeleteCreated
from ...model.resource_id import ArmId

_SUBNET_WAIT_SECONDS = 3.0
_PUBLIC_IP_WAIT_SECONDS = 2.0
_GATEWAY_WAIT_SECONDS = 5.0
_BUSY_WAIT_SECONDS = 15.0
_MOST_WRITES = 3


@dataclass(frozen=True, slots=True)
class Done:
    note: str
    after: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """``has_written``: a write was sent, and its effect is to be read. ``exposed_seconds``: how long ago it was last
    read before that, at most; None where it does not matter. ``limit``: how long it may last; None as any step.
    ``asked_seconds`` is how long Azure asks to be left alone; nothing is written before."""

    seconds: float
    note: str
    has_written: bool = False
    exposed_seconds: float | None = None
    limit: timedelta | None = None
    asked_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Stop:
    """The world is not as approved, or Azure refuses: a person must look. ``commands`` show and mend it.
    ``may_be_written``: the answer to a write could not be understood, so it may have taken effect."""

    reason: str
    commands: tuple[str, ...] = ()
    may_be_written: bool = False


Result = Done | Wait | Stop


class NetworkWriter(Protocol):
    """The writing side of the cloud room; reads right around the writes use the same identity."""

    def read_public_ip(self, public_ip_id: str) -> PublicIp | None: ...
    def create_public_ip(self, step: CreatePublicIp) -> object: ...
    def read_public_ip_prefix(self, prefix_id: str) -> PublicIp | None: ...
    def create_public_ip_prefix(self, step: CreatePublicIpPrefix) -> object: ...
    def read_nat_gateway(self, nat_gateway_id: str) -> NatGateway | None: ...
    def create_nat_gateway(self, step: CreateNatGateway) -> object: ...
    def put_nat_gateway_ips(
        self, gateway: NatGateway, public_ip_ids: tuple[str, ...], prefix_ids: tuple[str, ...], etag: str
    ) -> object: ...
    def read_subnet(self, subnet_id: str) -> Subnet: ...
    def put_subnet(self, subnet: Subnet, nat_gateway_id: str | None, etag: str, request_id: str) -> object: ...
    def delete(self, resource_id: str) -> None: ...


@dataclass(frozen=True, slots=True)
class WritePermit:
    """What a step needs in order to write.

    ``acquire`` runs right before each write and raises when the worker lost its claim, or somebody set the stop switch.
    ``precondition`` runs before each write too: a Wait or a Stop holds the write back.
    """

    acquire: Callable[[], None]
    wall: Callable[[], datetime]
    request_id: str
    writes: int = 0
    was_tried: bool = False
    precondition: Callable[[], Result | None] = lambda: None

    @property
    def is_used_up(self) -> bool:
        return self.writes >= _MOST_WRITES


def with_azure_trouble(step: Callable[[], Result]) -> Result:
    """What waiting can cure becomes Wait, what it can't becomes Stop with Azure's words."""
    try:
        return step()
    except Throttled as error:
        return _as_asked(error, "Azure throttled the requests")
    except Conflict as error:
        if error.is_transient:
            return _as_asked(error, f"another operation is running ({error.reason})")
        return Stop(str(error))
    except PreconditionFailed:
        return Wait(_SUBNET_WAIT_SECONDS, "somebody wrote to the virtual network in between; reading again")
    except Unavailable as error:
        return _as_asked(error, "Azure did not answer; reading what happened")
    except SignInFailed as error:
        # A token that expired, or an identity endpoint that is not there: the next try asks for a new one.
        return Wait(_BUSY_WAIT_SECONDS, f"Azure did not accept the identity ({error.code or error.message})")
    except AzureError as error:
        return Stop(sentences(str(error), error.remedy), may_be_written=isinstance(error, UnexpectedAnswer))


def _as_asked(error: AzureError, note: str) -> Wait:
    asked = error.retry_after_seconds or 0.0
    return Wait(asked or _BUSY_WAIT_SECONDS, note, asked_seconds=asked)


def create_public_ip(step: CreatePublicIp, network: NetworkWriter, permit: WritePermit) -> Result:
    ip = network.read_public_ip(step.id)
    return _create_address(ip, "public IP", step, permit, lambda: network.create_public_ip(step))


def create_public_ip_prefix(step: CreatePublicIpPrefix, network: NetworkWriter, permit: WritePermit) -> Result:
    prefix = network.read_public_ip_prefix(step.id)
    return _create_address(prefix, "public IP prefix", step, permit, lambda: network.create_public_ip_prefix(step))


def _create_address(
    found: PublicIp | None,
    what: str,
    step: CreatePublicIp | CreatePublicIpPrefix,
    permit: WritePermit,
    create: Callable[[], object],
) -> Result:
    name = ArmId.parse(step.id).name
    if found is None:
        return _write(
            permit, create, Wait(_PUBLIC_IP_WAIT_SECONDS, f"{what} {name} is being created", has_written=True)
        )
    if (found.tags or {}).get(PRODUCT_TAG) != step.tags.get(PRODUCT_TAG):
        return Stop(_foreign(what, name, step.tags))
    waiting = _settling(found.provisioning_state, f"{what} {name}", _PUBLIC_IP_WAIT_SECONDS, permit, create)
    if waiting is not None:
        return waiting
    if not found.address:
        return Wait(_PUBLIC_IP_WAIT_SECONDS, f"{what} {name} has no address yet")
    return Done(f"{what} {name} is {found.address}", {"address": found.address})


def create_nat_gateway(step: CreateNatGateway, network: NetworkWriter, permit: WritePermit) -> Result:
    gateway = network.read_nat_gateway(step.id)
    name = ArmId.parse(step.id).name

    def create() -> object:
        return network.create_nat_gateway(step)

    if gateway is None:
        return _write(
            permit, create, Wait(_GATEWAY_WAIT_SECONDS, f"NAT gateway {name} is being created", has_written=True)
        )
    if (gateway.tags or {}).get(PRODUCT_TAG) != step.tags.get(PRODUCT_TAG):
        return Stop(_foreign("NAT gateway", name, step.tags))
    waiting = _settling(gateway.provisioning_state, f"NAT gateway {name}", _GATEWAY_WAIT_SECONDS, permit, create)
    if waiting is not None:
        return waiting
    is_as_planned = (
        _ids(gateway.public_ip_ids) == _ids(step.public_ip_ids)
        and _ids(gateway.public_ip_prefix_ids) == _ids(step.public_ip_prefix_ids)
        and gateway.idle_timeout_minutes == step.idle_timeout_minutes
    )
    if not is_as_planned:
        return Stop(f"NAT gateway {name} exists with other public IPs or another idle timeout than planned")
    ips = count(len(gateway.public_ip_ids), "public IP") if gateway.public_ip_ids else "its public IP prefix"
    return Done(f"NAT gateway {name} is ready with {ips}")


def add_public_ips(step: AddPublicIps, network: NetworkWriter, permit: WritePermit) -> Result:
    """Changes the gateway's egress IPs; every other property must be as it was when the plan was approved."""
    gateway = network.read_nat_gateway(step.nat_gateway_id)
    if gateway is None:
        return Stop(f"NAT gateway {ArmId.parse(step.nat_gateway_id).name} is gone")

    def write() -> object:
        return network.put_nat_gateway_ips(gateway, step.after_ids, step.after_prefix_ids, gateway.etag)

    what = f"NAT gateway {gateway.name}"
    names = sorted({*step.properties_before, *gateway.properties} - {"publicIpAddresses", "publicIpPrefixes"})
    changed = [name for name in names if step.properties_before.get(name) != gateway.properties.get(name)]
    if changed:
        return Stop(f"{what} is not as it was approved: {', '.join(changed)} changed; ask for a new plan")
    if (waiting := _settling(gateway.provisioning_state, what, _GATEWAY_WAIT_SECONDS, permit, write)) is not None:
        return waiting
    if _ids(gateway.egress_ids) == _ids((*step.after_ids, *step.after_prefix_ids)):
        return Done(f"{what} has {_in_words(step)}; every other property is as before")
    if _ids(gateway.egress_ids) != _ids((*step.before_ids, *step.before_prefix_ids)):
        return Stop(f"{what} has other public IPs now than when the plan was approved")
    return _write(permit, write, Wait(_GATEWAY_WAIT_SECONDS, f"{what} is being updated", has_written=True))


def _in_words(step: AddPublicIps) -> str:
    ips = count(len(step.after_ids), "public IP")
    prefixes = count(len(step.after_prefix_ids), "public IP prefix", "public IP prefixes")
    return " and ".join(text for text, ids in ((ips, step.after_ids), (prefixes, step.after_prefix_ids)) if ids)


def delete_created(step: DeleteCreated, network: NetworkWriter, permit: WritePermit) -> Result:
    """Only what still carries this cluster's tag and is used by nothing."""
    parsed = ArmId.parse(step.id)
    found: NatGateway | PublicIp | None
    match parsed.type.rpartition("/")[2].lower():
        case "natgateways":
            found = network.read_nat_gateway(step.id)
        case "publicipprefixes":
            found = network.read_public_ip_prefix(step.id)
        case _:
            found = network.read_public_ip(step.id)
    if found is None:
        return Done(f"`{parsed.name}` is gone")
    if (found.tags or {}).get(PRODUCT_TAG) != step.owner:
        return Stop(f"`{parsed.name}` is not marked as created by snatbot for this cluster any more")
    users = found.subnet_ids if isinstance(found, NatGateway) else ()
    if users:
        return Stop(f"`{parsed.name}` is used by {marked([ArmId.parse(one).name for one in users])}")
    if found.provisioning_state.lower() in ("deleting", "updating"):
        return Wait(_GATEWAY_WAIT_SECONDS, f"`{parsed.name}` is {found.provisioning_state.lower()}")
    return _write(
        permit,
        lambda: network.delete(step.id),
        Wait(_GATEWAY_WAIT_SECONDS, f"`{parsed.name}` is being deleted", has_written=True),
    )


def _foreign(what: str, name: str, tags: Mapping[str, str]) -> str:
    return (
        f"a {what} named {name} exists that snatbot did not create for this cluster; if it was made by hand for this "
        f"plan, tag it {PRODUCT_TAG}={tags.get(PRODUCT_TAG)}, otherwise rename or delete it, and resume"
    )


def _write(permit: WritePermit, write: Callable[[], object], then: Wait) -> Result:
    if permit.is_used_up:
        return Stop(
            f"Azure took the write {count(permit.writes, 'time')} and shows no effect; look at it in the portal"
        )
    permit.acquire()
    write()
    return then


def _settling(
    provisioning_state: str, what: str, seconds: float, permit: WritePermit, write: Callable[[], object]
) -> Result | None:
    """None when it is settled. What failed is written again, as Azure advises, but not for ever."""
    match provisioning_state.lower():
        case "succeeded":
            return None
        case "failed" | "canceled":
            if permit.is_used_up:
                tried = count(permit.writes, "write")
                return Stop(f"{what} is {provisioning_state} after {tried}; look at it in the portal")
            note = f"{what} was {provisioning_state}; it is written again"
            return _write(permit, write, Wait(seconds, note, has_written=True))
        case _:
            return Wait(seconds, f"{what} is {provisioning_state.lower()}")


def _ids(ids: tuple[str, ...]) -> frozenset[str]:
    return frozenset(one.lower() for one in ids)
