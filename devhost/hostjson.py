"""The parts of host.json that this host honours.

Names and defaults: Azure docs, "host.json reference" and "Azure Queue storage trigger and bindings overview".
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from devhost.errors import StartError


@dataclass(frozen=True)
class HostSettings:
    """The settings that control function calls."""

    route_prefix: str = "api"
    function_timeout: timedelta = timedelta(minutes=30)
    """After this long the worker process is ended, as on the Flex Consumption plan, whose default this is."""
    batch_size: int = 16
    """Messages that an instance fetches at a time."""
    new_batch_threshold: int = 8
    """It fetches more once no more than this many are being handled."""
    max_dequeue_count: int = 5
    """Deliveries, the first included, after which a message goes to the poison queue."""
    visibility_timeout: timedelta = timedelta(0)
    """How long a message stays hidden after a failed delivery."""
    base64_messages: bool = True


def read_host_json(app_folder: Path) -> HostSettings:
    """Reads host.json. Raises StartError if there is none, or it isn't JSON, as the real host does."""
    try:
        content = json.loads((app_folder / "host.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise StartError(f"{app_folder} has no host.json, so it is no function app") from error
    except ValueError as error:
        raise StartError(f"{app_folder / 'host.json'} is not JSON: {error}") from error
    extensions: dict[str, dict[str, Any]] = content.get("extensions", {})
    queues = extensions.get("queues", {})
    batch_size = queues.get("batchSize", HostSettings.batch_size)
    return HostSettings(
        route_prefix=extensions.get("http", {}).get("routePrefix", HostSettings.route_prefix).strip("/"),
        function_timeout=_duration(content.get("functionTimeout"), HostSettings.function_timeout),
        batch_size=batch_size,
        new_batch_threshold=queues.get("newBatchThreshold", batch_size // 2),
        max_dequeue_count=queues.get("maxDequeueCount", HostSettings.max_dequeue_count),
        visibility_timeout=_duration(queues.get("visibilityTimeout"), HostSettings.visibility_timeout),
        base64_messages=queues.get("messageEncoding", "base64") == "base64",
    )


def _duration(text: str | None, default: timedelta) -> timedelta:
    """Parses .NET's ``[d.]hh:mm:ss``; ``-1`` (no limit) becomes a day, long enough here."""
    if text is None:
        return default
    if text == "-1":
        return timedelta(days=1)
    try:
        days, _, clock = text.rpartition(".") if "." in text.partition(":")[0] else ("0", "", text)
        hours, minutes, seconds = clock.split(":")
        return timedelta(days=int(days), hours=int(hours), minutes=int(minutes), seconds=float(seconds))
    except ValueError as error:
        raise StartError(f"host.json has {text!r} where a time like 00:01:00 is expected") from error
