"""Collects what people read, and updates and compiles the translations: ``make catalogue``."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Sequence
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT / "shared"
LOCALES = SHARED / "wording" / "locales"
_METHODS = [("**.py", "python"), ("web/templates/**.html", "jinja2.ext:babel_extract")]
# "_" is Text in templates.
_KEYWORDS: dict[str, tuple[int, ...] | None] = {"Text": None, "_": None, "plural": (1, 2)}


def template() -> Catalog:
    """Every msgid in ``shared/``, without translations."""
    catalog = Catalog(project="snatbot", version="", charset="utf-8")
    found = extract_from_dir(
        SHARED, _METHODS, keywords=_KEYWORDS, comment_tags=("Translators:",), strip_comment_tags=True
    )
    with contextlib.redirect_stderr(io.StringIO()):  # where Babel warns of each Text("")
        for _, _, msgid, comments, _ in found:
            if msgid:
                message = catalog.add(msgid, auto_comments=comments)
                message.flags.discard("python-format")  # Babel takes "100 % of" for one
    return catalog


def languages() -> Sequence[str]:
    return sorted(folder.name for folder in LOCALES.iterdir() if folder.is_dir())


def po_file(language: str) -> Path:
    return LOCALES / language / "LC_MESSAGES" / "snatbot.po"


def translations(language: str) -> Catalog:
    with po_file(language).open("rb") as file:
        return read_po(file, locale=language)


def compiled(catalog: Catalog) -> bytes:
    """As ``gettext`` reads it. Messages without a translation are left out."""
    file = io.BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def updated(catalog: Catalog, messages: Catalog) -> Catalog:
    """The same translations, for exactly the msgids of ``messages``."""
    catalog.update(messages, no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    return catalog


def as_po(catalog: Catalog) -> bytes:
    """Sorted and without line numbers, so that a changed sentence changes its own lines only."""
    file = io.BytesIO()
    write_po(file, catalog, width=120, no_location=True, sort_output=True)
    return file.getvalue()


def main() -> int:
    messages = template()
    for language in languages():
        catalog = updated(translations(language), messages)
        po_file(language).write_bytes(as_po(catalog))
        po_file(language).with_suffix(".mo").write_bytes(compiled(catalog))
        missing = sum(not is_translated(message) for message in catalog)
        print(f"{language}: {len(catalog)} messages, {missing} without a translation")
    return 0


def is_translated(message: Message) -> bool:
    """Plural messages need every form."""
    string = message.string or ""
    return bool(string) if isinstance(string, str) else all(string)


if __name__ == "__main__":
    sys.exit(main())
