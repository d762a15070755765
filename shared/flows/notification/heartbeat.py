"""Send a heartbeat to an external monitor, which alarms when it stops."""

import logging

log = logging.getLogger("snatbot.heartbeat")
TIMEOUT_SECONDS = 5


def beat(url: str, timeout_seconds: float = TIMEOUT_SECONDS) -> bool:
    """Whether the monitor accepted it. Never raises, and never logs the URL, which is a secret."""
    import requests

    from ...bounded_http import send

    try:
        status = send("GET", url, timeout_seconds).status_code
    except (requests.RequestException, ValueError) as error:
        log.warning("could not send the heartbeat (%s)", type(error).__name__)
        return False
    if not 200 <= status < 300:
        log.warning("the heartbeat got status %d", status)
    return 200 <= status < 300
