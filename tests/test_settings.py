"""Settings: every mistake at once, by name, without the value."""

from __future__ import annotations

import pickle

import pytest
from pydantic import SecretStr

from shared.cli.settings import describe
from shared.errors import MisconfiguredError
from shared.settings import Settings, load_settings

STORAGE = {"AzureWebJobsStorage": "UseDevelopmentStorage=true"}
CANARY = "c4n4ry"
GUID = "aaaaaaaa-0000-4000-8000-00000000000a"
KEY = CANARY * 6
ACTING = {
    **STORAGE,
    "REMEDIATION": "on",
    "REMEDIATOR_CLIENT_ID": "writer",
    "DETECTOR_CLIENT_ID": "reader",
    "SIGNING_KEYS": KEY,
    "PUBLIC_BASE_URL": "https://bot.example.com",
    "ENTRA_TENANT_ID": "99999999-9999-4999-8999-999999999999",
    "ENTRA_CLIENT_ID": "AAAAAAAA-0000-4000-8000-0000000000B1",
}
ALIASES = [str(field.alias) for field in Settings.model_fields.values()]
SECRETS = {
    "SLACK_WEBHOOK_URL": f"https://hooks.slack.com/services/{CANARY}",
    "SLACK_BOT_TOKEN": f"xoxb-1-{CANARY}",
    "SLACK_SIGNING_SECRET": CANARY,
    "TEAMS_WEBHOOK_URL": f"https://prod.logic.azure.com/workflows/{CANARY}?sig={CANARY}",
    "AzureWebJobsStorage": f"AccountName=account;AccountKey={CANARY}",
    "SIGNING_KEYS": KEY,
    "ENTRA_CLIENT_SECRET": CANARY,
    "HEARTBEAT_URL": f"https://hc.example.com/{CANARY}",
}
TOGETHER = {
    "SLACK_BOT_TOKEN": {"SLACK_CHANNEL": "C0123456789"},
    "SLACK_CHANNEL": {"SLACK_BOT_TOKEN": SECRETS["SLACK_BOT_TOKEN"]},
    "SLACK_SIGNING_SECRET": {
        "SLACK_BOT_TOKEN": SECRETS["SLACK_BOT_TOKEN"],
        "SLACK_CHANNEL": "C0123456789",
        "SLACK_TEAM_ID": "T0123456789",
        "SLACK_APP_ID": "A0123456789",
        "SIGNING_KEYS": KEY,
    },
}
"""What a setting needs beside it."""
WRONG = {
    "ARM_ENDPOINT": ["management.azure.com", "http://management.azure.com", "ftp://x", "https://", "https://a?b=c"],
    "METRICS_MODE": ["batches", "ARM"],
    "METRICS_ENDPOINT": [
        "https://metrics.monitor.azure.com",
        "{region}.metrics.monitor.azure.com",
        "https://{region}.{region}.example.com",
        "http://{region}.example.com",
    ],
    "METRICS_AUDIENCE": ["metrics.monitor.azure.com"],
    "LOGS_ENDPOINT": ["api.loganalytics.io"],
    "DISCOVERY_MINUTES": ["0", "1441"],
    "EXPECT_CLUSTERS": ["maybe", "0"],
    "PRESSURE_EVERY": ["0", "61"],
    "PRESSURE_WARN_PERCENT": ["0", "100", "90", "95"],
    "PRESSURE_HIGH_PERCENT": ["1", "101"],
    "EXHAUSTION_MINUTES": ["4", "1441"],
    "CRITICAL_SHARE_PERCENT": ["0", "101"],
    "NAT_CAPACITY_PERCENT": ["0", "101"],
    "DATAPATH_PERCENT": ["0", "101"],
    "NOT_MEASURED_MINUTES": ["0", "1441"],
    "MAINTENANCE_WINDOWS": ["at night", "sat 22:00", "daily 03:00-03:00", "2026-12-24T18:00/2026-12-25T06:00"],
    "FAN_OUT_ABOVE": ["0", "5001"],
    "HEARTBEAT_URL": ["hc.example.com", "http://hc.example.com/x"],
    "PUBLIC_BASE_URL": ["bot.example.com", "https://bot.example.com#x", "https://user:pass@bot.example.com"],
    "SLACK_WEBHOOK_URL": ["hooks.slack.com/services/x", "http://hooks.slack.com/x", "https://[x", "https://a℀b"],
    "SLACK_BOT_TOKEN": ["xoxp-1-2", "xoxe.xoxb-1-2", "token", "xoxb-", "xoxb-1 2"],
    "SLACK_CHANNEL": ["#alerts", "alerts", "c0123456789", "U0123456789", "C"],
    "SLACK_TEAM_ID": ["A0123", "T", "t0123"],
    "SLACK_APP_ID": ["T0123", "A", "snatbot"],
    "SLACK_ROLE_HOURS": ["0", "25"],
    "SLACK_COMMAND": ["snat", "/", "/Snat", "/snat check"],
    "SLACK_API_URL": ["slack.com/api", "http://slack.com/api", "https://slack.com/api?x=1"],
    "LANGUAGE": ["fr", "EN", "español"],
    "SOCKETS_IN_CHAT": ["yes", "ON"],
    "TEAMS_WEBHOOK_URL": ["teams", "http://teams.example.com"],
    "ROUTES": [
        "to payments",
        "[]",
        '{"channels": {}, "routes": []}',
        '{"routes": [{"to": ["nowhere"]}]}',
        '{"channels": {"c": {"kind": "slack_webhook", "url": "http://x"}}, "routes": [{"to": ["c"]}]}',
    ],
    "AzureWebJobsStorage": ["storage", "AccountName=a", "AccountKey=b", "UseDevelopmentStorage=false"],
    "AzureWebJobsStorage__tableServiceUri": ["account.table.core.windows.net"],
    "INGESTION_LAG_MINUTES": ["-1", "31", "three", "1.5"],
    "WINDOW_MINUTES": ["0", "61", "five"],
    "CLEAN_MINUTES": ["0", "1441"],
    "COOLDOWN_MINUTES": ["-1", "10081"],
    "REMIND_MINUTES": ["4", "1441"],
    "TABLE_PREFIX": ["Snatbot", "1bot", "ab", "snat-bot", "a" * 22],
    "QUEUE_PREFIX": ["snat_bot", "x"],
    "HEALTH_MAX_AGE_MINUTES": ["1", "soon"],
    "REMEDIATION": ["yes", "On", "true"],
    "APPROVAL_MODE": ["none", "LINK"],
    "ALLOW_LINK_APPROVAL": ["yes"],
    "APPROVAL_POLICY": ["Snat.Approve", "{}", '[{"clusters": "all", "kinds": "all"}]'],
    "APPROVAL_MINUTES": ["4", "1441"],
    "ENTRA_TENANT_ID": ["common", "contoso.example", "9999"],
    "ENTRA_CLIENT_ID": ["alerts", "{aaaaaaaa-0000-4000-8000-0000000000b1}"],
    "ENTRA_AUTHORITY": ["login.microsoftonline.com", "http://login.example.com"],
    "STEP_UP_CONTEXT": ["c", "c0", "c100", "C1", "mfa", "c1 c2"],
    "ALLOW_GUESTS": ["yes", "On"],
    "SIGNING_KEYS": ["short", f"{KEY},short", f"{KEY},"],
    "NAT_IPS": [
        "addresses,prefix",
        "4",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/publicIPAddresses/p",
    ],
    "PRICES": [
        "0.045",
        "=1",
        "gateway_hour",
        "gateway_hour=0.045,ip_hour=0.005",
        "gateway_hour=0.045,ip_hour=0.005,currency=USD,as_of=2026-11-01",
        "gateway_hour=0.045,ip_hour=0.005,source=list,as_of=2026-11-01",
        "gateway_hour=0.045,ip_hour=0.005,currency=USD,source=list",
        "gateway_hour=0.045,currency=USD,source=list,as_of=2026-11-01",
        "gateway_hour=cheap,ip_hour=0.005,currency=USD,source=list,as_of=2026-11-01",
        "gateway_hour=0.045,ip_hour=-1,currency=USD,source=list,as_of=2026-11-01",
        "gateway_hour=0.045,ip_hour=nan,currency=USD,source=list,as_of=2026-11-01",
        "gateway_hour=0.045,ip_hour=0.005,currency=USD,source=list,as_of=in November",
        "gateway_hour=0.045,ip_hour=0.005,currency=USD,source=list,as_of=2026-11-01,gib=1",
    ],
    "NAME_TEMPLATE": [
        "{kind}",
        "{number}",
        "pip-{number}",
        "{kind} {number}",
        "{kind}-{number}-",
        "{kind}-{number}-{other}",
        "{kind}-{number}-{cluster.foo}",
        "{kind}-{number}-{}",
        "{kind}-{number}-{",
        "{kind}-né-{number}",
        "{kind}-{number}-" + "x" * 70,
    ],
    "RESOURCE_TAGS": ["team", "=net", "team=net,cost"],
    "IDLE_TIMEOUT_MINUTES": ["3", "121"],
    "PAUSE_BETWEEN_SUBNETS_MINUTES": ["-1", "721"],
    "GATE_LIMIT_MINUTES": ["4", "241"],
    "VERIFY_WINDOW_MINUTES": ["4", "61"],
}


