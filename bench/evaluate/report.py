"""The evaluation as a table: for the terminal, and for docs/evaluation.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from .goals import Goal
from .replay import Run
from .rules import FAILED_TOTAL, USED_AVERAGE
from .score import Counts, RuleScore, Score

Row = Sequence[str]

DETECTION_HEAD = (
    "scenario", "watched", "node-minutes precision", "recall", "recall of shown", "incidents found", "false",
    "ticks late", "minutes after the first failure", "lead", "warnings right", "not confirmed", "missed",
    "posts an hour", "trouble that no metric showed",
)  # fmt: skip
RULES_HEAD = (
    "scenario",
    "incidents",
    "snatbot: found, false",
    "minutes after the first failure",
    "of the nodes named, failing",
    "failed total: found, false",
    "minutes",
    "of the nodes suspected, failing",
    "used average: found, false",
    "minutes",
    "of the nodes suspected, failing",
)


def detection_rows(runs: Mapping[str, Run], scores: Mapping[str, Score], whole: Score) -> list[Row]:
    return [
        *(_detection_row(name, _watched(runs[name]), score) for name, score in scores.items()),
        _detection_row("total", "", whole),
    ]


def rules_rows(scores: Mapping[str, Score], whole: Score) -> list[Row]:
    return [*(_rules_row(name, score) for name, score in scores.items()), _rules_row("total", whole)]


def _detection_row(name: str, watched: str, score: Score) -> Row:
    late = [each.late_ticks for each in score.trouble if each.late_ticks is not None]
    leads = [each.lead_minutes for each in score.trouble if each.lead_minutes]
    return (
        name,
        watched,
        share(score.node_minutes.precision),
        share(score.node_minutes.recall),
        share(score.shown.recall),
        _found(score.failing),
        str(score.failing.wrong),
        str(max(late)) if late else "–",
        _minutes(_delays(score)),
        f"{min(leads)}–{max(leads)} min" if len(set(leads)) > 1 else f"{leads[0]} min" if leads else "–",
        str(score.warning.right),
        str(score.warning.wrong),
        str(score.warning.missed),
        str(score.most_posts_an_hour),
        str(score.unshown),
    )


def _rules_row(name: str, score: Score) -> Row:
    failed, used = score.rules[FAILED_TOTAL.name], score.rules[USED_AVERAGE.name]
    return (
        name,
        str(score.failing.right + score.failing.missed + score.unshown),
        f"{score.failing.right}, {score.failing.wrong}",
        _minutes(_delays(score)),
        share(score.node_minutes.precision),
        *_rule_cells(failed),
        *_rule_cells(used),
    )


def _rule_cells(score: RuleScore) -> tuple[str, str, str]:
    found = f"{score.trouble.right}, {score.trouble.wrong}"
    return found, _minutes(score.delays), share(score.nodes.precision)


def _delays(score: Score) -> list[int]:
    return [each.delay_minutes for each in score.trouble if each.delay_minutes is not None]


def _watched(run: Run) -> str:
    minutes = run.until_tick - run.from_tick + 1
    return f"{minutes / 1440:.1f} d" if minutes >= 2880 else f"{minutes} min"


def _found(counts: Counts) -> str:
    true = counts.right + counts.missed
    return f"{counts.right} of {true}" if true else "–"


def _minutes(values: Iterable[int]) -> str:
    found = list(values)
    return f"{median(found):g}" if found else "–"


def share(value: float | None) -> str:
    """A fraction in percent; less than all is never rounded up to 100."""
    if value is None:
        return "–"
    text = f"{100 * value:.1f} %"
    return "99.9 %" if text == "100.0 %" and value < 1 else text.replace(".0 %", " %")


def inside_lines(whole: Score) -> list[str]:
    """What is seen from inside a cluster, beside what metrics show from outside."""
    culprits = whole.culprits
    return [
        f"culprits on failing nodes: precision {share(culprits.precision)}, recall {share(culprits.recall)} "
        f"of {culprits.right + culprits.missed} (node, workload)",
        f"probes on each node: {_leads(whole.leads_everywhere)}",
        f"probes on two nodes a subnet: {_leads(whole.leads_of_two)}",
    ]


def _leads(leads: Sequence[int | None]) -> str:
    seconds = [lead for lead in leads if lead is not None]
    if not seconds:
        return f"met 0 of {len(leads)} troubles"
    middle = median(seconds)
    when = f"{abs(middle):g} seconds {'after' if middle < 0 else 'before'} snatbot's metrics (median"
    return f"met {len(seconds)} of {len(leads)} troubles, {when}; {_lead(min(seconds))} to {_lead(max(seconds))})"


def _lead(seconds: int) -> str:
    return f"{abs(seconds)} {'after' if seconds < 0 else 'before'}"


def goal_lines(found: Iterable[Goal]) -> list[str]:
    lines = []
    for goal in found:
        lines.append(f"{'reached' if goal.is_reached else 'MISSED '}  {goal.name} ({goal.of})")
        lines += [f"           {text}" for text in goal.missed]
    return lines


def as_text(head: Row, rows: Iterable[Row]) -> str:
    """Columns for a terminal; heads are cut into words, one below the other."""
    body = [list(row) for row in rows]
    words = [_wrapped(title, max([len(row[i]) for row in body] + [9])) for i, title in enumerate(head)]
    height = max(len(lines) for lines in words)
    titles = [[lines[j] if j < len(lines) else "" for lines in words] for j in range(height)]
    widths = [max(len(row[i]) for row in (*titles, *body)) for i in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (*titles, *body)
    )


def _wrapped(title: str, width: int) -> list[str]:
    lines: list[str] = []
    for word in title.split():
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def as_markdown(head: Row, rows: Iterable[Row]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
