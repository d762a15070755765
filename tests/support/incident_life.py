"""One cluster minute by minute: what its incident becomes, and what is posted about it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

from shared.core.incidents.lifecycle import next_incident
from shared.core.incidents.transition import Effect, IncidentPolicy
from shared.model.finding import Finding, FindingKind, Severity
from shared.model.incident import ClusterRecord, Incident
from shared.model.reading import Reading
from shared.model.text import Text
from tests.support.builders import assessment, at, cluster, minutes

CLUSTER = cluster()
POLICY = IncidentPolicy(clean_minutes=10, cooldown=timedelta(minutes=60))
SHORT = Finding(FindingKind.PORT_PRESSURE, Severity.WARNING, at(0), Text("ports run short"))
LOST = Finding(FindingKind.ASSOCIATION_DRIFT, Severity.CRITICAL, at(0), Text("a subnet lost its gateway"))
NOTICE = Finding(FindingKind.BAD_TAGS, Severity.NOTICE, at(0), Text("a tag"))


@dataclass
class Life:
    """A cluster minute by minute; each tick judges five minutes."""

    record: ClusterRecord = field(default_factory=lambda: ClusterRecord(CLUSTER.id, CLUSTER.name))
    incident: Incident | None = None
    posts: list[tuple[int, Effect]] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)

    def tick(
        self,
        end: int,
        *findings: Finding,
        reading: Reading | None = None,
        evaluated_kinds: frozenset[FindingKind] = frozenset(FindingKind),
        is_quiet: bool = False,
    ) -> Effect:
        seen = assessment(reading or minutes(end - 5, end), CLUSTER, *findings)
        seen = replace(
            seen,
            evaluated_kinds=evaluated_kinds,
            findings=tuple(sorted(seen.findings, key=lambda finding: -finding.severity.rank)),
        )
        result = next_incident(
            self.record,
            self.incident,
            seen,
            now=at(end + 3),
            policy=POLICY,
            new_id=f"incident-{len(self.effects)}",
            is_change_in_flight=False,
            is_quiet=is_quiet,
        )
        self.record, self.incident = result.record, result.incident
        self.effects.append(result.effect)
        if result.message is not Effect.NOTHING:
            self.posts.append((end, result.message))
        return result.message

    def calm(self, start: int, end: int) -> None:
        for minute in range(start, end):
            self.tick(minute)

    @property
    def news(self) -> list[tuple[int, Effect]]:
        """The posts that are no reminders."""
        return [(end, effect) for end, effect in self.posts if effect is not Effect.REMINDED]

    @property
    def severity(self) -> Severity:
        assert self.incident is not None
        return self.incident.severity


def failing(end: int, share: int = 1, nodes: int = 1) -> Reading:
    return minutes(end - 5, end, {end - 1: share}, nodes=nodes)
