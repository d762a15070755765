"""No secret that a test uses is in what it logs: by the app's processes in the local host, and in the test's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from devhost.host import DevHost

# Of tests that run the app in their own process
SECRETS = ("k" * 32, "s" * 32, "xoxb-1", "c4n4ry")
_SETTINGS = ("SIGNING_KEYS", "SLACK_SIGNING_SECRET", "SLACK_BOT_TOKEN", "SLACK_WEBHOOK_URL", "TEAMS_WEBHOOK_URL")


def secrets_of(settings: Mapping[str, str]) -> Iterator[str]:
    for name in (*_SETTINGS, "HEARTBEAT_URL", "ENTRA_CLIENT_SECRET"):
        yield from filter(None, settings.get(name, "").split(","))
    account_key = settings.get("AzureWebJobsStorage", "").partition("AccountKey=")[2]
    yield from filter(None, [account_key.partition(";")[0]])


@contextmanager
def secrets_stay_out_of_logs() -> Iterator[None]:
    """A local host that logged a secret of its settings, or its function key, fails the test that stops it."""
    stop = DevHost.stop

    def stop_and_look(host: DevHost) -> None:
        stop(host)
        logged = host.logs()
        for secret in (host.function_key, *secrets_of(host.settings)):
            assert secret not in logged, f"{secret[:6]}… was logged"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DevHost, "stop", stop_and_look)
        yield


def fail_if_logged(report: pytest.TestReport) -> None:
    if report.when == "call" and any(
        secret in text for name, text in report.sections if "log" in name for secret in SECRETS
    ):
        report.outcome, report.longrepr = "failed", "a secret was logged"
