"""The egress probe's script in a shell, with a real curl, against a server of this machine."""

from __future__ import annotations

import json
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import pytest
import trustme

from shared.clock import Instant
from shared.flows.probing.accept import AcceptReport
from shared.model.probe import ProbeKey, ProbeReport
from shared.model.resource_id import ArmId
from shared.store.probes import ProbeReports
from shared.web.export.probe_manifest import SCRIPT
from tests.support.every import every
from tests.support.probe_pod import KEY, ProbePod, free_port, shells

pytestmark = pytest.mark.network
Answer = tuple[int, str]


class App(ThreadingHTTPServer):
    """The app as a probe sees it. ``answers`` are given to reports in turn, the last one for ever."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.answers: list[Answer] = [(200, '{"interval_seconds": 300}')]
        self.address_answer = '{"address": "203.0.113.7", "ticket": "%s.signed-1_x"}'
        self.reports: list[dict[str, Any]] = []
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.largest = self.connections = self.calls = 0

    def answer(self) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class _Handler(BaseHTTPRequestHandler):
    server: App
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_GET(self) -> None:
        self.server.calls += 1
        nonce = self.path.partition("nonce=")[2]
        self._say(200, self.server.address_answer.replace("%s", nonce))

    def do_HEAD(self) -> None:
        self._say(200, "")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.largest = max(self.server.largest, len(body))
        status, text = self.server.answer()
        if status == 200:
            self.server.reports.append(json.loads(body))
            self.server.bodies.append(body)
            self.server.headers.append(dict(self.headers))
        self._say(status, text)

    def _say(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: Any) -> None: ...


@pytest.fixture
def app() -> Iterator[App]:
    with App() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()


@pytest.fixture(params=shells())
def pod(request: pytest.FixtureRequest, tmp_path: Path) -> ProbePod:
    return ProbePod(tmp_path, request.param)


@pytest.fixture
def any_pod(tmp_path: Path) -> ProbePod:
    return ProbePod(tmp_path, ("busybox", "ash") if shutil.which("busybox") else ("sh",))


@pytest.fixture
def tls_target(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A target on port 443, and curl's options that lead there."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("api.example.test").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with App() as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        to = f"--connect-to api.example.test:443:127.0.0.1:{server.server_address[1]}"
        yield "api.example.test:443", f"--connect-timeout 2 {to} --cacert {tmp_path / 'ca.pem'}"
        server.shutdown()


def outcomes(report: dict[str, Any]) -> dict[str, int]:
    return {row["target"]: row["exit"] for row in report["connections"]}


def test_a_round_measures_the_app_and_each_target_and_is_reported(
    pod: ProbePod, app: App, tls_target: tuple[str, str]
) -> None:
    target, options = tls_target
    assert pod.run(app.url, target, options=options) == ""
    (report,) = app.reports
    assert re.fullmatch("[0-9a-f]{32}", report["report_id"])
    assert report["ticket"] == f"{report['report_id']}.signed-1_x"
    assert (report["schema"], report["node"], report["pod"]) == (1, "aks-user-1-vmss000002", "snatbot-probe-x1")
    assert report["refused"] == ""
    assert outcomes(report) == {"app": 0, target: 0}
    by_target = {row["target"]: row for row in report["connections"]}
    assert by_target["app"]["address"] == by_target[target]["address"] == "127.0.0.1"
    assert 0 < by_target[target]["connect"] < by_target[target]["tls"]
    assert by_target["app"]["tls"] == 0
    assert app.headers[0]["Authorization"] == f"Bearer {KEY}"
    assert app.headers[0]["Content-Type"] == "application/json"
    assert pod.waiting == 0


def test_each_failure_has_curls_exit_code(pod: ProbePod, app: App, hangs: str) -> None:
    refused, unnamed = f"127.0.0.1:{free_port()}", "no-such-name.invalid:443"
    pod.run(app.url, hangs, refused, unnamed)
    (report,) = app.reports
    assert outcomes(report) == {"app": 0, hangs: 28, refused: 7, unnamed: 6}
    row = next(row for row in report["connections"] if row["target"] == hangs)
    assert (row["connect"], row["tls"]) == (0, 0)


@contextmanager
def full_queue() -> Iterator[tuple[str, Callable[[], None]]]:
    """A target whose SYNs are dropped, because its queue is full; and what frees the queue."""
    with closing(socket.socket()) as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        address = server.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(address)

        def free() -> None:
            for each in waiting:
                each.close()
            for _ in range(2):
                server.accept()[0].close()

        yield f"127.0.0.1:{address[1]}", free
        for each in waiting:
            each.close()


@pytest.fixture
def hangs() -> Iterator[str]:
    with full_queue() as (target, _):
        yield target


def test_a_lost_syn_costs_a_second(any_pod: ProbePod, app: App) -> None:
    with full_queue() as (target, free):
        later = threading.Timer(0.5, free)
        later.start()
        any_pod.run(app.url, target, options="--connect-timeout 60 --max-time 60")
        later.join()
    (report,) = app.reports
    row = next(row for row in report["connections"] if row["target"] == target)
    assert row["exit"] == 0
    assert row["connect"] > 0.9


def test_a_target_without_tls_only_has_to_accept(any_pod: ProbePod, app: App) -> None:
    """It waits for the server to speak first: curl's time-out after the connect is no failure."""
    with closing(socket.socket()) as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        target = f"127.0.0.1:{silent.getsockname()[1]}"
        any_pod.run(app.url, target, options="--max-time 1")
    (report,) = app.reports
    assert outcomes(report) == {"app": 0, target: 0}


