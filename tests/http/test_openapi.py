"""web/openapi.json is what the app answers: its routes, statuses, media types, field names and times."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from types import ModuleType
from typing import Any

import pytest
import schemathesis
from hypothesis import assume, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from werkzeug.test import Client

from shared import __version__
from shared.core.probing import summary
from shared.flows.incidents.history import History
from shared.ids import cluster_key
from shared.model import audit, change, check, finding, incident, metric, plan, ports, probe, reading
from shared.web.answers import change_json, history_json
from shared.web.assets import openapi_document
from tests.support import nouns
from tests.support.http_functions import FUNCTIONS, Desk, desk_in_this_process
from tests.support.thorough import examples
from tests.support.wsgi import UNROUTED, wsgi

DOCUMENT = json.loads(openapi_document())
SCHEMAS = DOCUMENT["components"]["schemas"]
MODEL = (audit, change, check, finding, incident, metric, plan, ports, probe, reading, summary)
COMPOSED = {"Plan", "Change"}  # with more than the model's fields
PUBLIC = ("/assets/{version}/{name}", "/openapi.json")
ANY_CASE = schemathesis.openapi.from_wsgi("/api/openapi.json", wsgi).as_strategy()


def strict(value: Any) -> Any:
    """The same document; each field must be there, and no other may be, except where only some answers have it."""
    if isinstance(value, list):
        return [strict(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = {name: strict(item) for name, item in value.items()}
    properties = found.get("properties")
    if isinstance(properties, dict) and "object" in value.get("type", ""):
        found["required"] = [name for name, item in properties.items() if "Only" not in item.get("description", "")]
        found["additionalProperties"] = False
    return found


STRICT = strict(DOCUMENT)


def validated(name: str, answer: Any) -> None:
    Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": STRICT["components"]}).validate(answer)


@pytest.fixture(scope="module")
def desk(request: pytest.FixtureRequest, azurite: str) -> Iterator[Desk]:
    with desk_in_this_process(azurite, getattr(request, "param", "link")) as made:
        yield made


def test_each_route_of_the_app_is_in_it_and_nothing_else() -> None:
    of_the_app = {
        (f"/{found.route.replace('{*', '{')}", method.lower(), found.needs_key)
        for found in FUNCTIONS.values()
        for method in found.methods
    }
    assert of_the_app == {
        (path, method, {"functionKey": []} in operation["security"])
        for path, operations in DOCUMENT["paths"].items()
        for method, operation in operations.items()
    }
    assert DOCUMENT["info"]["version"] == __version__


def test_a_change_with_its_journal_and_a_history_have_these_fields() -> None:
    for state in change.ChangeState:
        validated("Change", change_json(nouns.make_change(state), nouns.make_journal()))
    validated("History", history_json(History(None, (nouns.make_incident(),), (nouns.make_change(),), {}, ())))


def test_its_schemas_are_schemas() -> None:
    for schema in SCHEMAS.values():
        Draft202012Validator.check_schema(schema)


def classes(module: ModuleType) -> Iterator[type]:
    return (found for found in vars(module).values() if getattr(found, "__module__", "") == module.__name__)


@pytest.mark.parametrize(
    "model",
    [found for module in MODEL for found in classes(module) if found.__name__ in SCHEMAS.keys() - COMPOSED],
    ids=lambda model: model.__name__,
)
def test_a_part_has_the_fields_of_the_model_but_what_is_internal(model: Any) -> None:
    internal = {"signature", "may_be_written", "is_wait_notified"}
    assert {field.name for field in fields(model)} - internal == set(SCHEMAS[model.__name__]["properties"])


def is_as_documented(template: str, method: str, status: int, headers: Mapping[str, str], text: str) -> None:
    """Status, media type and content of an answer, and who may keep it."""
    operation = STRICT["paths"][template][method.lower()]
    assert str(status) in operation["responses"], (template, method, status, text)
    answer = operation["responses"][str(status)]
    answer = STRICT["components"]["responses"][answer["$ref"].rpartition("/")[2]] if "$ref" in answer else answer
    media_type = headers.get("Content-Type", "").partition(";")[0]
    assert media_type in answer["content"] if text else "content" not in answer, (template, method, status, media_type)
    if media_type == "application/json":
        schema = {**answer["content"][media_type]["schema"], "components": STRICT["components"]}
        wrong = [
            f"{error.json_path}: {error.message}"
            for error in Draft202012Validator(schema).iter_errors(json.loads(text))
        ]
        assert not wrong, (template, method, status)
    if template in PUBLIC and status == 200:
        assert headers["Cache-Control"].startswith("public, max-age=")
    else:
        assert headers["Cache-Control"] == "no-store", (template, method, status)


def right_headers(desk: Desk) -> dict[str, str]:
    return {"Cookie": desk.session, "Authorization": "Bearer x", "X-Forwarded-For": "203.0.113.7"}


def template_of(path: str) -> str:
    """The path in the document that has this one."""
    if f"/{path}" in DOCUMENT["paths"]:
        return f"/{path}"
    paths: list[str] = list(DOCUMENT["paths"])
    (found,) = (each for each in paths if re.fullmatch(re.sub(r"{\w+}", "[^/]+", each), f"/{path}"))
    return found


def right_requests(desk: Desk) -> Iterator[tuple[str, str, dict[str, str], int]]:
    """Method, path, query and status, in an order in which each works."""
    change, incident, key = desk.change.id, desk.change.incident_id, cluster_key(desk.change.cluster_id)
    person, cluster = {"by": "Ada"}, {"cluster": "prod"}
    yield "GET", "openapi.json", {}, 200
    yield "GET", "check", {}, 200
    yield "GET", "check", {"cluster": "prod", "window": "5"}, 200
    yield "GET", "check", {"format": "text", "lang": "es"}, 200
    yield "GET", "check", {"window": "x"}, 400
    yield "GET", "plan", cluster, 200
    yield "GET", "plan", {"cluster": "prod", "as": "page"}, 200
    yield "GET", "health", {}, 503
    yield "GET", "health/details", {}, 503
    yield "GET", "metrics", {}, 200
    yield "GET", "ip", {"format": "json", "nonce": "n" * 8}, 200
    yield "GET", "ip", {}, 200
    yield "POST", "slack", {}, 401
    yield "GET", "assets/none/style.css", {}, 404
    yield "GET", "fleet/open", {}, 303
    yield "GET", "stop", {}, 200
    yield "GET", "silence", {}, 200
    yield "POST", "stop", person, 200
    if desk.app.settings.approval_mode == "link":
        passes, opened = {"t": desk.read_pass}, {"t": desk.token}
        yield "DELETE", "stop", person, 200
        yield "POST", "silence", cluster | person | {"minutes": "5"}, 200
        yield "GET", "silence", {}, 200
        yield "DELETE", "silence", cluster | person, 200
        yield "POST", "changes", cluster, 201
        yield "GET", "sign-in", opened, 404
        yield "POST", f"incidents/{incident}", passes | {"cluster": key}, 403
    else:
        passes, opened = {}, {"t": desk.token}
        yield "POST", "commands/start", {}, 200
        yield "POST", "commands/silence", cluster | {"minutes": "5"}, 200
        yield "POST", "commands/unsilence", cluster, 200
        yield "POST", "commands/propose", cluster, 201
        yield "POST", "commands/none", {}, 404
        yield "GET", "audit", {}, 200
        yield "GET", "sign-in", opened, 303
        yield "GET", "signed-in", {"code": "c", "state": "s"}, 403
        yield "POST", f"incidents/{incident}", {"cluster": key}, 409
    yield "GET", "history", cluster, 200
    yield "GET", "history", {}, 200
    yield "GET", f"changes/{change}", opened, 200
    yield "POST", f"changes/{change}", {}, 403
    yield "GET", f"changes/{change}/receipt", opened, 200
    yield "GET", "fleet", passes, 403 if passes else 200
    yield "GET", f"clusters/{key}", passes, 200
    yield "GET", f"incidents/{incident}", passes | {"cluster": key}, 200
    yield "POST", "sign-out", {}, 404 if passes else 409


@pytest.mark.parametrize("desk", ["link", "signin"], indirect=True)
def test_each_route_answers_as_it_says_and_nothing_of_a_person_or_a_state_is_cached(desk: Desk) -> None:
    seen, client = set(), Client(wsgi, use_cookies=False)
    for method, path, query, status in right_requests(desk):
        answer = client.open(f"/api/{path}", method=method, query_string=query, headers=right_headers(desk))
        assert answer.status_code == status, (method, path, answer.text)
        template = template_of(path)
        is_as_documented(template, method, status, dict(answer.headers), answer.text)
        seen.add((template, method))
    assert len(seen) >= sum(len(found.methods) for found in FUNCTIONS.values()) - 8, "nearly all are here"


@pytest.mark.parametrize("desk", ["link", "signin"], indirect=True)
@examples(30)
@given(data=st.data())
def test_whatever_is_asked_the_answer_is_documented_and_no_error_of_its_own(desk: Desk, data: st.DataObject) -> None:
    case = data.draw(ANY_CASE)
    right = {"change_id": desk.change.id, "incident_id": desk.change.incident_id, "t": desk.token, "cluster": "prod"}
    for values in (case.path_parameters, case.query):
        values.update({name: right[name] for name in values.keys() & right.keys() if data.draw(st.booleans())})
    headers = data.draw(st.sampled_from([{}, right_headers(desk), {**right_headers(desk), "Accept": "text/html"}]))
    answer = case.call(headers=headers)
    text = (answer.content or b"").decode()
    found = {name.title(): values[0] for name, values in answer.headers.items()}
    assume(UNROUTED not in found)
    is_as_documented(case.operation.path, case.method, answer.status_code, found, text)
