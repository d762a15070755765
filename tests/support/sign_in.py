"""A stage on which people sign in: the function app behind TLS, an app registration that trusts its identity."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path

import requests
import yaml

import simulator
from devhost import slack_text
from devhost.stage import DETECTOR, Stage, set_up
from tests.support.html_page import Page

TENANT = "99999999-9999-4999-8999-999999999999"
CLIENT = "aaaaaaaa-0000-4000-8000-0000000000b1"
ADA = "0a0a0a0a-0000-4000-8000-000000000001"
NORA = "0a0a0a0a-0000-4000-8000-000000000005"
SETTINGS = {"APPROVAL_MODE": "signin", "ENTRA_TENANT_ID": TENANT, "ENTRA_CLIENT_ID": CLIENT}
_REGISTRATION = {"client_id": CLIENT, "name": "snatbot", "trusts": [DETECTOR]}
_PEOPLE = {
    "ada": ["Snat.Approve"],
    "bob": ["Snat.Approve"],
    "olga": ["Snat.Operate"],
    "rui": ["Snat.Read"],
    "ines": ["Snat.Audit"],
    "nora": [],
}


@contextmanager
def stage_with_people(folder: Path, storage: str, *, with_slack_bot: bool = False, **settings: str) -> Iterator[Stage]:
    scenario = yaml.safe_load((Path(simulator.__file__).parent / "scenarios" / "storm.yaml").read_text("utf-8"))
    scenario["settings"] = {"operation_time_scale": 0, "unknown_applications": "refused"}
    scenario["subscriptions"][0]["tenant"] = TENANT
    scenario["identities"] = [
        *scenario.get("identities", ()),
        {**_REGISTRATION, "redirect_uris": ["https://127.0.0.1/api/signed-in"], "optional_claims": ["auth_time"]},
    ]
    known = {"ada": ADA, "nora": NORA}
    scenario["people"] = [
        {"name": name.capitalize(), "user_principal_name": f"{name}@contoso.example", "roles": roles}
        | ({"object_id": known[name]} if name in known else {})
        for name, roles in _PEOPLE.items()
    ]
    home = "88888888-8888-4888-8888-888888888888"
    guest = {"name": "Gita", "user_principal_name": "gita@fabrikam.example", "tenant": home, "guest": True}
    scenario["people"].append({**guest, "roles": ["Snat.Approve"]})
    (folder / "storm.yaml").write_text(yaml.safe_dump(scenario), "utf-8")
    extra = {**SETTINGS, "VERIFY_WINDOW_MINUTES": "5", **settings}
    with set_up(
        folder,
        folder / "storm.yaml",
        storage=storage,
        longest_sleep=0.1,
        extra=extra,
        with_tls=True,
        with_slack_bot=with_slack_bot,
    ) as ready:
        ready.host.run_timer("watch")
        ready.host.drain(60)
        yield ready


def link_of(stage: Stage) -> str:
    """The address behind the newest button in Slack."""
    bodies = [message["body"] for message in stage.simulator.messages() if message["service"] == "slack"]
    return next(urls[0][1] for body in reversed(bodies) if (urls := slack_text.button_urls(body)))


class Visitor(requests.Session):
    """A person's browser: keeps cookies, follows no redirect by itself, holds no key."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.trust_env = False  # REQUESTS_CA_BUNDLE would count more than what comes next (psf/requests#3829)
        self.verify = str(stage.simulator.ca_path)
        self._stage = stage

    def request(self, *args: object, **options: object) -> requests.Response:
        return super().request(*args, **{"timeout": 60, **options, "allow_redirects": False})  # type: ignore[arg-type]

    def begin(self, link: str) -> str:
        """Open the sign-in page; returns Entra ID's address."""
        page = self.get(link)
        assert page.status_code in (401, 403)
        begun = self.get(sign_in_url(page.text))
        assert begun.status_code == 303, said(begun)
        return begun.headers["Location"]

    def back(self, entra_url: str, user: str) -> str:
        """The address to which Entra ID redirects the browser after ``user`` signs in."""
        return self._stage.simulator.sign_in(entra_url, user)

    def sign_in(self, link: str, user: str) -> requests.Response:
        """The page for ``user``, or the error page."""
        answer = self.get(self.back(self.begin(link), user))
        return self.get(answer.headers["Location"]) if answer.status_code == 303 else answer


def said(page: requests.Response) -> str:
    return Page(page.text).text


def sign_in_url(page: str) -> str:
    found = re.search(r'href="([^"]*/api/sign-in[^"]*)"', page)
    assert found
    return unescape(found[1])
