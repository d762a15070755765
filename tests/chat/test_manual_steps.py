"""Commands in an alert can be pasted into a shell, whatever Azure lets a name be."""

from __future__ import annotations

import shlex
from dataclasses import replace

from shared.chat.manual_steps import commands, sections, steps
from shared.model.assessment import Assessment
from shared.model.cluster import NodePool
from shared.model.resource_id import ArmId
from tests.support import nouns
from tests.support.every import every


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
    assert every(shlex.join(line) == text for line, text in zip(words, lines, strict=True)), "nothing is left unquoted"
    for line in words[1:4]:
        assert line[line.index("-g") + 1] == "rg(net)"
        assert line[line.index("--tags") + 1] == "snatbot=shop-prod"
        assert line[line.index("--subscription") + 1] == nouns.SUBSCRIPTION
    assert words[4][words[4].index("--ids") + 1] == subnet
    assert words[5][words[5].index("-g") + 1] == "rg(prod)"


def test_a_node_name_is_one_word_of_the_shell() -> None:
    assessment = nouns.make_assessment()
    finding = assessment.findings[0]
    odd = replace(finding, nodes=(replace(finding.nodes[0], name="a'b $(x)"), *finding.nodes[1:]))
    (found,) = [line for line in commands(replace(assessment, findings=(odd,))) if line.startswith("kubectl")]
    assert """--overrides={"spec":{"nodeName":"a'b $(x)"}}""" in shlex.split(found)


def test_the_thread_has_the_command_that_shows_who_opens_the_connections_of_the_worst_node() -> None:
    assessment = nouns.make_assessment()
    node = assessment.findings[0].nodes[0].name
    assert "# with the Inspektor Gadget extension of AKS\n" in (code := _code(assessment, "Who opens the connections"))
    assert f"kubectl gadget run snapshot_socket --all-namespaces --node {node} -o json" in code
    unnamed = replace(assessment.findings[0], nodes=())
    assert _code(replace(assessment, findings=(unnamed,)), "Who opens the connections") == ""


def test_the_thread_says_where_advice_by_language_is() -> None:
    bullets = next(section.bullets for section in sections(nouns.make_assessment()) if section.title == "In your code")
    assert bullets[0].startswith("Reuse connections")
    assert bullets[-1].startswith("For Python, .NET, Node.js, Java, Go and PHP:")


def test_where_aks_cannot_change_the_outbound_type_no_step_says_so() -> None:
    for is_own in (True, False):
        cluster = replace(nouns.make_cluster(is_own_network=is_own), has_auto_provisioning=True)
        assessment = nouns.make_assessment(cluster)
        assert "az aks update --outbound-type" not in " ".join(steps(assessment))
        assert "node auto-provisioning is on" in " ".join(steps(assessment))
        assert ("and those of node auto-provisioning" in " ".join(steps(assessment))) is is_own
        assert not any("--outbound-type" in line for line in commands(assessment))


def test_authorized_ranges_matter_only_where_nodes_reach_the_api_server_over_egress() -> None:
    cluster = replace(nouns.make_cluster(), authorized_ip_ranges=("192.0.2.0/24",))
    for given, matters in ((cluster, True), (replace(cluster, has_vnet_integration=True), False)):
        assert ("authorized IP ranges" in " ".join(steps(nouns.make_assessment(given)))) is matters


def _code(assessment: Assessment, title: str) -> str:
    return next(section.code for section in sections(assessment) if section.title == title)
