"""``snatbot check``: what one cluster or all of them look like now. Writes nothing and needs no storage."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ..app import App
from ..formatting import count, utc
from .output import ATTENTION, FINE, add_command, print_json

if TYPE_CHECKING:
    from ..model.assessment import Assessment
    from .output import Subcommands


def add_to(commands: Subcommands) -> None:
    added = add_command(commands, "check", check, "check one cluster or all, now; writes nothing")
    added.add_argument("--cluster", default="", help="name or resource id; all clusters without it")
    added.add_argument("--window", type=int, metavar="MINUTES", help="minutes to judge, 1 to 1440")
    added.add_argument("--json", action="store_true", help="the same answer as GET /api/check")


def check(options: argparse.Namespace, app: Callable[[], App]) -> int:
    running = app()
    now = running.clock.now()
    flow = running.check
    report = flow.one(options.cluster, now, options.window) if options.cluster else flow.all(now, options.window)
    if options.json:
        from ..web.answers import check_json

        print_json(check_json(report.at, report.window, report.assessments, report.unreadable))
    else:
        print(f"judged {utc(report.window.start)} to {report.window.end:%H:%M}")
        for assessment in report.assessments:
            print("\n".join(_lines(assessment)))
        for line in report.unreadable:
            print(f"could not be listed: {line}")
    needs_attention = report.unreadable or any(_needs_attention(assessment) for assessment in report.assessments)
    return ATTENTION if needs_attention else FINE


def _needs_attention(assessment: Assessment) -> bool:
    return bool(assessment.findings) or assessment.reading.kind == "unmeasured"


def _lines(assessment: Assessment) -> Iterator[str]:
    from ..model.reading import DoesNotApply, Idle, Measured, Unmeasured

    name = assessment.cluster.name
    match assessment.reading:
        case Measured() as reading:
            words = f"{count(reading.successful, 'new outbound connection')}, none failed"
            yield f"{name}: {'; '.join(finding.evidence for finding in assessment.findings) or words}"
            for node in reading.nodes:
                yield f"  {node.name or 'no node has this IP any more'} ({node.ip}): {count(node.failed, 'failure')}"
        case Idle():
            words = "; ".join(finding.evidence for finding in assessment.findings)
            yield f"{name}: {words or 'idle, no new outbound connection'}"
        case Unmeasured() as reading:
            yield f"{name}: not measured: {reading.reason}{f' → {reading.remedy}' if reading.remedy else ''}"
        case DoesNotApply() as reading:
            yield f"{name}: does not apply: {reading.reason}"
