"""``snatbot check``: assess one cluster or all now. It writes nothing and needs no storage."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import assert_never

from ..formatting import count, node_label, utc
from ..model.assessment import Assessment
from ..model.reading import DoesNotApply, Idle, Measured, Unmeasured
from .output import ATTENTION, FINE, MakeApp, Subcommands, add_command, print_json


def add_to(commands: Subcommands) -> None:
    parser = add_command(commands, "check", check, "check one cluster or all, now; writes nothing")
    parser.add_argument("--cluster", default="", help="name or resource id; all clusters without it")
    parser.add_argument("--window", type=int, metavar="MINUTES", help="minutes to judge, 1 to 1440")
    parser.add_argument("--json", action="store_true", help="the same answer as GET /api/check")


def check(options: argparse.Namespace, make_app: MakeApp) -> int:
    app = make_app()
    now, cluster, minutes = app.clock.now(), options.cluster, options.window
    report = app.check.one(cluster, now, minutes) if cluster else app.check.all(now, minutes)
    if options.json:
        from ..web.answers import check_json

        print_json(check_json(report))
    else:
        print(f"judged {utc(report.window.start)} to {report.window.end:%H:%M}")
        for assessment in report.assessments:
            print("\n".join(_lines(assessment)))
        for unlisted in report.unreadable:
            print(f"could not be listed: {unlisted}")
    needs_attention = any(seen.findings or isinstance(seen.reading, Unmeasured) for seen in report.assessments)
    return ATTENTION if needs_attention or report.unreadable else FINE


def _lines(assessment: Assessment) -> Iterator[str]:
    name = assessment.cluster.name
    match assessment.reading:
        case Measured() as reading:
            words = f"{count(reading.successful, 'new outbound connection')}, none failed"
            yield f"{name}: {'; '.join(finding.evidence for finding in assessment.findings) or words}"
            for node in reading.nodes:
                yield f"  {node_label(node.name, node.is_gone)} ({node.ip}): {count(node.failed, 'failure')}"
        case Idle():
            words = "; ".join(finding.evidence for finding in assessment.findings)
            yield f"{name}: {words or 'idle, no new outbound connection'}"
        case Unmeasured() as reading:
            yield f"{name}: not measured: {reading.reason}{f' → {reading.remedy}' if reading.remedy else ''}"
        case DoesNotApply() as reading:
            yield f"{name}: does not apply: {reading.reason}"
        case _:
            assert_never(assessment.reading)
