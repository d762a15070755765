"""One scenario, scanned every minute by snatbot and by the usual rules, from its first minute of history on.

snatbot's part is its own code (``detector_harness``); both read what Azure Monitor would have had by then.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.cloud.deadline import Deadline
from shared.core.incidents.transition import Effect
from shared.flows.monitoring.scan import ScanResult
from shared.model.reading import Measured
from simulator.scenario import Content

from .detector_harness import LAG_MINUTES, WINDOW_MINUTES, DetectorHarness, ScenarioSeconds
from .in_process import InProcessAzure
from .inside import note_inside
from .minutes import at_minute, minute_of
from .physics import note_truth, note_visible
from .plans import declared_plans, plan_differences
from .rules import RULES, RuleState
from .track import Moment, NodeMinute, Track

START = datetime.fromisoformat("2026-01-05T00:00:00+00:00")
QUIET_MINUTES = 7 * 24 * 60


@dataclass(frozen=True, slots=True)
class Run:
    """``from_tick`` to ``until_tick``, the latter included; ``origin`` is the minute in which the scenario starts.

    ``metrics_delay_minutes`` is how long after a minute's end its metrics can be judged: the later of
    snatbot's ingestion lag and their arrival.
    """

    scenario: str
    description: str
    origin: int
    from_tick: int
    until_tick: int
    metrics_delay_minutes: int
    is_leak: bool
    tracks: tuple[Track, ...]
    plans: int = 0  # that the scenario declares
    plan_differences: tuple[str, ...] = ()


@dataclass
class _Replay:
    """``truth_every``: minutes that are read from the physics at once; one by one where nodes may come and go."""

    azure: InProcessAzure
    truth_every: int
    clock: ScenarioSeconds = field(default_factory=ScenarioSeconds)

    def __post_init__(self) -> None:
        self.detector = DetectorHarness(self.azure.arm, self.azure.batch, self.clock)
        self.rules = [RuleState(rule) for rule in RULES]
        self.tracks = {key: Track(cluster.name) for key, cluster in self.azure.world.clusters.items()}
        self.truth_until = self.azure.world.traffic.first_minute

    def note_truth(self, until: int) -> None:
        note_truth(self.azure.world, self.tracks, range(self.truth_until, until))
        self.truth_until = until

    def tick(self, tick: int) -> None:
        now = at_minute(tick)
        self.clock.seconds = tick * 60.0
        self.azure.go_to(now)
        if tick - self.truth_until >= self.truth_every:
            self.note_truth(tick)
        for key, (result, moment) in self.detector.tick(now).items():
            note_result(self.tracks[key], result, moment)
        for state in self.rules:
            for balancer in state.evaluate(self.detector.access, self.detector.balancers(), now, Deadline(3600)):
                track = self.tracks[self.azure.world.load_balancers[balancer].id.lower()]
                track.rule_ticks.setdefault(state.rule.name, set()).add(tick)


def replay(content: Content, minutes: int, quiet_minutes: int = QUIET_MINUTES, start: datetime = START) -> Run:
    """A scenario from its history until ``minutes`` after its start; ``quiet_minutes`` if nothing fails until then."""
    azure = InProcessAzure(content, start)
    world = azure.world
    run = _Replay(azure, truth_every=1 if content.get("events") else 60)
    first_minute = world.traffic.first_minute
    tick = from_tick = first_minute + LAG_MINUTES + WINDOW_MINUTES
    until = world.origin_minute + minutes
    while tick <= until:
        run.tick(tick)
        if tick == until:
            run.note_truth(tick)
        if tick == until and not any(track.truth_minutes for track in run.tracks.values()):
            until = world.origin_minute + quiet_minutes
        tick += 1
    differences = tuple(plan_differences(content, azure.arm, at_minute(until)))
    azure.go_to(at_minute(until) + timedelta(hours=1))
    note_visible(world, run.detector.metrics, run.tracks, first_minute, until)
    note_inside(world, run.tracks)
    lag_seconds = world.settings.ingestion_lag_seconds + world.settings.failed_lag_seconds
    lag_minutes = -(-int(lag_seconds) // 60)
    workloads = [work for cluster in content.get("clusters") or [] for work in cluster.get("workloads") or []]
    return Run(
        scenario=str(content["name"]),
        description=str(content.get("description", "")),
        origin=world.origin_minute,
        from_tick=from_tick,
        until_tick=until,
        metrics_delay_minutes=max(LAG_MINUTES, lag_minutes),
        is_leak=any((work.get("schedule") or {}).get("kind") == "leak" for work in workloads),
        tracks=tuple(run.tracks.values()),
        plans=len(declared_plans(content)),
        plan_differences=differences,
    )


def note_result(track: Track, result: ScanResult, moment: Moment) -> None:
    """A scan's claims about node-minutes: the first and the last failing minute of each node named in it.

    Windows slide by a minute a tick, so that each minute is once the last and once the first of a window.
    """
    reading = result.assessment.reading
    track.readings[reading.kind] += 1
    if isinstance(reading, Measured):
        for node in reading.nodes:
            track.claims.add(NodeMinute(node.name or node.ip, minute_of(node.first_failed_at)))
            track.claims.add(NodeMinute(node.name or node.ip, minute_of(node.last_failed_at)))
    last = track.moments[-1] if track.moments else None
    is_same = last is not None and (last.is_open, last.severity, last.kinds) == (
        moment.is_open,
        moment.severity,
        moment.kinds,
    )
    if not is_same or moment.message is not Effect.NOTHING or moment.effect is not Effect.NOTHING:
        track.moments.append(moment)
