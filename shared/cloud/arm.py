"""Read any resource type from Azure Resource Manager as JSON, without loading the typed SDKs.

``network`` writes; the POSTs here are queries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from ..model.text import Text
from .api_versions import next_best
from .error_mapping import azure_errors, from_response, json_object, operation_name
from .errors import UnexpectedAnswer, UnsupportedApiVersion
from .paging import Pages, resolve_link

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from .pipeline import BoundedRetry, OnRequest


class Arm:
    """``base_url`` is the cloud's Resource Manager, such as https://management.azure.com, and the default audience.

    Safe to share between threads. Every method raises the errors of ``errors``.
    """

    def __init__(
        self,
        base_url: str,
        credential: TokenCredential,
        *,
        audience: str | None = None,
        on_request: OnRequest | None = None,
        retry: BoundedRetry | None = None,
    ) -> None:
        from azure.mgmt.core import ARMPipelineClient

        from .pipeline import client_options

        self.base_url = base_url.rstrip("/")
        self._versions: dict[str, str] = {}  # what this cloud has instead of an API version
        self._client: ARMPipelineClient[Any, Any] = ARMPipelineClient(
            self.base_url, **client_options(self.base_url, credential, audience or base_url, on_request, retry)
        )

    def get(self, path: str, api_version: str, **query: str | int) -> dict[str, Any]:
        """One resource or answer. ``query`` goes out as given; names may start with ``$`` by ``**{"$filter": …}``."""
        return self._first(path, api_version, query)[1]

    def get_bytes(self, path: str, api_version: str, **query: str | int) -> bytes:
        """As ``get``, before it is decoded."""
        return self._send("GET", self._url(path, api_version, query))

    def post(self, path: str, body: Mapping[str, Any], api_version: str) -> dict[str, Any]:
        """A query sent as POST. The pipeline retries it like a GET, so it must not change anything."""
        return self._call("POST", self._url(path, api_version, {}), body)

    def post_bytes(self, path: str, body: Mapping[str, Any], api_version: str) -> bytes:
        """As ``post``, before it is decoded."""
        return self._send("POST", self._url(path, api_version, {}), body)

    def list(self, path: str, api_version: str, **query: str | int) -> Iterator[dict[str, Any]]:
        """Every item of a collection, page after page. The caller checks that each item is an object."""
        url, page = self._first(path, api_version, query)
        pages = Pages(operation_name("GET", url))
        pages.turn(url)
        while True:
            items = page.get("value")
            if not isinstance(items, list):
                raise UnexpectedAnswer(pages.operation, Text("a list was expected and has no `value`"))
            yield from items
            link = page.get("nextLink") or None
            if link is not None and not isinstance(link, str):
                raise UnexpectedAnswer(pages.operation, Text("the link to the next page is not a text"))
            if link is None:
                return
            url = resolve_link(url, link)
            pages.turn(url)
            page = self._call("GET", url)

    def close(self) -> None:
        self._client.close()

    def _first(self, path: str, api_version: str, query: Mapping[str, str | int]) -> tuple[str, dict[str, Any]]:
        """An answer and its URL; if a cloud rejects the API version, the next best is used from then on."""
        version = self._versions.get(api_version, api_version)
        url = self._url(path, version, query)
        try:
            return url, self._call("GET", url)
        except UnsupportedApiVersion as error:
            other = next_best(api_version, error.supported)
            if other == version:
                raise
        url = self._url(path, other, query)
        answer = self._call("GET", url)
        self._versions[api_version] = other
        return url, answer

    def _url(self, path: str, api_version: str, query: Mapping[str, str | int]) -> str:
        text = urlencode({**query, "api-version": api_version}, quote_via=quote, safe="$")
        return f"{self.base_url}/{path.lstrip('/')}?{text}"

    def _call(self, method: str, url: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return json_object(operation_name(method, url), self._send(method, url, body))

    def _send(self, method: str, url: str, body: Mapping[str, Any] | None = None) -> bytes:
        from azure.core.rest import HttpRequest

        operation = operation_name(method, url)
        with azure_errors(operation):
            response = self._client.send_request(HttpRequest(method, url, json=body), is_read=True)
            if response.status_code != 200:
                raise from_response(operation, response.status_code, response.headers, response.text())
            return bytes(response.content)
