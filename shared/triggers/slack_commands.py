"""Answer what people asked for in Slack: look up who asks, call one flow, answer in private."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from ..app import App
from ..auth.errors import LinkTampered, LinkWanted, NotPermitted
from ..chat import slack
from ..chat.errors import ChatUnavailable
from ..chat.message import Message
from ..clock import Instant
from ..core.approval.policy import Place
from ..core.planning.request import PlanRequest
from ..errors import BadInput, NotFoundHere, Refused, RowForged, SnatbotError
from ..flows.approval.chat_buttons import PREFIX
from ..flows.incidents.silence import moment_from
from ..flows.monitoring.fleet_status import read_fleet_status
from ..formatting import clip, visible
from ..ids import cluster_key
from ..model.change import Action
from ..model.identity import Person
from ..model.resource_id import ArmId
from ..model.slack import SlackRequest
from ..model.text import Text
from ..store.stop_switch import StopFlag
from ..web.fleet_view import FleetView
from ..web.paths import Paths
from ..web.slack_answers import (
    check_answer,
    done_answer,
    help_answer,
    link_answer,
    plan_answer,
    refusal_answer,
    status_answer,
    stop_answer,
)
from .queue_messages import message
from .slack_asker import Asker, asker_of
from .visitors import KEY

log = logging.getLogger("snatbot.slack")


def answer(app: App, key: str, advance: Callable[[str], None], deliver: Callable[[str], None]) -> None:
    """Once: a message that the queue delivers again finds nothing to answer. Raises ChatUnavailable and StoreError.

    ``advance`` and ``deliver`` queue what follows from a decision.
    """
    now = app.clock.wall()
    try:
        request = app.stored_slack_requests.get(key, now)
    except RowForged as error:
        log.error("a request of Slack is not answered: %s", error)
        return
    if request is None:
        log.info("a request of Slack was answered already, or waited for more than half an hour")
        return
    try:
        asker = asker_of(app, request, advance, deliver)
        try:
            found = _answer(app, asker)
        except LinkWanted as error:
            _note_refusal(app, request, error)
            found = link_answer(asker.link_url(), error.text)
    except (NotPermitted, LinkTampered) as error:
        _note_refusal(app, request, error)
        found = refusal_answer(error.text)
    except SnatbotError as error:
        log.warning("answered a request of Slack with an error: %s", error)
        found = refusal_answer(error.text)
    _send(app, request, found)
    app.stored_slack_requests.finish(key, now)


def _note_refusal(app: App, request: SlackRequest, error: Refused) -> None:
    who = f"Slack user {clip(visible(request.user), 40)} of {clip(visible(request.team), 40)}"
    detail = clip(visible(str(error)), 200)
    app.refused_attempts.note(who, "attempt refused", app.settings.slack_command, detail, app.clock.now())


def _answer(app: App, asker: Asker) -> Message:
    if asker.request.action:
        return _click(asker)
    name, _, rest = asker.request.text.strip().partition(" ")
    if command := _OF_PEOPLE.get(name.lower()):
        return command(asker, rest.strip())
    read = _COMMANDS.get(name.lower())
    return read(app, rest.strip()) if read else help_answer(app.settings.slack_command)


def _link(asker: Asker, _: str) -> Message:
    return link_answer(asker.link_url())


def _stop(asker: Asker, reason: str) -> Message:
    app, purpose = asker.app, Text("stop all changes")

    def stop(person: Person) -> StopFlag:
        app.permission.require_anywhere(person, purpose, allows_writes=False)
        return app.stop.set(True, person, reason, app.clock.now())

    return stop_answer(asker.permitted(stop))


def _resume(asker: Asker, reason: str) -> Message:
    app, purpose = asker.app, Text("lift the stop of all changes")

    def resume(person: Person) -> StopFlag:
        app.permission.require_anywhere(person, purpose, allows_writes=True, place=Place.CHAT)
        return app.stop.set(False, person, reason, app.clock.now())

    asker.permitted(resume)
    return done_answer(Text("Changes may go on; one that had stopped is resumed on its own page."))


def _silence(asker: Asker, rest: str) -> Message:
    cluster, _, minutes = rest.partition(" ")
    if not cluster:
        raise BadInput(Text("Name a cluster: `{command} silence CLUSTER`", command=asker.app.settings.slack_command))
    found = asker.app.check.find(cluster)
    return _silenced(asker, found.id, moment_from("", minutes or "60", asker.app.clock.now()))


def _silenced(asker: Asker, cluster_id: ArmId, until: datetime) -> Message:
    app = asker.app

    def silence(person: Person) -> None:
        app.permission.require_anywhere(person, Text("silence a cluster"), allows_writes=False)
        app.silence.begin(cluster_id, until, person, app.clock.now())

    asker.permitted(silence)
    asker.deliver(message(partition=cluster_key(cluster_id)))
    text = Text(
        "Nothing is posted about {cluster} until {until}; measuring goes on.", cluster=cluster_id.name, until=until
    )
    return done_answer(text)


def _click(asker: Asker) -> Message:
    """Raises LinkTampered or LinkExpired for a button that is not this app's own, and Refused if it is too late."""
    app, value = asker.app, asker.request.text
    action = asker.request.action.removeprefix(PREFIX)
    if action == "silence":
        record = app.records.cluster_in(value) if KEY.fullmatch(value) else None
        if record is None:
            raise NotFoundHere(Text("No such cluster is known here."))
        return _silenced(asker, record.value.cluster_id, app.clock.now() + timedelta(hours=1))
    if action not in (Action.APPROVE, Action.DENY):
        raise NotFoundHere(Text("There is no such button any more."))
    target = app.signer.read_link(value)
    change = asker.permitted(
        lambda person: app.decide.decide(target, action, person, Instant.of(app.clock), Place.CHAT)
    )
    if action == Action.APPROVE:
        asker.advance(message(partition=target.partition, change=target.change_id))
    asker.deliver(message(partition=target.partition))
    state = Text("approved") if action == Action.APPROVE else Text("denied")
    return done_answer(Text("Plan for {cluster} {state}", cluster=change.cluster_name, state=state))


