"""Style and script under a path with their hash."""

from __future__ import annotations

import pytest
import requests

from devhost.stage import Stage
from shared.web.assets import asset_url, read_asset

URL = asset_url("style.css")
VERSION = URL.split("/")[3]


def test_an_asset_may_be_kept_for_ever_because_its_hash_is_in_its_path(stage: Stage) -> None:
    answer = requests.get(stage.host.base_url + URL, timeout=60)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "main" in answer.text


@pytest.mark.parametrize(
    "path",
    [
        f"/api/assets/{VERSION}/none.css",
        f"/api/assets/{'0' * 16}/style.css",
        f"/api/assets/{VERSION}/..%2Fpages.py",
        f"/api/assets/{VERSION}/..%5Cpages.py",
        f"/api/assets/{VERSION}/%2Fetc%2Fpasswd",
        f"/api/assets/{VERSION}/style.css%00",
        "/api/assets/..%2F..%2F/settings.py",
    ],
)
def test_no_other_file_is_served_and_no_refusal_is_kept(stage: Stage, path: str) -> None:
    answer = requests.get(stage.host.base_url + path, timeout=60)
    assert (answer.status_code, answer.content) == (404, b"")
    assert answer.headers.get("Cache-Control") == "no-store"


def test_the_hash_covers_every_asset() -> None:
    assert read_asset(VERSION, "style.css") is not None
    assert read_asset("", "style.css") is None
    with pytest.raises(KeyError):
        asset_url("none.css")
