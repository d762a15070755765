"""``snatbot plan``: plan for a cluster, as a dry run. It writes nothing."""

from __future__ import annotations

import argparse
import sys

from ..model.plan import Plan, PlanKind
from .output import ATTENTION, FINE, MakeApp, Subcommands, add_command, print_json


def add_to(commands: Subcommands) -> None:
    parser = add_command(commands, "plan", plan, "what would cure a cluster, as a dry run; writes nothing")
    parser.add_argument("--cluster", required=True, help="name or resource id")
    parser.add_argument("--kind", default="", help="a kind of plan: reserve_public_ips, relieve_load_balancer, …")
    parser.add_argument("--as", dest="form", choices=("az", "terraform", "bicep"), help="only the same change as code")
    parser.add_argument("--json", action="store_true", help="the same answer as GET /api/plan")


def plan(options: argparse.Namespace, make_app: MakeApp) -> int:
    from ..core.planning.request import PlanRequest
    from ..flows.planning.plan import kind_named

    request = PlanRequest(kind_named(options.kind))
    app = make_app()
    found = app.planner.plan_cluster(app.check.find(options.cluster).id, app.clock.now(), request)
    if options.form and not options.json:
        return _print_as(found, options.form)
    if options.json:
        from ..web.answers import plan_json

        print_json(plan_json(found))
    else:
        from ..web.plan_text import plan_lines

        print("\n".join(plan_lines(found)))
    return FINE if found.is_executable or found.kind is PlanKind.NOT_SNAT else ATTENTION


def _print_as(found: Plan, form: str) -> int:
    """Print only the code, for a file; if there is none, the reason goes to stderr."""
    from ..web.plan_text import plan_as

    code = plan_as(found, form)
    if code:
        print(code)
        return FINE
    print(f"snatbot: nothing to write as {form}: {found.summary}", file=sys.stderr)
    return ATTENTION
