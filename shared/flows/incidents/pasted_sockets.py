"""Keep the table of what a person pasted: the output of the command on an incident's page."""

from dataclasses import dataclass
from datetime import datetime

from ...chat.socket_table import sockets_pasted
from ...clock import Clock
from ...core.guidance.culprits import read_sockets
from ...errors import BadInput
from ...formatting import count
from ...model.audit import SOCKETS_PASTED
from ...model.identity import Person
from ...model.incident import Incident
from ...model.sockets import PastedSockets
from ...model.text import Text
from ...store.records import Put, Records
from ...store.table import ANY
from ..notification.outbox import Outbox, audit

_MOST_NODES = 20


@dataclass(frozen=True, slots=True)
class PasteSockets:
    records: Records
    outbox: Outbox
    clock: Clock
    is_in_chat: bool

    def keep(self, incident: Incident, output: str, by: Person, now: datetime) -> None:
        """In place of what was pasted before. Raises BadInput."""
        found = read_sockets(output)
        if len(found.nodes) > _MOST_NODES:
            raise BadInput(
                Text(
                    "The output is of {count} nodes; paste that of at most {most}, with `--node`.",
                    count=len(found.nodes),
                    most=_MOST_NODES,
                )
            )
        nodes = tuple(node.shortened() for node in sorted(found.nodes, key=lambda node: -node.connections))
        pasted = PastedSockets(incident.id, nodes, found.unreadable, str(by), now)
        # The audit is kept for longer than names of pods and destinations may be.
        connections = sum(node.connections for node in pasted.nodes)
        detail = f"{count(connections, 'connection')}, {count(len(pasted.nodes), 'node')}"
        writes = [
            Put(pasted, ANY),
            audit(now, pasted.pasted_by, SOCKETS_PASTED, incident.id, detail),
        ]
        if self.is_in_chat:
            message = sockets_pasted(incident, pasted)
            writes += self.outbox.rows(incident.cluster_name, message, self.clock.wall())
        self.records.commit(incident.cluster_id, writes)
