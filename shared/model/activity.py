"""What Azure's activity log says of one write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .resource_id import ArmId


@dataclass(frozen=True, slots=True)
class LoggedWrite:
    """``at`` is when Resource Manager took it, ``action`` such as Microsoft.Network/virtualNetworks/subnets/write.

    ``caller`` is a person's name or an application's object id, ``app_id`` the application's client id; ``request_ids``
    are the correlation id and the client's own id. ``properties`` is what was sent, where the log holds it.
    """

    operation_id: str
    at: datetime
    caller: str
    action: str
    resource_id: ArmId
    correlation_id: str
    request_ids: frozenset[str]
    app_id: str = ""
    has_failed: bool = False
    properties: Mapping[str, Any] | None = None
