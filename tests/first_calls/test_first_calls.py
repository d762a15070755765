"""No function fails for being first: a cold worker gets eight messages or requests at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from shared.app import App
from shared.chat.message import Message, Section, Tone
from shared.clock import SystemClock
from shared.ids import cluster_key, new_id
from shared.model.change import ChangeState
from shared.model.slack import SlackRequest
from shared.model.text import Text
from shared.settings import load_settings
from shared.store.records import Put
from tests.support import nouns
from tests.support.deployed import ROOT
from tests.support.deployed_functions import deployed_functions
from tests.support.hostile import Asked, Send, hostile_server, trusted_authority, whole
from tests.support.thorough import sample

pytestmark = [pytest.mark.network, pytest.mark.azurite]
AT_ONCE = 8
NAMES = [
    function.get_function_name()
    for function in deployed_functions()
    if (trigger := function.get_trigger()) is not None and trigger.type != "timerTrigger"
]
MESSAGE = Message(
    Text("Alarm"),
    Text("Connections fail."),
    Tone.ALARM,
    sections=(Section(Text("By hand"), steps=(Text("Look"), Text("Act"))),),
)


@dataclass(frozen=True, slots=True)
class Cold:
    """What a fresh process finds: its settings, and something due for each of the first calls."""

    environment: dict[str, str]
    calls: list[dict[str, Any]]


def _answer(asked: Asked, send: Send) -> None:
    """Azure gives tokens and refuses the rest at once; chat takes everything."""
    if "/msi/token" in asked.line:
        send(whole("200 OK", json.dumps({"access_token": "x", "expires_on": "4102444800", "resource": "x"}).encode()))
    else:
        send(whole("200 OK", b"ok") if "/chat/" in asked.line else whole("403 Forbidden"))


@pytest.fixture(scope="module")
def cold(azurite: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cold]:
    authority, bundle = trusted_authority(tmp_path_factory.mktemp("authority"))
    with hostile_server(authority) as services:
        services.answer = _answer
        settings = {
            "AzureWebJobsStorage": azurite,
            "TABLE_PREFIX": f"t{new_id()}",
            "ARM_ENDPOINT": services.url,
            "METRICS_ENDPOINT": services.url + "/{region}",
            "LOGS_ENDPOINT": services.url,
            "WORKSPACE_ID": "workspace",
            "DETECTOR_CLIENT_ID": "11111111-1111-4111-8111-111111111111",
            "REMEDIATOR_CLIENT_ID": "22222222-2222-4222-8222-222222222222",
            "SLACK_WEBHOOK_URL": services.url + "/chat/slack",
            "TEAMS_WEBHOOK_URL": services.url + "/chat/teams",
            "PUBLIC_BASE_URL": "https://snatbot.example.com",
            "REMEDIATION": "on",
            "APPROVAL_MODE": "link",
            "ENTRA_TENANT_ID": "99999999-9999-4999-8999-999999999999",
            "ENTRA_CLIENT_ID": "aaaaaaaa-0000-4000-8000-0000000000b1",
            "ENTRA_AUTHORITY": services.url,
            "ALLOW_LINK_APPROVAL": "on",
            "SIGNING_KEYS": "a key that only these tests sign with",
        }
        process = {
            "REQUESTS_CA_BUNDLE": bundle,
            "IDENTITY_ENDPOINT": services.url + "/msi/token",
            "IDENTITY_HEADER": "x",
        }
        app = App(load_settings(settings), SystemClock())
        yield Cold({**settings, **process}, [_seed(app, number) for number in range(AT_ONCE)])


def _seed(app: App, number: int) -> dict[str, Any]:
    """A cluster with a message for each channel, an incident to plan against and a change to verify."""
    now = app.clock.now()
    cluster = nouns.make_cluster(name=f"shop-{number}")
    incident = replace(nouns.make_incident(cluster), id=f"inc{number}", plan_due_at=now)
    change = nouns.make_change(ChangeState.VERIFYING)
    since = now - timedelta(hours=1)
    change = replace(
        change, id=f"chg{number}", cluster_id=cluster.id, due_at=since, verify_from=since, applied_at=since
    )
    rows = app.outbox.rows(cluster.name, MESSAGE, app.clock.wall())
    app.records.commit(cluster.id, [Put(incident), Put(change), *rows])
    asked = SlackRequest("T01", "U1", "status", f"{app.settings.arm_endpoint}/chat/answer", app.clock.wall())
    app.stored_slack_requests.add(f"req{number}", asked)
    token = parse_qs(urlsplit(app.links.page(change)).query)["t"][0]
    params = {"cluster": cluster.id, "by": "Ada", "minutes": "5", "t": token, "as": "page"}
    key = cluster_key(cluster.id)
    body = {"schema": 1, "partition": key, "change": change.id, "incident": incident.id, "shard": "p0", "tick": "t0"}
    body["request"] = f"req{number}"
    return {"body": body, "params": params}


def _more_settings(name: str, services: str) -> dict[str, str]:
    if "slack" not in name:
        return {"APPROVAL_MODE": "signin"} if name.startswith("sign") else {}
    return {
        "SLACK_WEBHOOK_URL": "",
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_CHANNEL": "C01",
        "SLACK_API_URL": services,
        "SLACK_SIGNING_SECRET": "signing-secret",
        "SLACK_TEAM_ID": "T01",
        "SLACK_APP_ID": "A01",
    }


@pytest.mark.parametrize("name", sample(NAMES, *NAMES[::6]))
def test_first_calls_at_once_import_what_they_need(cold: Cold, name: str) -> None:
    kept = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME", "TMPDIR", "SYSTEMROOT")}
    run = subprocess.run(
        [sys.executable, "-m", "tests.first_calls"],
        cwd=ROOT,
        env={**kept, **cold.environment, **_more_settings(name, cold.environment["ARM_ENDPOINT"])},
        input=json.dumps({"function": name, "calls": cold.calls}),
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == {"raised": [], "unguarded": []}, run.stdout + run.stderr
