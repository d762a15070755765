"""The terminal: look, plan and stop from a developer's machine or a pipeline, with the app's own settings.

Exit codes: 0 done, and nothing needs attention; 1 done, but something fails, could not be measured, or the plan can't
be executed; 2 not done: wrong usage or settings, or Azure or storage did not answer. Errors are one line on stderr.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TextIO

from ..app import App, current
from ..errors import SnatbotError
from ..formatting import count, utc, visible
from ..model.plan import PlanKind

if TYPE_CHECKING:
    from ..model.assessment import Assessment
    from ..model.plan import Plan

FINE, ATTENTION, NOT_DONE = 0, 1, 2


def main(arguments: Sequence[str] | None = None, app: Callable[[], App] | None = None) -> int:
    """Runs one command; ``app`` is only called by commands that need one. Looking needs no storage."""
    options = _parser().parse_args(arguments)
    app = app or partial(current, needs_storage=options.command is not check)
    try:
        with contextlib.redirect_stdout(_Visible(sys.stdout)):
            return int(options.command(options, app))
    except SnatbotError as error:
        print(visible(f"snatbot: {' '.join(str(error).split())}"), file=sys.stderr)
        return NOT_DONE


class _Visible(io.TextIOBase):
    """What goes to a terminal: names come from anybody, and a terminal obeys control characters."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def write(self, text: str) -> int:
        return self._out.write(visible(text))

    def flush(self) -> None:
        self._out.flush()


def check(options: argparse.Namespace, app: Callable[[], App]) -> int:
    running = app()
    now = running.clock.now()
    flow = running.check
    report = flow.one(options.cluster, now, options.window) if options.cluster else flow.all(now, options.window)
    if options.json:
        from ..web.answers import check_json

        _print_json(check_json(report.at, report.window, report.assessments, report.unreadable))
    else:
        print(f"judged {utc(report.window.start)} to {report.window.end:%H:%M}")
        for assessment in report.assessments:
            print("\n".join(_assessment_lines(assessment)))
        for line in report.unreadable:
            print(f"could not be listed: {line}")
    needs_attention = report.unreadable or any(_needs_attention(one) for one in report.assessments)
    return ATTENTION if needs_attention else FINE


def plan(options: argparse.Namespace, app: Callable[[], App]) -> int:
    from ..core.planning.request import PlanRequest
    from ..flows.planning.plan import kind_named

    request = PlanRequest(kind_named(options.kind))
    running = app()
    found = running.planning.attachment(running.check.find(options.cluster).id, running.clock.now(), request)
    if options.json:
        from ..web.answers import plan_json

        _print_json(plan_json(found))
    elif options.form:
        return _print_as(found, options.form)
    else:
        from ..web.plan_text import plan_lines

        print("\n".join(plan_lines(found)))
    return FINE if found.is_executable or found.kind is PlanKind.NOT_SNAT else ATTENTION


def settings(_: argparse.Namespace, __: Callable[[], App]) -> int:
    print(settings_table(), end="")
    return FINE


def stop(options: argparse.Namespace, app: Callable[[], App]) -> int:
    running = app()
    running.stop.set(True, options.by, options.reason, running.clock.now())
    print("stopped: no change takes another step until `resume-all`")
    return FINE


def resume_all(options: argparse.Namespace, app: Callable[[], App]) -> int:
    running = app()
    running.stop.set(False, options.by, options.reason, running.clock.now())
    print("changes may go on; one that had stopped is resumed on its own page")
    return FINE


def silence(options: argparse.Namespace, app: Callable[[], App]) -> int:
    from ..flows.incidents.silence import moment_from

    running = app()
    now = running.clock.now()
    until = moment_from(options.until, options.minutes, now)
    record = running.silence.begin(running.check.find(options.cluster), until, options.by, now)
    print(f"nothing is posted about {record.cluster_name} until {utc(until)}; measuring goes on")
    return FINE


def unsilence(options: argparse.Namespace, app: Callable[[], App]) -> int:
    running = app()
    record = running.silence.end(running.check.find(options.cluster), options.by, running.clock.now())
    print(f"what happens on {record.cluster_name} is posted again")
    return FINE


def settings_table() -> str:
    """Every setting as Markdown: what the README shows."""
    from ..settings import describe

    rows = [(f"`{name}`", default, meaning) for name, default, meaning in describe()]
    lines = [("setting", "default", "meaning"), ("---", "---", "---"), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def _needs_attention(assessment: Assessment) -> bool:
    return bool(assessment.findings) or assessment.reading.kind == "unmeasured"


def _assessment_lines(assessment: Assessment) -> Iterator[str]:
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


def _print_as(found: Plan, form: str) -> int:
    """Only the code, for a file; why there is none goes to stderr."""
    from ..web.plan_text import plan_as

    code = plan_as(found, form)
    if code:
        print(code)
        return FINE
    print(f"snatbot: nothing to write as {form}: {found.summary}", file=sys.stderr)
    return ATTENTION


def _print_json(content: Mapping[str, Any]) -> None:
    print(json.dumps(content, indent=2))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="snatbot",
        description="SNAT port exhaustion on AKS: look, plan, stop. Settings come from the environment.",
        epilog="Exit codes: 0 done and fine; 1 done, and something needs attention; 2 not done.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Callable[[argparse.Namespace, Callable[[], App]], int], text: str) -> Any:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(command=command)
        return added

    one = add("check", check, "look at one cluster or all, now; writes nothing")
    one.add_argument("--cluster", default="", help="name or resource id; all clusters without it")
    one.add_argument("--window", type=int, metavar="MINUTES", help="minutes to judge, 1 to 1440")
    one.add_argument("--json", action="store_true", help="the same answer as GET /api/check")
    one = add("plan", plan, "what would cure a cluster, as a dry run; writes nothing")
    one.add_argument("--cluster", required=True, help="name or resource id")
    one.add_argument("--kind", default="", help="a kind of plan to see: reserve_public_ips, relieve_load_balancer, …")
    one.add_argument("--as", dest="form", choices=("az", "terraform", "bicep"), help="only the same change as code")
    one.add_argument("--json", action="store_true", help="the same answer as GET /api/plan")
    add("settings", settings, "every app setting with default and meaning, as a Markdown table")
    for name, command, text in (
        ("stop", stop, "stop all changes before their next step"),
        ("resume-all", resume_all, "lift the stop; changes that had stopped are resumed one by one"),
    ):
        one = add(name, command, text)
        one.add_argument("--by", required=True, help="your name")
        one.add_argument("--reason", default="", help="why")
    for name, command, text in (
        ("silence", silence, "hold back posts about a cluster for a while; measuring goes on"),
        ("unsilence", unsilence, "let posts about a cluster through again"),
    ):
        one = add(name, command, text)
        one.add_argument("--cluster", required=True, help="name or resource id")
        one.add_argument("--by", required=True, help="your name")
        if command is silence:
            one.add_argument("--minutes", default="", help="for how long")
            one.add_argument("--until", default="", help="or until when, such as 2026-12-24T18:00Z")
    return parser


if __name__ == "__main__":
    sys.exit(main())
