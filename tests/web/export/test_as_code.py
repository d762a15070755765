"""The same change as Terraform and Bicep: it parses, and says what the plan says."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Any

import hcl2
import pycep
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.cloud.api_versions import NETWORK as READ_AT
from shared.core.planning.planner import plan_attachment
from shared.model.network import Ours, PublicIp
from shared.model.plan import AddPublicIps, AssociateSubnet, CreatePublicIp, DeleteCreated, Plan
from shared.model.resource_id import ArmId
from shared.web.export.bicep import as_bicep, bicep_files
from shared.web.export.terraform import as_terraform
from shared.web.plan_view import plan_view
from tests.support.builders import (
    BASELINE,
    DEMAND,
    NETWORK,
    PLAN_OPTIONS,
    SUBSCRIPTION,
    SYSTEM_SUBNET,
    USER_SUBNET,
    facts,
    subnet,
)
from tests.support.thorough import examples

PLAN = plan_attachment(facts(), DEMAND, BASELINE, PLAN_OPTIONS)
PREFIX = plan_attachment(facts(), DEMAND, BASELINE, replace(PLAN_OPTIONS, nat_ips="prefix"))


def plain(value: Any) -> Any:
    """hcl2 keeps the quotes of texts."""
    if isinstance(value, dict):
        return {str(plain(key)): plain(one) for key, one in value.items() if not str(key).startswith("__")}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value.strip('"') if isinstance(value, str) else value


def terraform(plan: Plan) -> dict[str, list[dict[str, Any]]]:
    """Resource type to its blocks."""
    found: dict[str, list[dict[str, Any]]] = {}
    for block in hcl2.loads(as_terraform(plan) + "\n").get("resource", []):
        for kind, named in plain(block).items():
            found.setdefault(kind, []).extend(named.values())
    return found


def bicep(plan: Plan) -> dict[str, Any]:
    found: dict[str, Any] = pycep.BicepParser().parse(text=as_bicep(plan))["resources"]
    return found


def test_terraform_creates_what_the_plan_creates_and_associates_the_real_subnets() -> None:
    found = terraform(PLAN)
    assert {kind: len(blocks) for kind, blocks in found.items()} == {
        "azurerm_public_ip": 2,
        "azurerm_nat_gateway": 1,
        "azurerm_nat_gateway_public_ip_association": 2,
        "azurerm_subnet_nat_gateway_association": 2,
    }
    (gateway,) = found["azurerm_nat_gateway"]
    assert (gateway["resource_group_name"], gateway["location"], gateway["idle_timeout_in_minutes"]) == (
        "rg-network",
        "westeurope",
        30,
    )
    associated = [block["subnet_id"] for block in found["azurerm_subnet_nat_gateway_association"]]
    assert associated == [USER_SUBNET, SYSTEM_SUBNET]


def test_bicep_spells_out_the_whole_subnet_because_its_write_replaces_it() -> None:
    found = bicep(PLAN)
    assert len(found) == 5
    config = found["subnet_snet_user"]["config"]
    assert config["name"] == "vnet-shop/snet-user"
    properties = config["properties"]
    assert set(properties) == {*subnet(USER_SUBNET).properties, "natGateway"}
    assert properties["serviceEndpoints"] == [{"service": "Microsoft.Storage"}]


def test_a_prefix_is_written_as_one() -> None:
    (prefix,) = terraform(PREFIX)["azurerm_public_ip_prefix"]
    assert prefix["prefix_length"] == 31
    assert "azurerm_nat_gateway_public_ip_prefix_association" in terraform(PREFIX)
    assert any(one["config"]["properties"].get("prefixLength") == 31 for one in bicep(PREFIX).values())


def test_more_ips_refer_to_the_gateway_by_its_id() -> None:
    gateway = f"{NETWORK}/natGateways/ng"
    more = replace(PLAN, steps=(AddPublicIps(ArmId(gateway), (), (ArmId(f"{NETWORK}/publicIPAddresses/pip-2"),), {}),))
    (found,) = terraform(more)["azurerm_nat_gateway_public_ip_association"]
    assert found["nat_gateway_id"] == gateway


@pytest.mark.parametrize(
    "steps",
    [
        (),
        (DeleteCreated(ArmId(f"{NETWORK}/natGateways/ng"), "shop-prod"),),
        (AssociateSubnet(USER_SUBNET, ArmId("/ng"), None, {}),),
    ],
)
def test_what_is_taken_away_is_not_written_as_code(steps: Any) -> None:
    assert as_terraform(replace(PLAN, steps=steps)) == ""
    assert as_bicep(replace(PLAN, steps=steps)) == ""


@examples(4)
@given(st.dictionaries(st.text("abc-é'", min_size=1), st.text("abc-{} é'"), max_size=3))
def test_any_tag_leaves_it_readable(tags: dict[str, str]) -> None:
    plan = plan_attachment(facts(), DEMAND, BASELINE, replace(PLAN_OPTIONS, tags=tags))
    assert terraform(plan)
    assert bicep(plan)


@examples(5)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(0, 99) | st.text("ab'.{} ", max_size=6),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("ab-", min_size=1), inner, max_size=2),
        max_leaves=6,
    )
)
def test_any_property_of_a_subnet_leaves_bicep_readable(value: Any) -> None:
    odd = subnet(USER_SUBNET, properties={"addressPrefix": "10.0.0.0/24", "future": value})
    plan = plan_attachment(facts(subnets=(odd, subnet(SYSTEM_SUBNET))), DEMAND, BASELINE, PLAN_OPTIONS)
    assert "subnet_snet_user" in bicep(plan)


def test_what_would_begin_a_template_is_escaped() -> None:
    """The parsers used here don't know these escapes: Terraform docs, strings and templates; Bicep docs, strings."""
    plan = plan_attachment(facts(), DEMAND, BASELINE, replace(PLAN_OPTIONS, tags={"a": "${x} %{y} \\ 'z'"}))
    assert "\"$${x} %%{y} \\\\ 'z'\"" in as_terraform(plan)
    assert "'\\${x} %{y} \\\\ \\'z\\''" in as_bicep(plan)


