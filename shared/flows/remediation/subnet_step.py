"""Write the NAT gateway of a subnet, keep all its other properties, and read it back.

Azure's subnet PUT replaces the whole subnet. So the step reads the subnet right before, compares it with the approved
plan, writes with the ETag of that read, and reads again. If Azure ignores If-Match, another writer's change between
that read and the write is lost: this interval is as short as one request, its length is recorded, and
``concurrent_writes`` asks the activity log who else wrote in it. Reading back shows if somebody overwrote snatbot's
write.
"""

from collections.abc import Iterable

from ...cloud.network import Network
from ...core.az_cli import associate_command, az
from ...core.remediation.concurrent_writes import changed_properties, restore_command
from ...formatting import clauses
from ...model.network import Subnet
from ...model.plan import AssociateSubnet, Step
from ...model.resource_id import same_id
from ...model.text import Text
from .step_result import SUBNET_WAIT_SECONDS, Done, Result, Stop, Wait, WritePermit

_AS_APPROVED = Text("# as it was approved")


def associate_subnet(step: AssociateSubnet, network: Network, permit: WritePermit) -> Result:
    """Change the subnet's NAT gateway; every other property must be as approved."""
    subnet = network.read_subnet(step.subnet_id)
    state = subnet.provisioning_state.lower()
    if state == "updating":
        return Wait(SUBNET_WAIT_SECONDS, _is_updated(subnet))
    if changed := changed_properties(step.properties_before, subnet.properties):
        return _overlap(step, subnet, changed)
    if same_id(subnet.nat_gateway_id, step.after) and state == "succeeded":
        gateway = step.after.name if step.after else Text("no NAT gateway")
        note = Text(
            "subnet {subnet} has {gateway}; every other property is as before", subnet=subnet.name, gateway=gateway
        )
        return Done(note, dict(subnet.properties))
    if not same_id(subnet.nat_gateway_id, step.before) and not same_id(subnet.nat_gateway_id, step.after):
        gateway = subnet.nat_gateway_id or Text("none")
        return Stop(Text("subnet {subnet} has another NAT gateway now: {gateway}", subnet=subnet.name, gateway=gateway))
    if state != "succeeded" and not permit.was_tried:
        text = Text(
            "subnet {subnet} is {state}; it must be Succeeded before a write",
            subnet=subnet.name,
            state=subnet.provisioning_state,
        )
        return Stop(text)
    if permit.is_used_up:
        return Stop(
            Text.plural(
                "subnet {subnet} was written {count} time and is not as planned: another writer, such as a deployment "
                "pipeline, takes it back",
                "subnet {subnet} was written {count} times and is not as planned: another writer, such as a deployment "
                "pipeline, takes it back",
                count=permit.writes,
                subnet=subnet.name,
            ),
            _by_hand(step),
        )
    return _write(step, subnet, network, permit)


def stop_if_changed(step: AssociateSubnet, network: Network) -> Stop | None:
    """Stops if somebody wrote to the subnet since the step was done: they may have read it before snatbot's write."""
    subnet = network.read_subnet(step.subnet_id)
    if changed := changed_properties(step.properties_before, subnet.properties):
        return _overlap(step, subnet, changed)
    return _stop_if_reassociated(step, subnet)


def stop_if_reassociated(steps: Iterable[Step], network: Network) -> Stop | None:
    """Stops if a subnet lost the gateway that its step wrote. Its other properties may change."""
    done = [step for step in steps if isinstance(step, AssociateSubnet)]
    stops = [stop for step in done if (stop := _stop_if_reassociated(step, network.read_subnet(step.subnet_id)))]
    commands = tuple(command for stop in stops for command in stop.commands)
    return Stop(clauses(*(stop.reason for stop in stops)), commands) if stops else None


def _stop_if_reassociated(step: AssociateSubnet, subnet: Subnet) -> Stop | None:
    if same_id(subnet.nat_gateway_id, step.after):
        return None
    if step.after:
        text = Text(
            "another writer, such as a deployment pipeline, took the NAT gateway off subnet {subnet} again",
            subnet=subnet.name,
        )
    else:
        text = Text("another writer, such as a deployment pipeline, gave {subnet} a NAT gateway", subnet=subnet.name)
    return Stop(text, _by_hand(step))


def _by_hand(step: AssociateSubnet) -> tuple[str, ...]:
    return (*_who(step), _AS_APPROVED, associate_command(step.subnet_id, step.after))


def _who(step: AssociateSubnet) -> tuple[str, ...]:
    listing = ("monitor", "activity-log", "list", "--resource-id", step.subnet_id, "--offset", "2h")
    return (Text("# who writes to it"), az(*listing))


def _write(step: AssociateSubnet, subnet: Subnet, network: Network, permit: WritePermit) -> Result:
    """Acquiring the permit takes time, so the subnet is read again after it: only one request remains between."""
    if (held := permit.precondition()) is not None:
        return held
    permit.acquire()
    read_at = permit.wall()
    latest = network.read_subnet(step.subnet_id)
    if latest.etag != subnet.etag or latest.properties != subnet.properties:
        return Wait(SUBNET_WAIT_SECONDS, Text("somebody wrote to the virtual network in between; reading again"))
    network.put_subnet(latest, step.after, latest.etag, permit.request_id)
    exposed_seconds = (permit.wall() - read_at).total_seconds()
    return Wait(SUBNET_WAIT_SECONDS, _is_updated(subnet), True, exposed_seconds)


def _overlap(step: AssociateSubnet, subnet: Subnet, changed: list[str]) -> Stop:
    """No other change is undone: the commands restore the approved subnet if a person wants that."""
    restore = [restore_command(step.subnet_id, name, step.properties_before.get(name)) for name in changed]
    return Stop(
        Text(
            "subnet {subnet} is not as it was approved: {properties} changed. Nothing more is written; restore it if "
            "that change was not meant, or ask for a new plan",
            subnet=subnet.name,
            properties=tuple(changed),
        ),
        (*_who(step), _AS_APPROVED, *restore),
    )


def _is_updated(subnet: Subnet) -> Text:
    return Text("subnet {subnet} is being updated", subnet=subnet.name)
