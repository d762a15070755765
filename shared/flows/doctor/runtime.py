"""The process and its host: Python, functions, storage of the host, clock, and the address that people reach."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from ... import __version__, build
from ...cloud import api_versions
from ...cloud.arm import Arm
from ...cloud.errors import Unavailable
from ...core.checks import CheckBuilder
from ...formatting import listed
from ...model.check import Check
from ...model.text import Text, arranged, verbatim
from .run import set_on_app

if TYPE_CHECKING:
    import requests

EXPECTED_FUNCTIONS = 44
SKEW_SECONDS = 60  # a minute of metrics would be judged before it is over
_STORAGE = "AzureWebJobsStorage"


def python(check: CheckBuilder) -> Check:
    version = build.built_for()
    if not version:
        return check.unknown(Text("which Python it was built for"), Text("deploy what `make package` builds"))
    mismatch = build.python_mismatch() or Text("")
    remedy = Text("set the function app's Python version to {version}", version=version)
    return check.requires(not mismatch, verbatim(sys.version.partition(" ")[0]), mismatch, remedy)


def functions(arm: Arm, env: Mapping[str, str], check: CheckBuilder) -> Check:
    """App Service sets these variables (App Service docs: reference-app-settings). Needs Reader on the app."""
    site, group = env.get("WEBSITE_SITE_NAME", ""), env.get("WEBSITE_RESOURCE_GROUP", "")
    subscription = env.get("WEBSITE_OWNER_NAME", "").partition("+")[0]
    if not (site and group and subscription):
        return check.unknown(Text("this is not a function app in Azure"), Text(""))
    path = f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Web/sites/{site}/functions"
    count = len(list(arm.list(path, api_versions.SITES)))
    found = Text("the host found {count} of {expected}", count=count, expected=EXPECTED_FUNCTIONS)
    remedy = Text("look into the log of function app {app} at its last start", app=site)
    return check.requires(count >= EXPECTED_FUNCTIONS, found, found, remedy)


def host_storage(env: Mapping[str, str], check: CheckBuilder) -> Check:
    """Azure Functions docs: functions-reference, connecting to host storage with an identity."""
    needed = [f"{_STORAGE}__{service}ServiceUri" for service in ("blob", "queue", "table")]
    if env.get(_STORAGE):
        found = Text("{setting} is a connection string, which holds a key", setting=_STORAGE)
        return check.warns(found, set_on_app(*needed))
    if env.get(f"{_STORAGE}__clientId"):
        needed.append(f"{_STORAGE}__credential")
    missing = [name for name in needed if not env.get(name)]
    unset = Text("not set: {settings}", settings=listed(missing))
    return check.requires(not missing, Text("by identity, without a key"), unset, set_on_app(*missing))


def clock(arm_endpoint: str, wall: Callable[[], datetime], check: CheckBuilder) -> Check:
    """By the Date header of Resource Manager, whatever it answers without a token."""
    stamp = _get(f"{arm_endpoint}/subscriptions?api-version={api_versions.SUBSCRIPTIONS}").headers.get("Date", "")
    try:
        seconds = round(abs((wall() - parsedate_to_datetime(stamp)).total_seconds()))
    except (ValueError, TypeError):
        return check.unknown(Text("{host} does not say its time", host=arm_endpoint), Text(""))
    differs = Text("{seconds} s from the clock of {host}", seconds=seconds, host=arm_endpoint)
    return check.requires(seconds <= SKEW_SECONDS, differs, differs, Text("set this machine's clock by NTP"))


def own_address(base_url: str | None, check: CheckBuilder) -> Check:
    if not base_url:
        return check.unknown(Text("not set: {settings}", settings="PUBLIC_BASE_URL"), set_on_app("PUBLIC_BASE_URL"))
    if not base_url.startswith("https://"):
        return check.blocks(Text("{url} is not https", url=base_url), set_on_app("PUBLIC_BASE_URL=https://…"))
    remedy = Text("look where PUBLIC_BASE_URL leads: {url}", url=base_url)
    try:
        answer = _get(f"{base_url}/api/health")
        version = answer.json()["version"]
    except Unavailable as error:
        return check.blocks(error.text, remedy)
    except (ValueError, TypeError, LookupError, RecursionError):
        version = ""
    other = Text("{url} answers {status}, and not as this version", url=base_url, status=str(answer.status_code))
    return check.requires(
        version == __version__, arranged("{url} {version}", url=base_url, version=version), other, remedy
    )


def _get(url: str) -> requests.Response:
    """Any answer, without a token. Raises Unavailable."""
    import requests

    from ...bounded_http import send

    try:
        return send("GET", url, 10.0)
    except requests.RequestException as error:
        raise Unavailable(f"GET {url.partition('?')[0]}", verbatim(type(error).__name__)) from error
