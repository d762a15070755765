"""The JSON routes: what they answer, and what they answer when the question is wrong or Azure is in trouble."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from devhost.stage import Stage
from shared.app import App
from shared.clock import SystemClock
from shared.model.resource_id import ArmId
from shared.model.text import Text
from shared.settings import load_settings
from shared.store.liveness import Liveness
from shared.store.table import Table


def ask(stage: Stage, route: str, *, key: str | None = None, method: str = "GET", **query: str) -> requests.Response:
    headers = {"x-functions-key": stage.host.function_key if key is None else key}
    return requests.request(method, f"{stage.host.base_url}/api/{route}", params=query, headers=headers, timeout=120)


def reading(stage: Stage) -> dict[str, Any]:
    answer = ask(stage, "check")
    assert answer.status_code == 200, answer.text
    (cluster,) = answer.json()["clusters"]
    return dict(cluster["reading"])


def test_health_is_503_until_a_look_has_succeeded_and_then_200_with_the_version(stage: Stage) -> None:
    before = requests.get(f"{stage.host.base_url}/api/health", timeout=60)
    assert (before.status_code, before.json()["status"]) == (503, "not well")

    stage.host.run_timer("watch")
    stage.host.drain(60)

    after = requests.get(f"{stage.host.base_url}/api/health", timeout=60)
    assert (after.status_code, after.json()) == (200, {"status": "well", "version": "0.1.0"})


def test_metrics_are_of_the_last_scan_and_ask_azure_nothing(stage: Stage) -> None:
    stage.host.run_timer("watch")
    stage.host.drain(60)
    before = len(stage.simulator.requests())
    answer = ask(stage, "metrics")
    assert len(stage.simulator.requests()) == before
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    found = [sample for family in text_string_to_metric_families(answer.text) for sample in family.samples]
    named = {sample.name: sample for sample in found}  # the last with the name
    assert named["snatbot_healthy"].value == 1
    for name in ("cluster_failed_connections", "node_failed_connections", "node_snat_ports_used"):
        assert named[f"snatbot_{name}"].labels["cluster"] == "shop-prod"
        assert named[f"snatbot_{name}"].value > 0
    assert named["snatbot_node_failed_connections"].labels["node"].startswith("aks-")


def test_health_is_503_when_the_last_good_look_is_too_old_and_says_what_the_last_one_missed(stage: Stage) -> None:
    settings = stage.host._settings
    liveness = Liveness(Table(settings["TABLE_PREFIX"], connection_string=settings["AzureWebJobsStorage"]))
    good = liveness.last_success("watch")
    assert good is not None
    wall = datetime.now(UTC)
    liveness.record_success("watch", wall - timedelta(minutes=16))
    liveness.record_failure("watch", wall, [Text("none of 2 clusters was measured")])
    old = requests.get(f"{stage.host.base_url}/api/health", timeout=60)
    assert (old.status_code, old.json()["status"]) == (503, "not well")
    details = ask(stage, "health/details").json()
    assert details["missing"] == ["none of 2 clusters was measured"]
    assert "for more than 15 minutes" in details["problems"][0]
    liveness.record_success("watch", wall + timedelta(seconds=1))
    assert requests.get(f"{stage.host.base_url}/api/health", timeout=60).status_code == 200


def test_health_with_key_says_what_is_configured_and_no_secret(stage: Stage) -> None:
    answer = ask(stage, "health/details")

    assert answer.json()["configured"]["channels"] == ["slack", "teams"]
    assert answer.json()["configured"]["remediation"] == "on"
    assert stage.simulator.slack_webhook_url not in answer.text
    assert "devstoreaccount1" not in answer.text


@pytest.mark.parametrize("route", ["check", "plan", "history", "health/details", "metrics"])
def test_a_wrong_key_or_none_is_turned_away(stage: Stage, route: str) -> None:
    assert ask(stage, route, key="wrong").status_code == 401
    assert requests.get(f"{stage.host.base_url}/api/{route}", timeout=60).status_code == 401


def test_check_of_one_cluster_by_name_and_by_id_is_the_same(stage: Stage) -> None:
    by_name = ask(stage, "check", cluster="shop-prod").json()["clusters"]
    by_id = ask(stage, "check", cluster=by_name[0]["cluster"]["id"]).json()["clusters"]

    assert [answer["cluster"] for answer in by_name] == [answer["cluster"] for answer in by_id]
    assert by_name[0]["reading"]["kind"] == "measured"
    assert len(by_name[0]["findings"]) >= 1


def test_check_as_text_for_who_asks_for_text(stage: Stage) -> None:
    asked = ask(stage, "check", format="text")
    assert (asked.status_code, asked.headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert asked.text.splitlines()[3].split() == ["State", "Cluster", "Failed", "Found"]
    headers = {"x-functions-key": stage.host.function_key, "Accept": "text/plain"}
    accepted = requests.get(f"{stage.host.base_url}/api/check", {"lang": "es"}, headers=headers, timeout=120)
    assert accepted.text.splitlines()[3].split()[0] == "Estado"
    assert ask(stage, "check", format="xml").status_code == 400


def test_check_writes_nothing_and_posts_nothing(stage: Stage) -> None:
    messages = len(stage.simulator.messages())
    before = len(stage.simulator.requests())

    ask(stage, "check")

    assert len(stage.simulator.messages()) == messages
    assert {entry["method"] for entry in stage.simulator.requests()[before:]} <= {"GET", "POST"}


def test_an_unknown_cluster_is_a_404_that_names_it(stage: Stage) -> None:
    answer = ask(stage, "check", cluster="shop-test")

    assert answer.status_code == 404
    assert "shop-test" in answer.json()["error"]["message"]


@pytest.mark.parametrize("window", ["five", "0", "-1", "1441", "1.5"])
def test_a_malformed_window_is_a_400_that_says_what_is_right(stage: Stage, window: str) -> None:
    answer = ask(stage, "check", window=window)

    assert answer.status_code == 400
    assert "1 to 1440" in answer.json()["error"]["message"]


def test_a_plan_without_a_cluster_is_a_400(stage: Stage) -> None:
    assert ask(stage, "plan").status_code == 400


def test_a_plan_is_a_dry_run(stage: Stage) -> None:
    before = len(stage.simulator.requests())

    plan = ask(stage, "plan", cluster="shop-prod").json()

    assert plan["is_executable"]
    assert [step["kind"] for step in plan["steps"]][:3] == [
        "create_public_ip",
        "create_public_ip",
        "create_nat_gateway",
    ]
    log = stage.simulator.requests()[before:]
    assert {entry["method"] for entry in log} <= {"GET", "POST"}


@pytest.mark.parametrize(
    ("then", "kind"),
    [
        ({"status": 403, "body": {"error": {"code": "AuthorizationFailed", "message": "no"}}}, "unmeasured"),
        ({"status": 429, "headers": {"Retry-After": "1"}, "body": {"code": "429", "message": "slow"}}, "unmeasured"),
        ({"status": 500, "body": {"code": "InternalServerError", "message": "oops"}}, "unmeasured"),
    ],
)
def test_metrics_that_cannot_be_read_are_not_measured_never_zero(
    stage: Stage, browser: requests.Session, then: dict[str, Any], kind: str
) -> None:
    fault = {"match": {"path": "(?i)microsoft.insights/metrics|metrics:getBatch"}, "times": 1000, "then": then}
    stage.simulator.add_fault(fault)

    assert reading(stage)["kind"] == kind


def test_a_stop_names_who_said_so_and_can_be_lifted(stage: Stage) -> None:
    assert ask(stage, "stop", method="POST").status_code == 400
    stopped = ask(stage, "stop", method="POST", by="Grace", reason="freeze").json()
    assert (stopped["is_stopped"], stopped["by"], stopped["reason"]) == (True, "Grace", "freeze")
    assert ask(stage, "stop").json() == stopped
    assert ask(stage, "stop", method="DELETE", by="Grace").json()["is_stopped"] is False
    told = ask(stage, "history", cluster="shop-prod").json()["audit"]
    assert [(line["actor"], line["event"]) for line in told if line["subject"] == "all changes"] == [
        ("Grace", "all changes stopped"),
        ("Grace", "stop of all changes lifted"),
    ]


def test_silences_and_the_history_of_all_clusters_are_listed(stage: Stage) -> None:
    assert ask(stage, "silence").json()["silences"] == []
    given = ask(stage, "silence", method="POST", cluster="shop-prod", minutes="5", by="Grace").json()
    (silence,) = ask(stage, "silence").json()["silences"]
    assert (silence["cluster_name"], silence["by"], silence["until"]) == ("shop-prod", "Grace", given["until"])
    assert re.fullmatch(r"[-\d]{10}T\d\d:\d\d:\d\d\+00:00", silence["until"])
    ask(stage, "silence", method="DELETE", cluster="shop-prod", by="Grace")
    page = ask(stage, "history").json()
    assert [found["cluster"]["cluster_name"] for found in page["clusters"]] == ["shop-prod"]
    assert page["next"] is None
    assert ask(stage, "history", after="x").status_code == 400


@pytest.mark.parametrize("given", [{"by": "a" * 81}, {"by": "Ada", "reason": "b" * 501}])
def test_names_and_reasons_have_a_length(stage: Stage, given: dict[str, str]) -> None:
    for method in ("POST", "DELETE"):
        answer = ask(stage, "stop", method=method, **given)
        assert answer.status_code == 400
        assert "at most" in answer.text
    silence = ask(stage, "silence", method="POST", cluster="shop-prod", minutes="5", by="a" * 81)
    assert silence.status_code == 400


def test_the_echo_of_addresses_ignores_what_a_caller_claims(stage: Stage) -> None:
    url, claimed = f"{stage.host.base_url}/api/ip", {"X-Forwarded-For": "203.0.113.7"}
    plain = requests.get(url, headers=claimed, timeout=60)
    assert plain.text.startswith("127.0.0.1 is a private address, not an egress address.")
    found = requests.get(url, headers=claimed, params={"nonce": "a-nonce-of-mine"}, timeout=60).json()
    assert (found["address"], found["is_egress"], found["ticket"]) == ("127.0.0.1", False, None)


def test_simulated_probes_report_the_address_that_they_leave_by_and_where_syns_are_lost(stage: Stage) -> None:
    app = App(load_settings(stage.host.settings), SystemClock())
    (cluster,) = ask(stage, "check").json()["clusters"]
    failing = {node["name"] for node in cluster["reading"]["nodes"]}
    _, key = app.probe_keys.create(ArmId(cluster["cluster"]["id"]), "Ada", datetime.now(UTC))
    assert stage.simulator.apply_probes("shop-prod", stage.host.base_url, key) == 3
    for _ in range(15):
        assert set(stage.simulator.run_probes().values()) <= {-1, 200}
        stage.simulator.advance(30)
        stage.host.advance_clock(30)
    probes = ask(stage, "check", cluster="shop-prod").json()["probes"]
    (seen,) = probes["addresses"]
    assert (seen["address"], len(seen["nodes"])) == ("203.0.113.1", 3)
    payments = [each for each in probes["targets"] if each["counts"]["target"] == "payments.example.org:443"]
    assert {each["node"] for each in payments if each["counts"]["slow"] + each["counts"]["timed_out"]} <= failing
    assert {each["counts"]["slow"] for each in probes["targets"] if each["counts"]["target"] == "app"} == {0}
