"""``snatbot probe key``: shown once, listed without its secret, and ended."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any, cast

import pytest

from shared.app import App
from shared.cli.__main__ import main
from shared.cloud.discovery import Discovery
from shared.cloud.errors import Unavailable
from shared.flows.monitoring.check import Check
from shared.flows.probing.keys import Keys
from shared.model.cluster import Cluster
from shared.model.text import Text
from shared.store.probes import ProbeKeys
from shared.store.table import Table
from tests.support.terminal import CLUSTER, NOW


def found(selector: str) -> Cluster:
    """By name only: Azure does not answer for ids."""
    if selector != CLUSTER.name:
        raise Unavailable("GET", Text("no answer"))
    return CLUSTER


@pytest.fixture
def parts(table: Table) -> SimpleNamespace:
    """An app whose people do not sign in: the terminal writes to storage itself."""
    return SimpleNamespace(
        clock=SimpleNamespace(now=lambda: NOW),
        check=Check(cast(Discovery, SimpleNamespace(cluster=found)), *cast(Any, (None,) * 4), deadline_seconds=1.0),
        settings=SimpleNamespace(people_sign_in=False, has_storage=True),
        probe_keys=Keys(ProbeKeys(table, None)),
    )


def run(parts: SimpleNamespace, verb: str, *arguments: str) -> int:
    command = ("probe", "key", verb, "--cluster", CLUSTER.name, *arguments)
    return main(command, lambda: cast(App, parts))


def test_a_key_is_shown_once_and_ends_at_once(parts: SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(parts, "create", "--by", "Ada") == 0
    key = capsys.readouterr().out.strip()
    assert re.fullmatch(r"snatprobe_[0-9a-f]{12}_[A-Za-z0-9_-]{43}", key)
    assert parts.probe_keys.verify(key)[0] is not None
    _, key_id, secret = key.split("_", 2)
    assert run(parts, "list") == 0
    listed = capsys.readouterr().out
    assert (key_id in listed, "Ada" in listed, secret in listed) == (True, True, False)
    assert run(parts, "revoke", key_id, "--by", "Ada") == 0
    assert f"key {key_id} is revoked" in capsys.readouterr().out
    assert parts.probe_keys.verify(key) == (None, False)
    assert run(parts, "list") == 0
    assert key_id not in capsys.readouterr().out


def test_the_key_of_a_deleted_cluster_ends_by_the_id_of_the_cluster(parts: SimpleNamespace) -> None:
    key, text = parts.probe_keys.create(CLUSTER.id, "Ada", NOW)
    assert main(("probe", "key", "list", "--cluster", CLUSTER.id), lambda: cast(App, parts)) == 0
    revoke = ("probe", "key", "revoke", "--cluster", CLUSTER.id, key.id, "--by", "Ada")
    assert main(revoke, lambda: cast(App, parts)) == 0
    assert parts.probe_keys.verify(text) == (None, False)
    assert main(("probe", "key", "revoke", "--cluster", "/x", key.id, "--by", "Ada"), lambda: cast(App, parts)) == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("create",), "by is empty"),
        (("revoke", "0123456789ab", "--by", "Ada"), "has no probe key 0123456789ab"),
        (("revoke", "x", "--by", "Ada"), "12 of 0-9 and a-f"),
    ],
)
def test_what_cannot_be_done_is_said(
    parts: SimpleNamespace, arguments: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(parts, *arguments) == 2
    assert says in capsys.readouterr().err


def test_a_third_key_is_refused(parts: SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
    assert [run(parts, "create", "--by", "Ada") for _ in range(3)] == [0, 0, 2]
    assert "has 2 probe keys already; revoke one first" in capsys.readouterr().err