# --- Bicep: files, order, whole gateways ---

ELSEWHERE = plan_attachment(facts(), DEMAND, BASELINE, replace(PLAN_OPTIONS, nat_resource_group="rg-egress"))


def blocks(text: str) -> dict[str, Any]:
    found: dict[str, Any] = pycep.BicepParser().parse(text=text)["resources"]
    return found


def test_subnets_of_one_network_are_written_one_after_the_other() -> None:
    first, second = (bicep(PLAN)[name]["config"] for name in ("subnet_snet_user", "subnet_snet_system"))
    assert "dependsOn" not in first
    assert second["dependsOn"] == ["subnet_snet_user"]


def test_each_resource_group_has_a_file_of_its_own_and_they_are_deployed_in_order() -> None:
    egress, network = bicep_files(ELSEWHERE)
    assert (egress.resource_group, network.resource_group) == ("rg-egress", "rg-network")
    assert [block["type"] for block in blocks(egress.text).values()] == [
        "Microsoft.Network/publicIPAddresses",
        "Microsoft.Network/publicIPAddresses",
        "Microsoft.Network/natGateways",
    ]
    subnets = blocks(network.text)
    assert list(subnets) == ["subnet_snet_user", "subnet_snet_system"]
    gateway_id = ELSEWHERE.nat_gateway_id
    for block in subnets.values():
        assert block["config"]["properties"]["natGateway"]["id"] == gateway_id, "a symbol of another file means nothing"
    assert as_bicep(ELSEWHERE).splitlines()[0] == f"// rg-egress.bicep: {egress.command}"
    assert egress.command.startswith(f"az deployment group create --subscription {SUBSCRIPTION} -g rg-egress ")


