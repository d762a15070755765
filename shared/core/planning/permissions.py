"""Which actions the writing identity needs for a plan's steps, at which scope, and whether its roles grant them.

Source: Azure docs, permissions of Microsoft.Network. A subnet write also needs the ``join`` action on everything that
the subnet refers to, else Azure returns LinkedAuthorizationFailed; an IPAM pool needs another action
(Azure/Azure-Landing-Zones#4166).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, assert_never

from ...model.access import Permission
from ...model.network import NetworkFacts
from ...model.plan import (
    AddPublicIps,
    AssociateSubnet,
    CreateNatGateway,
    CreatePublicIp,
    CreatePublicIpPrefix,
    DeleteCreated,
    ObserveEgress,
    Step,
)
from ...model.resource_id import ArmId
from ...model.text import Text

_NETWORK = "Microsoft.Network"


@dataclass(frozen=True, slots=True)
class Need:
    """An action at a scope. ``why`` is empty if the action explains itself."""

    action: str
    scope: ArmId
    why: Text = Text("")


def needs_for(steps: Iterable[Step], facts: NetworkFacts) -> tuple[Need, ...]:
    return tuple(dict.fromkeys(need for step in steps for need in _needs(step, facts)))


def scopes_of(facts: NetworkFacts) -> tuple[ArmId, ...]:
    """Every scope at which a plan for this cluster could need an action; permissions are read before planning."""
    ours = [gateway for gateway in facts.nat_gateways if gateway.id in facts.ours.created_ids]
    near = [resource_id for gateway in ours for resource_id in (gateway.id, *gateway.egress_ids)]
    linked = [resource_id for subnet in facts.subnets for resource_id in linked_ids(subnet.properties)]
    given = (facts.given_prefix.id,) if facts.given_prefix else ()
    scopes = [_scope(resource_id, facts) for resource_id in (*near, *given)]
    return tuple(dict.fromkeys([facts.nat_group_id, *scopes, *(subnet.id for subnet in facts.subnets), *linked]))


def _needs(step: Step, facts: NetworkFacts) -> Iterator[Need]:
    match step:
        case CreatePublicIp() | CreatePublicIpPrefix():
            yield from _on(step.id, facts, "read", "write")
        case CreateNatGateway():
            yield from _on(step.id, facts, "read", "write")
            yield from _joins(step.egress_ids, facts)
        case AddPublicIps():
            yield from _on(step.nat_gateway_id, facts, "read", "write")
            yield from _joins((*step.after_ids, *step.after_prefix_ids), facts)
        case AssociateSubnet():
            yield from (
                Need(f"{_NETWORK}/virtualNetworks/subnets/{verb}", step.subnet_id) for verb in ("read", "write")
            )
            if step.after is not None:
                yield from _on(step.after, facts, "join/action")
            name = step.subnet_id.name
            for linked in linked_ids(step.properties_before):
                yield Need(_linked_action(linked), linked, Text("subnet {subnet} refers to it", subnet=name))
        case DeleteCreated():
            yield from _on(step.id, facts, "read", "delete")
        case ObserveEgress():
            return
        case _:
            assert_never(step)


def _joins(ip_ids: Iterable[ArmId], facts: NetworkFacts) -> Iterator[Need]:
    for ip_id in ip_ids:
        yield from _on(ip_id, facts, "read", "join/action")


def _on(resource_id: ArmId, facts: NetworkFacts, *verbs: str) -> Iterator[Need]:
    yield from (Need(_action(resource_id, verb), _scope(resource_id, facts)) for verb in verbs)


def _scope(resource_id: ArmId, facts: NetworkFacts) -> ArmId:
    """The resource group, where roles are usually assigned; for the owner's own prefix the prefix itself."""
    if facts.given_prefix is not None and facts.given_prefix.id == resource_id:
        return resource_id
    group = ArmId(resource_id.partition("/providers/")[0])
    return facts.nat_group_id if group == facts.nat_group_id else group


def linked_ids(properties: Mapping[str, object]) -> tuple[ArmId, ...]:
    """Resources that the subnet's writable properties refer to, without the NAT gateway and without duplicates."""
    of = {name.lower(): value for name, value in properties.items()}
    references = [of.get("networksecuritygroup"), of.get("routetable"), *_objects(of.get("serviceendpointpolicies"))]
    references += [allocation.get("pool") for allocation in _objects(of.get("ipampoolprefixallocations"))]
    ids = (ArmId(value["id"]) for value in references if isinstance(value, Mapping) and value.get("id"))
    return tuple(dict.fromkeys(ids))


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def _linked_action(linked: ArmId) -> str:
    is_pool = linked.type.lower().endswith("/ipampools")
    return _action(linked, "associateResourcesToPool/action" if is_pool else "join/action")


def missing_needs(needs: Iterable[Need], permissions: Mapping[str, tuple[Permission, ...]]) -> tuple[Need, ...]:
    """Needs that no role grants. ``permissions`` by scope in lower case; a scope that was not read grants nothing."""
    return tuple(need for need in needs if not is_granted(need.action, permissions.get(need.scope.lower(), ())))


def is_granted(action: str, permissions: Iterable[Permission]) -> bool:
    """Whether one role grants the action and does not exclude it (Azure docs: role-definitions)."""
    return any(
        any(_fits(pattern, action) for pattern in permission.actions)
        and not any(_fits(pattern, action) for pattern in permission.not_actions)
        for permission in permissions
    )


def _fits(pattern: str, action: str) -> bool:
    return _compiled(pattern.lower()).fullmatch(action.lower()) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")))


def _action(resource_id: str, verb: str) -> str:
    return f"{ArmId.parse(resource_id).type}/{verb}"
