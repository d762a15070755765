"""Azure resource ids. Azure ignores their case and returns them in any case."""

import re
from functools import lru_cache
from typing import Any, NamedTuple

from .text import Text

# Characters that would change the meaning of a URL are not part of a name.
_NAME = r"(?!\.{1,2}(?:/|\Z))[^/?#%\\\x00-\x1f\x7f]+"
_SEGMENT = re.compile(_NAME)
_PATTERN = re.compile(
    rf"/subscriptions/(?P<subscription>{_NAME})/resourceGroups/(?P<group>{_NAME})"
    rf"/providers/(?P<namespace>{_NAME})/(?P<path>{_NAME}/{_NAME}(?:/{_NAME}/{_NAME})*)",
    re.IGNORECASE,
)


def is_segment(text: str) -> bool:
    """Whether a text can be a name in a resource id."""
    return _SEGMENT.fullmatch(text) is not None


class ArmId(str):
    """A resource id in Azure's spelling; it equals any other spelling, and hashes as lower case.

    ``ArmId(text)`` takes any id, such as a resource group's. Its parts raise ValueError if it is not the id of a
    resource.
    """

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return str.lower(self) == other.lower() if isinstance(other, str) else NotImplemented

    def __ne__(self, other: object) -> bool:
        return str.lower(self) != other.lower() if isinstance(other, str) else NotImplemented

    def __hash__(self) -> int:
        return hash(str.lower(self))

    @classmethod
    def parse(cls, text: str) -> "ArmId":
        """Raises ValueError with the given text and an example if it is not the id of a resource."""
        resource_id = cls(text.strip())
        _parts(str(resource_id))
        return resource_id

    @classmethod
    def build(cls, subscription: str, resource_group: str, type: str, *names: str) -> "ArmId":
        """``type``: such as Microsoft.Network/virtualNetworks/subnets, with a name for each part after the provider."""
        namespace, *kinds = type.split("/")
        path = "/".join(f"{kind}/{name}" for kind, name in zip(kinds, names, strict=True))
        return cls(f"/subscriptions/{subscription}/resourceGroups/{resource_group}/providers/{namespace}/{path}")

    @property
    def subscription(self) -> str:
        return _parts(str(self)).subscription

    @property
    def resource_group(self) -> str:
        return _parts(str(self)).resource_group

    @property
    def type(self) -> str:
        return _parts(str(self)).type

    @property
    def names(self) -> tuple[str, ...]:
        """From the outermost resource to the innermost."""
        return _parts(str(self)).names

    @property
    def name(self) -> str:
        return self.names[-1]

    @property
    def parent(self) -> "ArmId":
        """The containing resource, such as a subnet's virtual network. Raises ValueError at the top."""
        if len(self.names) < 2:
            raise ValueError(f"{self} has no parent resource")
        return ArmId.build(self.subscription, self.resource_group, self.type.rpartition("/")[0], *self.names[:-1])

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> Any:
        """Records store it as text."""
        from pydantic_core.core_schema import no_info_after_validator_function, str_schema

        return no_info_after_validator_function(cls, str_schema())


NO_ID = ArmId("")


class _Parts(NamedTuple):
    subscription: str
    resource_group: str
    type: str
    names: tuple[str, ...]


@lru_cache(maxsize=16_384)  # every scan parses the same ids several times
def _parts(text: str) -> _Parts:
    match = _PATTERN.fullmatch(text)
    if match is None:
        message = Text(
            "not an Azure resource id: {given}; expected "
            "/subscriptions/<id>/resourceGroups/<name>/providers/<namespace>/<type>/<name>",
            given=repr(text),
        )
        raise ValueError(message)
    parts = match["path"].split("/")
    return _Parts(
        match["subscription"], match["group"], "/".join([match["namespace"], *parts[0::2]]), tuple(parts[1::2])
    )


def same_id(a: str | None, b: str | None) -> bool:
    """Whether two ids name the same resource; None equals only None."""
    if a is None or b is None:
        return a is b
    return a.strip("/").lower() == b.strip("/").lower()
