"""A machine without fonts shows text all the same: fonts come with the packages."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from devhost.browser import BrowserNotFoundError, Camera, camera, find_chromium
from devhost.fonts import PACKAGED, fonts_conf

LETTERS = [
    ("system-ui", "AN"),
    ("sans-serif", "éß"),
    ("sans-serif", "→≥"),
    ("sans-serif", "▾✓"),
    ("ui-monospace, monospace", "0#"),
    ("emoji", "🚨🔧"),
]


@pytest.mark.browser
def test_without_the_machines_fonts_letters_and_emoji_are_drawn_each_as_itself(tmp_path: Path) -> None:
    """Fonts that lack a letter draw nothing, or the same box for all."""
    try:
        found = find_chromium()
    except BrowserNotFoundError as missing:
        pytest.skip(str(missing))
    if not PACKAGED.is_dir():
        pytest.skip("no fonts: run `make setup`, which brings them")
    hidden = {**found.environment, "FONTCONFIG_FILE": str(fonts_conf(PACKAGED, cache=tmp_path))}

    def shoot() -> None:
        with camera(replace(found, environment=hidden)) as opened:
            for family, letters in LETTERS:
                assert len({picture(opened, family, letter) for letter in (*letters, "")}) == 3, letters
            with opened.page("<code>iiii</code><br><code>MMMM</code>") as page:
                narrow, wide = page.evaluate("[...document.querySelectorAll('code')].map(code => code.offsetWidth)")
            assert narrow == wide > 0

    def picture(opened: Camera, family: str, text: str) -> bytes:
        page = f"<body style='font: 48px {family}'>{text}"
        return opened.shoot(page, tmp_path / "picture.png", width=200, height=100).read_bytes()

    with ThreadPoolExecutor(1) as pool:  # Playwright allows one at a time in each thread
        pool.submit(shoot).result()
