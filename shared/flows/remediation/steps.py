"""Reconcile one step: read the resource; as planned -> done; updating -> wait; else write.

A step may be repeated at any time: the plan fixes the names, so no second resource is created, and a resource that is
as planned is not written again. Nothing here sleeps or decides about the next step.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ...cloud.network import Network
from ...core.planning.naming import PRODUCT_TAG
from ...core.remediation.concurrent_writes import changed_properties
from ...formatting import count, marked
from ...model.network import NatGateway, PublicIp
from ...model.plan import AddPublicIps, CreateNatGateway, CreatePublicIp, CreatePublicIpPrefix, DeleteCreated
from .step_result import Done, Result, Stop, Wait, WritePermit

_PUBLIC_IP_WAIT_SECONDS = 2.0
_GATEWAY_WAIT_SECONDS = 5.0


def create_address(step: CreatePublicIp | CreatePublicIpPrefix, network: Network, permit: WritePermit) -> Result:
    """A public IP, or a public IP prefix."""
    if isinstance(step, CreatePublicIp):
        kind, found, create = "public IP", network.read_public_ip(step.id), partial(network.create_public_ip, step)
    else:
        kind, found = "public IP prefix", network.read_public_ip_prefix(step.id)
        create = partial(network.create_public_ip_prefix, step)
    what = f"{kind} {step.id.name}"
    if found is None:
        return _write(permit, create, _PUBLIC_IP_WAIT_SECONDS, f"{what} is being created")
    unready = _foreign(found, kind, step) or _unsettled(found, what, _PUBLIC_IP_WAIT_SECONDS, permit, create)
    if unready is not None:
        return unready
    if not found.address:
        return Wait(_PUBLIC_IP_WAIT_SECONDS, f"{what} has no address yet")
    return Done(f"{what} is {found.address}", {"address": found.address})


def create_nat_gateway(step: CreateNatGateway, network: Network, permit: WritePermit) -> Result:
    gateway, create = network.read_nat_gateway(step.id), partial(network.create_nat_gateway, step)
    what = f"NAT gateway {step.id.name}"
    if gateway is None:
        return _write(permit, create, _GATEWAY_WAIT_SECONDS, f"{what} is being created")
    unready = _foreign(gateway, "NAT gateway", step) or _unsettled(gateway, what, _GATEWAY_WAIT_SECONDS, permit, create)
    if unready is not None:
        return unready
    is_as_planned = (
        set(gateway.public_ip_ids) == set(step.public_ip_ids)
        and set(gateway.public_ip_prefix_ids) == set(step.public_ip_prefix_ids)
        and gateway.idle_timeout_minutes == step.idle_timeout_minutes
    )
    if not is_as_planned:
        return Stop(f"{what} exists with other public IPs or another idle timeout than planned")
    ips = count(len(gateway.public_ip_ids), "public IP") if gateway.public_ip_ids else "its public IP prefix"
    return Done(f"{what} is ready with {ips}")


def add_public_ips(step: AddPublicIps, network: Network, permit: WritePermit) -> Result:
    """Change the gateway's public IPs; every other property must be as approved."""
    gateway = network.read_nat_gateway(step.nat_gateway_id)
    if gateway is None:
        return Stop(f"NAT gateway {step.nat_gateway_id.name} is gone")
    what, after = f"NAT gateway {gateway.name}", (step.after_ids, step.after_prefix_ids)
    write = partial(network.put_nat_gateway_ips, gateway, *after, gateway.etag)
    changed = changed_properties(step.properties_before, gateway.properties, {"publicIpAddresses", "publicIpPrefixes"})
    if changed:
        return Stop(f"{what} is not as it was approved: {', '.join(changed)} changed; ask for a new plan")
    if (unsettled := _unsettled(gateway, what, _GATEWAY_WAIT_SECONDS, permit, write)) is not None:
        return unsettled
    if set(gateway.egress_ids) == {*step.after_ids, *step.after_prefix_ids}:
        ips = count(len(step.after_ids), "public IP")
        prefixes = count(len(step.after_prefix_ids), "public IP prefix", "public IP prefixes")
        has = " and ".join(text for text, ids in ((ips, step.after_ids), (prefixes, step.after_prefix_ids)) if ids)
        return Done(f"{what} has {has}; every other property is as before")
    if set(gateway.egress_ids) != {*step.before_ids, *step.before_prefix_ids}:
        return Stop(f"{what} has other public IPs now than when the plan was approved")
    return _write(permit, write, _GATEWAY_WAIT_SECONDS, f"{what} is being updated")


def delete_created(step: DeleteCreated, network: Network, permit: WritePermit) -> Result:
    """Delete only a resource that has this cluster's tag and that nothing uses."""
    found: NatGateway | PublicIp | None
    match step.id.type.rpartition("/")[2].lower():
        case "natgateways":
            found = network.read_nat_gateway(step.id)
        case "publicipprefixes":
            found = network.read_public_ip_prefix(step.id)
        case _:
            found = network.read_public_ip(step.id)
    what = f"`{step.id.name}`"
    if found is None:
        return Done(f"{what} is gone")
    if (found.tags or {}).get(PRODUCT_TAG) != step.owner:
        return Stop(f"{what} is not marked as created by snatbot for this cluster any more")
    users = found.subnet_ids if isinstance(found, NatGateway) else ()
    if users:
        return Stop(f"{what} is used by {marked([user.name for user in users])}")
    state = found.provisioning_state.lower()
    if state in ("deleting", "updating"):
        return Wait(_GATEWAY_WAIT_SECONDS, f"{what} is {state}")
    return _write(permit, lambda: network.delete(step.id), _GATEWAY_WAIT_SECONDS, f"{what} is being deleted")


def _foreign(
    found: PublicIp | NatGateway, kind: str, step: CreatePublicIp | CreatePublicIpPrefix | CreateNatGateway
) -> Stop | None:
    tag = step.tags.get(PRODUCT_TAG)
    if (found.tags or {}).get(PRODUCT_TAG) == tag:
        return None
    return Stop(
        f"a {kind} named {step.id.name} exists that snatbot did not create for this cluster; if it "
        f"was made by hand for this plan, tag it {PRODUCT_TAG}={tag}, otherwise rename or delete it, and resume"
    )


def _unsettled(
    found: PublicIp | NatGateway, what: str, seconds: float, permit: WritePermit, write: Callable[[], object]
) -> Result | None:
    """None if the resource is Succeeded. A failed resource is written again a few times, as Azure advises."""
    match found.provisioning_state.lower():
        case "succeeded":
            return None
        case "failed" | "canceled":
            if permit.is_used_up:
                tried = count(permit.writes, "write")
                return Stop(f"{what} is {found.provisioning_state} after {tried}; look at it in the portal")
            return _write(permit, write, seconds, f"{what} was {found.provisioning_state}; it is written again")
        case state:
            return Wait(seconds, f"{what} is {state}")


def _write(permit: WritePermit, write: Callable[[], object], seconds: float, note: str) -> Result:
    if permit.is_used_up:
        tried = count(permit.writes, "time")
        return Stop(f"Azure took the write {tried} and shows no effect; look at it in the portal")
    permit.acquire()
    write()
    return Wait(seconds, note, has_written=True)
