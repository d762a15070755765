"""The terminal writes as the person who ran ``az login``; where people sign in, a function key reads and stops only."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from devhost.stage import Stage
from tests.support.sign_in import ADA, CLIENT, SETTINGS, TENANT, Visitor, link_of, stage_with_people

ROOT = Path(__file__).parents[2]
AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
# Stands for the Azure CLI: answers with a file, and keeps what it was asked for.
AZ = (
    '#!/bin/sh\necho "$@" > "$AZ_FOLDER/asked"\ncat "$AZ_FOLDER/token" || { echo "Please run az login" >&2; exit 1; }\n'
)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, azurite: str) -> Iterator[Stage]:
    with stage_with_people(tmp_path_factory.mktemp("stage"), azurite) as ready:
        yield ready


def tokens_of(stage: Stage, user: str, client: str = AZURE_CLI, api: str = CLIENT) -> dict[str, Any]:
    """What a client of Entra ID gets for somebody."""
    base, redirect = f"{stage.simulator.url}/{TENANT}", "http://localhost"
    asked = {
        "client_id": client,
        "response_type": "code",
        "redirect_uri": redirect,
        "scope": f"openid profile api://{api}/.default",
    }
    back = stage.simulator.sign_in(f"{base}/oauth2/v2.0/authorize?{urlencode(asked)}", f"{user}.example")
    code = parse_qs(urlsplit(back).query)["code"][0]
    form = {"grant_type": "authorization_code", "client_id": client, "code": code, "redirect_uri": redirect}
    answer = Visitor(stage).post(f"{base}/oauth2/v2.0/token", data=form)
    return dict(answer.json())


def command(stage: Stage, name: str, token: str | None = None, **query: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    return Visitor(stage).post(f"{stage.host.base_url}/api/commands/{name}", params=query, headers=headers)


def by_key(stage: Stage, method: str, route: str, **query: str) -> requests.Response:
    key = {"x-functions-key": stage.host.function_key}
    return Visitor(stage).request(method, f"{stage.host.base_url}/api/{route}", params=query, headers=key)


def audit(stage: Stage) -> list[tuple[str, str]]:
    lines = by_key(stage, "GET", "history", cluster="shop-prod").json()["audit"]
    return [(line["actor"], line["event"]) for line in lines]


@pytest.fixture
def terminal(stage: Stage, tmp_path: Path) -> Any:
    az = tmp_path / "az"
    az.write_text(AZ)
    az.chmod(0o755)

    def run(user: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        if user:
            made = {"accessToken": tokens_of(stage, user)["access_token"], "expires_on": int(time.time()) + 3600}
            (tmp_path / "token").write_text(json.dumps(made))
        environment = {
            **SETTINGS,
            "PUBLIC_BASE_URL": stage.host.base_url,
            "REQUESTS_CA_BUNDLE": str(stage.simulator.ca_path),
            "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
            "AZ_FOLDER": str(tmp_path),
        }
        call = [sys.executable, "-m", "shared.cli", *arguments]
        ran = subprocess.run(call, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
        assert "Traceback" not in ran.stderr
        return ran

    return run


@pytest.mark.parametrize(
    ("method", "route", "query", "says"),
    [
        ("POST", "changes", {"cluster": "shop-prod"}, "propose"),
        ("DELETE", "stop", {"by": "Eve"}, "start"),
        ("POST", "silence", {"cluster": "shop-prod", "minutes": "5", "by": "Eve"}, "silence"),
        ("DELETE", "silence", {"cluster": "shop-prod", "by": "Eve"}, "unsilence"),
    ],
)
def test_a_function_key_alone_is_refused_with_the_command_that_does_it(
    stage: Stage, method: str, route: str, query: dict[str, str], says: str
) -> None:
    before = audit(stage)
    answer = by_key(stage, method, route, **query)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_permitted")
    assert f"`az login` and `python -m shared.cli {says}`" in answer.json()["error"]["message"]
    assert audit(stage) == before


def test_a_function_key_reads_and_stops_and_the_terminal_lifts_the_stop(stage: Stage, terminal: Any) -> None:
    assert by_key(stage, "GET", "check").status_code == 200
    assert by_key(stage, "POST", "stop", by="Eve").json()["is_stopped"] is True
    ran = terminal("ada@contoso", "start", "--reason", "all is well")
    assert (ran.returncode, "changes may go on" in ran.stdout) == (0, True), ran.stderr
    assert (f"Ada (object id {ADA}, signed in)", "stop of all changes lifted") in audit(stage)


def test_the_terminal_silences_and_proposes_as_the_person(stage: Stage, terminal: Any, tmp_path: Path) -> None:
    ran = terminal("olga@contoso", "silence", "shop-prod", "--for", "30m")
    assert "nothing is posted about shop-prod until" in ran.stdout, ran.stderr
    assert (tmp_path / "asked").read_text().split() == [
        *("account", "get-access-token", "--output", "json"),
        *("--resource", f"api://{CLIENT}", "--tenant", TENANT),
    ]
    assert "is posted again" in terminal("olga@contoso", "unsilence", "shop-prod").stdout
    ran = terminal("olga@contoso", "propose", "shop-prod", "--kind", "attach_nat_gateway")
    assert ran.stdout.startswith(f"proposed: {stage.host.base_url}/api/changes/"), ran.stderr
    actors = {actor.partition(" (")[0] for actor, event in audit(stage) if "silence" in event or "proposed" in event}
    assert "Olga" in actors


def test_the_terminal_makes_and_ends_a_probe_key_as_the_person(stage: Stage, terminal: Any) -> None:
    ran = terminal("olga@contoso", "probe", "key", "create", "--cluster", "shop-prod")
    key_id = ran.stdout.split("_")[1]
    assert re.fullmatch(r"snatprobe_[0-9a-f]{12}_[A-Za-z0-9_-]{43}\n", ran.stdout), ran.stderr
    assert terminal("rui@contoso", "probe", "key", "revoke", "--cluster", "shop-prod", key_id).returncode == 2
    ran = terminal("olga@contoso", "probe", "key", "revoke", "--cluster", "shop-prod", key_id)
    assert ran.stdout == f"key {key_id} is revoked\n", ran.stderr
    events = [event for actor, event in audit(stage) if actor.startswith("Olga")]
    assert {"probe key created", "probe key revoked"} <= set(events)


def test_the_terminal_has_the_app_examine_itself(stage: Stage, terminal: Any) -> None:
    ran = terminal("olga@contoso", "doctor")
    assert (ran.returncode, "√ own address: " in ran.stdout, "0 failed" in ran.stdout) == (0, True, True), ran


@pytest.mark.parametrize(
    ("user", "arguments", "says"),
    [
        ("rui@contoso", ["doctor"], "Rui lacks the app role Snat.Operate"),
        ("olga@contoso", ["start"], "Olga lacks the app role Snat.Approve, which is needed to lift the stop"),
        ("rui@contoso", ["silence", "shop-prod", "--for", "5m"], "Rui lacks the app role Snat.Operate"),
        ("nora@contoso", ["propose", "shop-prod"], "Nora lacks the app role Snat.Operate"),
        ("gita@fabrikam", ["start"], "Gita is a guest"),
        ("", ["start"], "az login"),
    ],
)
def test_the_terminal_says_what_a_person_lacks(
    stage: Stage, terminal: Any, user: str, arguments: list[str], says: str
) -> None:
    before = audit(stage)
    ran = terminal(user, *arguments)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert says in ran.stderr
    assert audit(stage) == before


def test_no_other_token_counts(stage: Stage) -> None:
    mine = tokens_of(stage, "ada@contoso")
    forged = [
        None,
        "",
        "x",
        stage.host.function_key,
        mine["id_token"],  # says who somebody is, not what a program may do
        mine["access_token"][:-8] + "AAAAAAAA",
        tokens_of(stage, "ada@contoso", api="bbbbbbbb-0000-4000-8000-000000000001")["access_token"],
    ]
    for token in forged:
        answer = command(stage, "start", token)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "token_refused"), token
        assert "az login" in answer.json()["error"]["message"]


def test_cookies_do_not_count_for_a_command(stage: Stage) -> None:
    with Visitor(stage) as browser:
        assert browser.sign_in(link_of(stage), "ada@contoso.example").status_code == 200
        assert browser.post(f"{stage.host.base_url}/api/commands/start").status_code == 401


def test_there_is_no_command_of_another_name(stage: Stage) -> None:
    answer = command(stage, "approve", tokens_of(stage, "ada@contoso")["access_token"])
    assert answer.status_code == 404
    assert "propose, silence, unsilence, start" in answer.json()["error"]["message"]
