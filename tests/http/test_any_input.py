"""Whatever a request holds, in any parameter of any route: answered or refused, never an error of this app's own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import azure.functions as func
import pytest
from hypothesis import given
from hypothesis import strategies as st

import shared.triggers
from shared.auth.sessions import FLOW_COOKIE, SESSION_COOKIE
from shared.ids import cluster_key
from tests.support.http_functions import BASE_URL, CLUSTER, FUNCTIONS, Desk, Out, desk_in_this_process
from tests.support.thorough import examples

TRIGGERS = Path(shared.triggers.__file__).parent
ODD = [
    "", " ", "²", "٣", "9" * 4301, "-1", "0", "1441", "1e3", "0x10", "+5", "1_0",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-11-22T11:00Z", "2026-11-22T11:00", "24:00",
    "x\r\nSet-Cookie: a=b", "a\x00b", "\u202eevil", "\u200b", "\ud800", "%", "{}", "${x}", "<script>", "' or 1 eq 1",
    "/subscriptions/s/resourceGroups/g/providers/a/b/c?x=1", "/subscriptions/../x", "//", "x" * 20_000, "é" * 500,
]  # fmt: skip
# What is right for some names, so that the odd values of others are reached; any other name has an odd value mostly.
RIGHT = {
    "cluster": ["prod", CLUSTER["id"]],
    "window": ["5"],
    "as": ["page", "json"],
    "kind": ["attach_nat_gateway"],
    "first": ["reserve"],
    "minutes": [""],
    "until": ["2026-11-22T12:00Z"],
    "by": ["somebody"],
}
COMMANDS = ["propose", "silence", "unsilence", "start", "probe-key-create", "probe-key-revoke"]
ACTIONS = ["approve", "deny", "stop", "resume", "roll_back", "give_up", "delete", "ask_again"]


@pytest.fixture(scope="module")
def desk(request: pytest.FixtureRequest, azurite: str) -> Iterator[Desk]:
    with desk_in_this_process(azurite, getattr(request, "param", "link")) as made:
        yield made


class Drawn(dict[str, str]):
    """Answers with a value for every name that is asked for: parameters need not be listed here."""

    def __init__(self, data: st.DataObject, right: Mapping[str, list[str]]) -> None:
        super().__init__()
        self._data, self._right = data, right

    def get(self, name: str, default: Any = None) -> Any:
        if name not in self:
            self[name] = self._data.draw(st.sampled_from(self._right.get(name, [""])) | any_value, label=name)
        return self[name]


FORM_NAMES = sorted(set(re.findall(r'form\.get\("(\w+)"', (TRIGGERS / "change_pages.py").read_text())))


class Request(func.HttpRequest):
    """With parameters that are drawn when they are asked for, which the original would copy."""

    drawn: Mapping[str, str]

    @property
    def params(self) -> Mapping[str, str]:
        return self.drawn


def call(
    name: str, method: str, route_values: Mapping[str, str], params: Mapping[str, str], **parts: Any
) -> func.HttpResponse:
    function = FUNCTIONS[name]
    request = Request(method, f"{BASE_URL}/api/{function.route}", route_params=route_values, **{"body": b"", **parts})
    request.drawn = params
    return function.call(request, *(Out() for _ in function.outputs))


def is_sound(answer: func.HttpResponse, name: str) -> None:
    may_be_unwell = name.startswith("health") and answer.status_code == 503
    assert answer.status_code < 500 or may_be_unwell, answer.get_body()
    for header, value in answer.headers.items():
        assert not re.search(r"[\x00-\x1f]", f"{header}{value}"), "a header of its own ends where it ends"
    if answer.status_code == 400 and answer.mimetype == "application/json":
        assert json.loads(answer.get_body())["error"]["message"]
    assert len(answer.get_body()) < 200_000


READ = ("change_", "fleet", "cluster", "incident", "act_on_incident")
any_value = st.sampled_from(ODD) | st.text(max_size=30)
often = examples(15)


def test_every_route_is_here() -> None:
    assert len(FUNCTIONS) >= 9
    assert {"t", "csrf", "name", "action"} <= set(FORM_NAMES)


@pytest.mark.parametrize(
    ("desk", "name"),
    [
        *(("link", name) for name in FUNCTIONS),
        *(("signin", name) for name in FUNCTIONS if name.startswith(("sign", "command", "slack_link", *READ))),
    ],
    indirect=["desk"],
)
@often
@given(data=st.data())
def test_any_value_of_any_parameter_is_answered_or_refused(desk: Desk, name: str, data: st.DataObject) -> None:
    methods = FUNCTIONS[name].methods
    form_values = {"t": [desk.token], "csrf": [desk.csrf], "action": ACTIONS}
    form = {name: data.draw(any_value | st.sampled_from(form_values.get(name, [""]))) for name in FORM_NAMES}
    encoded = urlencode(form, errors="replace").encode()
    names = st.sampled_from(["snatbot_form", SESSION_COOKIE, FLOW_COOKIE])
    odd_cookie = st.builds("{}={}".format, names, any_value) | any_value
    right_cookies = f"snatbot_form={desk.nonce}; {desk.session}"
    headers = {
        "Cookie": data.draw(st.just(right_cookies) | odd_cookie, label="Cookie"),
        "Origin": data.draw(st.just(BASE_URL) | any_value, label="Origin"),
        "Host": data.draw(any_value, label="Host"),
        "Authorization": data.draw(st.just("Bearer x") | any_value, label="Authorization"),
        "Content-Type": data.draw(any_value, label="Content-Type"),
    }
    change_id = data.draw(st.just(desk.change.id) | any_value, label="change_id")
    command = data.draw(st.sampled_from(COMMANDS) | any_value, label="command")
    incident_id = data.draw(st.just(desk.change.incident_id or "") | any_value, label="incident_id")
    key = cluster_key(desk.change.cluster_id)
    cluster = data.draw(st.just(key) | any_value, label="cluster in the path")
    ids = {"change_id": change_id, "incident_id": incident_id, "cluster": cluster}
    params = Drawn(data, RIGHT | {"t": [desk.token, desk.read_pass], "cluster": [*RIGHT["cluster"], key]})
    answer = call(
        name,
        data.draw(st.sampled_from(methods), label="method"),
        {**ids, "version": change_id, "name": change_id, "command": command},
        headers=headers,
        params=params,
        body=data.draw(st.just(encoded) | st.binary(max_size=50) | st.just(b"a=\xff" * 9_000), label="body"),
    )
    is_sound(answer, name)
    takes_no_parameter = (
        "health",
        "health_details",
        "metrics",
        "doctor",
        "change_decision",
        "probe_report",
        "sign_out",
        "asset",
        "command",
        "open_fleet",
        "stop_state",
        "silences",
        "slack",
        "openapi",
    )
    is_shut = name.startswith(("sign", "command", "audit")) and desk.app.settings.approval_mode == "link"
    is_read_by_session = name in READ and desk.app.settings.approval_mode != "link"
    assert params or is_shut or is_read_by_session or name in takes_no_parameter, "what it reads was drawn"


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("check", {"window": "²"}),
        ("check", {"window": "9" * 4301}),
        ("check", {"cluster": "x" * 500}),
        ("silence", {"cluster": "prod", "by": "me", "until": "0001-01-01T00:00:00+14:00"}),
        ("silence", {"cluster": "prod", "by": "me", "until": "9999-12-31T23:59:59-14:00"}),
        ("silence", {"cluster": "prod", "by": "me", "minutes": "9" * 4301}),
        ("plan", {"cluster": "pro\u202ed"}),
        ("plan", {"cluster": "prod", "kind": "x" * 5000}),
        ("propose", {"cluster": "prod", "first": "last"}),
        ("history", {"after": "x"}),
    ],
)
def test_what_cannot_be_used_is_a_400_that_says_what_would_be_right(
    desk: Desk, name: str, params: dict[str, str]
) -> None:
    answer = call(name, FUNCTIONS[name].methods[0], {}, params)
    assert answer.status_code == 400
    message = json.loads(answer.get_body())["error"]["message"]
    assert len(message) < 500
    assert message.isprintable()


def test_a_cookie_with_the_end_of_a_line_is_not_set_again(desk: Desk) -> None:
    cookie = 'snatbot_form="a\\015\\012Set-Cookie: admin=1"'
    answer = call("change_page", "GET", {"change_id": desk.change.id}, {"t": desk.token}, headers={"Cookie": cookie})
    assert answer.status_code == 200
    assert re.fullmatch(r"snatbot_form=[A-Za-z0-9_-]+; .*", answer.headers["Set-Cookie"])
    assert "admin" not in answer.headers["Set-Cookie"]


def test_too_many_proposals_are_a_429(desk: Desk) -> None:
    answers = [call("propose", "POST", {}, {"cluster": "prod"}) for _ in range(12)]
    assert answers[-1].status_code == 429
    assert "ask again after" in json.loads(answers[-1].get_body())["error"]["message"]
