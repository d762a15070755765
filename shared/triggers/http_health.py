"""The two answers about the bot's own health."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import azure.functions as func

from .responses import as_json


def short() -> func.HttpResponse:
    content, status = _look()
    return as_json({"status": content["status"], "version": content["version"]}, status)


def detailed() -> func.HttpResponse:
    content, status = _look()
    return as_json({**content, "one_by_one": _one_by_one()}, status)


def _one_by_one() -> list[str]:
    """Where metrics can't be read in batches, as the last look knew it."""
    from ..app import current
    from ..errors import SnatbotError

    try:
        fleet = current().records.fleet()
    except SnatbotError:
        return []  # which is told as a problem
    return [remark.text for remark in fleet.value.one_by_one] if fleet else []


def _look() -> tuple[dict[str, Any], int]:
    from .. import __version__
    from ..app import current
    from ..errors import MisconfiguredError
    from ..flows.health import look

    try:
        app = current()
    except MisconfiguredError as error:
        return {"status": "misconfigured", "version": __version__, "problems": error.problems}, 503
    settings = app.settings
    found = look(app.liveness, app.clock.wall(), timedelta(minutes=settings.health_max_age_minutes))
    content = {
        "status": "well" if found.is_well else "not well",
        "version": __version__,
        "problems": list(found.problems),
        "missing": list(found.missing),
        "last_watch": found.last_watch.isoformat() if found.last_watch else None,
        "last_delivery": found.last_delivery.isoformat() if found.last_delivery else None,
        "configured": {
            "channels": sorted(app.channels),
            "subscriptions": len(settings.subscriptions) or "all readable",
            "remediation": settings.remediation,
            "approval_mode": settings.approval_mode,
            "links": settings.public_base_url is not None,
            "signing_keys": len(settings.signing_key_list),
            "storage": "connection string" if settings.storage_connection_string else "identity",
        },
    }
    return content, 200 if found.is_well else 503
