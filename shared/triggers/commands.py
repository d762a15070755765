"""Commands of the terminal, for a person with an access token or, where nobody signs in, for a function key."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import azure.functions as func

from .. import user_input
from ..app import App, current
from ..auth.errors import KeyNotEnough, RemediationOff
from ..clock import Instant
from ..errors import NotFoundHere
from ..flows.incidents.silence import moment_from
from ..flows.planning.plan import kind_named
from ..model.identity import Approver
from ..model.plan import PlanKind
from ..model.text import Text
from ..web.answers import change_json, silence_json, stop_json
from .responses import as_json
from .visitors import app_with_sign_in, caller_of


def by_person(req: func.HttpRequest) -> func.HttpResponse:
    app, name = app_with_sign_in(), req.route_params.get("command", "")
    person = caller_of(app, req)
    command = _COMMANDS.get(name)
    if command is None:
        raise NotFoundHere(Text("There is no such command; there are {names}.", names=tuple(_COMMANDS)))
    app.permission.require_anywhere(person, command.purpose, allows_writes=command.allows_writes)
    return as_json(command.run(app, req.params, person), command.status)


def by_key(name: str, req: func.HttpRequest, by: str) -> func.HttpResponse:
    """``by``: who says so, unverified. Raises KeyNotEnough where people sign in."""
    app, command = current(), _COMMANDS[name]
    if app.settings.people_sign_in:
        raise KeyNotEnough(name)
    return as_json(command.run(app, req.params, by), command.status)


def _propose(app: App, params: Mapping[str, str], by: Approver) -> dict[str, Any]:
    selector = user_input.selector(params)
    first = user_input.choice("first", params.get("first", ""), ("", "reserve"))
    kind = PlanKind.RESERVE_PUBLIC_IPS if first else kind_named(params.get("kind", ""))
    if not app.settings.is_remediation_on:
        raise RemediationOff
    change = app.propose.propose(app.check.find(selector).id, Instant.of(app.clock), str(by), kind=kind)
    return {**change_json(change), "page_url": app.links.page(change)}


def _silence(app: App, params: Mapping[str, str], by: Approver) -> dict[str, Any]:
    now = app.clock.now()
    until = moment_from(params.get("until", ""), params.get("minutes", ""), now)
    return silence_json(app.silence.begin(app.check.find(user_input.selector(params)).id, until, by, now))


def _unsilence(app: App, params: Mapping[str, str], by: Approver) -> dict[str, Any]:
    return silence_json(app.silence.end(app.check.find(user_input.selector(params)).id, by, app.clock.now()))


def _start(app: App, params: Mapping[str, str], by: Approver) -> dict[str, Any]:
    flag = app.stop.set(False, by, params.get("reason", ""), app.clock.now())
    return stop_json(flag)


def _create_probe_key(app: App, params: Mapping[str, str], by: Approver) -> dict[str, Any]:
    key, text = app.probe_keys.create(app.check.find(user_input.selector(params)).id, by, app.clock.now())
    return {"id": key.id, "key": text}


def _revoke_probe_key(app: App, params: Mapping[str, str], by: Approver) -> dict[str, Any]:
    key_id = params.get("id", "")
    app.probe_keys.revoke(app.check.id_of(user_input.selector(params)), key_id, by, app.clock.now())
    return {"id": key_id}


@dataclass(frozen=True, slots=True)
class _Command:
    run: Callable[[App, Mapping[str, str], Approver], dict[str, Any]]
    purpose: Text  # what a person wants to do with it
    allows_writes: bool = False  # to Azure
    status: int = 200


_COMMANDS = {
    "propose": _Command(_propose, Text("propose a plan"), status=201),
    "silence": _Command(_silence, Text("silence a cluster")),
    "unsilence": _Command(_unsilence, Text("end a silence")),
    "start": _Command(_start, Text("lift the stop of all changes"), allows_writes=True),
    "probe-key-create": _Command(_create_probe_key, Text("create or revoke a probe key"), status=201),
    "probe-key-revoke": _Command(_revoke_probe_key, Text("create or revoke a probe key")),
}
