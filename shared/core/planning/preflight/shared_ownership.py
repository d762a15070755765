"""Who else is affected: others in the same subnets, and whoever deploys the network from code."""

import re
from collections import Counter
from collections.abc import Iterable

from ....formatting import listed
from ....model.check import Check, CheckId
from ....model.network import NetworkFacts
from ....model.text import Text, arranged
from ...checks import CheckBuilder

_CODE = re.compile(r"terraform|bicep|pulumi|crossplane|opentofu|azd-env|iac|cdktf|ansible", re.IGNORECASE)


def shared_subnets(facts: NetworkFacts) -> Check:
    check = CheckBuilder(CheckId.OTHERS_IN_THE_SUBNETS, "subnets GET, ipConfigurations")
    own_group = f"/resourcegroups/{facts.cluster.node_resource_group}/".lower()
    others = {
        subnet.name: _owners(resource_id for resource_id in subnet.attached_ids if own_group not in resource_id.lower())
        for subnet in facts.subnets
    }
    lines = tuple(
        arranged("{subnet}: {owners}", subnet=subnet, owners=listed(owners, 8))
        for subnet, owners in sorted(others.items())
        if owners
    )
    if lines:
        return check.warns(
            Text("what is not this cluster's will change its egress IP too ({others})", others=lines),
            Text("tell their owners; if one is another AKS cluster, its partners and its API server's list too"),
        )
    return check.passes(Text("only this cluster's nodes are in the subnets"))


def _owners(attached_ids: Iterable[str]) -> list[Text]:
    """Such as ``2 of aks-web-1-vmss in MC_rg_shop_westeurope (node group of an AKS cluster)``, one for each owner."""
    counted = Counter(map(_owner_and_group, attached_ids))
    return [
        Text("{count} of {owner} in {group} (node group of an AKS cluster)", count=number, owner=owner, group=group)
        if group.lower().startswith("mc_")
        else Text("{count} of {owner} in {group}", count=number, owner=owner, group=group)
        for (owner, group), number in sorted(counted.items())
    ]


def _owner_and_group(resource_id: str) -> tuple[str, str]:
    parts, lower = resource_id.split("/"), resource_id.lower().split("/")
    group = parts[lower.index("resourcegroups") + 1] if "resourcegroups" in lower else Text("an unknown resource group")
    return (parts[8] if len(parts) > 8 else resource_id, group)


def managed_as_code(facts: NetworkFacts) -> Check:
    """Azure does not say who deploys a network; a tag may."""
    check = CheckBuilder(CheckId.MANAGED_AS_CODE, "virtualNetworks GET, tags")
    tags = (facts.vnet and facts.vnet.tags) or {}
    hints = [f"{name}={value}" for name, value in tags.items() if _CODE.search(f"{name} {value}")]
    return check.warns(
        Text(
            "by its tags the network is managed as code ({tags}): its next deployment would revert this, or fail",
            tags=listed(hints),
        )
        if hints
        else Text("if the network is managed as code, its next deployment would revert this, or fail"),
        Text("make the same change there before that; where it can be written as code it is part of the plan"),
    )
