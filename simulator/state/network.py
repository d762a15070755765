"""Writable network resources: one document each, as in the API but without derived properties. Unknown properties are
kept unchanged. A virtual network's subnets are documents of their own;
they share the virtual network's ETag, as in Azure, where any write to a virtual network changes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..noise import stable_uuid
from ..resourceid import ResourceId, parse

VNET = "microsoft.network/virtualnetworks"
SUBNET = "microsoft.network/virtualnetworks/subnets"
PUBLIC_IP = "microsoft.network/publicipaddresses"
PREFIX = "microsoft.network/publicipprefixes"
NAT_GATEWAY = "microsoft.network/natgateways"
ROUTE_TABLE = "microsoft.network/routetables"
SECURITY_GROUP = "microsoft.network/networksecuritygroups"


@dataclass(eq=False)
class Document:
    """A resource: its id, its writable properties and top-level fields, and its state. `new_endpoints` are the service
    endpoints that a running write adds; the others stay as they are.
    """

    id: ResourceId
    properties: dict[str, Any]
    top: dict[str, Any] = field(default_factory=dict)
    provisioning_state: str = "Succeeded"
    etag: str = ""
    guid: str = ""
    new_endpoints: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        return self.id.key

    @property
    def kind(self) -> str:
        return self.id.resource_type.lower()


class NetworkState:
    """All network documents, found by id in any spelling."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._documents: dict[str, Document] = {}
        self._by_kind: dict[str, dict[str, Document]] = {}
        self._subnets: dict[str, dict[str, Document]] = {}
        self._changes = 0

    def get(self, resource_id: ResourceId | str) -> Document | None:
        key = resource_id.key if isinstance(resource_id, ResourceId) else resource_id.lower().rstrip("/")
        return self._documents.get(key)

    def referred(self, properties: Mapping[str, Any], name: str) -> Document | None:
        """The document that `properties[name]` refers to as `{"id": ...}`."""
        return self.get(reference(properties, name) or "")

    def add(self, document: Document) -> Document:
        """Put a new document in. It gets a GUID and an ETag."""
        document.guid = document.guid or stable_uuid(self._seed, "guid", document.key)
        self._documents[document.key] = document
        self._by_kind.setdefault(document.kind, {})[document.key] = document
        if document.kind == SUBNET:
            self._subnets.setdefault(document.id.parent.key, {})[document.key] = document
        self.touch(document)
        return document

    def remove(self, document: Document) -> None:
        for child in self.children(document):
            self.remove(child)
        self._documents.pop(document.key, None)
        self._by_kind.get(document.kind, {}).pop(document.key, None)
        if document.kind == SUBNET:
            self._subnets.get(document.id.parent.key, {}).pop(document.key, None)

    def touch(self, document: Document) -> None:
        """The document changed: new ETag, shared by a virtual network and its subnets."""
        self._changes += 1
        etag = f'W/"{stable_uuid(self._seed, "etag", self._changes)}"'
        owner = self.get(document.id.parent) if document.kind == SUBNET else document
        for each in [document, *([owner, *self.children(owner)] if owner is not None else [])]:
            each.etag = etag

    def children(self, document: Document) -> list[Document]:
        """A virtual network's subnets, in the order in which they were made."""
        return list(self._subnets.get(document.key, {}).values())

    def of_kind(self, kind: str, subscription: str | None = None, group: str | None = None) -> Iterator[Document]:
        """All documents of a type, perhaps of one subscription and resource group."""
        for document in list(self._by_kind.get(kind.lower(), {}).values()):
            if subscription is not None and document.id.subscription.lower() != subscription.lower():
                continue
            if group is not None and document.id.group.lower() != group.lower():
                continue
            yield document

    def kinds(self) -> list[str]:
        return list(self._by_kind)


def reference(properties: Mapping[str, Any], name: str) -> str | None:
    """The id that `properties[name]` refers to as `{"id": ...}`, or None."""
    value = properties.get(name)
    return value.get("id") if isinstance(value, dict) else None


def references(properties: Mapping[str, Any], name: str) -> list[str]:
    """The ids in a list of `{"id": ...}`."""
    return [item["id"] for item in properties.get(name) or [] if isinstance(item, dict) and "id" in item]


def document_of(resource_id: str, properties: dict[str, Any], **top: Any) -> Document:
    """A document from its parts; top-level fields that are None are left out."""
    return Document(parse(resource_id), properties, {k: v for k, v in top.items() if v is not None})