def problems(env: dict[str, str]) -> dict[str, str]:
    with pytest.raises(MisconfiguredError) as caught:
        load_settings(env)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    return caught.value.problems


def test_a_storage_account_is_all_that_is_needed() -> None:
    settings = load_settings(STORAGE)
    assert (settings.remediation, settings.approval_mode) == ("off", "signin")
    assert (settings.window_minutes, settings.ingestion_lag_minutes, settings.clean_minutes) == (5, 3, 10)
    assert settings.signing_key_list == ()


def test_prices_say_whose_they_are_and_of_when() -> None:
    given = "gateway_hour=0.045,ip_hour=0.005,gb=0.045,currency=USD,source=Azure pricing page,as_of=2026-11-01"
    assert load_settings({**STORAGE, "PRICES": given}).prices["source"] == "Azure pricing page"
    said = problems({**STORAGE, "PRICES": "gateway_hour=0.045,ip_hour=0.005"})["PRICES"]
    assert "lacks currency, lacks source, lacks as_of" in said


def test_storage_may_be_reached_by_identity() -> None:
    settings = load_settings({"AzureWebJobsStorage__tableServiceUri": "https://account.table.core.windows.net/"})
    assert settings.storage_table_endpoint == "https://account.table.core.windows.net"
    assert settings.storage_connection_string is None


