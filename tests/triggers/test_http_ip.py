"""The function app as an echo service: the address that a request came from."""

from __future__ import annotations

import json
import subprocess
import sys
from ipaddress import IPv4Address, IPv6Address, ip_address

import azure.functions as func
import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeTimedSerializer

from shared.auth.errors import LinkTampered
from shared.auth.signing import Signer
from shared.triggers import http_ip
from shared.triggers.attempts import caller_address
from shared.triggers.rate_bound import RateBound
from tests.support.deployed import ROOT
from tests.support.deployed_functions import deployed_functions

KEY = "k1:" + "k" * 40
HANDLER = next(
    function.get_user_function() for function in deployed_functions() if function.get_function_name() == "ip"
)
V4 = st.ip_addresses(v=4).filter(lambda address: caller_address(str(address)) == address)
V6 = st.ip_addresses(v=6).filter(lambda address: caller_address(str(address)) == address)
ANYTHING = st.one_of(st.text(), st.text(alphabet="0123456789abcdef.:[], %"))


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_ip, "_bound", RateBound(1e9, 1e9))


def ask(forwarded: str | None, accept: str = "*/*", **params: str) -> func.HttpResponse:
    headers = {"Accept": accept} | ({} if forwarded is None else {"X-Forwarded-For": forwarded})
    answer: func.HttpResponse = HANDLER(
        func.HttpRequest("GET", "https://bot/api/ip", headers=headers, params=params, body=b"")
    )
    assert answer.headers["Cache-Control"] == "no-store"
    return answer


def text(answer: func.HttpResponse) -> str:
    assert answer.mimetype == "text/plain"
    return answer.get_body().decode()


def content(answer: func.HttpResponse) -> dict[str, object]:
    assert answer.mimetype == "application/json"
    found: dict[str, object] = json.loads(answer.get_body())
    return found


