"""``snatbot audit verify``: whether any line of the audit was edited, removed, inserted or cut off."""

import argparse

from ..core.audit.chain import Problem, ProblemKind
from ..errors import BadInput
from ..model.text import Text
from .output import ATTENTION, FINE, MakeApp, Subcommands, add_command, say, subcommands

_PROBLEMS = {
    ProblemKind.EDITED: Text("edited"),
    ProblemKind.REMOVED: Text("removed"),
    ProblemKind.INSERTED: Text("inserted"),
    ProblemKind.TRUNCATED: Text("cut off at the end"),
    ProblemKind.REWRITTEN: Text("rewritten since it was sealed"),
    ProblemKind.HEAD: Text("head missing or forged"),
    ProblemKind.UNPROVEN: Text("not proven by a signature or a day root"),
}


def add_to(commands: Subcommands) -> None:
    verbs = subcommands(commands.add("audit", Text("the audit trail")))
    parser = add_command(verbs, "verify", verify, Text("whether anything in the audit was changed; writes nothing"))
    help = Text("a day root from the log or a message, which must be stored still")
    parser.add_argument("--root", default="", help=help)


def verify(options: argparse.Namespace, make_app: MakeApp) -> int:
    """Exit code 0: the audit is whole; 1: it is not, or a line is not proven."""
    app, wanted = make_app(), options.root.strip().lower()
    if wanted and len(wanted) < 16:
        raise BadInput(Text("--root has {length} characters; give at least 16 of a day root", length=len(wanted)))
    report = app.verify_audit.run(app.clock.now())
    lines, signed, anchored, unchained = (
        sum(getattr(chain, name) for chain in report.chains) for name in ("lines", "signed", "anchored", "unchained")
    )
    seen = {
        "lines": _lines(lines),
        "chains": Text.plural("{count} chain", "{count} chains", count=len(report.chains)),
    }
    if signed == lines:
        say(options, Text("audit: {lines} in {chains}, all signed", **seen))
    else:
        say(options, Text("audit: {lines} in {chains}, {unsigned} not signed", **seen, unsigned=lines - signed))
    if report.newest_root:
        root = report.newest_root
        say(options, Text("sealed on {day}, day root {root}", day=str(root.day), root=root.hash))
    say(options, Text("not yet anchored in a day root: {lines}", lines=_lines(lines - anchored)))
    if unchained:
        say(options, Text("outside the chains, so nothing proves them: {lines}", lines=_lines(unchained)))
    is_found = not wanted or any(root.hash.startswith(wanted) for root in report.roots)
    if not is_found:
        say(options, Text("PROBLEM: no stored day root is the one given"))
    for day in report.broken_roots:
        say(options, Text("PROBLEM: day root of {day}: edited or forged", day=str(day)))
    for chain in report.chains:
        record = app.records.cluster_in(chain.partition)
        name = record.value.cluster_name if record else chain.partition
        say(options, *(_described(name, problem) for problem in chain.problems))
    is_whole = report.is_whole and is_found
    say(options, Text("the audit is whole") if is_whole else Text("the audit is NOT whole"))
    return FINE if is_whole else ATTENTION


def _lines(number: int) -> Text:
    return Text.plural("{count} line", "{count} lines", count=number)


def _described(of: str, problem: Problem) -> Text:
    what, first, last = _PROBLEMS[problem.kind], problem.first, problem.last
    if not first:
        return Text("PROBLEM: {of}: a line outside the chain: {what}", of=of, what=what)
    if last > first:
        return Text("PROBLEM: {of}: lines {first} to {last}: {what}", of=of, first=first, last=last, what=what)
    return Text("PROBLEM: {of}: line {number}: {what}", of=of, number=first, what=what)
