"""Each check of ``snatbot doctor`` fails alone, and its hint names what to change; what is not measured is no pass."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from shared import __version__, build
from shared.approval_policy import DEFAULT_POLICY, parse_policy
from shared.chat.channels import Channel, SlackBot
from shared.chat.errors import BlocksRefused, ChatRefused, ChatUnavailable
from shared.chat.slack_api import SlackApi
from shared.cloud.discovery import Discovery
from shared.cloud.errors import Throttled, Unavailable
from shared.cloud.logs import HealthEventLog
from shared.cloud.metric_access import MetricAccess
from shared.core.checks import CheckBuilder
from shared.flows.doctor import azure, changes, channels, runtime
from shared.flows.doctor.run import examined
from shared.model.check import Check, CheckId, CheckResult
from shared.model.fleet import Unlisted
from shared.model.metric import MetricAnswer
from shared.model.resource_id import ArmId
from shared.model.text import Text, verbatim
from shared.store.stop_switch import StopFlag
from shared.web.doctor_answer import LINKS
from tests.support.builders import START, answer, cluster, series
from tests.support.canned import Canned, forbidden
from tests.support.deployed_functions import deployed_functions
from tests.support.every import every
from tests.support.fakes import watched

PASS, WARN, BLOCK, UNKNOWN = CheckResult.PASS, CheckResult.WARN, CheckResult.BLOCK, CheckResult.COULD_NOT_CHECK
ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 11, 28, 12, 0).astimezone()
CHECK = CheckBuilder(CheckId.CLOCK, "a test")
FLEET = watched(cluster())
SUBSCRIPTION = FLEET[0].cluster.subscription
GROUP = azure.cluster_groups(FLEET)[0]
SITE = {
    "WEBSITE_SITE_NAME": "bot",
    "WEBSITE_RESOURCE_GROUP": "rg-bot",
    "WEBSITE_OWNER_NAME": "s1+rg-bot-Westeuropespace",
}
FUNCTIONS = "/subscriptions/s1/resourceGroups/rg-bot/providers/Microsoft.Web/sites/bot/functions"
IDENTITY = {f"AzureWebJobsStorage__{service}ServiceUri": "https://x" for service in ("blob", "queue", "table")}
BOT = SlackBot("https://slack.com/api", "xoxb-secret", "C0ALERTS")


def permissions(*actions: str) -> Canned:
    path = f"{GROUP}/providers/Microsoft.Authorization/permissions"
    return Canned({path: [{"actions": list(actions), "notActions": []}]})


def functions(count: int, env: Mapping[str, str] = SITE) -> Check:
    return runtime.functions(Canned({FUNCTIONS: [{"name": str(index)} for index in range(count)]}).arm, env, CHECK)


def may(arm: Canned, scopes: tuple[ArmId, ...] = (GROUP,)) -> Check:
    return azure.may_do(arm.arm, scopes, azure.DETECTOR, CHECK)


def visible(*seen: str, wanted: tuple[str, ...] = ()) -> Check:
    discovery = cast(Discovery, SimpleNamespace(visible_subscriptions=lambda: frozenset(seen)))
    return azure.subscriptions(discovery, wanted, CHECK)


def lists(graph: str, manager: str, *unlisted: Unlisted) -> Check:
    both = frozenset(map(ArmId, graph.split())), frozenset(map(ArmId, manager.split())), unlisted
    return azure.resource_graph(cast(Discovery, SimpleNamespace(listed_both_ways=lambda: both)), CHECK)


RIGHT = answer(series({-15: 5}, metric="x"))


@dataclass
class Metrics:
    """Azure Monitor's answers: from a batch, which None refuses, and to a single request."""

    batch: MetricAnswer | None = RIGHT
    alone: Any = RIGHT
    uses_batches: bool = True
    one_by_one: Mapping[str, Text] = field(default_factory=lambda: {SUBSCRIPTION: verbatim("refused")})

    def query_both_ways(self, *_: object) -> tuple[MetricAnswer, Any] | None:
        return None if self.batch is None else (self.batch, self.alone)

    def query_all(self, *_: object) -> list[dict[str, Any]]:
        return [{"x": self.alone}]


