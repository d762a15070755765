"""The words about a trouble: exact, with figures and units, and nothing that was not measured."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.chat import incident_messages
from shared.chat.message import Message, Section, Tone
from shared.model.reading import Measured
from shared.model.text import Text
from tests.support import nouns
from tests.support.advised import MANAGED, ask
from tests.support.every import every


def section(message: Message, title: str) -> Section:
    (found,) = (one for one in message.sections if one.title == title)
    return found


def titles(message: Message) -> list[str]:
    return [one.title for one in message.sections]


@pytest.fixture
def opened() -> Message:
    return incident_messages.incident_opened(nouns.make_incident(), nouns.make_assessment())


def test_the_alert_says_what_where_and_since_when(opened: Message) -> None:
    assert opened.title == "Failing: SNAT port exhaustion on shop-prod"
    assert opened.summary == "2,207 of 23,765 new outbound connections failed (9.3 %) in 12 of 15 measured minutes."
    assert opened.tone is Tone.ALARM
    nodes = [f"`aks-user-38166372-vmss00000{number}`" for number in range(3)]
    assert dict[str, str](opened.facts) == {
        "Worst nodes": f"{nodes[0]} (18.2\u00a0%), {nodes[1]} (10.0\u00a0%) and {nodes[2]} (6.9\u00a0%)",
        "Failing since": "2026-11-22 18:41 UTC (24 minutes)",
        "What it means": "New calls from the cluster to the internet hang or fail at random on these nodes, until "
        "ports are free.",
    }
    assert section(opened, "Where").bullets == (
        f"In resource group rg-shop, westeurope, subscription {nouns.SUBSCRIPTION}",
        "Load balancer kubernetes in resource group MC_rg-shop_shop-prod_westeurope",
    )
    assert opened.footer == "snatbot · incident inc-7f3a · judged 2026-11-22 18:47 UTC to 19:02"


def test_the_alert_names_nodes_by_name_ip_and_pool_with_count_and_share(opened: Message) -> None:
    table = section(opened, "Failing nodes").table
    assert table is not None
    assert table.columns == ("Node", "IP", "Pool", "Failed", "Share", "Minutes")
    assert table.rows[0] == ("aks-user-38166372-vmss000000", "10.224.0.4", "user", "1,204", "18.2\u00a0%", "12")


def test_an_alarm_that_asks_for_a_plan_says_so_and_folds_the_steps_by_hand() -> None:
    message = incident_messages.incident_opened(
        replace(nouns.make_incident(), plan_due_at=nouns.NOW), nouns.make_assessment()
    )
    assert "until someone approves it" in section(message, "What to do now").text
    assert section(message, "By hand").is_detail
    assert section(message, "Commands").is_detail


def test_while_remediation_is_off_the_alert_leads_to_the_steps(opened: Message) -> None:
    choices, *details = opened.sections
    assert [section.title for section in details] == [
        "Failing nodes",
        "Please don't",
        "By hand",
        "Who opens the connections",
        "Commands",
        "In your code",
        "Where",
    ]
    assert every(section.is_detail for section in details)
    assert not choices.text
    assert [step.split(":")[0] for step in choices.steps] == ["Cure", "Relief"]


def test_a_blocked_plan_says_why_in_words() -> None:
    message = incident_messages.incident_advised(nouns.make_incident(), nouns.make_advice())
    assert message.title == "What would help shop-prod"
    reasons = section(message, "Why snatbot can't do it").bullets
    assert reasons[0] == (
        "The API server has authorized IP ranges: nodes whose new egress IP is not listed would lose it. "
        "Reserve the public IPs first, add them to the authorized ranges, then ask for a new plan."
    )
    assert len(reasons) == 2
    assert nouns.make_advice().commands
    assert every(command in section(message, "What to do now").code for command in nouns.make_advice().commands)


def test_steps_for_an_own_network_can_be_followed_with_the_real_names() -> None:
    message = incident_messages.incident_opened(nouns.make_incident(), nouns.make_assessment())
    steps = section(message, "By hand").steps
    assert steps[0].startswith(
        "See it: in the Azure portal open load balancer `kubernetes` in resource group "
        "`MC_rg-shop_shop-prod_westeurope`, Metrics, SNAT Connection Count, aggregation Sum; "
        "filter Connection State = Failed, split by Backend IP Address."
    )
    assert "`snet-user` and `snet-system`" in steps[3]
    code = section(message, "Commands").code.splitlines()
    assert code[0] == "# Azure CLI 2.56 or later"
    assert code[1] == f"az account set --subscription {nouns.SUBSCRIPTION}"
    who = section(message, "Who opens the connections").code.splitlines()
    assert who[-1] == "kubectl get pods -A -o wide --field-selector spec.nodeName=aks-user-38166372-vmss000000"
    check = next(line for line in code if line.startswith("kubectl run snat-check"))
    assert """'--overrides={"spec":{"nodeName":"aks-user-38166372-vmss000000"}}'""" in check
    attach = [line for line in code if line.startswith("az network vnet subnet update")]
    gateway = f"{nouns.GROUP}/natGateways/ng-shop-prod"
    assert attach == [
        f"az network vnet subnet update --ids {subnet} --nat-gateway {gateway}" for subnet in nouns.SUBNETS
    ]
    assert code[-1] == (
        f"az aks update --subscription {nouns.SUBSCRIPTION} -g rg-shop -n shop-prod "
        "--outbound-type userAssignedNATGateway"
    )


def test_a_managed_network_gets_aks_own_command_and_a_warning() -> None:
    cluster = nouns.make_cluster(is_own_network=False)
    message = incident_messages.incident_opened(nouns.make_incident(cluster), nouns.make_assessment(cluster))
    code = section(message, "Commands").code
    assert (
        "--outbound-type managedNATGateway --outbound-type-sku Standard --nat-gateway-managed-outbound-ip-count 2"
        in code
    )
    assert code.startswith("# Azure CLI 2.91 or later\n")
    assert "subnet update" not in code
    assert "userAssignedNATGateway" not in code
    assert any("Don't attach a NAT gateway of your own" in one for one in section(message, "Please don't").bullets)
    assert any("no direct way back" in step for step in section(message, "By hand").steps)


def test_a_network_that_is_partly_owned_gets_no_command_that_could_be_wrong() -> None:
    cluster = nouns.make_cluster()
    mixed = replace(cluster, pools=(cluster.pools[0], replace(cluster.pools[1], vnet_subnet_id=None)))
    message = incident_messages.incident_opened(nouns.make_incident(mixed), nouns.make_assessment(mixed))
    assert "NATGateway" not in section(message, "Commands").code
    assert any("vnetSubnetID" in step for step in section(message, "By hand").steps)


def test_authorized_ranges_are_mentioned_before_egress_changes() -> None:
    cluster = replace(nouns.make_cluster(), authorized_ip_ranges=("203.0.113.0/24",))
    message = incident_messages.incident_opened(nouns.make_incident(cluster), nouns.make_assessment(cluster))
    assert any("authorized IP ranges" in step for step in section(message, "By hand").steps)


def test_what_not_to_do_is_said(opened: Message) -> None:
    text = " ".join(section(opened, "Please don't").bullets)
    for part in ("drain or restart", "AKS overwrites it", "egress IPs change"):
        assert part in text


def test_nodes_that_are_not_known_are_not_invented() -> None:
    incident, assessment = nouns.make_incident(nodes=()), nouns.make_assessment(nodes=())
    message = incident_messages.incident_opened(incident, assessment)
    nodes = section(message, "Failing nodes")
    assert nodes.table is None
    assert nodes.text == "Azure Monitor has not said which: only the total of the load balancer is known."
    assert dict[str, str](message.facts)["Worst nodes"] == "not known"
    assert "kubectl" not in section(message, "Commands").code


def test_an_ip_without_a_node_is_said_to_be_gone() -> None:
    gone = replace(nouns.make_nodes(1)[0], name="", pool="", is_gone=True)
    message = incident_messages.incident_opened(
        nouns.make_incident(nodes=(gone,)), nouns.make_assessment(nodes=(gone,))
    )
    table = section(message, "Failing nodes").table
    assert table is not None
    assert table.rows[0][:3] == ("no node has this IP any more", "10.224.0.4", "")
    assert table.note == "No node has 10.224.0.4 any more."


def test_a_cut_answer_of_azure_monitor_is_said() -> None:
    assessment = nouns.make_assessment()
    assert isinstance(assessment.reading, Measured)
    cut = replace(assessment, reading=replace(assessment.reading, is_truncated=True))
    table = section(incident_messages.incident_opened(nouns.make_incident(), cut), "Failing nodes").table
    assert table is not None
    assert "there may be more" in table.note


def test_a_returning_trouble_says_so_and_since_when() -> None:
    incident = replace(nouns.make_incident(), reopened=1)
    message = incident_messages.incident_reopened(incident, nouns.make_assessment())
    assert message.title == "Failing again: SNAT port exhaustion on shop-prod"
    facts = dict[str, str](message.facts)
    assert facts["First failure"] == "2026-11-22 18:41 UTC"
    assert facts["Failing again since"] == "2026-11-22 18:47 UTC"


def test_a_warning_that_turned_into_failures_says_so_in_its_headline_and_carries_the_steps() -> None:
    incident = replace(nouns.make_incident(), since=nouns.NOW - timedelta(hours=3))
    message = incident_messages.incident_failing(incident, nouns.make_assessment())
    assert message.title == "Failing now: SNAT port exhaustion on shop-prod"
    assert message.tone is Tone.ALARM
    assert section(message, "By hand").steps
    facts = dict[str, str](message.facts)
    assert facts["First warning"] == "2026-11-22 16:05 UTC"
    assert facts["Failing since"] == "2026-11-22 18:41 UTC (24 minutes)"


def test_getting_worse_has_a_word_of_its_own_and_the_same_head(opened: Message) -> None:
    message = incident_messages.incident_worsened(nouns.make_incident(), nouns.make_assessment())
    assert message.title == "Worse: SNAT port exhaustion on shop-prod"
    assert (message.facts, message.sections) == (opened.facts, opened.sections)


def test_the_end_claims_no_more_than_was_seen() -> None:
    message = incident_messages.incident_cleared(nouns.make_incident(), nouns.NOW + timedelta(minutes=40))
    assert message.title == "Cleared: SNAT port exhaustion on shop-prod"
    assert message.summary == "No outbound connection has failed since 2026-11-22 19:01 UTC."
    assert message.tone is Tone.GOOD
    assert "the cause may still be there" in message.sections[0].text
    closed = replace(nouns.make_incident(), closing_note=Text("fixed by change 7"))
    assert incident_messages.incident_cleared(closed, nouns.NOW).summary == "Fixed by change 7."


def test_the_first_alarm_has_relief_as_a_command_to_copy(opened: Message) -> None:
    choices = section(opened, "What to do now")
    assert choices.steps[-1].startswith("Relief: 2,048 SNAT ports per node instead of 1,024.")
    assert choices.code.endswith(
        "-n shop-prod --load-balancer-managed-outbound-ip-count 1 "
        "--load-balancer-outbound-ports 2048 --load-balancer-idle-timeout 30"
    )


def test_an_answer_without_approval_gives_command_what_cannot_be_undone_and_relief() -> None:
    message = incident_messages.incident_advised(nouns.make_incident(), ask(None, MANAGED))
    assert "managed NAT gateway" in message.summary
    assert "no direct way back" in section(message, "What to do now").text
    assert "--outbound-type managedNATGateway" in section(message, "What to do now").code
    assert "--load-balancer-outbound-ports" in section(message, "Another way, without a gateway").code


def test_an_incident_that_is_over_says_that_its_plan_is_withdrawn() -> None:
    cleared = replace(nouns.make_incident(), cleared_at=nouns.NOW)
    assert (
        "withdrawn"
        in section(
            incident_messages.incident_cleared(cleared, nouns.NOW, is_withdrawn=True), "The plan that waited"
        ).text
    )
    assert "The plan that waited" not in titles(incident_messages.incident_cleared(cleared, nouns.NOW))
