"""``snatbot policy explain``: whether somebody may approve a kind of change on a cluster, and by which rule."""

from __future__ import annotations

import argparse

from ..core.approval.policy import APPROVABLE, Place
from ..formatting import listed, utc
from ..model.identity import Person, Role
from ..model.plan import PlanKind
from .output import ATTENTION, FINE, MakeApp, Subcommands, add_command


def add_to(commands: Subcommands) -> None:
    text = "who may approve what, by APPROVAL_POLICY"
    verbs = commands.add_parser("policy", help=text, description=text).add_subparsers(required=True, metavar="COMMAND")
    parser = add_command(verbs, "explain", explain, "whether somebody may approve, and by which rule; writes nothing")
    parser.add_argument("--user", required=True, metavar="OBJECT_ID", help="object id in Entra ID")
    roles = [role.value for role in Role]
    parser.add_argument("--role", action="append", default=[], choices=roles, help="an app role of theirs; repeatable")
    parser.add_argument("--cluster", required=True, help="name or resource id; read from Azure, with its tags")
    parser.add_argument("--kind", required=True, choices=sorted(APPROVABLE), help="what is to be approved")


def explain(options: argparse.Namespace, make_app: MakeApp) -> int:
    """Exit code 0: they may, perhaps with a second person; 1: they may not."""
    app = make_app()
    cluster, now = app.check.find(options.cluster), app.clock.now()
    rules = app.settings.approval_policy.rules_for(cluster.id, cluster.tags, PlanKind(options.kind))
    person = Person(options.user, "", options.user, frozenset(map(Role, options.role)), now)
    places = [place for place in Place if not rules.refusal(person, place)]
    if Place.PAGE in places:
        places.remove(Place.PAGE_WITH_STEP_UP)  # the page is enough
    if not places:
        print(f"no: {rules.refusal(person) or rules.refusal(person, Place.PAGE)}")
    else:
        people = "and a second person must, too" if rules.people > 1 else "and nobody else has to"
        print(f"yes, by {rules.named}: may approve {options.kind} on {cluster.name} by {listed(places)}, {people}")
        starts_at = rules.starts_from(now)
        if starts_at != now:
            print(f"it would not start before {utc(starts_at)}" if starts_at else "it would never start")
    print(f"version of the policy: {rules.version}")
    return FINE if places else ATTENTION
