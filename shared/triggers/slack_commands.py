"""Answer what people asked for in Slack: look up who asks, call one flow, answer in private."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from ..app import App
from ..auth.errors import NotPermitted
from ..chat import slack
from ..chat.errors import ChatUnavailable
from ..chat.message import Message
from ..core.planning.request import PlanRequest
from ..errors import BadInput, RowForged, SnatbotError
from ..flows.monitoring.fleet_status import read_fleet_status
from ..formatting import clip, visible
from ..model.slack import SlackRequest
from ..model.text import Text
from ..web.fleet_view import FleetView
from ..web.paths import Paths
from ..web.slack_answers import check_answer, help_answer, plan_answer, refusal_answer, status_answer

log = logging.getLogger("snatbot.slack")


def answer(app: App, key: str) -> None:
    """Once; a message that the queue delivers again finds nothing to answer. Raises ChatUnavailable, StoreError."""
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
        _require_member(app, request)
        found = _answer(app, request)
    except NotPermitted as error:
        who = f"Slack user {clip(visible(request.user), 40)} of {clip(visible(request.team), 40)}"
        app.refused_attempts.note(who, "attempt refused", app.settings.slack_command, str(error), app.clock.now())
        found = refusal_answer(error.text)
    except SnatbotError as error:
        log.warning("answered a request of Slack with an error: %s", error)
        found = refusal_answer(error.text)
    _send(app, request, found)
    app.stored_slack_requests.finish(key, now)


def _require_member(app: App, request: SlackRequest) -> None:
    """Raises NotPermitted, also if Slack does not say who this is."""
    team = app.settings.slack_team_id
    try:
        is_member = request.team == team and app.slack_api().is_member_of(team, request.user)
    except SnatbotError as error:
        raise NotPermitted(Text("Slack does not say who you are: {reason}", reason=error.text)) from None
    if not is_member:
        raise NotPermitted(
            Text("Only members of this app's workspace can use it: no guests, no bots, nobody of another workspace.")
        )


def _answer(app: App, request: SlackRequest) -> Message:
    name, _, rest = request.text.strip().partition(" ")
    command = _COMMANDS.get(name.lower() or "help")
    if command is None:
        return help_answer(app.settings.slack_command)
    return command(app, rest.strip())


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


def _send(app: App, request: SlackRequest, found: Message) -> None:
    """In private. Raises ChatUnavailable: try again."""
    message = found.in_language(app.settings.language_of("slack"))
    private = {"response_type": "ephemeral", "replace_original": False}
    try:
        slack.send(message, "answers", lambda payload: slack.post(request.response_url, {**payload, **private}))
    except ChatUnavailable:
        raise
    except SnatbotError as error:
        log.error("Slack did not take an answer: %s", error)
