"""What this bot's records show as its own, and its other changes on the same virtual network."""

from ...ids import cluster_key
from ...model.change import FINAL_STATES, Action, ChangeState
from ...model.finding import PORT_TROUBLES
from ...model.incident import IncidentState
from ...model.network import OtherChange, Ours
from ...model.resource_id import ArmId, same_id
from ...store.records import Records

_OPEN = tuple(state for state in ChangeState if state not in FINAL_STATES)


class Ownership:
    def __init__(self, records: Records) -> None:
        self._records = records

    def read(self, cluster_id: str, vnet_id: ArmId | None) -> Ours:
        """Raises StoreError if the records can't be read: a guess could claim resources of others."""
        created_ids = frozenset(
            step.id
            for change in self._records.changes(cluster_key(cluster_id))
            if change.decision is not None and change.decision.action is Action.APPROVE
            for step in change.plan.create_steps
        )
        others = self._others(cluster_id, vnet_id) if vnet_id else ()
        return Ours(created_ids, others, self._has_port_trouble(cluster_id))

    def _has_port_trouble(self, cluster_id: str) -> bool:
        stored = self._records.cluster(cluster_id)
        if stored is None or stored.value.incident_id is None:
            return False
        found = self._records.incident(cluster_id, stored.value.incident_id)
        if found is None or found.value.state is not IncidentState.OPEN:
            return False
        return not PORT_TROUBLES.isdisjoint(found.value.kinds)

    def _others(self, cluster_id: str, vnet_id: ArmId) -> tuple[OtherChange, ...]:
        return tuple(
            OtherChange(change.cluster_name, change.state is ChangeState.PROPOSED)
            for change in self._records.changes_in(_OPEN)
            if not same_id(change.cluster_id, cluster_id) and same_id(change.plan.vnet_id, vnet_id)
        )
