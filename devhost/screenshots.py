"""`make screenshots`: pages and messages in each of their states, in two languages, both themes and two widths.

A story is played on a simulated Azure, and at each turn people look. Chats get each message in English and in Spanish.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from devhost import pictures
from devhost.azurite import Azurite
from devhost.browser import Camera, camera, visit
from devhost.errors import DevHostError
from devhost.pictures import LANGUAGES, OUTPUT, Album, in_language
from devhost.screenshot_story import look_at_story
from devhost.stage import APP_FOLDER, set_up

DOCS = APP_FOLDER / "docs" / "images"
NO_CLUSTER = "33333333-0000-4000-8000-000000000000"  # a subscription


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m devhost.screenshots", description=__doc__)
    parser.add_argument("--docs", action="store_true", help="also renew the pictures in docs/images")
    options = parser.parse_args(arguments)
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for old in OUTPUT.glob("*.png"):
        old.unlink()
    began = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="snatbot-screenshots-") as folder, ExitStack() as stack:
            chromium = stack.enter_context(camera())
            storage = stack.enter_context(Azurite.start(Path(folder) / "azurite")).connection_string
            docs = DOCS if options.docs else OUTPUT
            look_at_fleets(chromium, Path(folder), storage, docs)
            look_at_story(chromium, Path(folder), storage, docs)
    except (DevHostError, RuntimeError, OSError) as error:
        print(f"No screenshots: {error}", file=sys.stderr)
        return 1
    made = len(list(OUTPUT.glob("*.png")))
    print(f"{made} pictures in {OUTPUT.relative_to(APP_FOLDER)}, {time.monotonic() - began:.0f} s")
    return 0


def look_at_fleets(chromium: Camera, folder: Path, storage: str, docs: Path) -> None:
    """The page of all clusters, with none and with a thousand."""
    nothing = {"SUBSCRIPTIONS": NO_CLUSTER}
    for name, scenario, extra in (("fleet-none", "quiet", nothing), ("fleet-thousand", "thousand-clusters", {})):
        home = folder / name
        with set_up(home, scenario, storage=storage, extra=extra) as stage, chromium.visitor() as visitor:
            stage.pass_minutes()
            page = visit(visitor, f"{stage.host.base_url}/api/fleet/open?code={stage.host.function_key}")
            for language in LANGUAGES:
                page.goto(in_language(page.url, language))
                Album(OUTPUT).shoot(page, f"{name}-{language}", widths=(*pictures.WIDTHS, 1600))
            if not extra:
                page.goto(in_language(page.url, "en"))
                page.set_viewport_size({"width": 1100, "height": 700})
                pictures.save_small(page.screenshot(), docs / "fleet.png")


if __name__ == "__main__":
    sys.exit(main())