@pytest.mark.parametrize(
    "text",
    [
        "UseDevelopmentStorage=true",
        "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=b;EndpointSuffix=core.windows.net",
        "TableEndpoint=https://a.table.core.windows.net;SharedAccessSignature=sv=1&sig=2",
    ],
)
def test_every_form_of_a_connection_string_is_taken(text: str) -> None:
    secret = load_settings({"AzureWebJobsStorage": text}).storage_connection_string
    assert secret is not None
    assert secret.get_secret_value() == text


def test_lists_pairs_and_keys_are_read_from_one_text() -> None:
    settings = load_settings(
        {
            **ACTING,
            "SUBSCRIPTIONS": " one, two ,,",
            "RESOURCE_TAGS": "team = net, cost=a=b,empty=",
            "SIGNING_KEYS": f"{'n' * 32}, {'o' * 32}",
        }
    )
    assert settings.subscriptions == ("one", "two")
    assert settings.resource_tags == {"team": "net", "cost": "a=b", "empty": ""}
    assert settings.signing_key_list == ("n" * 32, "o" * 32)


def test_addresses_of_this_machine_may_do_without_tls() -> None:
    settings = load_settings(
        {**STORAGE, "ARM_ENDPOINT": "http://127.0.0.1:8000/", "PUBLIC_BASE_URL": "http://localhost:1"}
    )
    assert settings.arm_endpoint == "http://127.0.0.1:8000"


@pytest.mark.parametrize("blank", ["", " ", "\n\t"])
def test_an_empty_setting_counts_as_not_set(blank: str) -> None:
    assert load_settings({**dict.fromkeys(ALIASES, blank), **STORAGE}) == load_settings(STORAGE)


def test_blanks_around_a_value_do_not_count() -> None:
    settings = load_settings({**STORAGE, "SLACK_WEBHOOK_URL": " https://hooks.slack.com/x\n", "REMEDIATION": " off"})
    assert settings.slack_webhook_url == SecretStr("https://hooks.slack.com/x")


def test_only_what_is_passed_in_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINDOW_MINUTES", "59")
    monkeypatch.setenv("window_minutes", "59")
    assert load_settings(STORAGE).window_minutes == 5


def test_settings_do_not_change_once_loaded() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings(STORAGE).remediation = "on"


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_wrong_value_is_refused_by_name_with_what_would_be_right(name: str, value: str) -> None:
    found = problems({**STORAGE, **TOGETHER.get(name, {}), name: value})
    assert set(found) == {name}
    assert found[name][0].islower() or found[name].startswith("Input")


REFERENCE = "@Microsoft.KeyVault(SecretUri=https://kv.vault.azure.net/secrets/signing-keys)"


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        *((name, REFERENCE) for name in ("SIGNING_KEYS", "SLACK_WEBHOOK_URL", "ARM_ENDPOINT")),
        ("SIGNING_KEYS", REFERENCE.lower()),
        ("SIGNING_KEYS", f"{'k' * 40},{REFERENCE}"),  # a new key before the old one
        ("ROUTES", f'{{"channels": {{"a": {{"kind": "webhook", "key": "{REFERENCE}"}}}}}}'),
    ],
)
def test_a_reference_that_azure_could_not_resolve_is_no_value(name: str, reference: str) -> None:
    with pytest.raises(MisconfiguredError) as wrong:
        load_settings({**STORAGE, name: reference})
    assert "could not resolve" in wrong.value.problems[name]


