"""Which NAT gateway a subnet should have, by snatbot's own verified writes.

A step counts as soon as it was read back: ``change.step`` moves in the transaction that notes it as done. Changes of a
cluster write one after the other, so they count in the order in which they started.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from ..model.change import Change
from ..model.plan import AssociateSubnet
from ..model.resource_id import ArmId


@dataclass(frozen=True, slots=True)
class Associations:
    """Of ``unverified`` subnets nothing can be expected: a write is under way, or a begun change has yet to come."""

    verified: Mapping[ArmId, AssociateSubnet] = field(default_factory=dict)  # by subnet: the last write, read back
    unverified: frozenset[ArmId] = frozenset()

    def wanted(self, subnet_id: ArmId) -> ArmId | None:
        """The gateway that snatbot left the subnet with."""
        step = self.verified.get(subnet_id)
        return step.after if step else None

    def taken_off(self, subnet_id: ArmId) -> ArmId | None:
        """The gateway that snatbot took off the subnet."""
        step = self.verified.get(subnet_id)
        return step.before if step and step.after is None else None

    @property
    def gateways(self) -> tuple[ArmId, ...]:
        """What snatbot left on some subnet."""
        return tuple(sorted({step.after for step in self.verified.values() if step.after}))

    @property
    def is_everywhere(self) -> bool:
        """Every subnet that snatbot knows of was left with a gateway."""
        return bool(self.verified) and not self.unverified and all(step.after for step in self.verified.values())


def next_association(change: Change) -> AssociateSubnet | None:
    """The step that comes next in a change that began, if it writes a subnet: its write may be under way."""
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
