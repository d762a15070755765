"""The cluster is read with an API version that shows what planning needs, or the best that the cloud has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shared.cloud import api_versions
from shared.cloud.arm import Arm
from shared.cloud.credentials import credential
from shared.cloud.discovery import Discovery
from shared.cloud.error_mapping import from_response
from shared.cloud.errors import BadRequest, NotFound, UnsupportedApiVersion
from tests.support.azure_in_process import serve_azure

from .conftest import READER

WANTED = api_versions.MANAGED_CLUSTERS
GROUP = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/shop/providers"
CLUSTER = f"{GROUP}/Microsoft.ContainerService/managedClusters/automatic"
SUBNET = f"{GROUP}/Microsoft.Network/virtualNetworks/hub/subnets/system"
SCENARIO = """
location: westeurope
settings: {{aks_api_versions: [{versions}]}}
clusters:
  - name: automatic
    resource_group: shop
    properties: {{hostedSystemProfile: {{enabled: true, systemNodeSubnetID: {subnet}}}}}
    pools: [{{name: nodepool1, mode: System, nodes: 1}}]
"""


@pytest.mark.parametrize(
    ("supported", "expected"),
    [
        (("2024-01-01", "2025-10-01", "2026-09-02-preview"), "2025-10-01"),
        (("2026-07-02-preview",), "2025-05-01"),
        (("2027-02-01", "2028-01-01"), "2027-02-01"),
        ((), "2025-05-01"),
    ],
)
def test_a_cloud_without_the_version_is_read_with_the_next_best(supported: tuple[str, ...], expected: str) -> None:
    assert api_versions.next_best(WANTED, supported) == expected


def test_what_a_plan_is_compared_with_is_read_with_one_version_only() -> None:
    assert api_versions.next_best(api_versions.NETWORK, ("2024-05-01",)) == api_versions.NETWORK


def refusal(status: int, code: str, message: str) -> Any:
    return from_response("GET /x", status, {}, json.dumps({"error": {"code": code, "message": message}}))


LONG = ", ".join(f"20{year}-0{month}-01" for year in range(10, 26) for month in range(1, 10))


@pytest.mark.parametrize(
    ("status", "code", "message", "supported"),
    [
        (
            400,
            "NoRegisteredProviderFound",
            "No registered resource provider found for location 'chinanorth3' and API version '2026-08-01' for type "
            "'managedClusters'. The supported api-versions are '2025-05-01, 2025-06-02-preview'. The supported "
            "locations are 'chinanorth3, chinaeast2'.",
            ("2025-05-01", "2025-06-02-preview"),
        ),
        (
            404,
            "InvalidResourceType",
            "The resource type could not be found in the namespace 'Microsoft.ContainerService' for api version "
            f"'2026-08-01'. The supported api-versions are '{LONG}'.",
            tuple(LONG.split(", ")),
        ),
        (400, "InvalidApiVersionParameter", "The api-version '2026-08-01' is invalid. The supported versions are "
         "'2025-05-01,2025-02-01'.", ("2025-05-01", "2025-02-01")),
        (400, "NoRegisteredProviderFound", "No registered resource provider found.", ()),
    ],
)  # fmt: skip
def test_the_versions_of_a_refusal_are_all_read(status: int, code: str, message: str, supported: Any) -> None:
    found = refusal(status, code, message)
    assert type(found) is UnsupportedApiVersion
    assert found.supported == supported


def test_other_refusals_are_what_they_were() -> None:
    assert type(refusal(400, "BadRequest", "The supported protocols are 'Tcp'.")) is BadRequest
    assert type(refusal(404, "InvalidResourceType", "The resource type 'x' could not be found.")) is NotFound
    assert type(from_response("GET /x", 400, {}, "[" * 3000)) is BadRequest


def read_three_times(versions: str, folder: Path, patch: pytest.MonkeyPatch) -> tuple[list[Any], list[str]]:
    """The hosted subnets that each read showed, and the API version of each request."""
    file = folder / "hosted.yaml"
    file.write_text(SCENARIO.format(versions=versions, subnet=SUBNET))
    with serve_azure(file) as azure:
        for name, value in azure.environment().items():
            patch.setenv(name, value)
        arm = Arm(azure.url, credential(READER))
        found = [Discovery(arm).cluster(CLUSTER).hosted_subnet_ids for _ in range(3)]
        arm.close()
        paths = [seen["path"] for seen in azure.requests() if "managedClusters" in seen["path"]]
    return found, [path.rpartition("=")[2] for path in paths]


def test_hosted_pools_are_seen_where_the_cloud_has_the_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found, asked = read_three_times(f"'2025-05-01', '{WANTED}'", tmp_path, monkeypatch)
    assert found == [(SUBNET,)] * 3
    assert asked == [WANTED] * 3


def test_an_older_cloud_is_asked_once_in_vain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found, asked = read_three_times("'2024-01-01', '2025-10-01', '2026-09-02-preview'", tmp_path, monkeypatch)
    assert found == [()] * 3
    assert asked == [WANTED, "2025-10-01", "2025-10-01", "2025-10-01"]
