"""Azure resource ids, which Azure compares without case and returns in any case."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

# What would mean something else in an address is no part of a name.
_NAME = r"(?!\.{1,2}(?:/|\Z))[^/?#%\\\x00-\x1f\x7f]+"
_SEGMENT = re.compile(_NAME)
_PATTERN = re.compile(
    rf"/subscriptions/(?P<subscription>{_NAME})/resourceGroups/(?P<group>{_NAME})"
    rf"/providers/(?P<namespace>{_NAME})/(?P<path>{_NAME}/{_NAME}(?:/{_NAME}/{_NAME})*)",
    re.IGNORECASE,
)


def is_segment(text: str) -> bool:
    """Whether a text can be one name in a resource id."""
    return _SEGMENT.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class ResourceId:
    """One parsed id. ``names`` holds the names from the outermost resource inwards."""

    subscription: str
    group: str
    type: str
    names: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> ResourceId:
        """Raises ValueError with the text given and an example when it is not a resource id."""
        return _parse(text)

    @property
    def name(self) -> str:
        return self.names[-1]

    @property
    def parent(self) -> ResourceId:
        """The resource that holds this one: a subnet's virtual network. Raises ValueError at the top."""
        if len(self.names) < 2:
            raise ValueError(f"{self} has no parent resource")
        return ResourceId(self.subscription, self.group, self.type.rpartition("/")[0], self.names[:-1])

    def __str__(self) -> str:
        namespace, *types = self.type.split("/")
        path = "/".join(f"{kind}/{name}" for kind, name in zip(types, self.names, strict=True))
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.group}/providers/{namespace}/{path}"


@lru_cache(maxsize=16_384)  # every look takes the same ids apart several times
def _parse(text: str) -> ResourceId:
    match = _PATTERN.fullmatch(text.strip())
    if match is None:
        raise ValueError(
            f"not an Azure resource id: {text!r}; expected "
            "/subscriptions/<id>/resourceGroups/<name>/providers/<namespace>/<type>/<name>"
        )
    parts = match["path"].split("/")
    return ResourceId(
        subscription=match["subscription"],
        group=match["group"],
        type="/".join([match["namespace"], *parts[0::2]]),
        names=tuple(parts[1::2]),
    )


def same_id(a: str | None, b: str | None) -> bool:
    """Whether two ids name the same resource; None equals only None."""
    if a is None or b is None:
        return a is b
    return a.strip("/").lower() == b.strip("/").lower()
