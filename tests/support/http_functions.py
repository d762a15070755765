"""The functions that answer HTTP requests, and an app in this process on real storage that they can use."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, NamedTuple

import azure.functions as func
import pytest

import shared.app
from shared.app import App
from shared.auth.sessions import session_cookie
from shared.cloud.discovery import Discovery
from shared.cloud.fleet_query import FleetDiscovery
from shared.ids import cluster_key, new_id
from shared.model.change import Change, ChangeState
from shared.model.identity import Person, Role
from shared.settings import load_settings
from shared.store.records import Put
from tests.support.builders import START
from tests.support.canned import Answers
from tests.support.deployed_functions import deployed_functions
from tests.support.fakes import FakeAccess
from tests.support.graph_rows import balancer_row, cluster_row
from tests.support.nouns import make_change, make_incident, make_plan

CLUSTER = cluster_row()
BASE_URL = "https://bot.example"
GRAPH = "/providers/Microsoft.ResourceGraph/resources"
ADA = Person(
    object_id="0a0a0a0a-0000-4000-8000-000000000001",
    tenant_id="99999999-9999-4999-8999-999999999999",
    name="Ada",
    roles=frozenset(Role),
    signed_in_at=datetime(2026, 11, 28, tzinfo=UTC),
)


class Still:
    def now(self) -> Any:
        return START

    def wall(self) -> Any:
        return START

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing waits here")


class Desk:
    """The app on real storage, with one cluster, and a proposed change with its link and a form of its page."""

    def __init__(self, connection: str, approval_mode: str = "link") -> None:
        environment = {
            "AzureWebJobsStorage": connection,
            "TABLE_PREFIX": f"t{new_id()}",
            "PUBLIC_BASE_URL": BASE_URL,
            "REMEDIATION": "on",
            "REMEDIATOR_CLIENT_ID": "00000000-0000-0000-0000-000000000001",
            "APPROVAL_MODE": approval_mode,
            "ALLOW_LINK_APPROVAL": "on",
            "ENTRA_TENANT_ID": ADA.tenant_id,
            "ENTRA_CLIENT_ID": ADA.object_id,
            "SIGNING_KEYS": "k1:" + "k" * 40,
            "SLACK_BOT_TOKEN": "xoxb-1",
            "SLACK_CHANNEL": "C01",
            "SLACK_SIGNING_SECRET": "s" * 32,
            "SLACK_TEAM_ID": "T01",
            "SLACK_APP_ID": "A01",
        }
        self.app = App(load_settings(environment), Still())
        arm = Answers({CLUSTER["id"]: CLUSTER, "/subscriptions": [], GRAPH: {"data": [CLUSTER, balancer_row()]}}).arm
        discovery = Discovery(arm)
        planner = SimpleNamespace(
            plan_cluster=lambda *_: make_plan(),
            plan_rollback=lambda *_: make_plan(),
            plan_deletion=lambda *_: make_plan(),
        )
        vars(self.app).update(
            discovery=discovery,
            fleet_discovery=FleetDiscovery(discovery),
            metric_access=FakeAccess().access,
            planner=planner,
            entra=SimpleNamespace(
                begin=lambda *_: {"auth_uri": "https://login.example/", "nonce": "n"},
                person=lambda *_: ADA,
                caller=lambda *_: ADA,
            ),
        )
        self.change = self._stored_change()
        self.token = self.app.links.page(self.change).partition("?t=")[2]
        self.read_pass = self.app.signer.read_pass(cluster_key(self.change.cluster_id))
        self.nonce = "n" * 32
        self.csrf = self.app.signer.form_token(self.nonce, self.change.id)
        self.session = session_cookie(self.app.signer, ADA).partition(";")[0]

    def _stored_change(self) -> Change:
        change, incident = make_change(ChangeState.PROPOSED), make_incident()
        self.app.records.commit_in(cluster_key(change.cluster_id), [Put(change), Put(incident)])
        return change


@contextmanager
def desk_in_this_process(storage: str, approval_mode: str = "link") -> Iterator[Desk]:
    """Every function called in this process uses its app."""
    with pytest.MonkeyPatch.context() as patch:
        made = Desk(storage, approval_mode)
        patch.setattr(shared.app, "_app", made.app)
        yield made


class HttpFunction(NamedTuple):
    """As the decorators say; ``outputs``: names of its queues."""

    call: Callable[..., func.HttpResponse]
    methods: list[str]
    route: str
    outputs: list[str]
    needs_key: bool


def http_functions() -> Mapping[str, HttpFunction]:
    found = {}
    for function in deployed_functions():
        bindings = json.loads(function.get_function_json())["bindings"]
        trigger = next((binding for binding in bindings if binding["type"] == "httpTrigger"), None)
        if trigger is not None:
            outputs = [binding["name"] for binding in bindings if binding["type"] == "queue"]
            methods = [str(method).rpartition(".")[2] for method in trigger["methods"]]
            needs_key = str(trigger["authLevel"]).rpartition(".")[2].lower() == "function"
            call = function.get_user_function()
            found[str(function.get_function_name())] = HttpFunction(call, methods, trigger["route"], outputs, needs_key)
    return found


FUNCTIONS = http_functions()


class Out:
    def set(self, value: Any) -> None:
        self.value = value
