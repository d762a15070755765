"""One cell of the matrix: a change, one thing that goes wrong at one call, and what became of it.

Three processes play a cell, and each has clients of its own:

- simulated Azure, forked from the process that holds the scene;
- the worker in which it goes wrong, forked from one that has imported everything: it is killed for real, or has its
  fault, ends the look that it struck (and sits an outage out), and ends;
- the closing sweep afterwards, a plain process (``tests.faults.worker``): it is told where Azure and storage are and
  which change to look at, and shares nothing with anybody. It calls ``advance`` until the state is final.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# What the forked workers need is imported once, here.
import azure.identity
import azure.mgmt.network  # noqa: F401

import shared.flows.remediation.reconcile  # noqa: F401
from shared.model.change import Change, ChangeState
from shared.model.incident import IncidentState
from tests.support.theatre import LEASE, WRITER

from .breaking import Breaker, Call, Trouble
from .scene import GOOD, House, Phase, Scene, played
from .stage import KILLED, Stage, in_forked_process, in_plain_process, is_settled


@dataclass(frozen=True, slots=True)
class Result:
    """``number`` is the look's and the call's.

    ``ended`` is the way to the final state, such as ``fixed`` or ``stopped, resumed: fixed``.
    """

    phase: str
    kind: str
    trouble: str
    number: str
    ended: str
    seconds: float
    duplicates: int = 0
    properties_lost: int = 0
    unapproved_writes: int = 0
    is_incident_intact: bool = True
    problem: str = ""

    @property
    def is_good(self) -> bool:
        lost = self.duplicates + self.properties_lost + self.unapproved_writes
        return not self.problem and lost == 0 and self.is_incident_intact


def reference(scene: Scene, house: House) -> list[Call]:
    """Every call of this look, undisturbed."""
    read_end, write_end = os.pipe()
    with played(scene, house) as stage:
        change = stage.changes()[-1]

        def work() -> None:
            breaker = _breaker(stage, Call(0, ""), None)
            stage.new_app()
            stage.look(change)
            with os.fdopen(write_end, "w") as pipe:
                pipe.writelines(f"{call.number}\t{call.kind}\n" for call in breaker.calls)

        code = in_forked_process(work)
    os.close(write_end)
    with os.fdopen(read_end) as pipe:
        lines = [line.rstrip("\n").split("\t") for line in pipe]
    if code:
        raise RuntimeError(f"the undisturbed {scene.phase} fails at look {scene.look}")
    return [Call(int(number), kind) for number, kind in lines]


def play(scene: Scene, house: House, call: Call, trouble: Trouble | None) -> Result:
    """The whole cell. Without a trouble, everything is done by the closing sweep."""
    started = time.monotonic()
    with played(scene, house) as stage:
        changes = stage.changes()
        before = stage.subnets()
        try:
            ended = _run(stage, changes[-1], call, trouble)
            problem = "" if ended.endswith(GOOD[scene.phase].value) else f"ended as {ended}"
        except AssertionError as error:
            ended, problem = "not at all", str(error)
        return Result(
            scene.phase,
            call.kind,
            trouble.name if trouble else "none",
            f"{scene.look}.{call.number}",
            ended,
            time.monotonic() - started,
            duplicates=_duplicates(stage, changes),
            properties_lost=_properties_lost(before, stage.subnets()),
            unapproved_writes=_unapproved(stage, changes, scene.approved_at),
            is_incident_intact=_is_incident_intact(stage, scene.phase),
            problem=problem,
        )


def _run(stage: Stage, change: Change, call: Call, trouble: Trouble | None) -> str:
    def work() -> None:
        breaker = _breaker(stage, call, trouble)
        stage.sweep(change, lambda seen: breaker.is_over or is_settled(seen))
        # A change that is final owes nobody a look, whether Azure is up again or not.
        assert breaker.has_struck, f"call {call.number} was never made, or too seldom"

    if trouble is not None:
        code = in_forked_process(work)
        expected = KILLED if trouble.kill else 0
        assert code == expected, f"the worker ended with {code}, not {expected}"
    in_plain_process(stage.place, change.id, str(time.time() + LEASE.total_seconds()))
    ended = stage.change(change.id)
    if ended.state is not ChangeState.STOPPED:
        return ended.state.value
    # A person has looked, what was wrong is over, and goes on.
    stage.clock.advance(60 * 60)
    stage.simulator.clear_faults()
    stage.decide(ended, "resume")
    in_plain_process(stage.place, change.id, "0")
    return f"stopped, resumed: {stage.change(change.id).state.value}"


def _breaker(stage: Stage, call: Call, trouble: Trouble | None) -> Breaker:
    breaker = Breaker(call, trouble, stage.simulator.add_fault, lambda: stage.clock.now().timestamp())
    breaker.install()
    return breaker


def _duplicates(stage: Stage, changes: Sequence[Change]) -> int:
    planned = {step.id.lower() for change in changes for step in change.plan.steps if hasattr(step, "id")}
    there = [one["id"].lower() for kind in ("natGateways", "publicIPAddresses") for one in stage.resources(kind)]
    return len([one for one in there if one not in planned])


def _properties_lost(before: Mapping[str, Any], after: Mapping[str, Any]) -> int:
    return sum(
        one["properties"].get(key) != after[name]["properties"].get(key)
        for name, one in before.items()
        for key in {*one["properties"], *after[name]["properties"]}
    )


def _unapproved(stage: Stage, changes: Sequence[Change], approved_at: int) -> int:
    """Writes by another identity, or to what no plan names that was approved by then."""
    earlier, later = _named(changes[:-1]), _named(changes[-1:])
    return sum(
        entry["client_id"] != WRITER
        or entry["path"].partition("?")[0].lower() not in (later if entry["seq"] > approved_at else earlier)
        for entry in stage.writes()
    )


def _named(changes: Sequence[Change]) -> set[str]:
    """Ids of the resources that these plans may write to, in lower case."""
    return {
        str(getattr(step, "id", "") or getattr(step, "subnet_id", "")).lower()
        for change in changes
        for step in change.plan.steps
    }


def _is_incident_intact(stage: Stage, phase: Phase) -> bool:
    incidents = stage.app.records.incidents(stage.partition)
    states = {"apply": IncidentState.CLEARED, "roll back": IncidentState.OPEN}
    return [one.state for one in incidents] == [states[phase]]
