"""``snatbot plan``: what would cure a cluster, as a dry run. Writes nothing."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..app import App
from ..model.plan import PlanKind
from .output import ATTENTION, FINE, add_command, print_json

if TYPE_CHECKING:
    from ..model.plan import Plan
    from .output import Subcommands


def add_to(commands: Subcommands) -> None:
    added = add_command(commands, "plan", plan, "what would cure a cluster, as a dry run; writes nothing")
    added.add_argument("--cluster", required=True, help="name or resource id")
    added.add_argument("--kind", default="", help="a kind of plan to see: reserve_public_ips, relieve_load_balancer, …")
    added.add_argument("--as", dest="form", choices=("az", "terraform", "bicep"), help="only the same change as code")
    added.add_argument("--json", action="store_true", help="the same answer as GET /api/plan")


def plan(options: argparse.Namespace, app: Callable[[], App]) -> int:
    from ..core.planning.request import PlanRequest
    from ..flows.planning.plan import kind_named

    request = PlanRequest(kind_named(options.kind))
    running = app()
    found = running.planner.plan_cluster(running.check.find(options.cluster).id, running.clock.now(), request)
    if options.json:
        from ..web.answers import plan_json

        print_json(plan_json(found))
    elif options.form:
        return _print_as(found, options.form)
    else:
        from ..web.plan_text import plan_lines

        print("\n".join(plan_lines(found)))
    return FINE if found.is_executable or found.kind is PlanKind.NOT_SNAT else ATTENTION


def _print_as(found: Plan, form: str) -> int:
    """Only the code, for a file; why there is none goes to stderr."""
    from ..web.plan_text import plan_as

    code = plan_as(found, form)
    if code:
        print(code)
        return FINE
    print(f"snatbot: nothing to write as {form}: {found.summary}", file=sys.stderr)
    return ATTENTION
