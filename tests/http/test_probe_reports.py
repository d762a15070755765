"""Reports of egress probes: who may send them, what is refused, and what is kept."""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import azure.functions as func
import pytest

from shared.app import App
from shared.auth.signing import RowSigner, Signer
from shared.errors import NotFoundHere, Refused
from shared.ids import cluster_key
from shared.model.change import ChangeState
from shared.model.incident import ClusterRecord
from shared.model.probe import ProbeReport
from shared.model.resource_id import ArmId
from shared.store.probes import ProbeKeys, ProbeReports
from shared.store.records import Put
from shared.triggers import probe_reports
from shared.triggers.rate_bound import RateBound
from tests.support.builders import START
from tests.support.http_functions import CLUSTER, FUNCTIONS, desk_in_this_process
from tests.support.nouns import make_change

CLUSTER_ID = make_change().cluster_id
PARTITION = cluster_key(CLUSTER_ID)
OTHER = ArmId(CLUSTER_ID.replace("shop-prod", "shop-test"))


@pytest.fixture(scope="module")
def app(azurite: str) -> Iterator[App]:
    with desk_in_this_process(azurite) as desk:
        yield desk.app


@pytest.fixture(scope="module")
def key(app: App) -> str:
    return app.probe_keys.create(CLUSTER_ID, "Ada", START)[1]


