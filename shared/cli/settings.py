"""``snatbot settings``: every app setting as Markdown."""

import argparse
from collections.abc import Iterable

from ..model.text import Text
from .output import FINE, MakeApp, Subcommands, add_command

_INTRODUCTION = """\
# Settings

Every app setting, by topic. The README shows those that everybody sets; all others have a default that works. Where
a meaning names a tag, that tag on a cluster sets another value for this cluster alone.

`python -m shared.cli settings` prints this page.
"""
SECTIONS = {  # by the first setting of each section
    "SUBSCRIPTIONS": "Azure",
    "WATCH_SCHEDULE": "Detection",
    "SLACK_WEBHOOK_URL": "Messages",
    "AzureWebJobsStorage": "Storage and health",
    "REMEDIATION": "Changes",
}
EVERYDAY = (
    "SUBSCRIPTIONS",
    "DETECTOR_CLIENT_ID",
    "WATCH_SCHEDULE",
    "SLACK_WEBHOOK_URL",
    "SLACK_BOT_TOKEN",
    "SLACK_CHANNEL",
    "TEAMS_WEBHOOK_URL",
    "PUBLIC_BASE_URL",
    "AzureWebJobsStorage",
    "AzureWebJobsStorage__tableServiceUri",
    "QUEUE_PREFIX",
    "REMEDIATION",
    "REMEDIATOR_CLIENT_ID",
    "APPROVAL_MODE",
    "ENTRA_TENANT_ID",
    "ENTRA_CLIENT_ID",
    "SIGNING_KEYS",
)
"""What everybody sets, or decides not to."""


def add_to(commands: Subcommands) -> None:
    add_command(commands, "settings", settings, Text("every app setting with default and meaning, as Markdown"))


def settings(_: argparse.Namespace, __: MakeApp) -> int:
    print(settings_document(), end="")
    return FINE


def settings_document() -> str:
    """docs/settings.md."""
    sections: dict[str, list[tuple[str, str, str]]] = {}
    for row in describe():
        title = SECTIONS.get(row[0], next(reversed(sections), ""))
        sections.setdefault(title, []).append(row)
    tables = (f"\n## {title}\n\n{_table(rows)}" for title, rows in sections.items())
    return _INTRODUCTION + "".join(tables)


def everyday_table() -> str:
    """The README's table."""
    return _table(row for row in describe() if row[0] in EVERYDAY)


def _table(rows: Iterable[tuple[str, str, str]]) -> str:
    lines = [("setting", "default", "meaning"), ("---", "---", "---")]
    lines += [(f"`{name}`", default, meaning) for name, default, meaning in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def describe() -> list[tuple[str, str, str]]:
    """Name, default and meaning of every setting, for the documentation."""
    from ..settings import Settings

    return [
        (
            str(field.alias),
            f"`{field.default}`" if isinstance(field.default, (str, int, float)) and field.default != "" else "",
            str(field.description),
        )
        for field in Settings.model_fields.values()
    ]
