"""HTTP functions: what a handler sees of a request, what a client gets, keys, limits, and the admin call."""

from __future__ import annotations

import http.client
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.devhost.conftest import SAMPLE_APP, Sample, StartSample

pytestmark = pytest.mark.azurite


def _get(sample: Sample, path: str, **options: Any) -> requests.Response:
    return requests.get(f"{sample.host.base_url}{path}", timeout=30, **options)


def test_a_handler_gets_the_request_as_it_was_sent(shared_sample: Sample) -> None:
    answer = requests.post(
        f"{shared_sample.host.base_url}/api/echo/a%20word%2Fmore/7?q=1&q=2&empty=",
        data=b"\x00\xff raw",
        headers={"Host": "bot.example:8443", "X-Two": "one, two"},
        timeout=30,
    )
    seen = answer.json()
    assert (answer.status_code, answer.headers["X-Own"]) == (201, "1")
    assert answer.headers["Content-Type"] == "application/json"
    assert seen["method"] == "POST"
    assert seen["url"] == "http://bot.example:8443/api/echo/a%20word%2Fmore/7?q=1&q=2&empty="
    assert seen["host"] == "bot.example:8443"
    assert seen["x-two"] == "one, two"
    assert seen["query"] == {"q": "1,2", "empty": ""}
    assert seen["route"] == {"word": "a word/more", "number": "7"}
    assert bytes.fromhex(seen["body"]) == b"\x00\xff raw"


def test_a_chunked_body_arrives_whole(shared_sample: Sample) -> None:
    answer = requests.post(f"{shared_sample.host.base_url}/api/echo/x", data=iter([b"one", b"two"]), timeout=30)
    assert bytes.fromhex(answer.json()["body"]) == b"onetwo"


def test_a_repeated_header_is_joined(shared_sample: Sample) -> None:
    connection = http.client.HTTPConnection(shared_sample.host.base_url.removeprefix("http://"))
    connection.putrequest("GET", "/api/echo/x")
    connection.putheader("X-Two", "one")
    connection.putheader("X-Two", "two")
    connection.endheaders()
    assert '"x-two": "one,two"' in connection.getresponse().read().decode()
    connection.close()


def test_the_app_sees_its_settings_and_not_this_machines_environment(
    start_sample: StartSample, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "of the developer")
    sample = start_sample({"OWN": "setting"})
    environment = _get(sample, "/api/echo/x").json()["environment"]
    assert environment["OWN"] == "setting"
    assert environment["AzureWebJobsStorage"] == sample.storage
    assert f"http://{environment['WEBSITE_HOSTNAME']}" == sample.host.base_url
    assert environment["TZ"] == "UTC"
    assert "AZURE_CLIENT_SECRET" not in environment


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/echo/literal", "the literal one"),
        ("/API/Echo/Literal/", "the literal one"),
        ("/api/files/a/b%20c", "a/b c"),
        ("/api/files", "nothing"),
    ],
)
def test_routes_match_as_in_azure(shared_sample: Sample, path: str, body: str) -> None:
    answer = _get(shared_sample, path)
    assert (answer.status_code, answer.text) == (200, body)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("path", ["/", "/api", "/api/unknown", "/echo/x", "/api/echo/x/notanumber", "/api/nothing"])
def test_what_no_function_takes_is_404(shared_sample: Sample, path: str) -> None:
    answer = _get(shared_sample, path)
    assert (answer.status_code, answer.content) == (404, b"")


def test_a_method_that_a_function_does_not_take_is_404(shared_sample: Sample) -> None:
    assert requests.delete(f"{shared_sample.host.base_url}/api/echo/x", timeout=30).status_code == 404


def test_a_handler_that_returns_nothing_answers_204(shared_sample: Sample) -> None:
    answer = requests.post(f"{shared_sample.host.base_url}/api/nothing", timeout=30)
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize("path", ["/api/fail", "/api/number"])
def test_a_handler_that_fails_answers_500_and_tells_nothing(shared_sample: Sample, path: str) -> None:
    answer = _get(shared_sample, path)
    assert (answer.status_code, answer.content) == (500, b"")


def test_a_failure_is_in_the_log_with_its_traceback(shared_sample: Sample) -> None:
    _get(shared_sample, "/api/fail")
    assert "RuntimeError: as asked over HTTP" in shared_sample.host.logs()


