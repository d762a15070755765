"""What the host reads from host.json and from bindings, and what it refuses by name."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from devhost.errors import StartError, UnsupportedError
from devhost.functions import HTTP_METHODS, HttpTrigger, QueueOutput, QueueTrigger, parse_function
from devhost.hostjson import HostSettings, read_host_json
from devhost.routes import Route, routes


def _host_json(folder: Path, text: str) -> Path:
    (folder / "host.json").write_text(text)
    return folder


def test_an_empty_host_json_means_azures_defaults(tmp_path: Path) -> None:
    assert read_host_json(_host_json(tmp_path, "{}")) == HostSettings()


def test_host_json_is_read(tmp_path: Path) -> None:
    text = """{"functionTimeout": "1.02:03:04", "extensions": {"http": {"routePrefix": ""}, "queues":
        {"batchSize": 6, "maxDequeueCount": 2, "visibilityTimeout": "00:00:30", "messageEncoding": "none"}}}"""
    assert read_host_json(_host_json(tmp_path, text)) == HostSettings(
        route_prefix="",
        function_timeout=timedelta(days=1, hours=2, minutes=3, seconds=4),
        batch_size=6,
        new_batch_threshold=3,
        max_dequeue_count=2,
        visibility_timeout=timedelta(seconds=30),
        base64_messages=False,
    )


def test_no_function_timeout_is_a_long_one(tmp_path: Path) -> None:
    settings = read_host_json(_host_json(tmp_path, '{"functionTimeout": "-1"}'))
    assert settings.function_timeout == timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "message"), [(None, "no host.json"), ("{", "not JSON"), ('{"functionTimeout": "soon"}', "'soon'")]
)
def test_a_host_json_that_is_unusable_is_refused(tmp_path: Path, text: str | None, message: str) -> None:
    folder = _host_json(tmp_path, text) if text else tmp_path
    with pytest.raises(StartError, match=message):
        read_host_json(folder)


def test_settings_are_filled_into_bindings() -> None:
    bindings = [
        {"type": "queueTrigger", "name": "m", "queueName": "%PREFIX%-in-%STAGE%", "connection": "Storage"},
        {"type": "queue", "name": "$return", "queueName": "%PREFIX%-out", "connection": "Storage"},
    ]
    function = parse_function("f", bindings, {"PREFIX": "p", "STAGE": "test"})
    assert function.trigger == QueueTrigger("p-in-test", "Storage")
    assert function.outputs == (QueueOutput("$return", "p-out", "Storage"),)


def test_a_missing_setting_is_named() -> None:
    with pytest.raises(StartError, match="function f needs the app setting WHEN"):
        parse_function("f", [{"type": "timerTrigger", "name": "t", "schedule": "%WHEN%"}], {})


def test_a_binding_that_this_host_lacks_is_named() -> None:
    with pytest.raises(UnsupportedError, match="function f has a binding of type blobTrigger"):
        parse_function("f", [{"type": "blobTrigger", "name": "b"}], {})


def test_an_http_function_takes_every_method_and_needs_a_key_unless_it_says_otherwise() -> None:
    function = parse_function("f", [{"type": "httpTrigger", "name": "req"}], {})
    assert function.trigger == HttpTrigger("f", HTTP_METHODS, "function")


def _route(template: str, prefix: str = "api") -> Route:
    function = parse_function("f", [{"type": "httpTrigger", "name": "req", "route": template}], {})
    assert isinstance(function.trigger, HttpTrigger)
    return Route(function, function.trigger, prefix)


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("a/{b}", "/api/a/x", {"b": "x"}),
        ("a/{b}", "/api/a", None),
        ("a/{b}", "/api/a/x/y", None),
        ("a/{b?}", "/api/a", {}),
        ("a/{b:int}", "/api/a/-3", {"b": "-3"}),
        ("a/{b:int}", "/api/a/x", None),
        ("a/{b:guid}", "/api/a/0F8FAD5B-D9CB-469F-A165-70867728950E", {"b": "0F8FAD5B-D9CB-469F-A165-70867728950E"}),
        ("a/{*b}", "/api/a/x/y%2Fz", {"b": "x/y/z"}),
        ("a.b", "/api/aXb", None),
        ("a/b", "/API/A/B/", {}),
    ],
)
def test_a_route_template_matches(template: str, path: str, values: dict[str, str] | None) -> None:
    assert _route(template).match("GET", path) == values


def test_a_function_can_be_at_the_root_without_a_prefix() -> None:
    assert _route("", prefix="").match("GET", "/") == {}


@pytest.mark.parametrize("template", ["a/{b:regex}", "a/x{b}", "a/{b=default}"])
def test_a_template_that_this_host_cannot_match_is_refused(template: str) -> None:
    with pytest.raises(UnsupportedError, match="function f: this host"):
        _route(template)


def test_the_most_exact_route_is_tried_first() -> None:
    templates = ["a/{*rest}", "a/{b}", "a/{b:int}", "a/b"]
    functions = [parse_function(each, [{"type": "httpTrigger", "name": "r", "route": each}], {}) for each in templates]
    assert [route.function.name for route in routes(functions, "api")] == templates[::-1]
