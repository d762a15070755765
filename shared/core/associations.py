"""Which NAT gateway each subnet should have, by snatbot's own verified writes.

A step counts once it was read back: ``change.step`` moves in the transaction that records the step as done. Changes of
a cluster write one after the other, so they count in the order in which they started.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from ..model.change import Change
from ..model.plan import AssociateSubnet
from ..model.resource_id import ArmId


@dataclass(frozen=True, slots=True)
class Associations:
    """The last verified write of each subnet. ``unverified``: a begun change still writes it, or may be writing it."""

    verified: Mapping[ArmId, AssociateSubnet] = field(default_factory=dict)  # by subnet
    unverified: frozenset[ArmId] = frozenset()

    def wanted(self, subnet_id: ArmId) -> ArmId | None:
        """The gateway that snatbot's last write gave the subnet."""
        step = self.verified.get(subnet_id)
        return step.after if step else None

    def taken_off(self, subnet_id: ArmId) -> ArmId | None:
        """The gateway that snatbot's last write detached from the subnet."""
        step = self.verified.get(subnet_id)
        return step.before if step and step.after is None else None

    @property
    def gateways(self) -> tuple[ArmId, ...]:
        """Gateways that snatbot's last writes attached."""
        return tuple(sorted({step.after for step in self.verified.values() if step.after}))

    @property
    def is_everywhere(self) -> bool:
        """Whether snatbot's last write attached a gateway to every subnet that it ever wrote."""
        return bool(self.verified) and not self.unverified and all(step.after for step in self.verified.values())


def next_association(change: Change) -> AssociateSubnet | None:
    """The next step of a begun change if it writes a subnet: that write may be under way."""
    steps = change.plan.steps
    step = steps[change.step] if change.is_begun and change.step < len(steps) else None
    return step if isinstance(step, AssociateSubnet) else None


def associations(changes: Iterable[Change], under_way: Collection[str] = ()) -> Associations:
    """``under_way``: ids of changes whose next step may have been written already."""
    verified: dict[ArmId, AssociateSubnet] = {}
    unverified: set[ArmId] = set()
    begun = [change for change in changes if change.is_begun]
    for change in sorted(begun, key=lambda change: change.started_at or change.proposed_at):
        for index, step in enumerate(change.plan.steps):
            if not isinstance(step, AssociateSubnet):
                continue
            subnet_id = step.subnet_id
            if index < change.step:
                verified[subnet_id] = step
                unverified.discard(subnet_id)
            elif index == change.step and change.id in under_way:
                verified.pop(subnet_id, None)
                unverified.add(subnet_id)
            elif subnet_id not in verified:
                unverified.add(subnet_id)
    return Associations(verified, frozenset(unverified))
