"""Azure Resource Manager ids: taking apart, comparing without case.

`/subscriptions/S/resourceGroups/G/providers/Microsoft.Network/virtualNetworks/V/subnets/N` has the
provider `Microsoft.Network`, the types `virtualNetworks/subnets` and the names `V`, `N`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

_ID = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)"
    r"/providers/(?P<provider>[^/]+)/(?P<rest>[^/]+/[^/]+(?:/[^/]+/[^/]+)*)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class ResourceId:
    """The parts of a resource's id, in the case in which they were given."""

    subscription: str
    group: str
    provider: str
    types: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def resource_type(self) -> str:
        return f"{self.provider}/{'/'.join(self.types)}"

    @property
    def name(self) -> str:
        return self.names[-1]

    def __str__(self) -> str:
        pairs = "/".join(f"{t}/{n}" for t, n in zip(self.types, self.names, strict=True))
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.group}/providers/{self.provider}/{pairs}"

    @cached_property
    def key(self) -> str:
        """The same for every spelling of the id."""
        return str(self).lower()

    @property
    def parent(self) -> ResourceId:
        """The parent resource (the VNet of a subnet)."""
        return ResourceId(self.subscription, self.group, self.provider, self.types[:-1], self.names[:-1])


def parse(text: str) -> ResourceId:
    """Take an id apart; ValueError when it isn't one."""
    match = _ID.fullmatch(text.rstrip("/"))
    if match is None:
        raise ValueError(f"not a resource id: {text!r}")
    parts = match["rest"].split("/")
    return ResourceId(match["subscription"], match["group"], match["provider"], tuple(parts[0::2]), tuple(parts[1::2]))


def network_id(subscription: str, group: str, *pairs: str) -> str:
    """The id of a Microsoft.Network resource: `network_id(s, g, "natGateways", "egress")`."""
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/{'/'.join(pairs)}"
