"""A check as a table, for the terminal and for `/api/check` as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ..core.incidents.cluster_status import ClusterState, checked_state
from ..formatting import node_label, visible
from ..model.assessment import Assessment
from ..model.fleet import Unlisted
from ..model.metric import Window
from ..model.reading import Measured
from ..model.resource_id import ArmId
from ..model.text import Text, arranged
from ..wording.render import translated
from .check_text import what_was_found

if TYPE_CHECKING:
    from ..flows.monitoring.check import CheckReport

Cell = str | int | datetime | None  # None: unknown
HEADINGS = (Text("State"), Text("Cluster"), Text("Failed"), Text("Found"))
NODE_HEADINGS = (Text("Node"), Text("IP"), Text("Failed"))
VERDICT_WORDS: Mapping[ClusterState, Text] = {  # of all clusters by the worst
    ClusterState.FAILING: Text("FAILING"),
    ClusterState.NOT_MEASURED: Text("not measured"),
    ClusterState.WARNING: Text("warning"),
    ClusterState.WELL: Text("ok"),
    ClusterState.IDLE: Text("ok"),
    ClusterState.DOES_NOT_APPLY: Text("not watched"),
}


def worst_of(states: Sequence[ClusterState], *, is_complete: bool) -> ClusterState:
    """``is_complete``: there is no other cluster, as far as is known. Without any cluster, nothing was measured."""
    unknown = [] if states and is_complete else [ClusterState.NOT_MEASURED]
    return min((*states, *unknown), key=list(ClusterState).index)


def verdict_line(state: ClusterState, about: Text) -> Text:
    """``FAILING: 1 failing, 3 no trouble``"""
    return arranged("{word}: {about}", word=VERDICT_WORDS[state], about=about)


def about_all(states: Sequence[ClusterState]) -> Text:
    from .fleet_view import counted

    counts = Counter(states)
    found = tuple(counted(counts[state], state) for state in ClusterState if counts[state])
    return arranged("{about}", about=found or Text("no cluster was found"))


def told_apart(ids: Sequence[ArmId]) -> dict[ArmId, str]:
    """Names of clusters, with the resource group where several have the same."""
    names = Counter(each.name.lower() for each in ids)
    return {each: each.name if names[each.name.lower()] == 1 else f"{each.resource_group}/{each.name}" for each in ids}


def in_order(assessments: Sequence[Assessment]) -> list[Assessment]:
    """The worst first."""
    order = list(ClusterState)
    return sorted(assessments, key=lambda seen: (order.index(checked_state(seen)), seen.cluster.name))


def cluster_rows(clusters: Sequence[Assessment]) -> list[tuple[Cell, ...]]:
    """Cells below HEADINGS, and the resource id."""
    from .fleet_view import STATE_LABELS

    names = told_apart([seen.cluster.id for seen in clusters])
    return [
        (
            STATE_LABELS[checked_state(seen)],
            names[seen.cluster.id],
            seen.reading.failed if isinstance(seen.reading, Measured) else None,
            what_was_found(seen),
            seen.cluster.id,
        )
        for seen in clusters
    ]


def node_rows(clusters: Sequence[Assessment]) -> list[tuple[Cell, ...]]:
    """Cells below NODE_HEADINGS, of a single cluster that was measured."""
    if len(clusters) != 1 or not isinstance(clusters[0].reading, Measured):
        return []
    return [(node_label(node.name, node.is_gone), node.ip, node.failed) for node in clusters[0].reading.nodes]


def judged(window: Window) -> Text:
    return Text("judged {start} to {end}", start=window.start, end=window.end)


def unlisted(what: Unlisted) -> Text:
    return Text("could not be listed: {what}", what=what.text)


def cell_text(cell: Cell, language: str) -> str:
    """On one line, and without what a terminal would interpret."""
    shown = "–" if cell is None else translated(arranged("{cell}", cell=cell), language)
    return " ".join(visible(shown).split())


def check_as_text(report: CheckReport, language: str) -> str:
    clusters = in_order(report.assessments)
    states = [checked_state(seen) for seen in clusters]
    verdict = worst_of(states, is_complete=not report.unreadable)
    lines: list[str] = [verdict_line(verdict, about_all(states)), judged(report.window), ""]
    lines += _columns(HEADINGS, cluster_rows(clusters), language)
    if nodes := node_rows(clusters):
        lines += ["", *_columns(NODE_HEADINGS, nodes, language)]
    if report.unreadable:
        lines += ["", *map(unlisted, report.unreadable)]
    return "".join(f"{visible(translated(line, language)).rstrip()}\n" for line in lines)


def _columns(headings: Sequence[Text], rows: Sequence[Sequence[Cell]], language: str) -> list[str]:
    if not rows:
        return []
    table = [[cell_text(cell, language) for cell in row[: len(headings)]] for row in (headings, *rows)]
    aligns = [">" if any(isinstance(row[at], int) for row in rows) else "<" for at in range(len(headings))]
    forms = [f"{align}{max(map(len, cells))}" for align, cells in zip(aligns, zip(*table, strict=True), strict=True)]
    return ["  ".join(format(cell, form) for cell, form in zip(row, forms, strict=True)) for row in table]