@pytest.mark.parametrize(
    ("header", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7:567", "203.0.113.7"),
        ("[2001:db8::1]:5", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("10.0.0.1, 198.51.100.1, 203.0.113.7:1", "203.0.113.7"),
        ("<script>,203.0.113.7", "203.0.113.7"),
    ],
)
def test_the_address_is_a_line_as_of_icanhazip(header: str, address: str) -> None:
    answer = ask(header)
    assert (answer.status_code, text(answer)) == (200, f"{address}\n")


@pytest.mark.parametrize(
    "header",
    [None, "", "203.0.113.7,", "unknown", "[203.0.113.7]:5", "1.2.3", "::1%eth0", "0.0.0.0", "224.0.0.1", "1.2.3.4:x"],
)
def test_what_the_request_does_not_show_is_unknown(header: str | None) -> None:
    answer = ask(header)
    assert answer.status_code == 400
    assert text(answer) == "Your address is unknown: the request has no readable X-Forwarded-For header.\n"
    as_json = ask(header, format="json", nonce="n" * 8)
    assert as_json.status_code == 400
    found = content(as_json)
    assert (found["address"], found["is_egress"], found["ticket"]) == (None, None, None)
    assert found["no_ticket"] == "Only an egress address gets a ticket."


@pytest.mark.parametrize(
    "private",
    [
        *("10.1.2.3", "172.31.0.1", "192.168.1.1", "100.64.0.1", "169.254.1.1", "127.0.0.1"),
        *("::1", "fd00::1", "fe80::1", "::ffff:10.0.0.1"),
    ],
)
def test_a_private_address_is_no_egress_address(private: str) -> None:
    assert "not an egress address" in text(ask(private))
    found = content(ask(private, format="json", nonce="n" * 8))
    assert (found["is_egress"], found["ticket"]) == (False, None)
    assert "service endpoint" in str(found["note"])


@pytest.mark.parametrize("public", ["172.32.0.1", "100.128.0.1", "11.0.0.1", "20.50.10.7", "2603:1020::1"])
def test_its_public_neighbours_are(public: str) -> None:
    assert content(ask(public, format="json")) == {"address": public, "is_egress": True, "note": ""}


@pytest.mark.parametrize(
    ("accept", "form", "is_json"),
    [
        ("application/json", "", True),
        ("text/plain, application/json;q=0.5", "", True),
        ("application/json", "text", False),
        ("*/*", "json", True),
        ("text/html", "", False),
    ],
)
def test_json_is_given_on_request(accept: str, form: str, is_json: bool) -> None:
    answer = ask("203.0.113.7", accept, format=form)
    assert answer.mimetype == ("application/json" if is_json else "text/plain")


def test_a_ticket_holds_address_nonce_and_time_and_passes_for_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNING_KEYS", KEY)
    ticket = str(content(ask("198.51.100.1, 203.0.113.7:9", nonce="nonce-of-mine"))["ticket"])
    assert len(ticket) < 160
    signer = Signer([KEY], 60)
    made = signer._timed("snatbot.egress.v1")
    assert isinstance(made, URLSafeTimedSerializer)
    facts, at = made.loads(ticket, max_age=60, return_timestamp=True)
    assert facts == ["203.0.113.7", "nonce-of-mine"]
    assert at is not None
    for read in (signer.read_link, signer.passed, signer.page_path):
        with pytest.raises(LinkTampered):
            read(ticket)
    assert signer.read_session(ticket) is None


def test_without_a_valid_key_it_says_that_no_ticket_can_be_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SIGNING_KEYS", raising=False)
    found = content(ask("203.0.113.7", nonce="nonce-of-mine"))
    assert (found["address"], found["ticket"]) == ("203.0.113.7", None)
    assert found["no_ticket"] == "No ticket can be signed: SIGNING_KEYS is not set."
    monkeypatch.setenv("SIGNING_KEYS", "short")
    found = content(ask("203.0.113.7", nonce="nonce-of-mine"))
    assert found["no_ticket"] == "No ticket can be signed: the app's settings are not valid."


@pytest.mark.parametrize(
    ("name", "value"), [("nonce", "short"), ("nonce", "x" * 65), ("nonce", "a b c d e f"), ("format", "xml")]
)
def test_a_wrong_parameter_is_refused(name: str, value: str) -> None:
    answer = ask("203.0.113.7", **{name: value})
    assert (answer.status_code, name in text(answer)) == (400, True)


def test_sentences_are_in_the_language_that_the_caller_reads() -> None:
    assert "no es una IP de salida" in text(ask("10.0.0.1", lang="es"))


@given(left=ANYTHING, address=V4, port=st.none() | st.integers(0, 65535))
def test_whatever_is_left_of_the_last_ipv4_address_is_ignored(
    left: str, address: IPv4Address, port: int | None
) -> None:
    last = str(address) if port is None else f"{address}:{port}"
    assert caller_address(f"{left},{last}") == caller_address(f"{left}, {last}") == address


@given(left=ANYTHING, address=V6, port=st.none() | st.integers(0, 65535))
def test_whatever_is_left_of_the_last_ipv6_address_is_ignored(
    left: str, address: IPv6Address, port: int | None
) -> None:
    last = str(address) if port is None else f"[{address}]:{port}"
    assert caller_address(f"{left},{last}") == address


@given(header=ANYTHING)
def test_any_header_gives_an_address_that_stands_at_its_end_or_none(header: str) -> None:
    found = caller_address(header)
    last = header.rpartition(",")[2]
    assert found is None or str(ip_address(str(found))) == str(found)
    if found is not None and "." in last and ":" not in last:
        assert str(found) == last.strip()


def test_requests_are_bounded_in_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    bound = RateBound(per_second=2, burst=3)
    assert [bound.admits(10.0) for _ in range(4)] == [True, True, True, False]
    assert [bound.admits(10.5), bound.admits(10.5)] == [True, False]
    assert [bound.admits(99.0) for _ in range(4)] == [True, True, True, False]
    assert bound.admits(98.0) is False
    monkeypatch.setattr(http_ip, "_bound", bound)
    monkeypatch.setattr("time.monotonic", lambda: 98.0)
    answer = ask("203.0.113.7")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")


def test_a_cold_process_answers_without_the_app_storage_or_settings() -> None:
    code = """
import sys
import azure.functions as func
from shared.triggers import http_ip
handler = http_ip.blueprint._function_builders[0]._function.get_user_function()
before = set(sys.modules)
handler(func.HttpRequest("GET", "https://bot/api/ip", headers={"X-Forwarded-For": "203.0.113.7"}, body=b""))
print(*sorted(set(sys.modules) - before))
print(*(name for name in ("shared.app", "shared.settings", "shared.clients", "pydantic", "azure.data", "requests")
        if name in sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    added, heavy = done.stdout.splitlines()
    assert [name for name in added.split() if name.startswith("shared")] == [
        "shared.core",
        "shared.core.guidance",
        "shared.core.guidance.private_addresses",
    ]
    assert heavy == ""
