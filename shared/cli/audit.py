"""``snatbot audit verify``: whether any line of the audit was edited, removed, inserted or cut off."""

from __future__ import annotations

import argparse

from ..core.audit.chain import Problem
from ..errors import BadInput
from ..formatting import count
from .output import ATTENTION, FINE, MakeApp, Subcommands, add_command


def add_to(commands: Subcommands) -> None:
    text = "the audit trail"
    verbs = commands.add_parser("audit", help=text, description=text).add_subparsers(required=True, metavar="COMMAND")
    parser = add_command(verbs, "verify", verify, "whether anything in the audit was changed; writes nothing")
    parser.add_argument("--root", default="", help="a day root from the log or a message, which must be stored still")


def verify(options: argparse.Namespace, make_app: MakeApp) -> int:
    """Exit code 0: the audit is whole; 1: it is not, or a line is not proven."""
    app, wanted = make_app(), options.root.strip().lower()
    if wanted and len(wanted) < 16:
        raise BadInput(f"--root has {len(wanted)} characters; give at least 16 of a day root")
    report = app.verify_audit.run(app.clock.now())
    lines, signed, anchored, unchained = (
        sum(getattr(chain, name) for chain in report.chains) for name in ("lines", "signed", "anchored", "unchained")
    )
    how = "all signed" if signed == lines else f"{lines - signed} not signed"
    print(
        f"audit: {count(lines, 'line')} in {count(len(report.chains), 'chain')}, {how if lines else 'nothing to sign'}"
    )
    if report.newest_root:
        print(f"sealed on {report.newest_root.day}, day root {report.newest_root.hash}")
    print(f"not yet anchored in a day root: {count(lines - anchored, 'line')}")
    if unchained:
        print(f"outside the chains, so nothing proves them: {count(unchained, 'line')}")
    is_found = not wanted or any(root.hash.startswith(wanted) for root in report.roots)
    if not is_found:
        print("PROBLEM: no stored day root is the one given")
    for day in report.broken_roots:
        print(f"PROBLEM: day root of {day}: edited or forged")
    for chain in report.chains:
        for problem in chain.problems:
            record = app.records.cluster_in(chain.partition)
            print(f"PROBLEM: {record.value.cluster_name if record else chain.partition}: {_described(problem)}")
    print("the audit is whole" if report.is_whole and is_found else "the audit is NOT whole")
    return FINE if report.is_whole and is_found else ATTENTION


def _described(problem: Problem) -> str:
    if not problem.first:
        return f"a line outside the chain: {problem.kind}"
    several = problem.last > problem.first
    return f"{f'lines {problem.first} to {problem.last}' if several else f'line {problem.first}'}: {problem.kind}"
