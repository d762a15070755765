"""Commands for a person: each name is one word of the shell, whatever Azure lets it be."""

from __future__ import annotations

import shlex

from shared.core.az_cli import aks_update, associate_command, az_commands
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
