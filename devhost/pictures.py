"""Pictures of pages: in both themes and widths, small enough for a repository, and one after the other as a GIF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from PIL import Image, ImageDraw, ImageFont

from devhost.fonts import PACKAGED
from devhost.stage import APP_FOLDER

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

OUTPUT = APP_FOLDER / ".cache" / "screenshots"
LANGUAGES = ("en", "es")
WIDTHS = (1280, 390)
THEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")
TALLEST = 4000  # pixels: a fleet of a thousand clusters is cut there
FRAME = (900, 600)
CAPTION_HEIGHT = 44
FONT = PACKAGED / "noto-sans/600SemiBold/NotoSans_600SemiBold.ttf"


@dataclass(frozen=True)
class Album:
    folder: Path

    def shoot(self, page: Page, name: str, *, part: str = "", widths: Sequence[int] = WIDTHS) -> None:
        """As NAME-THEME-WIDTH.png: the whole page, or its last element that fits the selector `part`."""
        for width in widths:
            page.set_viewport_size({"width": width, "height": 900})
            for theme in THEMES:
                page.emulate_media(color_scheme=theme)
                self.path(f"{name}-{theme}-{width}").write_bytes(picture_of(page, part))
        page.set_viewport_size({"width": 1280, "height": 900})
        page.emulate_media(color_scheme="light")

    def path(self, name: str) -> Path:
        return self.folder / f"{name}.png"


def picture_of(page: Page, part: str = "") -> bytes:
    if part:
        found: Locator = page.locator(part).last
        return found.screenshot()
    # Not full_page: Chromium would lay out and draw all of a page that is cut off then.
    size = page.viewport_size or {"width": WIDTHS[0], "height": 900}
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": size["width"], "height": max(900, min(height, TALLEST))})
    return page.screenshot()


def save_small(picture: bytes, path: Path, *, colors: int = 64, height: int | None = None) -> None:
    """As PNG with few colors; `height` cuts it off."""
    image = Image.open(BytesIO(picture)).convert("RGB")
    image = image.crop((0, 0, image.width, min(image.height, height or image.height)))
    image.quantize(colors, dither=Image.Dither.NONE).save(path, optimize=True)


def save_story(frames: Sequence[tuple[bytes, str, float]], path: Path) -> None:
    """As an animated GIF that repeats. Of each frame: picture, caption, seconds."""
    drawn = [_frame(picture, caption) for picture, caption, _ in frames]
    # One palette for all: what stays the same from frame to frame then takes no bytes.
    strip = Image.new("RGB", (FRAME[0], FRAME[1] * len(drawn)))
    for index, image in enumerate(drawn):
        strip.paste(image, (0, FRAME[1] * index))
    palette = strip.quantize(32, dither=Image.Dither.NONE)
    first, *others = (image.quantize(palette=palette, dither=Image.Dither.NONE) for image in drawn)
    milliseconds = [round(1000 * seconds) for _, _, seconds in frames]
    first.save(path, save_all=True, append_images=others, duration=milliseconds, loop=0, optimize=True)


def _frame(picture: bytes, caption: str) -> Image.Image:
    image = Image.open(BytesIO(picture)).convert("RGB")
    frame = Image.new("RGB", FRAME, image.getpixel((2, 2)))
    frame.paste(image, (max(0, (FRAME[0] - image.width) // 2), CAPTION_HEIGHT))
    draw = ImageDraw.Draw(frame)
    draw.rectangle((0, 0, FRAME[0], CAPTION_HEIGHT), fill="#14171b")
    draw.text((18, CAPTION_HEIGHT // 2), caption, fill="#ffffff", anchor="lm", font=ImageFont.truetype(FONT, 18))
    return frame


def in_language(address: str, language: str) -> str:
    parts = urlsplit(address)
    query = {**dict(parse_qsl(parts.query)), "lang": language}
    return parts._replace(query=urlencode(query)).geturl()
