"""The unmodified Azure CLI against the simulator: `make azure-cli-test` installs it and runs this.

The CLI finds its cloud as it would find any: by the endpoints that Resource Manager publishes.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.clients import SUBSCRIPTION, Azure, azure

CLI = Path(os.environ.get("AZURE_CLI", ""))
pytestmark = [
    pytest.mark.skipif(not os.environ.get("AZURE_CLI"), reason="slow; run it with: make azure-cli-test"),
    pytest.mark.skipif(bool(os.environ.get("AZURE_CLI")) and not CLI.is_file(), reason="azure-cli can't be installed"),
]
SUBNET = ["-g", "shop-network", "--vnet-name", "shop-vnet", "-n", "aks-user"]
GATEWAY = ["-g", "shop-network", "-n", "egress"]
Az = Callable[..., Any]


@pytest.fixture(scope="module")
def storm() -> Iterator[Azure]:
    with azure("storm") as running:
        yield running


@pytest.fixture(scope="module")
def az(storm: Azure, tmp_path_factory: pytest.TempPathFactory) -> Az:
    """Run an `az` command; its JSON. The CLI is signed in to the simulator."""
    environment = dict(os.environ) | {
        "AZURE_CONFIG_DIR": str(tmp_path_factory.mktemp("azure")),
        "AZURE_CORE_COLLECT_TELEMETRY": "no",
        "AZURE_CORE_INSTANCE_DISCOVERY": "false",
        "AZURE_CORE_ONLY_SHOW_ERRORS": "true",
        "REQUESTS_CA_BUNDLE": str(storm.simulator.ca_path),
    }

    def run(*arguments: str) -> Any:
        command = [str(CLI), *arguments, "--output", "json"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100, check=False)
        if done.returncode:
            raise RuntimeError(f"az {' '.join(arguments)}: {done.stderr.strip()}")
        return json.loads(done.stdout) if done.stdout.strip() else None

    run("cloud", "register", "--name", "simulated", "--endpoint-resource-manager", storm.simulator.url)
    run("cloud", "set", "--name", "simulated")
    tenant = "99999999-9999-4999-8999-999999999999"
    (account,) = run("login", "--service-principal", "-u", "operator", "-p", "any", "--tenant", tenant)
    assert account["id"] == SUBSCRIPTION
    return run


def test_a_public_ip_and_a_nat_gateway_are_created(az: Az) -> None:
    address = az("network", "public-ip", "create", "-g", "shop-network", "-n", "egress-ip", "--sku", "Standard")
    assert address["publicIp"]["provisioningState"] == "Succeeded"
    assert address["publicIp"]["ipAddress"]
    gateway = az(
        "network", "nat", "gateway", "create", *GATEWAY, "--public-ip-addresses", "egress-ip", "--idle-timeout", "30"
    )
    assert gateway["provisioningState"] == "Succeeded"
    assert gateway["publicIpAddresses"][0]["id"].endswith("/egress-ip")


def test_the_gateway_is_attached_and_the_subnet_keeps_its_security_group(az: Az) -> None:
    before = az("network", "vnet", "subnet", "show", *SUBNET)
    assert before["networkSecurityGroup"]["id"].endswith("/shop-nodes-nsg")
    az("network", "vnet", "subnet", "update", *SUBNET, "--nat-gateway", "egress")
    after = az("network", "vnet", "subnet", "show", *SUBNET)
    assert after["natGateway"]["id"].endswith("/natGateways/egress")
    changing = ("natGateway", "etag")
    assert {k: v for k, v in after.items() if k not in changing} == {
        k: v for k, v in before.items() if k not in changing
    }


def test_a_gateway_in_use_is_not_deleted(az: Az) -> None:
    with pytest.raises(RuntimeError, match="InUseNatGatewayCannotBeDeleted"):
        az("network", "nat", "gateway", "delete", *GATEWAY)


def test_the_gateway_is_detached_and_deleted(az: Az) -> None:
    az("network", "vnet", "subnet", "update", *SUBNET, "--remove", "natGateway")
    left = az("network", "vnet", "subnet", "show", *SUBNET)
    assert left.get("natGateway") is None
    assert left["networkSecurityGroup"]["id"].endswith("/shop-nodes-nsg")
    az("network", "nat", "gateway", "delete", *GATEWAY)
    assert az("network", "nat", "gateway", "list", "-g", "shop-network") == []


def test_the_cluster_is_updated(az: Az, storm: Azure) -> None:
    cluster = ("-g", "shop", "-n", "shop-prod")
    az("aks", "update", *cluster, "--load-balancer-outbound-ports", "2048", "--no-wait")
    storm.simulator.advance(300)
    az("aks", "update", *cluster, "--api-server-authorized-ip-ranges", "20.50.0.0/16", "--no-wait")
    storm.simulator.advance(300)
    shown = az("aks", "show", *cluster)
    assert shown["networkProfile"]["loadBalancerProfile"]["allocatedOutboundPorts"] == 2048
    assert shown["apiServerAccessProfile"]["authorizedIpRanges"] == ["20.50.0.0/16"]
    with pytest.raises(RuntimeError, match="must be associated with a NAT gateway"):
        az("aks", "update", *cluster, "--outbound-type", "userAssignedNATGateway", "--no-wait")
