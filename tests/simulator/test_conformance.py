"""Replaying recordings: what the simulator itself once answered matches, what was broken since is found."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simulator.app import Reply, Simulator
from simulator.conformance.__main__ import main
from simulator.conformance.history import History
from simulator.conformance.recording import Recording, load_file
from simulator.conformance.replay import Verdict, replay
from simulator.http import Request, Response
from simulator.services.network import wire
from simulator.state.operations import Operations
from tests.support.recorder import Recorder, attach_a_gateway, measure, query, read_everything

LAST_LINE = re.compile(r"(\d+) match, (\d+) differ, (\d+) not covered")


def loaded(recorder: Recorder, folder: Path) -> Recording:
    return load_file(recorder.save(folder), "flow.json")


def differing(recording: Recording) -> list[str]:
    return [
        f"#{result.exchange.number} {result.verdict} {result.reason} {'; '.join(map(str, result.differences))}"
        for result in replay(recording, History([recording]))
        if result.verdict is not Verdict.MATCH
    ]


FLOWS: list[Callable[[], Recorder]] = [
    attach_a_gateway,
    measure,
    query,
    read_everything,
    lambda: read_everything("several-subnets"),
    lambda: read_everything("kubenet-route-table"),
    lambda: read_everything("behind-nat-gateway"),
]
FLOW_NAMES = ["write", "measure", "query", "storm", "subnets", "kubenet", "gateway"]


@pytest.mark.parametrize("flow", FLOWS, ids=FLOW_NAMES)
def test_what_the_simulator_answered_it_answers_again(flow: Callable[[], Recorder], tmp_path: Path) -> None:
    assert differing(loaded(flow(), tmp_path)) == []


@pytest.mark.parametrize("flow", FLOWS, ids=FLOW_NAMES)
def test_one_exchange_is_enough_to_tell_the_state_from(flow: Callable[[], Recorder], tmp_path: Path) -> None:
    recording = loaded(flow(), tmp_path)
    alone = [replace(recording, exchanges=(exchange,)) for exchange in recording.exchanges]
    assert [found for each in alone for found in differing(each)] == []


def test_refusals_for_want_of_a_role_and_because_of_a_lock_are_told_from_their_message(tmp_path: Path) -> None:
    recorder = Recorder("locked-group")
    subscription = next(iter(recorder.world.subscriptions.values())).id
    vnets = recorder.ask("GET", f"/subscriptions/{subscription}/providers/Microsoft.Network/virtualNetworks")
    subnet = vnets["value"][0]["properties"]["subnets"][0]
    recorder.ask("PUT", subnet["id"], {"properties": subnet["properties"]})
    recorder.world.access.locks.clear()
    recorder.world.access.take_away("*", "Microsoft.Network/virtualNetworks/subnets/write")
    recorder.ask("PUT", subnet["id"], {"properties": subnet["properties"]})
    assert [each["response"]["status"] for each in recorder.exchanges] == [200, 409, 403]
    assert differing(loaded(recorder, tmp_path)) == []


def test_a_caller_who_was_not_known_is_not_known_again(tmp_path: Path) -> None:
    recorder = Recorder()
    recorder.ask("GET", "/subscriptions", authorization="Bearer nonsense")
    assert [each["response"]["status"] for each in recorder.exchanges] == [401]
    assert differing(loaded(recorder, tmp_path)) == []


# -- a broken simulator is found ------------------------------------------------------------------

Break = Callable[[pytest.MonkeyPatch], None]


def misspell_a_key(patch: pytest.MonkeyPatch) -> None:
    _change_documents(
        patch, lambda properties: properties | {"idletimeoutinminutes": properties.pop("idleTimeoutInMinutes", 4)}
    )


def lose_a_back_reference(patch: pytest.MonkeyPatch) -> None:
    _change_documents(patch, lambda properties: {k: v for k, v in properties.items() if k != "natGateway"})


def finish_at_once(patch: pytest.MonkeyPatch) -> None:
    _change_documents(patch, lambda properties: properties | {"provisioningState": "Succeeded"})


def say_numbers_as_texts(patch: pytest.MonkeyPatch) -> None:
    _change_documents(patch, lambda properties: {k: str(v) if type(v) is int else v for k, v in properties.items()})


def _change_documents(patch: pytest.MonkeyPatch, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    real = wire.document_json

    def changed(*arguments: Any) -> dict[str, Any]:
        body = real(*arguments)
        return body | {"properties": change(dict(body["properties"]))}

    patch.setattr(wire, "document_json", changed)


def lose_a_header(patch: pytest.MonkeyPatch) -> None:
    _change_responses(patch, lambda response: replace(response, headers=_without(response, "Azure-AsyncOperation")))


def hurry_clients(patch: pytest.MonkeyPatch) -> None:
    _change_responses(patch, lambda response: replace(response, headers={**response.headers, "Retry-After": "0"}))


def forget_the_error_wrapper(patch: pytest.MonkeyPatch) -> None:
    def flat(response: Response) -> Response:
        wrapped = isinstance(response.body, dict) and isinstance(response.body.get("error"), dict)
        return replace(response, body=response.body["error"]) if wrapped else response

    _change_responses(patch, flat)


def accept_everything(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Operations, "holding", lambda *_: None)
    patch.setattr(Operations, "touching", lambda *_: None)


def _without(response: Response, name: str) -> dict[str, str]:
    return {key: value for key, value in response.headers.items() if key != name}


def _change_responses(patch: pytest.MonkeyPatch, change: Callable[[Response], Response]) -> None:
    real = Simulator.handle

    def handle(simulator: Simulator, request: Request) -> Reply:
        reply = real(simulator, request)
        return Reply(change(reply.response)) if reply.response is not None else reply

    patch.setattr(Simulator, "handle", handle)


@pytest.mark.parametrize(
    ("broken", "found"),
    [
        (misspell_a_key, "idleTimeoutInMinutes (casing)"),
        (lose_a_back_reference, "missing properties.natGateway"),
        (finish_at_once, "provisioningState: Updating → Succeeded"),
        (say_numbers_as_texts, "idleTimeoutInMinutes (type): number → string"),
        (lose_a_header, "missing header azure-asyncoperation"),
        (hurry_clients, "header retry-after"),
        (forget_the_error_wrapper, "missing error"),
        (accept_everything, "status: 429"),
    ],
)
def test_a_broken_answer_is_found(
    broken: Break, found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recorder = attach_a_gateway()
    recorder.save(tmp_path)
    page = tmp_path / "page.md"
    assert main([str(tmp_path), "--output", str(page)]) == 0
    whole = capsys.readouterr().out
    broken(monkeypatch)
    assert main([str(tmp_path), "--output", str(page)]) == 1
    out = capsys.readouterr().out
    assert found in out
    assert found in page.read_text()
    assert "NEW differences" in out
    assert out.splitlines()[-1] != whole.splitlines()[-1]


@pytest.mark.parametrize("crashing", ["simulator.app.Simulator.handle", "simulator.conformance.replay.arrange"])
def test_a_crash_of_the_simulator_or_of_the_replay_is_shown_as_one_and_fails_the_run(
    crashing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    measure().save(tmp_path)
    page = tmp_path / "page.md"

    def crash(*_: Any) -> None:
        raise KeyError("content of the recording")

    monkeypatch.setattr(crashing, crash)
    assert main([str(tmp_path), "--output", str(page)]) == 1
    out = capsys.readouterr().out
    assert re.fullmatch(r"0 match, 0 differ, 0 not covered, [1-9]\d* crashed", out.splitlines()[-1])
    for shown in (out, page.read_text()):
        assert "flow.json #1: KeyError at test_conformance.py:" in shown
        assert "content of the recording" not in shown


# -- the program ----------------------------------------------------------------------------------


def test_the_last_line_counts_what_was_recorded_and_the_page_holds_no_bodies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recorder = attach_a_gateway()
    recorder.save(tmp_path)
    example = recorder.recording() | {"provenance": "documentation example"}
    (tmp_path / "example.json").write_text(json.dumps(example))
    page = tmp_path / "docs" / "page.md"
    assert main([str(tmp_path), "--output", str(page)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == f"{len(recorder.exchanges)} match, 0 differ, 0 not covered"
    assert sum(1 for line in lines if LAST_LINE.fullmatch(line)) == 1
    written = page.read_text()
    assert lines[-1] in written
    assert "a flow" in written
    for secret in ("shop-vnet", "W/", "subscriptions/", "10.", "Bearer"):
        assert secret not in written


def _exchange(method: str, url: str, status: int, body: Any) -> dict[str, Any]:
    return {"request": {"method": method, "url": url}, "response": {"status": status, "body": body}}


def test_odd_files_are_reported_and_stop_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    measure().save(tmp_path)
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "empty.json").write_text("{}")
    group = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network"
    odd: list[Any] = [
        None,
        {},
        {"request": {}, "response": {}},
        _exchange("GET", "/x", 200, [1]),
        _exchange("GET", "same as before", 200, None),
        _exchange("LOOK", "/x", 200, None),
        {"request": {"method": "GET", "url": "/x", "host": "example.com"}, "response": {"status": 200}},
        _exchange("PUT", f"{group}/natGateways/n?api-version=1", 201, None),
        _exchange("POST", "/subscriptions/s/metrics:getBatch?api-version=1", 200, {"values": 5}),
        _exchange(
            "GET", f"{group}/natGateways/n/providers/Microsoft.Insights/metrics?api-version=1", 200, {"value": 5}
        ),
    ]
    (tmp_path / "odd.json").write_text(json.dumps({"provenance": "recorded", "exchanges": odd}))
    assert main([str(tmp_path), "--output", str(tmp_path / "page.md")]) == 0
    match = LAST_LINE.fullmatch(capsys.readouterr().out.splitlines()[-1])
    assert match is not None
    assert (match[1], match[2]) == ("6", "0")
    assert int(match[3]) == 2 + len(odd)


@pytest.mark.parametrize("folder", ["", "nowhere"])
def test_without_recordings_one_line_says_what_to_give(
    folder: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SNATBOT_RECORDINGS", folder)
    assert main([]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "SNATBOT_RECORDINGS" in line


def test_the_simulator_answers_as_recorded(
    recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every difference from the live services' recorded answers has been looked at."""
    status = main([str(recordings), "--output", str(tmp_path / "page.md")])
    out = capsys.readouterr().out
    assert status == 0, out
    match = LAST_LINE.fullmatch(out.splitlines()[-1])
    assert match is not None
    assert int(match[1]) > 0
