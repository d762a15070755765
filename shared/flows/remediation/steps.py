"""Reconcile one step: read the resource; as planned -> done; updating -> wait; else write.

A step may be repeated at any time: the plan fixes the names, so no second resource is created, and a resource that is
as planned is not written again. Nothing here sleeps or decides about the next step.
"""

from collections.abc import Callable
from functools import partial

from ...cloud.network import Network
from ...core.planning.naming import PRODUCT_TAG
from ...core.remediation.concurrent_writes import changed_properties
from ...formatting import listed, marked, public_ip_prefixes_of, public_ips_of
from ...model.network import NatGateway, PublicIp
from ...model.plan import AddPublicIps, CreateNatGateway, CreatePublicIp, CreatePublicIpPrefix, DeleteCreated
from ...model.text import Text, arranged
from .step_result import Done, Result, Stop, Wait, WritePermit

_PUBLIC_IP_WAIT_SECONDS = 2.0
_GATEWAY_WAIT_SECONDS = 5.0


def create_address(step: CreatePublicIp | CreatePublicIpPrefix, network: Network, permit: WritePermit) -> Result:
    """A public IP, or a public IP prefix."""
    if isinstance(step, CreatePublicIp):
        what, found = Text("public IP {name}", name=step.id.name), network.read_public_ip(step.id)
        create = partial(network.create_public_ip, step)
    else:
        what, found = Text("public IP prefix {name}", name=step.id.name), network.read_public_ip_prefix(step.id)
        create = partial(network.create_public_ip_prefix, step)
    if found is None:
        return _write(permit, create, _PUBLIC_IP_WAIT_SECONDS, Text("{resource} is being created", resource=what))
    unready = _foreign(found, what, step) or _unsettled(found, what, _PUBLIC_IP_WAIT_SECONDS, permit, create)
    if unready is not None:
        return unready
    if not found.address:
        return Wait(_PUBLIC_IP_WAIT_SECONDS, Text("{resource} has no address yet", resource=what))
    return Done(Text("{resource} is {address}", resource=what, address=found.address), {"address": found.address})


def create_nat_gateway(step: CreateNatGateway, network: Network, permit: WritePermit) -> Result:
    gateway, create = network.read_nat_gateway(step.id), partial(network.create_nat_gateway, step)
    what = _gateway(step.id.name)
    if gateway is None:
        return _write(permit, create, _GATEWAY_WAIT_SECONDS, Text("{resource} is being created", resource=what))
    unready = _foreign(gateway, what, step) or _unsettled(gateway, what, _GATEWAY_WAIT_SECONDS, permit, create)
    if unready is not None:
        return unready
    is_as_planned = (
        set(gateway.public_ip_ids) == set(step.public_ip_ids)
        and set(gateway.public_ip_prefix_ids) == set(step.public_ip_prefix_ids)
        and gateway.idle_timeout_minutes == step.idle_timeout_minutes
    )
    if not is_as_planned:
        return Stop(Text("{resource} exists with other public IPs or another idle timeout than planned", resource=what))
    if not gateway.public_ip_ids:
        return Done(Text("{resource} is ready with its public IP prefix", resource=what))
    ips = public_ips_of(len(gateway.public_ip_ids))
    return Done(Text("{resource} is ready with {public_ips}", resource=what, public_ips=ips))


