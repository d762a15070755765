"""Where the Chromium for pictures and browser tests comes from."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from devhost.browser import BrowserNotFoundError, camera, find_chromium
from tests.support.every import every

PNG = b"\x89PNG\r\n"


def executable(path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("#!/bin/sh\n", "utf-8")
    path.chmod(0o755)
    return path


def test_the_one_that_is_named_comes_first(tmp_path: Path) -> None:
    named = executable(tmp_path / "mine")
    executable(tmp_path / "bin" / "chromium")
    found = find_chromium({"CHROMIUM": str(named), "PATH": str(tmp_path / "bin")})
    assert (found.executable, set(found.environment)) == (named, {"FONTCONFIG_FILE"})


def test_the_next_is_the_one_on_path(tmp_path: Path) -> None:
    installed = executable(tmp_path / "bin" / "google-chrome")
    assert find_chromium({"PATH": str(tmp_path / "bin")}).executable == installed


def test_a_name_that_is_wrong_is_said_and_not_passed_over(tmp_path: Path) -> None:
    with pytest.raises(BrowserNotFoundError, match=r"CHROMIUM names .*nowhere, where there is no file"):
        find_chromium({"CHROMIUM": str(tmp_path / "nowhere")})


@pytest.mark.browser
def test_without_one_on_the_machine_the_packaged_one_shows_text_and_takes_pictures(tmp_path: Path) -> None:
    try:
        packaged = find_chromium({"PATH": str(tmp_path)})
    except BrowserNotFoundError as missing:
        pytest.skip(str(missing))
    assert packaged.executable.is_relative_to(Path(__file__).parents[2])

    def pictures() -> list[bytes]:
        with camera(packaged) as opened:
            with opened.page("<p>Hello</p>") as page:
                assert page.inner_text("p") == "Hello"  # without a font no text has a place on the page
            paths = [tmp_path / f"{number}.png" for number in (1, 2)]
            return [opened.shoot("<p>Hello</p>", path, is_dark=path is paths[1]).read_bytes() for path in paths]

    # A thread of its own: Playwright allows one at a time in each, and other tests may have theirs open in this one.
    with ThreadPoolExecutor(1) as pool:
        assert every(picture.startswith(PNG) for picture in pool.submit(pictures).result())
