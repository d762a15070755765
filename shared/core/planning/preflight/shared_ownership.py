"""Who else is affected: others in the same subnets, and whoever deploys the network from code."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ....formatting import listed
from ....model.network import NetworkFacts
from ....model.plan import Check, CheckResult


def shared_subnets(facts: NetworkFacts) -> Check:
    name, source = "others in the subnets", "subnets GET, ipConfigurations"
    group = f"/resourcegroups/{facts.cluster.node_resource_group}/".lower()
    others = {subnet.name: [one for one in subnet.attached_ids if group not in one.lower()] for subnet in facts.subnets}
    said = [f"{subnet}: {listed(_owners(ids), 8)}" for subnet, ids in sorted(others.items()) if ids]
    if said:
        return Check(
            name,
            CheckResult.WARN,
            f"what is not this cluster's will change its egress IP too ({'; '.join(said)})",
            "tell their owners; if one is another AKS cluster, its partners and its API server's list too",
            source,
        )
    return Check(name, CheckResult.PASS, "only this cluster's nodes are in the subnets", source=source)


def _owners(attached_ids: Sequence[str]) -> list[str]:
    """``2 of aks-web-1-vmss in MC_rg_shop_westeurope (node group of an AKS cluster)``, one for each owner."""
    counted: dict[tuple[str, str], int] = {}
    for one in attached_ids:
        parts = one.split("/")
        lower = one.lower().split("/")
        group = parts[lower.index("resourcegroups") + 1] if "resourcegroups" in lower else "an unknown resource group"
        owner = parts[8] if len(parts) > 8 else one
        counted[(owner, group)] = counted.get((owner, group), 0) + 1
    return [
        f"{number} of {owner} in {group}{' (node group of an AKS cluster)' if group.lower().startswith('mc_') else ''}"
        for (owner, group), number in sorted(counted.items())
    ]


def managed_as_code(facts: NetworkFacts) -> Check:
    """Azure does not say who deploys a network; a tag sometimes does."""
    name, source = "managed as code", "virtualNetworks GET, tags; the rest can't be read from Azure"
    tags = {} if facts.vnet is None else facts.vnet.tags or {}
    hints = [f"{key}={value}" for key, value in tags.items() if _CODE.search(f"{key} {value}")]
    what = (
        f"the virtual network's tags say so ({listed(hints)}): its next deployment"
        if hints
        else "whether this network is managed as code elsewhere can't be seen; if it is, its next deployment"
    )
    return Check(
        name,
        CheckResult.WARN,
        f"{what} would take this change back, or refuse it",
        "make the same change there before that; where it can be written as code it is part of the plan",
        source,
    )


_CODE = re.compile(r"terraform|bicep|pulumi|crossplane|opentofu|azd-env|iac|cdktf|ansible", re.IGNORECASE)
