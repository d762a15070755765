"""``snatbot plan``: plan for a cluster, as a dry run. It writes nothing."""

import argparse

from ..model.plan import Plan, PlanKind
from ..model.text import Text
from .output import ATTENTION, CLUSTER, FINE, MakeApp, Subcommands, add_command, print_error, print_json, say


def add_to(commands: Subcommands) -> None:
    parser = add_command(commands, "plan", plan, Text("what would cure a cluster, as a dry run; writes nothing"))
    parser.add_argument("cluster", help=CLUSTER)
    parser.add_argument("--kind", default="", help=Text("a kind of plan: reserve_public_ips, relieve_load_balancer, …"))
    parser.add_argument(
        "--as", dest="form", choices=("az", "terraform", "bicep"), help=Text("only the same change as code")
    )
    parser.add_argument("--all", action="store_true", help=Text("also the checks that passed"))
    output = Text("text, or json as the HTTP answer")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text", help=output)


def plan(options: argparse.Namespace, make_app: MakeApp) -> int:
    from ..core.planning.request import PlanRequest
    from ..flows.planning.plan import kind_named

    request = PlanRequest(kind_named(options.kind))
    app = make_app()
    found = app.planner.plan_cluster(app.check.find(options.cluster).id, app.clock.now(), request)
    if options.form and options.output != "json":
        return _print_as(found, options)
    if options.output == "json":
        from ..web.answers import plan_json

        print_json(plan_json(found))
    else:
        from ..web.plan_text import plan_lines

        say(options, *plan_lines(found, with_passed=options.all))
    return FINE if found.is_executable or found.kind is PlanKind.NOT_SNAT else ATTENTION


def _print_as(found: Plan, options: argparse.Namespace) -> int:
    """Print only the code, for a file; if there is none, the reason goes to stderr."""
    from ..web.plan_text import plan_as

    code = plan_as(found, options.form)
    if code:
        print(code)
        return FINE
    nothing = Text("nothing to write as {format}: {summary}", format=options.form, summary=found.summary)
    print_error(nothing, options.language)
    return ATTENTION