@pytest.mark.parametrize(
    ("path", "key", "status"),
    [
        ("guarded", "", 401),
        ("guarded", "wrong", 401),
        ("guarded", "function", 200),
        ("guarded", "master", 200),
        ("owner", "function", 401),
        ("owner", "master", 200),
    ],
)
def test_auth_levels_take_the_keys_that_azure_takes(shared_sample: Sample, path: str, key: str, status: int) -> None:
    value = {"function": shared_sample.host.function_key, "master": shared_sample.host.master_key}.get(key, key)
    by_header = _get(shared_sample, f"/api/{path}", headers={"x-functions-key": value})
    by_query = _get(shared_sample, f"/api/{path}", params={"code": value})
    assert (by_header.status_code, by_query.status_code) == (status, status)
    assert by_header.content == (b"came in" if status == 200 else b"")


def test_an_answer_after_the_front_ends_limit_is_502_and_the_function_goes_on(start_sample: StartSample) -> None:
    sample = start_sample(http_timeout_seconds=0.2)
    assert _get(sample, "/api/slow").status_code == 502
    sample.go()
    sample.host.drain()
    assert sample.journal("slow")[-1]["done"]


def test_a_function_over_function_timeout_is_ended_with_its_process(start_sample: StartSample, tmp_path: Path) -> None:
    app = shutil.copytree(SAMPLE_APP, tmp_path / "app")
    settings = (app / "host.json").read_text()
    (app / "host.json").write_text(settings.replace('"functionTimeout": "00:05:00"', '"functionTimeout": "00:00:01"'))
    sample = start_sample(app=app)
    first = _get(sample, "/api/echo/x").json()["pid"]
    assert _get(sample, "/api/slow").status_code == 500
    assert [entry.get("done") for entry in sample.journal("slow")] == [None]
    assert _get(sample, "/api/echo/x").json()["pid"] != first


def test_slow_calls_do_not_hold_up_others(sample: Sample) -> None:
    with ThreadPoolExecutor(4) as pool:
        slow = [pool.submit(_get, sample, "/api/slow") for _ in range(4)]
        sample.wait_for(4)
        assert _get(sample, "/api/echo/x").status_code == 201
        sample.go()
        assert [each.result().status_code for each in slow] == [200] * 4


def test_the_admin_call_runs_a_timer_now_and_needs_the_master_key(sample: Sample) -> None:
    url = f"{sample.host.base_url}/admin/functions/tick"
    for key in ("", sample.host.function_key):
        assert requests.post(url, json={"input": ""}, headers={"x-functions-key": key}, timeout=30).status_code == 401
    assert not sample.journal("tick")
    answer = requests.post(url, json={"input": ""}, headers={"x-functions-key": sample.host.master_key}, timeout=30)
    assert (answer.status_code, answer.content) == (202, b"")
    sample.host.drain()
    assert len(sample.journal("tick")) == 1


def test_the_admin_call_runs_a_queue_function_on_its_input(sample: Sample) -> None:
    url = f"{sample.host.base_url}/admin/functions/work?code={sample.host.master_key}"
    assert requests.post(url, json={"input": "by hand"}, timeout=30).status_code == 202
    sample.host.drain()
    assert sample.bodies("work") == ["by hand"]


@pytest.mark.parametrize(
    ("method", "name", "body", "status"),
    [("POST", "nobody", "{}", 404), ("POST", "echo", "{}", 404), ("GET", "tick", "", 404), ("POST", "tick", "{", 400)],
)
def test_an_admin_call_that_makes_no_sense_is_refused(
    shared_sample: Sample, method: str, name: str, body: str, status: int
) -> None:
    url = f"{shared_sample.host.base_url}/admin/functions/{name}"
    headers = {"x-functions-key": shared_sample.host.master_key}
    assert requests.request(method, url, data=body, headers=headers, timeout=30).status_code == status


def test_an_output_is_sent_after_success_only(sample: Sample) -> None:
    url = f"{sample.host.base_url}/api/send"
    assert requests.post(f"{url}?fail", data="never", timeout=30).status_code == 500
    assert requests.post(url, data="sent", timeout=30).status_code == 200
    assert sample.host.drain() == {}
    assert sample.bodies("work") == ["sent"]


def test_an_output_that_cannot_be_sent_fails_the_call(sample: Sample) -> None:
    answer = requests.post(f"{sample.host.base_url}/api/send", data="x" * 70_000, timeout=30)
    assert (answer.status_code, answer.content) == (500, b"")
    assert "could not be sent" in sample.host.logs()
    sample.host.drain()
    assert sample.bodies("work") == []


def test_a_worker_that_dies_fails_its_call_and_is_replaced(sample: Sample) -> None:
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(_get, sample, "/api/slow")
        sample.wait_for(1)
        before = _get(sample, "/api/echo/x").json()["pid"]
        sample.host.kill_workers("http")
        assert slow.result().status_code == 500
    assert _get(sample, "/api/echo/x").json()["pid"] != before