def test_every_setting_that_can_be_wrong_is_tried() -> None:
    free = {"SUBSCRIPTIONS", "DETECTOR_CLIENT_ID", "ARM_AUDIENCE", "WATCH_SCHEDULE", "AzureWebJobsStorage__clientId"}
    free |= {
        "REMEDIATOR_CLIENT_ID",
        "NAT_RESOURCE_GROUP",
        "REGION_NAME",
        "WORKSPACE_ID",
        "ENTRA_CLIENT_SECRET",
        "SLACK_SIGNING_SECRET",
    }
    assert set(WRONG) | free == set(ALIASES)


@pytest.mark.parametrize(
    ("given", "name", "least"),
    [
        ({"GATE_LIMIT_MINUTES": "7"}, "GATE_LIMIT_MINUTES", 8),
        ({"INGESTION_LAG_MINUTES": "12"}, "GATE_LIMIT_MINUTES", 17),
    ],
)
def test_a_wait_must_last_until_its_evidence_can_be_there(given: dict[str, str], name: str, least: int) -> None:
    found = problems({**STORAGE, **given})
    assert set(found) == {name}
    assert f"must be at least {least}" in found[name]
    load_settings({**STORAGE, **given, name: str(least)})


def test_all_mistakes_are_told_at_once() -> None:
    found = problems({"REMEDIATION": "on", "WINDOW_MINUTES": "many", "SLACK_WEBHOOK_URL": "x", "SIGNING_KEYS": "short"})
    assert set(found) == {
        "AzureWebJobsStorage",
        "WINDOW_MINUTES",
        "SLACK_WEBHOOK_URL",
        "SIGNING_KEYS",
        "REMEDIATOR_CLIENT_ID",
        "PUBLIC_BASE_URL",
        "ENTRA_TENANT_ID",
        "ENTRA_CLIENT_ID",
    }
    with pytest.raises(MisconfiguredError, match=r"^2 settings cannot be used: AzureWebJobsStorage: must be set, or"):
        load_settings({"WINDOW_MINUTES": "many"})


@pytest.mark.parametrize("missing", ["REMEDIATOR_CLIENT_ID", "SIGNING_KEYS", "PUBLIC_BASE_URL"])
def test_acting_needs_more_settings_than_watching(missing: str) -> None:
    assert load_settings(ACTING).remediation == "on"
    found = problems({name: value for name, value in ACTING.items() if name != missing})
    assert found == {missing: "must be set when REMEDIATION is on"}


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        (("SLACK_BOT_TOKEN",), "SLACK_CHANNEL"),
        (("SLACK_CHANNEL",), "SLACK_BOT_TOKEN"),
        (("SLACK_BOT_TOKEN", "SLACK_CHANNEL", "SLACK_WEBHOOK_URL"), "SLACK_WEBHOOK_URL"),
    ],
)
def test_slack_takes_a_bot_in_a_channel_or_a_webhook(given: tuple[str, ...], wrong: str) -> None:
    values = {**SECRETS, **TOGETHER["SLACK_BOT_TOKEN"]}
    assert set(problems({**STORAGE, **{name: values[name] for name in given}})) == {wrong}


@pytest.mark.parametrize("missing", ["ENTRA_TENANT_ID", "ENTRA_CLIENT_ID"])
def test_people_who_sign_in_to_approve_need_a_place_to_sign_in_to(missing: str) -> None:
    without = {name: value for name, value in ACTING.items() if name != missing}
    assert problems(without) == {missing: "must be set when REMEDIATION is on and people sign in to approve"}
    load_settings({**without, "APPROVAL_MODE": "link", "ALLOW_LINK_APPROVAL": "on"})
    load_settings({**without, "REMEDIATION": "off"})
    assert load_settings(ACTING).entra_client_id == "aaaaaaaa-0000-4000-8000-0000000000b1", "as tokens have it"


def test_nobody_signs_in_without_tls() -> None:
    plain = {**ACTING, "PUBLIC_BASE_URL": "http://localhost:7071"}
    assert "must begin with https://" in problems(plain)["PUBLIC_BASE_URL"]
    load_settings({**plain, "APPROVAL_MODE": "link"})


def test_who_writes_is_not_who_reads() -> None:
    found = problems({**ACTING, "DETECTOR_CLIENT_ID": "writer"})
    assert found == {"REMEDIATOR_CLIENT_ID": "must not be the detector's: reading and writing are two identities"}