def add_public_ips(step: AddPublicIps, network: Network, permit: WritePermit) -> Result:
    """Change the gateway's public IPs; every other property must be as approved."""
    gateway = network.read_nat_gateway(step.nat_gateway_id)
    if gateway is None:
        return Stop(Text("{resource} is gone", resource=_gateway(step.nat_gateway_id.name)))
    what, after = _gateway(gateway.name), (step.after_ids, step.after_prefix_ids)
    write = partial(network.put_nat_gateway_ips, gateway, *after, gateway.etag)
    changed = changed_properties(step.properties_before, gateway.properties, {"publicIpAddresses", "publicIpPrefixes"})
    if changed:
        return Stop(
            Text(
                "{resource} is not as it was approved: {properties} changed; ask for a new plan",
                resource=what,
                properties=tuple(changed),
            )
        )
    if (unsettled := _unsettled(gateway, what, _GATEWAY_WAIT_SECONDS, permit, write)) is not None:
        return unsettled
    if set(gateway.egress_ids) == {*step.after_ids, *step.after_prefix_ids}:
        ips, prefixes = public_ips_of(len(step.after_ids)), public_ip_prefixes_of(len(step.after_prefix_ids))
        has = listed([*([ips] if step.after_ids else []), *([prefixes] if step.after_prefix_ids else [])])
        return Done(
            Text("{resource} has {public_ips}; every other property is as before", resource=what, public_ips=has)
        )
    if set(gateway.egress_ids) != {*step.before_ids, *step.before_prefix_ids}:
        return Stop(Text("{resource} has other public IPs now than when the plan was approved", resource=what))
    return _write(permit, write, _GATEWAY_WAIT_SECONDS, Text("{resource} is being updated", resource=what))


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
    what = arranged("`{name}`", name=step.id.name)
    if found is None:
        return Done(Text("{resource} is gone", resource=what))
    if (found.tags or {}).get(PRODUCT_TAG) != step.owner:
        return Stop(Text("{resource} is not marked as created by snatbot for this cluster any more", resource=what))
    users = found.subnet_ids if isinstance(found, NatGateway) else ()
    if users:
        return Stop(Text("{resource} is used by {users}", resource=what, users=marked([user.name for user in users])))
    state = found.provisioning_state.lower()
    if state in ("deleting", "updating"):
        return Wait(_GATEWAY_WAIT_SECONDS, _is_in_state(what, state))
    return _write(
        permit,
        lambda: network.delete(step.id),
        _GATEWAY_WAIT_SECONDS,
        Text("{resource} is being deleted", resource=what),
    )


def _foreign(
    found: PublicIp | NatGateway, what: Text, step: CreatePublicIp | CreatePublicIpPrefix | CreateNatGateway
) -> Stop | None:
    tag = step.tags.get(PRODUCT_TAG)
    if (found.tags or {}).get(PRODUCT_TAG) == tag:
        return None
    return Stop(
        Text(
            "{resource} exists, and snatbot did not create it for this cluster; if it was made by hand for this plan, "
            "tag it {tag}, otherwise rename or delete it, and resume",
            resource=what,
            tag=f"{PRODUCT_TAG}={tag}",
        )
    )


def _unsettled(
    found: PublicIp | NatGateway, what: Text, seconds: float, permit: WritePermit, write: Callable[[], object]
) -> Result | None:
    """None if the resource is Succeeded. A failed resource is written again a few times, as Azure advises."""
    match found.provisioning_state.lower():
        case "succeeded":
            return None
        case "failed" | "canceled":
            if permit.is_used_up:
                return Stop(
                    Text.plural(
                        "{resource} is {state} after {count} write; look at it in the portal",
                        "{resource} is {state} after {count} writes; look at it in the portal",
                        count=permit.writes,
                        resource=what,
                        state=found.provisioning_state,
                    )
                )
            again = Text("{resource} was {state}; it is written again", resource=what, state=found.provisioning_state)
            return _write(permit, write, seconds, again)
        case state:
            return Wait(seconds, _is_in_state(what, state))


def _write(permit: WritePermit, write: Callable[[], object], seconds: float, note: Text) -> Result:
    if permit.is_used_up:
        return Stop(
            Text.plural(
                "Azure took the write {count} time and shows no effect; look at it in the portal",
                "Azure took the write {count} times and shows no effect; look at it in the portal",
                count=permit.writes,
            )
        )
    permit.acquire()
    write()
    return Wait(seconds, note, has_written=True)


def _gateway(name: str) -> Text:
    return Text("NAT gateway {gateway}", gateway=name)


def _is_in_state(what: Text, state: str) -> Text:
    # Translators: {state} is Azure's word, such as updating.
    return Text("{resource} is {state}", resource=what, state=state)
