"""The pictures of the README and of docs/pages.md: small, there, and with letters in them; and how they are made."""

from __future__ import annotations

import re
from collections import Counter
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from devhost.pictures import FONT, FRAME, in_language, save_small, save_story

ROOT = Path(__file__).parents[2]
PAGES = "".join((ROOT / page).read_text("utf-8") for page in ("README.md", "docs/pages.md"))
SHOWN = [f"docs/{name}" for name in re.findall(r"\]\((?:docs/)?(images/[\w.-]+)\)", PAGES)]


def letters(image: Image.Image) -> int:
    """How many different shapes of a letter's size it has: none on an empty page, a few where all letters are boxes."""
    gray = image.convert("L")
    width, grays = gray.width, gray.tobytes()
    ground = Counter(grays).most_common(1)[0][0]
    left = {at for at, value in enumerate(grays) if abs(value - ground) > 90}
    shapes: set[frozenset[tuple[int, int]]] = set()
    while left:
        ink, rim = [], [left.pop()]
        while rim:
            at = rim.pop()
            ink.append(divmod(at, width))
            beside = {at + down * width + right for down in (-1, 0, 1) for right in (-1, 0, 1)} & left
            left -= beside
            rim.extend(beside)
        (top, bottom), (first, last) = ((min(each), max(each)) for each in zip(*ink, strict=True))
        if 4 < bottom - top < 24 and 1 < last - first < 24:
            shapes.add(frozenset((y - top, x - first) for y, x in ink))
    return len(shapes)


def drawn(text: str) -> bytes:
    image = Image.new("RGB", (400, 300), "white")
    ImageDraw.Draw(image).text((20, 20), text, fill="black", font=ImageFont.truetype(FONT, 16))
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def test_letters_are_told_from_boxes_and_from_nothing() -> None:
    assert letters(Image.open(BytesIO(drawn("Create public IP, then wait")))) > 10
    assert letters(Image.open(BytesIO(drawn("\ue000\ue001\ue002\ue003 \ue004")))) <= 3
    assert letters(Image.open(BytesIO(drawn("")))) == 0


def test_four_pictures_and_the_story_are_shown() -> None:
    assert {Path(name).suffix for name in SHOWN} == {".png", ".gif"}
    assert sorted(ROOT.glob("docs/images/*")) == sorted(ROOT / name for name in SHOWN)
    assert len(SHOWN) == 5


@pytest.mark.parametrize("name", SHOWN)
def test_a_picture_is_small_and_has_letters(name: str) -> None:
    path = ROOT / name
    assert path.stat().st_size <= (300_000 if path.suffix == ".gif" else 80_000)
    with Image.open(path) as image:
        frames, seconds = getattr(image, "n_frames", 1), 0.0
        for number in range(frames):
            image.seek(number)
            seconds += image.info.get("duration", 0) / 1000
            assert letters(image) > 40, f"picture {number}"
    assert (frames, round(seconds)) == ((1, 0) if path.suffix == ".png" else (frames, 20))


def test_pictures_are_made_small_and_a_story_of_them_tells_each_in_its_time(tmp_path: Path) -> None:
    save_small(drawn("Approve"), tmp_path / "small.png", height=100)
    with Image.open(tmp_path / "small.png") as small:
        assert (small.size, small.mode) == ((400, 100), "P")
    save_story([(drawn("ports ran out"), "1. Alarm", 4), (drawn("none failed"), "2. Fixed", 3)], tmp_path / "story.gif")
    with Image.open(tmp_path / "story.gif") as story:
        assert (story.size, getattr(story, "n_frames", 1), story.info["duration"]) == (FRAME, 2, 4000)
        assert letters(story) > 5


def test_a_page_in_another_language_keeps_its_address() -> None:
    assert in_language("https://x/api/fleet?t=a.b&lang=en", "es") == "https://x/api/fleet?t=a.b&lang=es"
