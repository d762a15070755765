"""Commands in an alert can be pasted into a shell, whatever Azure lets a name be."""

from __future__ import annotations

import shlex
from dataclasses import replace

from shared.chat.manual_steps import commands
from shared.model.cluster import NodePool
from shared.model.resource_id import ArmId
from tests.support import nouns


def test_brackets_in_a_resource_group_are_no_syntax_and_what_is_created_is_tagged() -> None:
    subnet = nouns.SUBNETS[0].replace(f"/resourceGroups/{nouns.SUBNETS[0].split('/')[4]}/", "/resourceGroups/rg(net)/")
    cluster = nouns.make_cluster()
    cluster = replace(
        cluster,
        id=ArmId(cluster.id.replace("rg-shop", "rg(prod)")),
        pools=(NodePool("user", "User", 3, 3, vnet_subnet_id=ArmId(subnet)),),
    )
    lines = [line for line in commands(nouns.make_assessment(cluster)) if line.startswith("az ")]
    words = [shlex.split(line) for line in lines]
    assert [" ".join(line[1:4]) for line in words] == [
        "account set --subscription",
        "network public-ip create",
        "network public-ip create",
        "network nat gateway",
        "network vnet subnet",
        "aks update --subscription",
    ]
    assert all(shlex.join(line) == text for line, text in zip(words, lines, strict=True)), "nothing is left unquoted"
    for line in words[1:4]:
        assert line[line.index("-g") + 1] == "rg(net)"
        assert line[line.index("--tags") + 1] == "snatbot=shop-prod"
        assert line[line.index("--subscription") + 1] == nouns.SUBSCRIPTION
    assert words[4][words[4].index("--ids") + 1] == subnet
    assert words[5][words[5].index("-g") + 1] == "rg(prod)"