def metrics(**said: Any) -> Check:
    return azure.metrics(cast(MetricAccess, Metrics(**said)), FLEET, START, CHECK)


def events(found: Any) -> Check:
    log = None if found is None else cast(HealthEventLog, SimpleNamespace(read_events=lambda _: found))
    return azure.health_events(log, NOW, CHECK)


def approvers(policy: str = "", *, is_open: bool = True) -> Check:
    return changes.approvers(parse_policy(policy) if policy else DEFAULT_POLICY, is_open, FLEET, CHECK)


def stopped(flag: StopFlag, *, is_on: bool = True) -> Check:
    return changes.remediation(is_on, lambda: flag, CHECK)


def webhook(url: str, service: str = "teams") -> Check:
    return channels.webhook(service, Channel(service, url), CHECK)


OF_OTHERS = '[{"name": "x", "clusters": {"name": "other"}, "kinds": "all", "who": "Snat.Approve"}]'
FAILURES: list[tuple[Callable[[], Check], CheckResult, str]] = [
    (lambda: functions(runtime.EXPECTED_FUNCTIONS - 1), BLOCK, "function app bot"),
    (lambda: runtime.host_storage({"AzureWebJobsStorage": "AccountKey=x"}, CHECK), WARN, "__tableServiceUri"),
    (lambda: runtime.host_storage({}, CHECK), BLOCK, "AzureWebJobsStorage__queueServiceUri"),
    (
        lambda: runtime.host_storage({**IDENTITY, "AzureWebJobsStorage__clientId": "x"}, CHECK),
        BLOCK,
        "AzureWebJobsStorage__credential",
    ),
    (lambda: runtime.own_address("http://bot.example", CHECK), BLOCK, "PUBLIC_BASE_URL"),
    (lambda: may(permissions("Microsoft.Network/*")), BLOCK, GROUP),
    (lambda: visible(), BLOCK, "snatbot detector"),
    (lambda: visible("s1", wanted=("s1", "s2")), BLOCK, "on s2"),
    (lambda: lists("/a", "/a /b"), BLOCK, "role on /b"),
    (lambda: lists("/a /b", "/a"), WARN, "/b"),
    (lambda: metrics(batch=MetricAnswer(())), BLOCK, "METRICS_MODE"),
    (lambda: metrics(batch=None, alone=forbidden("metrics/read")), BLOCK, "metrics/read"),
    (lambda: metrics(batch=None), WARN, SUBSCRIPTION),
    (lambda: changes.signing_keys(0, CHECK), WARN, "SIGNING_KEYS"),
    (lambda: approvers(is_open=False), WARN, "ENTRA_CLIENT_ID"),
    (lambda: approvers(OF_OTHERS), BLOCK, "shop-prod"),
    (lambda: stopped(StopFlag(True, "Ada", "a test")), WARN, "snatbot start"),
    (lambda: webhook("https://contoso.webhook.office.com/x"), BLOCK, "teams"),
    (lambda: examined(Text(""), *channels.exams({}, False, NOW)).checks[0], WARN, "TEAMS_WEBHOOK_URL"),
]
UNMEASURED: list[Callable[[], Check]] = [
    lambda: functions(0, {}),
    lambda: runtime.own_address(None, CHECK),
    lambda: may(Canned({f"{GROUP}/providers/Microsoft.Authorization/permissions": forbidden()})),
    lambda: may(permissions("*"), ()),
    lambda: may(permissions("*"), (GROUP,) * (azure.MOST_SCOPES + 1)),
    lambda: lists("", ""),
    lambda: lists("/a", "/a", Unlisted(Text("x"), Text("y"))),
    lambda: metrics(batch=MetricAnswer(()), alone=MetricAnswer(())),
    lambda: metrics(batch=None, alone=MetricAnswer(())),
    lambda: metrics(batch=None, alone=Throttled("GET", "no")),
    lambda: lists("/a /b", "/a", Unlisted(Text("x"), Text("y"))),
    lambda: azure.metrics(cast(MetricAccess, Metrics()), (), NOW, CHECK),
    lambda: events(None),
    lambda: changes.signing_keys(2, CHECK),
    lambda: changes.approvers(DEFAULT_POLICY, True, (), CHECK),
    lambda: webhook("https://hooks.slack.com/services/secret", "slack"),
    lambda: webhook("https://unknown.example/x"),
]
PASSES: list[Callable[[], Check]] = [
    lambda: functions(runtime.EXPECTED_FUNCTIONS),
    lambda: runtime.host_storage(IDENTITY, CHECK),
    lambda: may(permissions("*/read")),
    lambda: visible("s1", wanted=("S1",)),
    lambda: lists("/A", "/a"),
    metrics,
    lambda: metrics(batch=None, uses_batches=False),
    lambda: events({}),
    approvers,
    lambda: stopped(StopFlag()),
    lambda: stopped(StopFlag(), is_on=False),
    lambda: webhook("https://x.westeurope.logic.azure.com/secret"),
]


