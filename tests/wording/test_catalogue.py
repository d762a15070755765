"""The catalogue: every sentence of ``shared/`` is in it, and its translations hold what the code puts into them."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from devhost import catalogue
from tests.support.sentences import sentences

# File, how the texts begin, and why they stay English.
EXCEPTIONS = (
    ("app_watching.py", "policy {}", "recorded, in one language"),
    ("approval_policy.py", "", "problems of settings: for the owner, in the log"),
    ("chat/manual_steps.py", "for i in", "a command"),
    ("chat/posting.py", "application/json", "a header"),
    ("chat/slack_api.py", "application/x-www", "a header"),
    ("chat/slack_api.py", "Bearer", "a header"),
    ("chat/teams.py", "HTTP error 429", "what Teams writes"),
    ("auth/slack_requests.py", "message of slack_bolt", "in the log"),
    ("auth/entra.py", "response_mode=", "of a warning of MSAL"),
    ("bounded_http.py", "", "causes, as requests and urllib3 write theirs"),
    ("cli/__main__.py", "snatbot {}", "the name of the program"),
    ("cli/output.py", "snatbot: {}", "the name of the program"),
    ("cli/as_person.py", "must be set, with", "problems of settings"),
    ("cli/as_person.py", "Bearer {}", "a header"),
    ("cli/settings.py", "", "a document"),
    ("cli/slack.py", "Ask about", "in the app's manifest, in one language"),
    ("core/approval/policy.py", "policy {}", "recorded, in one language"),
    ("core/approval/policy.py", "no rule", "recorded"),
    ("core/guidance/culprits.py", "python -m", "a command"),
    ("flows/audit/attempts.py", "", "lines of the audit trail, in one language"),
    ("flows/doctor/azure.py", "", "names of roles and actions"),
    ("flows/audit/seal.py", "", "lines of the audit trail"),
    ("model/audit.py", "", "events of the audit trail, in one language"),
    ("model/identity.py", "", "a name in signed records"),
    ("routes.py", "", "problems of settings"),
    ("setting_types.py", "", "problems of settings"),
    ("settings.py", "", "problems of settings"),
    ("watch_settings.py", "", "meanings of settings"),
    ("store/records.py", "the fleet as a whole", "a key"),
    ("model/slack.py", "Slack session", "recorded, in one language"),
    ("store/probes.py", "probe ", "a kind of row"),
    ("store/slack_accounts.py", "slack ", "a kind of row"),
    ("store/slack_requests.py", "slack request", "a kind of row"),
    ("store/stop_switch.py", "stop flag", "a kind of row"),
    ("store/stop_switch.py", "first start", "recorded, in one language"),
    ("triggers/attempts.py", "", "lines of the audit trail"),
    ("triggers/visitors.py", "holder of link, unverified", "recorded, in one language"),
    ("triggers/visitors.py", "{} (holder of link, unverified)", "recorded, in one language"),
    ("triggers/http_pages.py", "public, max-age", "a header"),
    ("triggers/http_api.py", "holder of the function key", "recorded, in one language"),
    ("triggers/http_health.py", "", "a JSON answer"),
    ("triggers/queue_messages.py", "", "in the log"),
    ("triggers/responses.py", "default-src", "a header"),
    ("triggers/slack_commands.py", "Slack user", "recorded, in one language"),
    ("triggers/slack_commands.py", "attempt refused", "recorded, in one language"),
    ("triggers/slack_link_page.py", "Slack ", "lines of the audit trail"),
    ("web/metrics_text.py", "", "help of metrics, in one language"),
    ("web/probe_metrics.py", "", "help of metrics, in one language"),
    ("web/pages.py", "<time datetime", "markup"),
)
FILES = sorted(str(file.relative_to(catalogue.SHARED)) for file in catalogue.SHARED.rglob("*.py"))


@pytest.mark.parametrize("path", FILES)
def test_no_sentence_is_outside_the_catalogue(path: str) -> None:
    stays = tuple(start for file, start, _ in EXCEPTIONS if file == path)
    found = [entry for entry in _sentences(path) if not entry[1].startswith(stays)]
    assert not found, "\n".join(f"shared/{path}:{line}: {text}" for line, text in found)


@pytest.mark.parametrize(("path", "start", "reason"), EXCEPTIONS)
def test_an_exception_is_needed(path: str, start: str, reason: str) -> None:
    assert reason
    assert any(text.startswith(start) for _, text in _sentences(path))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ('"""A docstring is none."""\nname = "a_name"', []),
        ('note = "Nothing is left."', ["Nothing is left."]),
        ('note = f"GET {name}"', []),
        ('note = f"{name} lost {ports}"', ["{} lost {}"]),
        ('note = Text("Nothing is left in {name}.", name=name)', []),
        ('note = Text("{what}.", what="nothing is left")', ["nothing is left"]),
        ('note = Text.plural("{count} port is left", "{count} ports are left", count=n)', []),
        ('log.info("tick of %s is over", name)', []),
        ('raise ValueError("it has no zone")', []),
        ('raise BadInput("it has no zone")', ["it has no zone"]),
        ("note = Text(found)", ["a msgid that is no literal"]),
        ('command = f"az aks show {name}"', []),
    ],
)
def test_a_sentence_in_code_is_seen(code: str, expected: list[str]) -> None:
    assert [text for _, text in sentences(code)] == expected


@pytest.mark.parametrize("language", catalogue.languages())
def test_every_sentence_of_the_code_is_translated_and_nothing_else(language: str) -> None:
    """After a change: ``make catalogue``, then translate what it added to the ``.po`` file, then ``make catalogue``."""
    wanted = {message.id for message in catalogue.template() if message.id}
    found = {message.id: message for message in catalogue.translations(language) if message.id}
    assert wanted - set(found) == set(), "not collected"
    assert set(found) - wanted == set(), "not used any more"
    assert [id_ for id_, message in found.items() if not catalogue.is_translated(message)] == []


@pytest.mark.parametrize("language", catalogue.languages())
def test_translations_hold_the_same_placeholders_and_code(language: str) -> None:
    for message in catalogue.translations(language):
        if message.id and catalogue.is_translated(message):
            wanted = set().union(*map(_placeholders, _forms(message.id)))
            may_lack = {("count", "")} if message.pluralizable else set()  # "a node" instead of "1 node"
            for translation in _forms(message.string):
                found = _placeholders(translation)
                assert wanted - may_lack <= found <= wanted, (message.id, translation)
                assert _code(translation) == _code(_forms(message.id)[0]), (message.id, translation)


@pytest.mark.parametrize("language", catalogue.languages())
def test_the_compiled_catalogue_is_that_of_the_translations(language: str) -> None:
    """Else: ``make catalogue``."""
    po = catalogue.po_file(language)
    assert po.with_suffix(".mo").read_bytes() == catalogue.compiled(catalogue.translations(language))


def _sentences(path: str) -> list[tuple[int, str]]:
    return list(sentences((catalogue.SHARED / path).read_text(encoding="utf-8")))


def _forms(text: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())


def _code(text: str) -> list[str]:
    """What people copy."""
    return re.findall(r"`[^`]*`", text)


def _placeholders(text: str) -> set[tuple[str, str]]:
    return {(name, spec or "") for _, name, spec, _ in Formatter().parse(text) if name is not None}
