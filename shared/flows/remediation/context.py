"""What reconciler and executor share."""

from dataclasses import dataclass
from datetime import timedelta

from ...auth.links import Links
from ...clock import Clock
from ...store.records import Records
from ...store.stop_switch import StopSwitch
from ...store.vnet_lock import VnetLock
from ..approval.permission import Permission
from ..notification.outbox import Outbox
from ..planning.plan import Planner
from .authority import Authority
from .finish import ChangeFinisher
from .gate import Gate
from .verify import Verify


@dataclass(frozen=True, slots=True)
class ExecutionContext:
    records: Records
    stop_switch: StopSwitch
    vnet_lock: VnetLock
    outbox: Outbox
    links: Links
    authority: Authority
    permission: Permission
    planner: Planner
    verify: Verify
    gate: Gate
    finisher: ChangeFinisher
    clock: Clock
    pause_between_subnets: timedelta