@pytest.mark.parametrize(("made", "result", "names"), FAILURES)
def test_a_failure_names_what_to_change(made: Callable[[], Check], result: CheckResult, names: str) -> None:
    check = made()
    assert (check.result, names in check.remedy) == (result, True), check


@pytest.mark.parametrize("made", UNMEASURED)
def test_what_can_not_be_measured_is_no_pass(made: Callable[[], Check]) -> None:
    assert made().result is UNKNOWN


@pytest.mark.parametrize("made", PASSES)
def test_what_is_right_passes(made: Callable[[], Check]) -> None:
    assert made().result is PASS


@pytest.mark.parametrize(
    ("built", "result", "names"), [("", UNKNOWN, "make package"), ("2.7", BLOCK, "2.7"), ("{0}.{1}", PASS, "")]
)
def test_python_is_that_of_the_build(
    monkeypatch: pytest.MonkeyPatch, built: str, result: CheckResult, names: str
) -> None:
    monkeypatch.setattr(build, "built_for", lambda *_: built.format(*sys.version_info))
    check = runtime.python(CHECK)
    assert (check.result, names in check.remedy) == (result, True)


def answers(monkeypatch: pytest.MonkeyPatch, said: Any, **headers: str) -> None:
    def get(url: str) -> Any:
        if isinstance(said, Exception):
            raise said
        return SimpleNamespace(headers=headers, status_code=200, json=lambda: said)

    monkeypatch.setattr(runtime, "_get", get)


@pytest.mark.parametrize(("seconds", "result"), [(0, PASS), (60, PASS), (-61, BLOCK), (3600, BLOCK)])
def test_the_clock_is_compared_with_azures(monkeypatch: pytest.MonkeyPatch, seconds: int, result: CheckResult) -> None:
    answers(monkeypatch, {}, Date=format_datetime(NOW + timedelta(seconds=seconds)))
    assert runtime.clock("https://management.azure.com", lambda: NOW, CHECK).result is result


def test_without_azures_time_the_clock_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, {})
    assert runtime.clock("https://management.azure.com", lambda: NOW, CHECK).result is UNKNOWN


@pytest.mark.parametrize(
    ("said", "result"),
    [
        ({"version": __version__}, PASS),
        ({"version": "0.0.1"}, BLOCK),
        (["version"], BLOCK),
        (Unavailable("GET", "no"), BLOCK),
    ],
)
def test_the_own_address_leads_to_this_app(monkeypatch: pytest.MonkeyPatch, said: Any, result: CheckResult) -> None:
    answers(monkeypatch, said)
    check = runtime.own_address("https://bot.example", CHECK)
    assert check.result is result
    assert result is PASS or "https://bot.example" in check.remedy