def test_resource_groups_are_the_same_whatever_their_case() -> None:
    (one,) = bicep_files(
        plan_attachment(facts(), DEMAND, BASELINE, replace(PLAN_OPTIONS, nat_resource_group="RG-Network"))
    )
    assert len(blocks(one.text)) == 5


def test_a_gateway_that_gets_more_is_spelled_out_whole() -> None:
    old, new = f"{NETWORK}/publicIPAddresses/pip-1", f"{NETWORK}/publicIPAddresses/pip-2"
    prefix = f"{NETWORK}/publicIPPrefixes/p"
    before = {"idleTimeoutInMinutes": 30, "publicIpAddresses": [{"id": old}], "future": "kept"}
    create = CreatePublicIp(ArmId(new), "westeurope", (), {"snatbot": "shop-prod"})
    add = AddPublicIps(
        ArmId(f"{NETWORK}/natGateways/ng"),
        (ArmId(old),),
        (ArmId(old), ArmId(new)),
        before,
        after_prefix_ids=(ArmId(prefix),),
        location="westeurope",
        zones=("1",),
        tags={"team": "net"},
    )
    config = bicep(replace(PLAN, steps=(create, add)))["ng"]["config"]
    assert (config["location"], config["zones"], config["tags"]) == ("westeurope", ["1"], {"team": "net"})
    first, second = (one["id"] for one in config["properties"]["publicIpAddresses"])
    assert first == old
    assert second["operator"]["operands"] == {"operand_1": "pip_2", "operand_2": "id"}
    assert config["properties"]["publicIpPrefixes"] == [{"id": prefix}]
    assert (config["properties"]["idleTimeoutInMinutes"], config["properties"]["future"]) == (30, "kept")


# --- what is there already ---


def test_reserved_addresses_are_referred_to_and_never_created_again() -> None:
    reserved = PublicIp(
        ArmId(f"{NETWORK}/publicIPAddresses/pip-reserved"),
        "pip-reserved",
        "203.0.113.7",
        "Standard",
        "Succeeded",
        tags={"snatbot": "shop-prod"},
    )
    of = facts(group_ips=(reserved,), ours=Ours(frozenset({ArmId(reserved.id.lower())})))
    found = plan_attachment(of, DEMAND, BASELINE, PLAN_OPTIONS)
    assert found.existing_ids == (reserved.id,)
    assert len(terraform(found)["azurerm_public_ip"]) == 1
    associated = [one["public_ip_address_id"] for one in terraform(found)["azurerm_nat_gateway_public_ip_association"]]
    assert reserved.id in associated
    assert "pip_reserved" not in bicep(found)
    ids = [one["id"] for one in bicep(found)["ng_snatbot_shop_prod_1"]["config"]["properties"]["publicIpAddresses"]]
    assert reserved.id in ids
    assert not any("public-ip create" in command and "pip-reserved" in command for command in found.commands)
    assert any(reserved.id in command for command in found.commands)
    view = plan_view(found)
    assert view.steps[0].text == "Use the present public IP `pip-reserved`"
    assert "pip-reserved" not in {one.name for one in view.created}
    assert view.kept[0] == "What is there already and is used: pip-reserved."


def test_what_is_made_by_hand_carries_the_plans_tags_and_every_command_names_its_subscription() -> None:
    tagged = replace(PLAN_OPTIONS, tags={"cost centre": "a b"})
    for nat_ips in ("addresses", "prefix"):
        found = plan_attachment(facts(), DEMAND, BASELINE, replace(tagged, nat_ips=nat_ips))
        for command in (*found.commands, *found.rollback_commands):
            words = shlex.split(command)
            assert SUBSCRIPTION in (words[words.index("--subscription") + 1] if "--subscription" in words else command)
            if "create" in words:
                given = words[words.index("--tags") + 1 :]
                assert given == ["cost centre=a b", "snatbot=shop-prod"]


def test_bicep_writes_at_the_version_that_the_properties_were_read_at() -> None:
    versions = {line.partition("@")[2].partition("'")[0] for line in as_bicep(PLAN).splitlines() if "@" in line}
    assert versions == {READ_AT}