def _check(app: App, cluster: str) -> Message:
    now = app.clock.now()
    return check_answer(app.check.one(cluster, now) if cluster else app.check.all(now))


def _plan(app: App, cluster: str) -> Message:
    if not cluster:
        raise BadInput(Text("Name a cluster: `{command} plan CLUSTER`", command=app.settings.slack_command))
    return plan_answer(app.planner.plan_cluster(app.check.find(cluster).id, app.clock.now(), PlanRequest(None)))


def _status(app: App, _: str) -> Message:
    fleet = read_fleet_status(app.fleet_cache, app.settings.fan_out_above)
    return status_answer(FleetView(fleet, app.clock.now(), Paths()), app.stop_switch.stop_flag())


_COMMANDS: Mapping[str, Callable[[App, str], Message]] = {"check": _check, "plan": _plan, "status": _status}
_OF_PEOPLE: Mapping[str, Callable[[Asker, str], Message]] = {
    "link": _link,
    "stop": _stop,
    "resume": _resume,
    "silence": _silence,
}


def _send(app: App, request: SlackRequest, found: Message) -> None:
    """In private. Raises ChatUnavailable for a command: try again."""
    shown = found.in_language(app.settings.language_of("slack"))
    private = {"response_type": "ephemeral", "replace_original": False}
    try:
        slack.send(shown, "answers", lambda payload: slack.post(request.response_url, {**payload, **private}))
    except ChatUnavailable as error:
        if not request.action:
            raise
        # A function that fails queues nothing, and what a click decided shows in the message.
        log.warning("a click was not answered in private: %s", error)
    except SnatbotError as error:
        log.error("Slack did not take an answer: %s", error)
