"""``snatbot check``: assess one cluster or all now. It writes nothing and needs no storage."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import assert_never

from ..formatting import node_label, sentences
from ..model.assessment import Assessment
from ..model.reading import DoesNotApply, Idle, Measured, Unmeasured
from ..model.text import Text, arranged
from .output import ATTENTION, FINE, MakeApp, Subcommands, add_command, print_json, say


def add_to(commands: Subcommands) -> None:
    parser = add_command(commands, "check", check, Text("check one cluster or all, now; writes nothing"))
    parser.add_argument("--cluster", default="", help=Text("name or resource id; all clusters without it"))
    parser.add_argument("--window", type=int, metavar="MINUTES", help=Text("minutes to judge, 1 to 1440"))
    parser.add_argument("--json", action="store_true", help=Text("the same answer as GET /api/check"))


def check(options: argparse.Namespace, make_app: MakeApp) -> int:
    app = make_app()
    now, cluster, minutes = app.clock.now(), options.cluster, options.window
    report = app.check.one(cluster, now, minutes) if cluster else app.check.all(now, minutes)
    if options.json:
        from ..web.answers import check_json

        print_json(check_json(report))
    else:
        say(options, Text("judged {start} to {end}", start=report.window.start, end=report.window.end))
        for assessment in report.assessments:
            say(options, *_lines(assessment))
        for unlisted in report.unreadable:
            say(options, Text("could not be listed: {what}", what=str(unlisted)))
    needs_attention = any(seen.findings or isinstance(seen.reading, Unmeasured) for seen in report.assessments)
    return ATTENTION if needs_attention or report.unreadable else FINE


def _lines(assessment: Assessment) -> Iterator[Text]:
    cluster, found = assessment.cluster.name, sentences(*(finding.evidence for finding in assessment.findings))
    match assessment.reading:
        case Measured() as reading:
            well = Text.plural(
                "{count} new outbound connection, none failed",
                "{count} new outbound connections, none failed",
                count=reading.successful,
            )
            yield arranged("{cluster}: {found}", cluster=cluster, found=found or well)
            for node in reading.nodes:
                failed = Text.plural("{count} failure", "{count} failures", count=node.failed)
                label = node_label(node.name, node.is_gone)
                yield arranged("  {node} ({ip}): {failed}", node=label, ip=node.ip, failed=failed)
        case Idle():
            idle = Text("idle, no new outbound connection")
            yield arranged("{cluster}: {found}", cluster=cluster, found=found or idle)
        case Unmeasured() as reading:
            why = arranged("{reason} → {remedy}", reason=reading.reason, remedy=reading.remedy)
            yield Text("{cluster}: not measured: {why}", cluster=cluster, why=why if reading.remedy else reading.reason)
        case DoesNotApply() as reading:
            yield Text("{cluster}: does not apply: {why}", cluster=cluster, why=reading.reason)
        case _:
            assert_never(assessment.reading)
