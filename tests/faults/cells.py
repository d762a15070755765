"""One cell of the matrix: a change, one thing that goes wrong at one call, and what became of it."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from shared.model.change import Change, ChangeState
from shared.model.incident import IncidentState
from simulator.testing import start_simulator
from tests.scenario.theatre import LEASE, WRITER

from .breaking import Breaker, Call, Trouble
from .stage import KILLED, Stage, is_settled

Phase = Literal["apply", "roll back"]
GOOD = {"apply": ChangeState.FIXED, "roll back": ChangeState.ROLLED_BACK}


@dataclass(frozen=True, slots=True)
class Result:
    """``ended`` is the way to the final state, such as ``fixed`` or ``stopped, resumed: fixed``."""

    phase: str
    kind: str
    trouble: str
    number: int
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


def reference(phase: Phase, storage: str) -> list[Call]:
    """Every call of an undisturbed run."""
    read_end, write_end = os.pipe()

    def spell(breaker: Breaker) -> None:
        with os.fdopen(write_end, "w") as pipe:
            pipe.writelines(f"{call.number}\t{call.kind}\n" for call in breaker.calls)

    result = play(phase, Call(0, ""), None, storage, spell)
    os.close(write_end)
    with os.fdopen(read_end) as pipe:
        lines = [line.rstrip("\n").split("\t") for line in pipe]
    if not result.is_good:
        raise RuntimeError(f"the undisturbed {phase} does not end well: {result}")
    return [Call(int(number), kind) for number, kind in lines]


def play(phase: Phase, call: Call, trouble: Trouble | None, storage: str, spell: Any = None) -> Result:
    """The whole cell, on a fresh simulated Azure."""
    started = time.monotonic()
    with start_simulator("storm") as simulator:
        os.environ.update(simulator.environment())
        stage = Stage(simulator, storage)
        change = stage.prepared()
        before = stage.subnets()
        plans = [change]
        if phase == "roll back":
            change = stage.rollback_of(change)
            plans.append(change)
        written = len(stage.writes())
        try:
            ended = _run(stage, change, call, trouble, spell)
            problem = "" if ended.endswith(GOOD[phase].value) else f"ended as {ended}"
        except AssertionError as error:
            ended, problem = "not at all", str(error)
        return Result(
            phase,
            call.kind,
            trouble.name if trouble else "none",
            call.number,
            ended,
            time.monotonic() - started,
            duplicates=_duplicates(stage, plans),
            properties_lost=_properties_lost(before, stage.subnets()),
            unapproved_writes=_unapproved(stage, plans, written, change),
            is_incident_intact=_is_incident_intact(stage, phase),
            problem=problem,
        )


def _run(stage: Stage, change: Change, call: Call, trouble: Trouble | None, spell: Any) -> str:
    def work() -> None:
        breaker = Breaker(
            call.number,
            trouble,
            lambda fault: stage.simulator.add_fault(fault),
            lambda: stage.clock.now().timestamp(),
        )
        breaker.install()
        stage.sweep(change, is_settled)
        if spell is not None:
            spell(breaker)

    code = stage.in_process(work)
    expected = KILLED if trouble is not None and trouble.kill else 0
    assert code == expected, f"the worker ended with {code}, not {expected}"
    time.sleep(LEASE.total_seconds())
    code = stage.in_process(lambda: stage.sweep(change, is_settled))
    assert code == 0, "the closing sweep failed"
    ended = stage.change(change.id)
    if ended.state is not ChangeState.STOPPED:
        return ended.state.value
    # A person has looked, what was wrong is over, and goes on.
    stage.clock.advance(60 * 60)
    stage.simulator.clear_faults()
    stage.decide(ended, "resume")
    code = stage.in_process(lambda: stage.sweep(change, is_settled))
    assert code == 0, "the sweep after resuming failed"
    return f"stopped, resumed: {stage.change(change.id).state.value}"


def _duplicates(stage: Stage, plans: list[Change]) -> int:
    planned = {step.id.lower() for change in plans for step in change.plan.steps if hasattr(step, "id")}
    there = [one["id"].lower() for kind in ("natGateways", "publicIPAddresses") for one in stage.resources(kind)]
    return len([one for one in there if one not in planned])


def _properties_lost(before: Mapping[str, Any], after: Mapping[str, Any]) -> int:
    return sum(
        one["properties"].get(key) != after[name]["properties"].get(key)
        for name, one in before.items()
        for key in {*one["properties"], *after[name]["properties"]}
    )


def _unapproved(stage: Stage, plans: list[Change], written: int, change: Change) -> int:
    """Writes by another identity, to what no approved plan names, or before this plan was approved."""
    approved = {
        str(getattr(step, "id", "") or getattr(step, "subnet_id", "")).lower()
        for one in plans
        for step in one.plan.steps
    }
    return sum(
        entry["client_id"] != WRITER or entry["path"].partition("?")[0].lower() not in approved
        for entry in stage.writes()
    )


def _is_incident_intact(stage: Stage, phase: Phase) -> bool:
    incidents = stage.app.records.incidents(stage.partition)
    states = {"apply": IncidentState.CLEARED, "roll back": IncidentState.OPEN}
    return [one.state for one in incidents] == [states[phase]]