def test_a_link_that_approves_by_itself_lasts_an_hour_at_most() -> None:
    assert load_settings(STORAGE).decide_minutes == 24 * 60
    link = {**STORAGE, "APPROVAL_MODE": "link"}
    assert load_settings(link).decide_minutes == 60
    assert load_settings({**link, "APPROVAL_MINUTES": "30"}).decide_minutes == 30


def test_a_link_approves_in_production_only_if_the_owner_says_so_twice() -> None:
    link = {**ACTING, "APPROVAL_MODE": "link"}
    assert "ALLOW_LINK_APPROVAL=on" in problems(link)["APPROVAL_MODE"]
    load_settings({**link, "ALLOW_LINK_APPROVAL": "on"})
    for here in ("http://127.0.0.1:7071", "http://localhost:7071", "https://[::1]:7071"):
        load_settings({**link, "PUBLIC_BASE_URL": here})
    for there in ("https://localhost.example.com", "https://127.0.0.1.example.com", "https://[::2]"):
        assert "APPROVAL_MODE" in problems({**link, "PUBLIC_BASE_URL": there})


def test_a_link_is_nobody_in_particular() -> None:
    rule = '{"name": "r%d", "clusters": "all", "kinds": "all", "who": %s, "people": %d}'
    strict = [rule % (0, '"Snat.Approve"', 1), rule % (1, '"Snat.Approve"', 2), rule % (2, f'"{GUID}"', 1)]
    acting = {**ACTING, "APPROVAL_POLICY": f"[{', '.join(strict)}]"}
    load_settings(acting)
    found = problems({**acting, "APPROVAL_MODE": "link", "PUBLIC_BASE_URL": "http://localhost:1"})
    assert found == {
        "APPROVAL_POLICY": "names people, or wants two, in rule 'r1', 'r2': that needs APPROVAL_MODE=signin"
    }


@pytest.mark.parametrize("name", ALIASES)
@pytest.mark.parametrize(
    "value", [CANARY, f"https://{CANARY}:x@host℀", f"http://{CANARY}", f"={CANARY}", f"{{{CANARY}}}"]
)
def test_no_mistake_echoes_a_value(name: str, value: str) -> None:
    try:
        load_settings({**STORAGE, name: value})
    except MisconfiguredError as error:
        told = [str(error), repr(error), repr(error.args), str(error.problems), repr(error.__context__)]
        assert not [text for text in told if CANARY in text]


def test_a_secret_in_every_wrong_place_is_not_echoed() -> None:
    with pytest.raises(MisconfiguredError) as caught:
        load_settings(dict.fromkeys(ALIASES, f"{CANARY} {CANARY}"))
    assert len(caught.value.problems) > 20
    assert CANARY not in repr(caught.value) + str(caught.value)


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_not_shown_by_the_settings_that_hold_it(name: str) -> None:
    settings = load_settings({**STORAGE, **TOGETHER.get(name, {}), name: SECRETS[name]})
    shown = [repr(settings), str(settings), f"{settings}", settings.model_dump_json(), str(settings.model_dump())]
    assert not [text for text in shown if CANARY in text]
    assert CANARY.encode() in pickle.dumps(settings), "the canary must be in there for this test to mean something"


def test_every_secret_is_held_as_one() -> None:
    secret = {str(field.alias) for field in Settings.model_fields.values() if "Secret" in str(field.annotation)}
    assert secret == set(SECRETS)
    assert secret == {name for name, _, meaning in describe() if "Secret." in meaning}


def test_a_command_that_writes_nothing_goes_without_storage() -> None:
    assert not load_settings({}, needs_storage=False).has_storage
    assert load_settings(STORAGE).has_storage
    with pytest.raises(MisconfiguredError, match="AzureWebJobsStorage"):
        load_settings({})


@pytest.mark.parametrize(("given", "language"), [("es", "es"), ("en_US:en", "en"), ("es_ES:es", "es"), ("fr_FR", "en")])
def test_the_variable_of_a_machines_locale_is_no_mistake(given: str, language: str) -> None:
    assert load_settings({**STORAGE, "LANGUAGE": given}).language == language


def test_a_slash_command_needs_the_bot_the_workspace_and_a_key() -> None:
    with pytest.raises(MisconfiguredError) as caught:
        load_settings({**STORAGE, "SLACK_SIGNING_SECRET": "x"})
    assert {*caught.value.problems} == {*TOGETHER["SLACK_SIGNING_SECRET"]} - {"SLACK_CHANNEL"}
