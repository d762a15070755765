"""Network writes, and the reads right before and after them, with the writing identity.

Each write is one PUT, sent once; the caller's loop reads until Azure shows the result. So a repeated call, a dead
worker or a lost answer never creates a second resource, and a conflict or throttling is a typed error at once.

Bodies are plain JSON, to keep properties that the SDK's models lack.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from ..model.network import NatGateway, PublicIp, Subnet
from ..model.plan import CreateNatGateway, CreatePublicIp, CreatePublicIpPrefix
from ..model.resource_id import ArmId
from . import api_versions
from .error_mapping import azure_errors, json_object
from .errors import NotFound
from .parse.nat_gateway import parse_nat_gateway, parse_public_ip
from .parse.subnet import parse_subnet

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from .pipeline import BoundedRetry, OnRequest

T = TypeVar("T")


class Network:
    """Reads and writes in one subscription. Raises AzureError, and ValueError for an id in another subscription."""

    def __init__(
        self,
        base_url: str,
        credential: TokenCredential,
        subscription: str,
        *,
        audience: str | None = None,
        on_request: OnRequest | None = None,
        retry: BoundedRetry | None = None,
    ) -> None:
        from azure.mgmt.network import NetworkManagementClient

        from .pipeline import client_options

        self._subscription = subscription
        self._client = NetworkManagementClient(
            credential,
            subscription,
            base_url.rstrip("/"),
            api_version=api_versions.NETWORK,
            **client_options(base_url, credential, audience or base_url, on_request, retry),
        )

    def read_subnet(self, subnet_id: str) -> Subnet:
        """Without routes: they are in the route table. Raises NotFound."""
        return parse_subnet(self._get(self._client.subnets.get, subnet_id))

    def put_subnet(self, subnet: Subnet, nat_gateway_id: str | None, etag: str, request_id: str = "") -> Subnet:
        """Write the subnet back as it was read, with this NAT gateway or with none.

        Read ``subnet`` right before and pass its ``etag``: Azure raises PreconditionFailed when anyone wrote to the
        virtual network in between. The answer is usually still ``Updating``.

        The activity log shows ``request_id`` (a GUID) as client request id (Azure docs: activity-log-schema) and, as
        seen with other clients, as correlation id.
        """
        if not etag:
            raise ValueError(f"no etag for {subnet.id}: read the subnet before writing it")
        properties = {name: value for name, value in subnet.properties.items() if name.lower() != "natgateway"}
        if nat_gateway_id is not None:
            properties["natGateway"] = {"id": nat_gateway_id}
        body = {"id": subnet.id, "name": subnet.name, "properties": properties}
        put = self._client.subnets.begin_create_or_update
        headers = {"If-Match": etag}
        if request_id:
            headers |= {"x-ms-client-request-id": request_id, "x-ms-correlation-request-id": request_id}
        return parse_subnet(self._put(put, subnet.id, body, headers=headers))

    def read_public_ip(self, public_ip_id: str) -> PublicIp | None:
        """None when it does not exist (yet)."""
        return self._get_or_none(self._client.public_ip_addresses.get, public_ip_id, parse_public_ip)

    def read_public_ip_prefix(self, prefix_id: str) -> PublicIp | None:
        """None when it does not exist (yet). Its ``address`` is the range."""
        return self._get_or_none(self._client.public_ip_prefixes.get, prefix_id, parse_public_ip)

    def read_nat_gateway(self, nat_gateway_id: str) -> NatGateway | None:
        """None when it does not exist (yet)."""
        return self._get_or_none(self._client.nat_gateways.get, nat_gateway_id, parse_nat_gateway)

    def create_public_ip(self, step: CreatePublicIp) -> PublicIp:
        """Create a Standard, static IPv4 address; without zones in the step Azure takes the region's default."""
        properties = {"publicIPAllocationMethod": "Static", "publicIPAddressVersion": "IPv4"}
        body = _body(step.location, properties, step.tags, step.zones)
        return parse_public_ip(self._put(self._client.public_ip_addresses.begin_create_or_update, step.id, body))

    def create_public_ip_prefix(self, step: CreatePublicIpPrefix) -> PublicIp:
        """A Standard IPv4 prefix."""
        properties = {"prefixLength": step.length, "publicIPAddressVersion": "IPv4"}
        body = _body(step.location, properties, step.tags, step.zones)
        return parse_public_ip(self._put(self._client.public_ip_prefixes.begin_create_or_update, step.id, body))

    def create_nat_gateway(self, step: CreateNatGateway) -> NatGateway:
        """Create a Standard NAT gateway without a zone.

        Until its IPs are provisioned Azure raises Conflict with the reason ReferencedResourceNotProvisioned.
        """
        ips = _ip_lists(step.public_ip_ids, step.public_ip_prefix_ids)
        body = _body(step.location, {"idleTimeoutInMinutes": step.idle_timeout_minutes, **ips}, step.tags)
        return parse_nat_gateway(self._put(self._client.nat_gateways.begin_create_or_update, step.id, body))

    def put_nat_gateway_ips(
        self, gateway: NatGateway, public_ip_ids: tuple[str, ...], prefix_ids: tuple[str, ...], etag: str
    ) -> NatGateway:
        """Write the gateway back as read, with these IPs and prefixes; ``etag`` as in ``put_subnet``."""
        if not etag:
            raise ValueError(f"no etag for {gateway.id}: read the NAT gateway before writing it")
        replaced = ("publicipaddresses", "publicipprefixes")
        properties = {name: value for name, value in gateway.properties.items() if name.lower() not in replaced}
        properties |= _ip_lists(public_ip_ids, prefix_ids)
        body = _body(gateway.location, properties, gateway.tags or {}, gateway.zones, sku=gateway.sku)
        put = self._client.nat_gateways.begin_create_or_update
        return parse_nat_gateway(self._put(put, gateway.id, body, headers={"If-Match": etag}))

    def delete(self, resource_id: str) -> None:
        """Start to delete a NAT gateway, public IP or prefix. A missing resource is no error."""
        deleting: dict[str, Callable[..., Any]] = {
            "natgateways": self._client.nat_gateways.begin_delete,
            "publicipaddresses": self._client.public_ip_addresses.begin_delete,
            "publicipprefixes": self._client.public_ip_prefixes.begin_delete,
        }
        begin = deleting[ArmId.parse(resource_id).type.rpartition("/")[2].lower()]
        names = self._names(resource_id)
        try:
            with azure_errors(f"DELETE {resource_id}"):
                begin(*names, polling=False, cls=_nothing).result()
        except NotFound:
            return

    def close(self) -> None:
        self._client.close()

    def _get(self, get: Callable[..., Any], resource_id: str) -> dict[str, Any]:
        names = self._names(resource_id)
        with azure_errors(f"GET {resource_id}"):
            return json_object(f"GET {resource_id}", get(*names, cls=_content))

    def _get_or_none(self, get: Callable[..., Any], resource_id: str, parse: Callable[[dict[str, Any]], T]) -> T | None:
        try:
            return parse(self._get(get, resource_id))
        except NotFound:
            return None

    def _put(self, begin: Callable[..., Any], resource_id: str, body: Any, **options: Any) -> dict[str, Any]:
        names = self._names(resource_id)
        with azure_errors(f"PUT {resource_id}"):
            answer = begin(*names, body, polling=False, cls=_content, **options).result()
            return json_object(f"PUT {resource_id}", answer)

    def _names(self, resource_id: str) -> tuple[str, ...]:
        """The resource group and the resource names from the outside in: the SDK's arguments."""
        parsed = ArmId.parse(resource_id)
        if parsed.subscription.lower() != self._subscription.lower():
            raise ValueError(f"{resource_id} is not in subscription {self._subscription}")
        return (parsed.resource_group, *parsed.names)


def _body(
    location: str,
    properties: Mapping[str, Any],
    tags: Mapping[str, str],
    zones: Sequence[str] = (),
    sku: str = "Standard",
) -> dict[str, Any]:
    body = {"location": location, "sku": {"name": sku}, "properties": dict(properties), "tags": dict(tags)}
    return body | ({"zones": list(zones)} if zones else {})


def _ip_lists(public_ip_ids: Sequence[str], prefix_ids: Sequence[str]) -> dict[str, list[dict[str, str]]]:
    lists = {"publicIpAddresses": public_ip_ids, "publicIpPrefixes": prefix_ids}
    return {name: [{"id": ip_id} for ip_id in ids] for name, ids in lists.items() if ids}


def _content(response: Any, _model: Any, _headers: Any) -> Any:
    return response.http_response.content


def _nothing(_response: Any, _model: Any, _headers: Any) -> Any:
    return None
