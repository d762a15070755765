"""Commands for a person: each name is one word of the shell, whatever Azure lets it be."""

from __future__ import annotations

import shlex
import subprocess

import pytest

from shared.core.az_cli import (
    aks_update,
    associate_command,
    az,
    az_commands,
    create_public_ip,
    least_version,
    script,
    use_managed_gateway,
)
from shared.model.plan import DeleteCreated
from shared.model.resource_id import ArmId
from tests.support.builders import cluster

GROUP = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg(net)/providers/Microsoft.Network"


def test_brackets_in_a_resource_group_are_no_syntax() -> None:
    subnet, gateway = f"{GROUP}/virtualNetworks/v/subnets/s", f"{GROUP}/natGateways/g"
    assert shlex.split(associate_command(subnet, gateway))[-3:] == [subnet, "--nat-gateway", gateway]
    assert subnet in shlex.split(associate_command(subnet, None))
    (deletion,) = az_commands([DeleteCreated(ArmId(gateway), "shop")])
    assert "rg(net)" in shlex.split(deletion)
    odd = cluster(id=ArmId(cluster().id.replace("rg-shop", "rg(net)")))
    assert "rg(net)" in shlex.split(aks_update(odd, "--outbound-type", "none"))


ODD = ["rg(prod)", "rg with spaces", "it's", 'a"b', "$(reboot)", "a;b", "`x`", "-n", "ä*"]


@pytest.mark.parametrize("word", ODD)
def test_every_word_comes_out_of_the_shell_as_it_went_in(word: str) -> None:
    group = f"/subscriptions/s/resourceGroups/{word}/providers/Microsoft.Network"
    gateway = ArmId(f"{group}/natGateways/{word}")
    address = create_public_ip(f"{group}/publicIPAddresses/{word}", "westeurope", ("1",), {word: word})
    ran = subprocess.run(["sh", "-c", address.replace("az ", "printf '%s\\n' ", 1)], capture_output=True, check=True)
    words = ran.stdout.decode().splitlines()
    assert words[words.index("-g") + 1] == word
    assert words[-1] == f"{word}={word}"
    for command in (
        associate_command(f"{group}/virtualNetworks/{word}/subnets/{word}", gateway),
        *az_commands([DeleteCreated(gateway, word)]),
        az("x", word),
    ):
        assert shlex.join(shlex.split(command)) == command


def test_the_least_version_is_that_of_the_newest_word() -> None:
    """Read from the packages azure-cli 2.77 to 2.91."""
    plain = aks_update(cluster(), "--outbound-type", "userAssignedNATGateway")
    v2 = create_public_ip("/subscriptions/s/resourceGroups/g/providers/M.N/publicIPAddresses/p", "we", sku="StandardV2")
    managed = use_managed_gateway(cluster(), 2, 30)
    assert [least_version(these) for these in ([plain], [plain, v2], [v2, managed, plain])] == ["2.56", "2.78", "2.91"]
    assert script(["# a comment", managed]) == f"# Azure CLI 2.91 or later\n# a comment\n{managed}"
    assert script(["kubectl get pods"]) == "kubectl get pods"
    assert script([]) == ""