def test_while_the_answer_says_30_it_measures_every_half_minute_and_reports_every_90_seconds(
    pod: ProbePod, app: App
) -> None:
    app.answers = [(200, '{"interval_seconds": 30}')]
    pod.run(app.url, rounds=7)
    assert every(27 <= seconds <= 33 for seconds in pod.sleeps[1:])
    assert pod.sleeps[0] < 30
    assert [len(report["connections"]) for report in app.reports] == [1, 3, 3]
    assert app.calls == 7
    tickets = [report["ticket"] for report in app.reports]
    assert tickets == [f"{report['report_id']}.signed-1_x" for report in app.reports]


def test_a_failure_is_reported_at_once(any_pod: ProbePod, app: App) -> None:
    app.answers = [(200, '{"interval_seconds": 30}')]
    any_pod.run(app.url, f"127.0.0.1:{free_port()}", rounds=3)
    assert [len(report["connections"]) for report in app.reports] == [2, 2, 2]


def test_without_an_open_incident_it_measures_every_five_minutes(any_pod: ProbePod, app: App) -> None:
    app.answers = [(200, '{"interval_seconds": 30}'), (200, '{"interval_seconds": 300}')]
    any_pod.run(app.url, rounds=6)
    assert [seconds > 200 for seconds in any_pod.sleeps[1:]] == [False, False, False, True, True, True]
    assert every(270 <= seconds < 330 for seconds in any_pod.sleeps[4:])


def test_half_a_minute_ends_when_no_answer_has_said_so_for_15_minutes(any_pod: ProbePod, app: App) -> None:
    app.answers = [(200, '{"interval_seconds": 30}'), (503, "")]
    any_pod.run(app.url, rounds=36)
    assert every(seconds <= 33 for seconds in any_pod.sleeps[1:25])
    assert every(seconds > 200 for seconds in any_pod.sleeps[34:])


def test_reports_wait_until_the_app_takes_them_and_the_newest_comes_first(pod: ProbePod, app: App) -> None:
    app.answers = [(503, ""), (503, ""), (429, ""), (200, '{"interval_seconds": 300}')]
    said = pod.run(app.url, rounds=4)
    assert said.splitlines() == [
        "snatbot-probe: 1 reports wait: the app answered 503 (000: nothing)",
        "snatbot-probe: 2 reports wait: the app answered 503 (000: nothing)",
        "snatbot-probe: 3 reports wait: the app answered 429 (000: nothing)",
    ]
    sent = [report["sent_at"] for report in app.reports]
    assert len(set(sent)) == 4
    assert sent == sorted(sent, reverse=True)
    assert every(report["ticket"].startswith(report["report_id"]) for report in app.reports)
    assert pod.waiting == 0
    assert app.connections == 4 + 3 + 1  # the four reports over one


def test_nothing_is_lost_while_the_app_can_not_be_reached(any_pod: ProbePod) -> None:
    said = any_pod.run(f"http://127.0.0.1:{free_port()}", rounds=2)
    assert any_pod.waiting == 2
    assert said.splitlines()[-1] == "snatbot-probe: 2 reports wait: the app answered 000 (000: nothing)"
    waiting = [json.loads(path.read_text()) for path in any_pod.work.glob("report.*")]
    assert [(outcomes(report), report["ticket"]) for report in waiting] == [({"app": 7}, "")] * 2


def test_what_waits_is_bounded_and_the_oldest_goes_first(any_pod: ProbePod, app: App) -> None:
    app.answers = [(503, "")]
    script = SCRIPT.read_text().replace("MOST_REPORTS=288", "MOST_REPORTS=3")
    shortened = any_pod.work.parent / "short.sh"
    shortened.write_text(script)
    any_pod.script = shortened
    any_pod.run(app.url, rounds=6)
    assert any_pod.waiting == 3
    kept = sorted(json.loads(path.read_text())["sent_at"] for path in any_pod.work.glob("report.*"))
    assert kept[0] > 1764335000 + 2 * 270


