"""The fonts of every Chromium that we start: Noto Sans, its Mono, Math and Symbols, and Noto Emoji, as npm packages.

A fresh machine has no fonts at all, and pictures there would have no text. The machine's own are used only where the
packages aren't installed, so that pictures look the same everywhere. Pages as deployed use the reader's own fonts.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from xml.sax.saxutils import escape

from .node import PACKAGES

PACKAGED = PACKAGES / "@expo-google-fonts"
OF_THE_MACHINE = Path("/usr/share/fonts")
CACHE = PACKAGES.parent / ".cache" / "fonts"
_FAMILIES = {
    "Noto Sans": ("sans-serif", "serif", "system-ui", "Segoe UI"),
    "Noto Sans Mono": ("monospace", "ui-monospace"),
    "Noto Emoji": ("emoji",),
}
_ALIAS = '<alias binding="strong"><family>{name}</family><prefer><family>{font}</family></prefer></alias>'


def fonts_conf(folder: Path | None = None, *, cache: Path = CACHE) -> Path:
    """Writes a fonts.conf to `cache` that lists only the fonts in `folder`."""
    folder = folder or (PACKAGED if PACKAGED.is_dir() else OF_THE_MACHINE)
    aliases = "".join(_ALIAS.format(name=name, font=font) for font, names in _FAMILIES.items() for name in names)
    text = (
        '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "fonts.dtd">\n'
        f"<fontconfig><dir>{escape(str(folder))}</dir><cachedir>{escape(str(cache))}</cachedir>{aliases}</fontconfig>\n"
    )
    path = cache / "fonts.conf"
    if not path.is_file() or path.read_text("utf-8") != text:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=cache, delete=False) as written:
            written.write(text)
        Path(written.name).replace(path)  # at once: another Chromium may be reading it
    return path
