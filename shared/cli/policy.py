"""``snatbot policy explain``: whether somebody may approve a kind of change on a cluster, and by which rule."""

import argparse

from ..core.approval.policy import APPROVABLE, Place
from ..formatting import listed
from ..model.identity import Person, Role
from ..model.plan import PlanKind
from ..model.text import Text
from .output import ATTENTION, CLUSTER, FINE, MakeApp, Subcommands, add_command, say, subcommands


def add_to(commands: Subcommands) -> None:
    verbs = subcommands(commands.add("policy", Text("who may approve what, by APPROVAL_POLICY")))
    text = Text("whether somebody may approve, and by which rule; writes nothing")
    parser = add_command(verbs, "explain", explain, text)
    parser.add_argument("--user", required=True, metavar="OBJECT_ID", help=Text("object id in Entra ID"))
    roles = [role.value for role in Role]
    parser.add_argument(
        "--role", action="append", default=[], choices=roles, help=Text("an app role of theirs; repeatable")
    )
    parser.add_argument("cluster", help=CLUSTER)
    parser.add_argument("--kind", required=True, choices=sorted(APPROVABLE), help=Text("what is to be approved"))


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
        say(options, Text("no: {why}", why=rules.refusal(person) or rules.refusal(person, Place.PAGE)))
    else:
        values = {"rules": rules.named, "kind": options.kind, "cluster": cluster.name, "places": listed(places)}
        allowed = Text("yes, by {rules}: may approve {kind} on {cluster} by {places}", **values)
        if rules.people > 1:
            say(options, Text("{allowed}, and a second person must, too", allowed=allowed))
        else:
            say(options, Text("{allowed}, and nobody else has to", allowed=allowed))
        starts_at = rules.starts_from(now)
        if starts_at is None:
            say(options, Text("it would never start"))
        elif starts_at != now:
            say(options, Text("it would not start before {at}", at=starts_at))
    say(options, Text("version of the policy: {version}", version=rules.version))
    return FINE if places else ATTENTION
