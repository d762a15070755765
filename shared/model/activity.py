"""One write in Azure's activity log."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .resource_id import ArmId


@dataclass(frozen=True, slots=True)
class LoggedWrite:
    operation_id: str
    at: datetime  # when Resource Manager received it
    caller: str  # a person's name, or an application's object id
    action: str  # such as Microsoft.Network/virtualNetworks/subnets/write
    resource_id: ArmId
    correlation_id: str
    request_ids: frozenset[str]  # correlation id and client request id
    app_id: str = ""  # the application's client id
    has_failed: bool = False
    properties: Mapping[str, Any] | None = None  # body of the request, if the log has it