@dataclass
class Slack:
    """The calls of SlackApi; an error is raised."""

    granted: Any = frozenset({"chat:write", "channels:history", "commands", "users:read"})
    history: Any = ()
    refused: int = 0  # so many validations

    def scopes(self) -> Any:
        return self._or_raise(self.granted)

    def messages(self, since: datetime) -> Any:
        return self._or_raise(self.history)

    def validate(self, blocks: Any) -> None:
        self.refused -= 1
        if self.refused >= 0:
            raise BlocksRefused("slack", verbatim("invalid_blocks"))

    def _or_raise(self, found: Any) -> Any:
        if isinstance(found, Exception):
            raise found
        return found


@pytest.mark.parametrize(
    ("slack", "results", "names"),
    [
        (Slack(), [PASS, PASS, PASS], ""),
        (Slack(ChatRefused("slack", verbatim("invalid_auth"))), [BLOCK, PASS, PASS], "alerts"),
        (Slack(frozenset({"chat:write", "commands", "users:read"})), [BLOCK, PASS, PASS], "channels:history"),
        (Slack(frozenset({"chat:write", "groups:history", "users:read"})), [BLOCK, PASS, PASS], "commands"),
        (Slack(None), [UNKNOWN, PASS, PASS], "alerts"),
        (Slack(history=ChatRefused("slack", verbatim("not_in_channel"))), [PASS, BLOCK, PASS], "C0ALERTS"),
        (Slack(history=ChatUnavailable("slack", verbatim("503"))), [PASS, UNKNOWN, PASS], "503"),
        (Slack(refused=1), [PASS, PASS, WARN], "alerts"),
    ],
)
def test_each_fault_of_slack_is_one_checks(
    monkeypatch: pytest.MonkeyPatch, slack: Slack, results: list[CheckResult], names: str
) -> None:
    monkeypatch.setattr(SlackBot, "api", lambda _: cast(SlackApi, slack))
    checks = examined(Text(""), *channels.exams({"alerts": BOT}, True, NOW)).checks
    assert [check.result for check in checks] == results
    assert names in " ".join(f"{check.message} {check.remedy}" for check in checks if check.result is not PASS)


def test_a_check_that_raises_hides_no_other() -> None:
    def broken(check: CheckBuilder) -> Check:
        raise LookupError("a secret")

    def refused(check: CheckBuilder) -> Check:
        raise forbidden("metrics/read")

    runs = (broken, refused, lambda check: check.passes(Text("fine")))
    checks = examined(Text(""), *((CheckId.METRICS, run) for run in runs)).checks
    assert [check.result for check in checks] == [UNKNOWN, UNKNOWN, PASS]
    assert "a secret" not in checks[0].message
    assert "metrics/read" in checks[1].remedy


def test_a_webhook_is_not_shown() -> None:
    for url in ("https://x.logic.azure.com/secret", "https://x.webhook.office.com/secret", "https://y/secret"):
        check = webhook(url)
        assert "secret" not in f"{check.message} {check.remedy}"


def test_links_to_documents_of_this_repository_lead_somewhere() -> None:
    assert every(link.startswith("https://") or (ROOT / link).exists() for link in LINKS.values())


def test_as_many_functions_are_expected_as_there_are() -> None:
    assert len(deployed_functions()) == runtime.EXPECTED_FUNCTIONS


def test_what_is_needed_is_what_the_roles_page_calls_required() -> None:
    _, *pages = (ROOT / "infra/roles/README.md").read_text("utf-8").split("\n## ")
    rows = [[line.split("`")[1] for line in page.splitlines() if "| required |" in line] for page in pages]
    assert rows == [list(azure.DETECTOR.actions), list(azure.REMEDIATOR.actions)]


def test_a_change_writes_in_the_networks_groups() -> None:
    (group,) = azure.network_groups(FLEET, "")
    assert azure.network_groups(FLEET, "rg-nat") == (group, ArmId(f"{group.rpartition('/')[0]}/rg-nat"))