@pytest.fixture(autouse=True)
def wall(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tickets are signed at the time of the app's clock."""
    monkeypatch.setattr("time.time", START.timestamp)


def ticket(app: App, report_id: str, address: str = "20.1.2.3", signer: Signer | None = None) -> str:
    return (signer or app.signer).egress_ticket(address, report_id)


def report(report_id: str = "", **changed: Any) -> dict[str, Any]:
    at = START.timestamp()
    connection = {"target": "app", "at": at - 5, "exit": 0, "lookup": 0.002, "connect": 0.013, "tls": 0.04}
    return {
        "schema": 1,
        "report_id": report_id or secrets.token_hex(16),
        "node": "aks-user-1-vmss000002",
        "pod": "snatbot-probe-x1",
        "sent_at": at,
        "ticket": "",
        "refused": "",
        "connections": [{**connection, "address": "52.168.1.9"}],
        **changed,
    }


def send(key: str, content: Any) -> tuple[int, Any]:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    request = func.HttpRequest("POST", "https://bot/api/probe/reports", headers=headers, params={}, body=body)
    answer = FUNCTIONS["probe_report"].call(request)
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.status_code, json.loads(answer.get_body())


def kept(app: App, report_id: str, cluster: ArmId = CLUSTER_ID) -> list[ProbeReport]:
    _, found = app.probe_reports.newest_since(cluster_key(cluster), START - timedelta(days=2), START)
    return [each for each in found if each.id == report_id]


def test_a_report_is_kept_as_counts_with_the_address_that_its_ticket_proves(app: App, key: str) -> None:
    given = report()
    given["ticket"] = ticket(app, given["report_id"])
    assert send(key, given) == (200, {"interval_seconds": 30})  # a change is proposed
    (found,) = kept(app, given["report_id"])
    assert (found.node, found.pod, found.address) == ("aks-user-1-vmss000002", "snatbot-probe-x1", "20.1.2.3")
    (counts,) = found.targets
    assert (counts.target, counts.connections, counts.failed, counts.slow) == ("app", 1, 0, 0)
    assert counts.connect_ms == pytest.approx(11)


def test_the_next_report_is_in_five_minutes_where_nothing_is_open(app: App) -> None:
    _, text = app.probe_keys.create(OTHER, "Ada", START)
    assert send(text, report()) == (200, {"interval_seconds": 300})
    done = replace(make_change(ChangeState.FIXED), due_at=None)
    app.records.commit_in(cluster_key(OTHER), [Put(done)])
    assert send(text, report()) == (200, {"interval_seconds": 300})
    app.probe_keys.revoke(OTHER, text.split("_")[1], "Ada", START)


@pytest.mark.parametrize("cut", ["", "x", "snatbot", "snatprobe_0123456789ab_" + "A" * 43])
def test_a_report_without_a_key_of_this_app_is_refused_before_it_is_read(app: App, cut: str) -> None:
    given = report()
    assert send(cut, given)[0] == 401
    assert send(cut, b"{")[0] == 401
    assert not kept(app, given["report_id"])


def test_a_key_that_was_guessed_from_its_id_is_refused(app: App, key: str) -> None:
    prefix, key_id, secret = key.split("_", 2)
    for forged in (secret[:-8] + "AAAAAAAA", secret[:42] + ("B" if secret[42] == "A" else "A")):
        assert send(f"{prefix}_{key_id}_{forged}", report())[0] == 401


def test_a_revoked_key_reports_nothing_more_and_both_are_audited(app: App) -> None:
    created, text = app.probe_keys.create(OTHER, "Ada", START)
    assert send(text, report())[0] == 200
    app.probe_keys.revoke(OTHER, created.id, "Ada", START)
    assert send(text, report())[0] == 401
    with pytest.raises(NotFoundHere):
        app.probe_keys.revoke(OTHER, created.id, "Ada", START)
    lines = [line for line in app.records.audit(cluster_key(OTHER)) if line.subject == created.id]
    assert sorted(line.event for line in lines) == ["probe key created", "probe key revoked"]


def test_a_cluster_has_two_keys_at_most(app: App) -> None:
    cluster = ArmId(CLUSTER_ID.replace("shop-prod", "two-keys"))
    first, text = app.probe_keys.create(cluster, "Ada", START)
    second, _ = app.probe_keys.create(cluster, "Ada", START)
    with pytest.raises(Refused, match="revoke one first"):
        app.probe_keys.create(cluster, "Ada", START)
    assert {key.id for key in app.probe_keys.valid(cluster)} == {first.id, second.id}
    assert text.rpartition("_")[2] not in repr(app.probe_keys.valid(cluster))


def test_a_key_that_somebody_put_into_storage_is_refused(app: App) -> None:
    stranger = ProbeKeys(app.table, RowSigner(["x" * 40]))
    _, text = type(app.probe_keys)(stranger).create(ArmId(CLUSTER_ID + "x"), "Eve", START)
    assert send(text, report())[0] == 401


def test_a_report_counts_for_the_cluster_of_its_key_and_no_other(app: App, key: str) -> None:
    given = report(cluster=OTHER)
    assert send(key, given)[0] == 400, "a report names no cluster"
    given = report()
    assert send(key, given)[0] == 200
    assert kept(app, given["report_id"])
    assert not kept(app, given["report_id"], OTHER)


def test_a_report_that_is_sent_again_counts_once(app: App, key: str) -> None:
    given = report()
    for _ in range(3):
        assert send(key, given)[0] == 200
    assert send(key, {**given, "sent_at": given["sent_at"] - 1})[0] == 200
    assert len(kept(app, given["report_id"])) == 1


@pytest.mark.parametrize("kind", ["forged", "of another report", "old", "of another purpose", "nonsense"])
def test_only_a_ticket_of_this_app_for_this_report_proves_an_address(
    app: App, key: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = report()
    match kind:
        case "forged":
            given["ticket"] = ticket(app, given["report_id"], signer=Signer(["x" * 40], 60))
        case "of another report":
            given["ticket"] = ticket(app, secrets.token_hex(16))
        case "old":
            with monkeypatch.context() as patch:
                patch.setattr("time.time", lambda: START.timestamp() - 700)
                given["ticket"] = ticket(app, given["report_id"])
        case "of another purpose":
            given["ticket"] = app.signer.form_token("20.1.2.3", given["report_id"])
        case _:
            given["ticket"] = "20.1.2.3"
    assert send(key, given)[0] == 200
    assert [found.address for found in kept(app, given["report_id"])] == [""]


def test_a_late_report_keeps_the_ticket_of_its_time(app: App, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    then = START.timestamp() - 7200
    given = report(sent_at=then)
    given["connections"][0]["at"] = then - 3
    with monkeypatch.context() as patch:
        patch.setattr("time.time", lambda: then - 2)
        given["ticket"] = ticket(app, given["report_id"])
    assert send(key, given)[0] == 200
    (found,) = kept(app, given["report_id"])
    assert (found.address, found.received_at - found.sent_at) == ("20.1.2.3", timedelta(hours=2))


@pytest.mark.parametrize("hours", [-1, 25, 9e5])
def test_a_report_of_another_day_is_refused(key: str, hours: float) -> None:
    assert send(key, report(sent_at=abs(START.timestamp() - hours * 3600)))[0] == 400


def test_a_report_above_32_kb_is_refused_before_its_key_is_read(key: str) -> None:
    assert send("", b"x" * 32769)[0] == 413
    assert send(key, b" " * 32769)[0] == 413


@pytest.mark.parametrize(
    "changed",
    [
        {"schema": 2},
        {"schema": "1"},
        {"report_id": "x" * 32},
        {"node": "a b"},
        {"node": "a\n"},
        {"pod": ""},
        {"pod": "a" * 254},
        {"sent_at": "1764335000"},
        {"refused": "no"},
        {"more": 1},
        {"connections": None},
        {"connections": [{}]},
        {"connections": [{**report()["connections"][0], "target": "https://x/"}]},
        {"connections": [{**report()["connections"][0], "connect": -1}]},
        {"connections": [{**report()["connections"][0], "connect": True}]},
        {"connections": [{**report()["connections"][0], "address": "<b>"}]},
        {"connections": [{**report()["connections"][0], "at": START.timestamp() + 60}]},
        {"connections": [report()["connections"][0]] * 91},
        {"connections": [{**report()["connections"][0], "target": f"a:{port}"} for port in range(7)]},
    ],
    ids=lambda changed: str(changed)[:60],
)
def test_a_report_in_another_form_is_refused_and_nothing_of_it_is_logged(
    app: App, key: str, changed: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    given = report(**changed)
    with caplog.at_level(logging.DEBUG):
        status, answer = send(key, given)
    assert (status, answer["error"]["code"]) == (400, "bad_input")
    assert key not in caplog.text
    assert not kept(app, str(given["report_id"]))


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"schema": NaN}', b"[" * 30000])
def test_a_body_that_is_no_report_is_a_400(key: str, body: bytes) -> None:
    assert send(key, body)[0] == 400


def test_a_key_reports_so_often_and_then_has_to_wait(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe_reports, "_of_key", {hashlib.sha256(key.encode()).digest(): RateBound(0, 1)})
    assert send(key, report())[0] == 200
    given = json.dumps(report()).encode()
    request = func.HttpRequest(
        "POST", "https://bot/api/probe/reports", headers={"Authorization": f"Bearer {key}"}, params={}, body=given
    )
    answer = FUNCTIONS["probe_report"].call(request)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "10")


def test_a_flood_without_a_key_silences_no_probe(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert send(key, report())[0] == 200
    monkeypatch.setattr(probe_reports, "_of_all", RateBound(0, 1))
    forged = key[:-8] + "AAAAAAAA"
    assert [send(forged, report())[0] for _ in range(2)] == [401, 429]
    assert send(key, report())[0] == 200


def test_a_report_that_somebody_put_into_storage_is_not_read(app: App, key: str) -> None:
    given = report()
    send(key, given)
    (found,) = kept(app, given["report_id"])
    forged = replace(found, id="f" * 32, address="6.6.6.6")
    ProbeReports(app.probe_table, RowSigner(["x" * 40])).add(PARTITION, forged)
    assert not kept(app, forged.id)


def test_a_report_takes_two_calls_of_storage(app: App, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def counted(name: str, real: Any) -> Any:
        def call(*given: Any) -> Any:
            calls.append(name)
            return real(*given)

        return call

    for table in (app.table, app.probe_table):
        for name in ("get", "query", "write", "transaction", "delete"):
            monkeypatch.setattr(table, name, counted(name, getattr(table, name)))
    assert send(key, report())[0] == 200
    assert calls == ["query", "write"]


def get(function: str, **params: str) -> func.HttpResponse:
    route = {"cluster": PARTITION} if function == "cluster" else {}
    request = func.HttpRequest("GET", f"https://bot/api/{function}", params=params, route_params=route, body=b"")
    answer: func.HttpResponse = FUNCTIONS[function].call(request)
    return answer


def test_check_and_the_clusters_page_show_what_was_reported(app: App, key: str) -> None:
    given = report()
    given["ticket"] = ticket(app, given["report_id"], "20.9.9.9")
    given["connections"] += [{**given["connections"][0], "target": "api.example.com:443", "exit": 28, "connect": 0}] * 9
    assert send(key, given)[0] == 200
    app.records.commit_in(PARTITION, [Put(ClusterRecord(CLUSTER_ID, "shop-prod"))])
    page = get("cluster", t=app.signer.read_pass(PARTITION)).get_body().decode()
    assert "Seen from inside" in page
    assert "20.9.9.9" in page
    assert "api.example.com:443" in page
    assert "SYNs were lost" in page
    probes = json.loads(get("check", cluster=CLUSTER["id"]).get_body()).get("probes")
    assert probes is None, "another cluster, without a probe"


def test_a_cluster_with_a_key_whose_probes_are_silent_is_not_measured(app: App) -> None:
    created, _ = app.probe_keys.create(ArmId(CLUSTER["id"]), "Ada", START)
    probes = json.loads(get("check", cluster=CLUSTER["id"]).get_body())["probes"]
    assert (probes["reports"], [seen["hint"] for seen in probes["observed"]]) == (0, ["silent"])
    app.probe_keys.revoke(ArmId(CLUSTER["id"]), created.id, "Ada", START)


def test_metrics_have_the_last_report_of_each_node_with_a_valid_key(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    shown, revoked, silent = (ArmId(CLUSTER_ID.replace("shop-prod", f"gauged-{name}")) for name in ("on", "off", "old"))
    for cluster in (shown, revoked, silent):
        created, _ = app.probe_keys.create(cluster, "Ada", START)
        for minutes in (4, 2) if cluster != silent else (11,):
            sent_at = START - timedelta(minutes=minutes)
            stored = ProbeReport(secrets.token_hex(16), "aks-1", "pod", sent_at, sent_at, START, key_id=created.id)
            app.probe_reports.add(cluster_key(cluster), stored)
        if cluster == revoked:
            app.probe_keys.revoke(cluster, created.id, "Ada", START)
    clusters = len(list(app.probe_reports.partitions()))
    queries = [Mock(wraps=table.query) for table in (app.table, app.probe_table)]
    for table, query in zip((app.table, app.probe_table), queries, strict=True):
        monkeypatch.setattr(table, "query", query)
    found, is_complete = app.read_probes.newest(START)
    assert [report.sent_at for report in found[shown]] == [START - timedelta(minutes=2)]
    assert (found[silent], revoked in found, is_complete) == ([], False, True)
    assert [query.call_count for query in queries] == [clusters, clusters + 1 + len(found)]
    monkeypatch.setattr("shared.flows.probing.read._MOST_CLUSTERS", 1)
    found, is_complete = app.read_probes.newest(START)
    assert (len(found) <= 1, is_complete) == (True, False)
