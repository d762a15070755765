"""Runs Chromium for the demo and the browser tests: opens pages, clicks and takes screenshots.

Searched in this order: ``$CHROMIUM``, one on PATH, the one inside the npm package ``@sparticuz/chromium``, which
needs neither root nor a package manager and brings its own libraries. The arguments that the package recommends are not
taken: with ``--single-process`` the browser ends with its first page. Each gets the fonts that `fonts` finds.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import DevHostError
from .fonts import fonts_conf
from .node import NODE, PACKAGES

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Response

ON_PATH = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
UNPACKED = PACKAGES.parent / ".cache" / "chromium"
UNPACK_SECONDS = 120
_UNPACK = """
import chromium from %s;
await chromium.executablePath();
"""
# Chromium's sandbox does not run as root nor in most containers; only pages of our own are opened.
ARGUMENTS = ("--no-sandbox",)
START_SECONDS = 30
PAGE_SECONDS = 20


class BrowserNotFoundError(DevHostError):
    """No Chromium was found; the message says how to install it."""


class PageFailedError(DevHostError):
    """A page did not open, or a click failed or was refused; the message holds the page's text."""


@dataclass(frozen=True, slots=True)
class Chromium:
    """How to start Chromium. ``environment`` is added to the process's own."""

    executable: Path
    environment: Mapping[str, str] = field(default_factory=dict)


def find_chromium(environment: Mapping[str, str] | None = None) -> Chromium:
    """Searches the three places in order. Raises BrowserNotFoundError."""
    environment = os.environ if environment is None else environment
    named = environment.get("CHROMIUM", "")
    if named and not Path(named).is_file():
        raise BrowserNotFoundError(f"CHROMIUM names {named}, where there is no file")
    found = named or next(filter(None, (shutil.which(name, path=environment.get("PATH")) for name in ON_PATH)), None)
    fonts = {"FONTCONFIG_FILE": str(fonts_conf())}
    return Chromium(Path(found), fonts) if found else _packaged(fonts)


def _packaged(fonts: Mapping[str, str]) -> Chromium:
    package = PACKAGES / "@sparticuz" / "chromium"
    if not package.is_dir():
        raise BrowserNotFoundError("no Chromium: set CHROMIUM, install one, or run `make setup`, which brings one")
    version = json.loads((package / "package.json").read_text("utf-8"))["version"]
    home = UNPACKED / version
    if not home.is_dir():
        _unpack(package, home)
    return Chromium(home / "chromium", {"LD_LIBRARY_PATH": str(home / "al2023" / "lib"), **fonts})


def _unpack(package: Path, home: Path) -> None:
    """Unpacks into a temporary folder and renames it when complete, so that parallel runs don't conflict."""
    home.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=home.parent))
    script = work / "unpack.mjs"
    script.write_text(_UNPACK % json.dumps((package / "build" / "index.js").as_uri()), "utf-8")
    # The package unpacks its own libraries only where it believes to be in AWS Lambda, and always into TMPDIR.
    environment = {**os.environ, "AWS_LAMBDA_JS_RUNTIME": "nodejs22.x", "TMPDIR": str(work)}
    try:
        subprocess.run(
            [NODE, script], env=environment, capture_output=True, text=True, timeout=UNPACK_SECONDS, check=True
        )
        work.rename(home)
    except subprocess.SubprocessError as error:
        output = getattr(error, "stderr", "") or ""
        raise BrowserNotFoundError(f"could not unpack {package.name}: {output[-500:] or error}") from error
    except OSError:
        if not home.is_dir():
            raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Camera:
    """Opens pages in a running Chromium."""

    browser: Browser

    @contextmanager
    def visitor(self, *, width: int = 1280, height: int = 900, is_dark: bool = False) -> Iterator[BrowserContext]:
        """A browser context for one person: its tabs share cookies with no other visitor."""
        context = self.browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if is_dark else "light",
            ignore_https_errors=True,
        )
        context.set_default_timeout(PAGE_SECONDS * 1000)
        try:
            yield context
        finally:
            context.close()

    @contextmanager
    def page(self, address: str, *, width: int = 1280, height: int = 900, is_dark: bool = False) -> Iterator[Page]:
        """A loaded page. ``address`` is a URL, or HTML text that starts with ``<``."""
        with self.visitor(width=width, height=height, is_dark=is_dark) as context:
            page = context.new_page()
            if address.lstrip().startswith("<"):
                page.set_content(address, wait_until="load")
            else:
                page.goto(address, wait_until="load")
            yield page

    def shoot(self, address: str, path: Path, *, width: int = 1280, height: int = 900, is_dark: bool = False) -> Path:
        """A screenshot (PNG) of the whole page; ``height`` is the minimum."""
        with self.page(address, width=width, height=height, is_dark=is_dark) as page:
            page.screenshot(path=path, full_page=True)
        return path


@contextmanager
def camera(chromium: Chromium | None = None) -> Iterator[Camera]:
    """A camera with a Chromium of its own; both end with the block. Raises BrowserNotFoundError."""
    from playwright.sync_api import sync_playwright

    chromium = chromium or find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.executable,
            args=list(ARGUMENTS),
            env={**os.environ, **chromium.environment},
            timeout=START_SECONDS * 1000,
        )
        try:
            yield Camera(browser)
        finally:
            browser.close()


def visit(visitor: BrowserContext, address: str) -> Page:
    """The page in a tab of its own. Raises PageFailedError unless it is there."""
    from playwright.sync_api import Error

    page = visitor.new_page()
    try:
        answer = page.goto(address)
    except Error as error:
        raise PageFailedError(f"{address} could not be opened: {error}") from error
    if answer is None or not answer.ok:
        raise PageFailedError(f"{address} answered {_said(page, answer)}")
    return page


def sign_in(visitor: BrowserContext, link: str, name: str) -> Page:
    """From a link in a message, by Entra ID's picker, to the page that this account ends on."""
    page = visitor.new_page()
    page.goto(link)
    page.get_by_role("link", name="Sign in").click()
    # The link leads to a redirect: the click is over before the picker is there.
    page.get_by_role("heading", name="Pick an account").wait_for()
    with page.expect_navigation():
        page.get_by_role("button", name=name).click()
    page.wait_for_load_state()
    return page


def click(page: Page, button: str, name: str = "") -> None:
    """Fills in the name if the form has that field, submits the form and waits for the next page.

    Raises PageFailedError unless the form is sent and accepted.
    """
    from playwright.sync_api import Error

    try:
        if name:
            page.get_by_label("Your name").fill(name)
        with page.expect_navigation() as navigation:
            page.get_by_role("button", name=button, exact=True).click()
        answer = navigation.value
    except Error as error:
        raise PageFailedError(f"the button {button!r} could not be clicked on {page.url}: {error}") from error
    sent = answer.request.redirected_from if answer else None
    if answer is None or not answer.ok or sent is None or sent.method != "POST":
        raise PageFailedError(f"the click on {button!r} was answered {_said(page, answer)}")


def _said(page: Page, answer: Response | None) -> str:
    return f"{answer.status if answer else 'by nothing'}: {' '.join(page.inner_text('body').split())}"
