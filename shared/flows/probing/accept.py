"""Take the report of an egress probe: parse it strictly, count its connections, and store them once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from ...clock import Instant
from ...core.probing.counts import by_target, counts_of
from ...errors import BadInput
from ...ids import cluster_key
from ...model.probe import ProbeKey, ProbeReport, TargetCounts
from ...model.text import Text
from ...store.probes import ProbeReports

LONGEST_REPORT = 32 * 1024  # bytes
OLDEST = timedelta(hours=24)
_AHEAD = timedelta(minutes=5)  # clocks of nodes differ
_MOST_CONNECTIONS, _MOST_TARGETS = 90, 6
_DAY_SECONDS = 86400

# What only a node says: shown as a claim, so it must at least be harmless.
Claim = Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]{1,253}$")]
Target = Annotated[str, StringConstraints(pattern=r"^(app|[A-Za-z0-9.-]{1,253}:[0-9]{1,5})$")]
Seconds = Annotated[float, Field(ge=0, le=_DAY_SECONDS, allow_inf_nan=False)]
Epoch = Annotated[float, Field(ge=0, le=2**33, allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


class _Connection(_Strict):
    """Times in seconds, of curl."""

    target: Target
    at: Epoch
    exit: Annotated[int, Field(ge=0, le=255)]
    lookup: Seconds
    connect: Seconds
    tls: Seconds
    address: Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F.:]{0,45}$")]

    @property
    def counts(self) -> TargetCounts:
        return counts_of(
            self.target, exit_code=self.exit, lookup_s=self.lookup, connect_s=self.connect, address=self.address
        )


class _Report(_Strict):
    # "schema" is a method of pydantic's
    version: Literal[1] = Field(alias="schema")
    report_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
    node: Claim
    pod: Claim
    sent_at: Epoch
    ticket: Annotated[str, StringConstraints(max_length=500)]
    refused: Literal["", "ports"]
    connections: Annotated[tuple[_Connection, ...], Field(max_length=_MOST_CONNECTIONS)]


@dataclass(frozen=True, slots=True)
class AcceptReport:
    reports: ProbeReports
    ticket_address: Callable[[str, str, datetime], str]  # see ``auth.signing``

    def accept(self, key: ProbeKey, body: bytes, now: Instant) -> bool:
        """Whether it is new: a report counts once. Raises BadInput, or StoreError."""
        report = _parsed(body)
        sent_at = datetime.fromtimestamp(report.sent_at, UTC)
        age = now.domain - sent_at
        if not -_AHEAD <= age <= OLDEST:
            raise BadInput(Text("the report is of {at}; it must be of the last 24 hours", at=sent_at))
        began = min((connection.at for connection in report.connections), default=report.sent_at)
        if not 0 <= report.sent_at - began <= _DAY_SECONDS:
            raise BadInput(Text("the report has connections from after it was sent, or from another day"))
        stored = ProbeReport(
            id=report.report_id,
            node=report.node,
            pod=report.pod,
            began_at=datetime.fromtimestamp(began, UTC),
            sent_at=sent_at,
            received_at=now.domain,
            address=self.ticket_address(report.ticket, report.report_id, now.wall - age) if report.ticket else "",
            is_refused=bool(report.refused),
            targets=by_target(connection.counts for connection in report.connections),
            key_id=key.id,
        )
        return self.reports.add(cluster_key(key.cluster_id), stored)


def _parsed(body: bytes) -> _Report:
    """The message names fields, never what they hold."""
    try:
        report = _Report.model_validate_json(body)
    except ValidationError as error:
        place = next(iter(error.errors(include_input=False, include_url=False, include_context=False)))
        named = ".".join(str(part) for part in place["loc"] if isinstance(part, int) or part in _FIELDS)
        raise BadInput(Text("the report can't be read at {place}", place=named or Text("its start"))) from None
    if len({connection.target for connection in report.connections}) > _MOST_TARGETS:
        raise BadInput(Text("the report has more than {most} targets", most=_MOST_TARGETS))
    return report


_FIELDS = {"schema", *_Report.model_fields, *_Connection.model_fields}