@pytest.mark.parametrize("status", (400, 413))
def test_what_the_app_will_never_take_is_given_up(any_pod: ProbePod, app: App, status: int) -> None:
    app.answers = [(status, "")]
    any_pod.run(app.url, rounds=2)
    assert any_pod.waiting == 0


HOSTILE = (
    '{"interval_seconds": "$(: >../pwned)30; : >../pwned"}',
    "{\"interval_seconds\": '`: >../pwned`'}\n: >../pwned\n",
    '{"interval_seconds": 30000000000000000000000}',
    '{"interval_seconds": -30}',
    "$(: >../pwned)\n" * 5000,
)


@pytest.mark.parametrize("answer", HOSTILE, ids=range(len(HOSTILE)))
def test_of_an_answer_only_its_number_is_read(pod: ProbePod, app: App, answer: str) -> None:
    app.answers = [(200, answer)]
    app.address_answer = '{"ticket": "$(: >../pwned)`: >../pwned`"} ' + answer
    pod.run(app.url, rounds=2)
    assert not (pod.work.parent / "pwned").exists()
    assert pod.sleeps[1] > 200
    assert {report["ticket"] for report in app.reports} == {""}
    assert every(path.stat().st_size <= 32 * 1024 for path in pod.work.iterdir())


def test_a_ticket_of_any_length_leaves_the_report_small(any_pod: ProbePod, app: App) -> None:
    app.address_answer = json.dumps({"ticket": "x" * 30_000})
    any_pod.run(app.url)
    assert app.largest < 1000
    assert app.reports[0]["ticket"] == ""


def test_above_5_percent_of_the_nodes_ports_it_only_says_that_it_refuses(pod: ProbePod, app: App) -> None:
    target = f"127.0.0.1:{free_port()}"
    said = pod.run(app.url, target, ports=319)
    assert said == "snatbot-probe: 2 targets take 16 ports, more than 5 % of the node's 319: nothing is measured\n"
    (report,) = app.reports
    assert (report["refused"], report["ticket"], report["connections"]) == ("ports", "", [])
    assert app.calls == 0
    assert pod.run(app.url, target, ports=320) == ""
    assert app.reports[-1]["refused"] == ""


def test_the_largest_report_is_below_32_kb(any_pod: ProbePod, app: App) -> None:
    """Five targets of the longest names, with ten rounds in a report."""
    app.answers = [(200, '{"interval_seconds": 30}')]
    names = [f"{'a' * 60}.{'b' * 60}.{'c' * 60}.{number}.invalid:65535" for number in range(5)]
    any_pod.run(app.url, *names, rounds=2)
    assert app.largest * 10 < 32 * 1024


class Kept:
    def __init__(self) -> None:
        self.reports: list[ProbeReport] = []

    def add(self, partition: str, report: ProbeReport) -> bool:
        self.reports.append(report)
        return True


def test_the_app_reads_what_the_script_sends(any_pod: ProbePod, app: App, tls_target: tuple[str, str]) -> None:
    target, options = tls_target
    any_pod.run(app.url, target, "no-such-name.invalid:443", options=options)
    any_pod.run(app.url, ports=100)
    kept = Kept()
    key = ProbeKey("0" * 12, ArmId("/subscriptions/s"), "", datetime.now(UTC), "Ada")
    accepting = AcceptReport(
        cast(ProbeReports, kept), lambda ticket, nonce, _: "203.0.113.7" if nonce in ticket else ""
    )
    for body, report in zip(app.bodies, app.reports, strict=True):
        at = datetime.fromtimestamp(report["sent_at"], UTC)
        assert accepting.accept(key, body, Instant(at, at))
    measured, refused = kept.reports
    assert measured.address == "203.0.113.7"
    assert {counts.target: counts.failed for counts in measured.targets} == {
        "app": 0,
        target: 0,
        "no-such-name.invalid:443": 1,
    }
    assert (refused.is_refused, refused.targets) == (True, ())


def test_shellcheck_finds_nothing() -> None:
    checker = Path(sys.executable).with_name("shellcheck")
    found = subprocess.run([checker, "--shell=sh", SCRIPT], capture_output=True, text=True)
    assert (found.returncode, found.stdout) == (0, "")


def test_the_key_is_on_no_command_line(any_pod: ProbePod, app: App) -> None:
    any_pod.run(app.url, options='&& echo "$@" >>../commands')
    commands = (any_pod.work.parent / "commands").read_text()
    assert "api/probe/reports" in commands
    assert KEY not in commands
