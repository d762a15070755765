"""Every setting is in the sample, the documents and the code."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from shared.cli.settings import EVERYDAY, SECTIONS, describe, everyday_table, settings_document
from shared.core.detection.thresholds import Thresholds
from shared.settings import Settings, load_settings
from tests.support.every import every

ROOT = Path(__file__).parents[1]
SAMPLE = json.loads((ROOT / "local.settings.sample.json").read_text(encoding="utf-8"))
BESIDE = {"FUNCTIONS_WORKER_RUNTIME"}
STORAGE = {"AzureWebJobsStorage": "UseDevelopmentStorage=true"}
ALIASES = [str(field.alias) for field in Settings.model_fields.values()]


def test_the_sample_lists_exactly_the_settings_and_loads() -> None:
    values: dict[str, Any] = SAMPLE["Values"]
    assert list(values) == [*BESIDE, *ALIASES]
    assert values["FUNCTIONS_WORKER_RUNTIME"] == "python"
    assert SAMPLE["IsEncrypted"] is False
    assert every(isinstance(value, str) for value in values.values()), "the host takes texts only"


def test_the_sample_is_the_defaults_on_the_storage_emulator() -> None:
    assert load_settings(SAMPLE["Values"]) == load_settings(STORAGE)


def test_every_setting_has_a_meaning() -> None:
    for name, _, meaning in describe():
        assert len(meaning) > 15, name
        assert "|" not in meaning
    assert [name for name, _, _ in describe()] == ALIASES


def test_every_setting_is_read_by_the_code() -> None:
    """A setting that nothing reads would be a promise that nobody keeps."""
    code = "".join(
        path.read_text(encoding="utf-8")
        for path in (ROOT / "shared").rglob("*.py")
        if not path.name.startswith("setting")
    )
    seen_through = {
        "allow_link_approval": "approval_mode",
        "signing_keys": "signing_key_list",
        "approval_minutes": "decide_minutes",
    }
    assert "field in fields(Thresholds)" in code  # which takes each threshold from the setting of its name
    read = {*seen_through, *(field.name for field in fields(Thresholds))}
    unread = [
        field.alias
        for name, field in Settings.model_fields.items()
        if f"settings.{name}" not in code and f"%{field.alias}%" not in code and name not in read
    ]
    assert unread == []
    assert seen_through
    assert every(f"settings.{name}" in code for name in seen_through.values())


def test_the_readme_shows_what_everybody_sets_as_it_is() -> None:
    """After a change: put what ``everyday_table`` gives between the two marks."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = readme.partition("<!-- settings -->")[2].partition("<!-- /settings -->")[0]
    assert shown.strip() == everyday_table().strip()
    assert set(EVERYDAY) < set(ALIASES)
    assert shown.count("\n| `") == len(EVERYDAY)


def test_the_document_shows_every_setting_as_it_is() -> None:
    """After a change: ``python -m shared.cli settings > docs/settings.md``."""
    assert (ROOT / "docs/settings.md").read_text(encoding="utf-8") == settings_document()
    assert [line.split("`")[1] for line in settings_document().splitlines() if line.startswith("| `")] == ALIASES
    assert set(SECTIONS) < set(ALIASES)
