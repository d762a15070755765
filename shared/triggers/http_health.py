"""Whether the bot itself is healthy."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import azure.functions as func

from .. import __version__
from ..build import python_mismatch
from ..errors import MisconfiguredError, SnatbotError
from .responses import answers_json, as_json, language_of

if TYPE_CHECKING:
    from ..app import App

blueprint = func.Blueprint()


@blueprint.route(route="health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def health(req: func.HttpRequest) -> func.HttpResponse:
    """200 or 503 and the version, for an external monitor. No settings, no secrets, no reasons."""
    content, status = _health()
    return as_json({"status": content["status"], "version": content["version"]}, status)


@blueprint.route(route="health/details", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
def health_details(req: func.HttpRequest) -> func.HttpResponse:
    """The same with reasons and configuration. Secret settings are only shown as yes or no."""
    content, status = _health()
    return as_json({**content, **({} if python_mismatch() else _limited())}, status)


@blueprint.route(route="metrics", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@answers_json
def metrics(req: func.HttpRequest) -> func.HttpResponse:
    """The last scans for Prometheus. Reads storage only: at most 101 queries for probes, else a fixed number."""
    from ..app import current
    from ..flows.health import read_health
    from ..flows.monitoring.fleet_status import read_fleet_status
    from ..web.metrics_text import CONTENT_TYPE, metrics_text
    from ..web.probe_metrics import probe_metrics

    app = current()
    health = read_health(app.liveness, app.clock.wall(), timedelta(minutes=app.settings.health_max_age_minutes))
    fleet = read_fleet_status(app.fleet_cache, app.settings.fan_out_above)
    now = app.clock.now()
    text = metrics_text(fleet, health, len(app.records.waiting_outbox()), now)
    text += probe_metrics(*app.read_probes.newest(now))
    return func.HttpResponse(text, headers={"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"})


@blueprint.route(route="doctor", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@answers_json
def doctor(req: func.HttpRequest) -> func.HttpResponse:
    """Every check of the installation, for people with the role Snat.Operate: it asks Azure and Slack a lot."""
    from ..model.identity import Role
    from ..model.text import Text
    from ..web.doctor_answer import doctor_json
    from .visitors import app_with_sign_in, require_role

    app = app_with_sign_in()
    require_role(app, req, Role.OPERATE, Text("examine the installation"))
    return as_json(doctor_json(app.doctor.examine(), language_of(req)))


def _health() -> tuple[dict[str, Any], int]:
    if mismatch := python_mismatch():  # before any import that fails because of it
        return {"status": "not well", "version": __version__, "problems": [mismatch]}, 503
    from ..app import current
    from ..flows.health import read_health

    try:
        app = current()
    except MisconfiguredError as error:
        return {"status": "misconfigured", "version": __version__, "problems": error.problems}, 503
    found = read_health(app.liveness, app.clock.wall(), timedelta(minutes=app.settings.health_max_age_minutes))
    content = {
        "status": "well" if found.is_healthy else "not well",
        "version": __version__,
        "problems": list(found.problems),
        "missing": list(found.missing),
        "last_watch": found.last_watch.isoformat(timespec="seconds") if found.last_watch else None,
        "last_delivery": found.last_delivery.isoformat(timespec="seconds") if found.last_delivery else None,
        "configured": _configured(app),
    }
    return content, 200 if found.is_healthy else 503


def _configured(app: App) -> dict[str, Any]:
    settings = app.settings
    return {
        "channels": sorted(app.channels),
        "subscriptions": len(settings.subscriptions) or "all readable",
        "remediation": settings.remediation,
        "approval_mode": settings.approval_mode,
        "approval_policy": settings.approval_policy.version,
        "links": settings.public_base_url is not None,
        "signing_keys": len(settings.signing_key_list),
        "storage": "connection string" if settings.storage_connection_string else "identity",
    }


def _limited() -> dict[str, Any]:
    """Where metrics can't be read in batches, in how many parts ports are, and why health events can't be read."""
    from ..app import current
    from ..flows.monitoring.tick import WHOLE_FLEET
    from ..model.fleet import ScanProgress
    from ..model.health_event import HealthEventAccess
    from ..store.fleet_cache import HEALTH_EVENTS, PROGRESS

    try:
        app = current()
        fleet, events = app.records.fleet(), app.fleet_cache.read(HealthEventAccess, HEALTH_EVENTS)
        progress = app.fleet_cache.read(ScanProgress, f"{PROGRESS}{WHOLE_FLEET}")
    except SnatbotError:
        return {
            "one_by_one": [],
            "port_parts": 1,
            "health_events": "",
        }  # ``problems`` already says that storage does not answer
    return {
        "one_by_one": [problem.text for problem in fleet.value.one_by_one] if fleet else [],
        "port_parts": progress.port_round.parts if progress else 1,
        "health_events": events.problem if events and app.settings.workspace_id else "",
    }
