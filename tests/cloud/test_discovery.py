"""Clusters are found, and what could not be looked at is named."""

from __future__ import annotations

from typing import Any

import pytest

from shared.cloud.discovery import Discovery
from shared.cloud.errors import BadRequest, Forbidden, NotFound, SignInFailed, Throttled, UnexpectedAnswer
from shared.errors import BadInput

from ..support.canned import Answer, Canned, forbidden

pytestmark = pytest.mark.disable_socket

TYPE = "Microsoft.ContainerService/managedClusters"


def cluster_id(name: str, subscription: str = "s1") -> str:
    return f"/subscriptions/{subscription}/resourceGroups/shop/providers/{TYPE}/{name}"


def cluster(name: str, subscription: str = "s1") -> dict[str, Any]:
    return {
        "id": cluster_id(name, subscription),
        "name": name,
        "location": "westeurope",
        "properties": {"nodeResourceGroup": f"MC_{name}", "agentPoolProfiles": [{"name": "sys", "count": 1}]},
    }


def rows(*data: dict[str, Any], token: str | None = None) -> dict[str, Any]:
    return {"data": list(data), "resultTruncated": "false"} | ({"$skipToken": token} if token else {})


SUBSCRIPTIONS: dict[str, Answer] = {"/subscriptions": [{"subscriptionId": "s1"}, {"subscriptionId": "s2"}]}


def listed(subscription: str, answer: Answer) -> dict[str, Answer]:
    return {f"/subscriptions/{subscription}/providers/{TYPE}": answer}


def test_resource_graph_is_paged_by_its_token_though_it_says_not_truncated() -> None:
    canned = Canned({}, (rows(cluster("b"), token="more"), rows(token="again"), rows(cluster("a"))))
    found = Discovery(canned.arm).clusters()
    assert [one.name for one in found.clusters] == ["a", "b"]
    assert found.unreadable == ()
    assert [body["options"].get("$skipToken") for body in canned.posted] == [None, "more", "again"]


def test_without_subscriptions_everything_readable_is_asked_for() -> None:
    canned = Canned({}, (rows(),))
    Discovery(canned.arm).clusters()
    assert "subscriptions" not in canned.posted[0]


def test_a_subscription_asked_for_that_is_not_visible_is_named() -> None:
    canned = Canned(SUBSCRIPTIONS, (rows(cluster("a")),))
    found = Discovery(canned.arm, ("S1", "s9")).clusters()
    assert canned.posted[0]["subscriptions"] == ["S1", "s9"]
    assert len(found.clusters) == 1
    assert len(found.unreadable) == 1
    assert "s9" in str(found.unreadable[0])


def test_one_cluster_that_makes_no_sense_does_not_hide_the_others() -> None:
    broken = cluster("broken")
    del broken["properties"]
    found = Discovery(Canned({}, (rows(broken, cluster("a")),)).arm).clusters()
    assert [one.name for one in found.clusters] == ["a"]
    assert [(row.id, row.reason) for row in found.broken] == [
        (cluster_id("broken"), "the answer has no properties.nodeResourceGroup")
    ]


def test_clusters_without_a_readable_id_are_counted() -> None:
    odd: Any = [{**cluster("b"), "id": 5}, "text", {**cluster("c"), "id": "/subscriptions/../c"}, None]
    found = Discovery(Canned({}, (rows(*odd, cluster("a")),)).arm).clusters()
    assert [one.name for one in found.clusters] == ["a"]
    assert found.broken == ()
    (unlisted,) = found.unreadable
    assert unlisted.subject == "Microsoft.ContainerService/managedClusters without a readable id", (
        "the same however many there are"
    )
    assert unlisted.reason.startswith("4, such as: ")


def test_where_resource_graph_is_forbidden_each_readable_subscription_is_listed() -> None:
    answers = SUBSCRIPTIONS | listed("s1", [cluster("a")]) | listed("s2", [cluster("b", "s2")])
    found = Discovery(Canned(answers, (forbidden("Microsoft.ResourceGraph/resources/read"),)).arm).clusters()
    assert [one.name for one in found.clusters] == ["a", "b"]
    assert found.unreadable == ()


def test_a_subscription_that_may_not_be_listed_is_named_and_does_not_hide_the_others() -> None:
    answers = listed("s1", [cluster("a")]) | listed("s2", forbidden(f"{TYPE}/read"))
    found = Discovery(Canned(answers, (forbidden(),)).arm, ("s1", "s2")).clusters()
    assert [one.name for one in found.clusters] == ["a"]
    assert len(found.unreadable) == 1
    assert "s2" in str(found.unreadable[0])
    assert f"{TYPE}/read" in str(found.unreadable[0])


def test_when_no_subscription_asked_for_exists_each_is_named() -> None:
    refusal = BadRequest("POST resources", "no eligible subscription", status=400, code="BadRequest")
    found = Discovery(Canned({}, (refusal,)).arm, ("s8", "s9")).clusters()
    assert found.clusters == ()
    assert len(found.unreadable) == 2


@pytest.mark.parametrize("subscriptions", [(), ("s1",)])
def test_an_identity_that_does_not_work_is_not_taken_for_an_empty_fleet(subscriptions: tuple[str, ...]) -> None:
    refusal = SignInFailed("POST resources", "no token", status=401)
    with pytest.raises(SignInFailed):
        Discovery(Canned(SUBSCRIPTIONS, (refusal,)).arm, subscriptions).clusters()


def test_a_query_that_resource_graph_does_not_take_is_not_hidden() -> None:
    with pytest.raises(BadRequest):
        Discovery(Canned(SUBSCRIPTIONS, (BadRequest("POST resources", "ParserFailure", status=400),)).arm).clusters()


def test_throttling_is_not_taken_for_an_empty_fleet() -> None:
    with pytest.raises(Throttled):
        Discovery(Canned({}, (Throttled("POST resources", "slow down", status=429),)).arm).clusters()


def test_an_answer_without_rows_is_not_taken_for_an_empty_fleet() -> None:
    with pytest.raises(UnexpectedAnswer):
        Discovery(Canned({}, ({"count": 0},)).arm).clusters()


def test_a_cluster_is_read_by_its_id() -> None:
    canned = Canned({cluster_id("a"): cluster("a")})
    assert Discovery(canned.arm).cluster(f" {cluster_id('a')} ").name == "a"


def test_a_cluster_is_read_by_its_name_as_resource_manager_knows_it_now() -> None:
    now = cluster("a") | {"tags": {"read": "now"}}
    canned = Canned({cluster_id("a"): now}, (rows(cluster("a"), cluster("b")),))
    assert Discovery(canned.arm).cluster("A").tags == {"read": "now"}


def test_a_name_that_two_clusters_have_is_refused_with_both_ids() -> None:
    canned = Canned({}, (rows(cluster("a"), cluster("a", "s2")),))
    with pytest.raises(BadInput, match=f"{cluster_id('a')}, {cluster_id('a', 's2')}"):
        Discovery(canned.arm).cluster("a")


def test_a_name_that_no_cluster_has_is_not_found_and_what_was_hidden_is_said() -> None:
    canned = Canned(SUBSCRIPTIONS, (rows(cluster("b")),))
    with pytest.raises(NotFound, match="s9"):
        Discovery(canned.arm, ("s1", "s9")).cluster("a")


@pytest.mark.parametrize("given", ["/subscriptions/s1", "/subscriptions/s1/resourceGroups/g/providers/X.Y/z/n"])
def test_the_id_of_something_else_is_refused(given: str) -> None:
    with pytest.raises(BadInput):
        Discovery(Canned({}).arm).cluster(given)


# --- load balancer ---

NODE_GROUP = "/subscriptions/s1/resourceGroups/MC_a"
LB = f"{NODE_GROUP}/providers/Microsoft.Network/loadBalancers/kubernetes"


def discovery(answers: dict[str, Answer]) -> Discovery:
    return Discovery(Canned({cluster_id("a"): cluster("a")} | answers).arm)


def load_balancer(sku: str = "Standard", rules: int = 1) -> dict[str, Any]:
    properties = {"outboundRules": [{"name": f"rule-{index}", "properties": {}} for index in range(rules)]}
    return {"id": LB, "name": "kubernetes", "sku": {"name": sku}, "properties": properties}


def test_the_outbound_load_balancer_is_the_one_that_aks_names_kubernetes() -> None:
    looking = discovery({LB: load_balancer()})
    found = looking.load_balancer(looking.cluster(cluster_id("a")))
    assert found is not None
    assert found.id == LB


@pytest.mark.parametrize(
    "answers",
    [{}, {LB: load_balancer(rules=0)}, {LB: load_balancer(sku="Basic")}],
    ids=["not there", "inbound only", "Basic"],
)
def test_without_a_standard_one_with_outbound_rules_there_is_none(answers: dict[str, Answer]) -> None:
    looking = discovery(answers)
    assert looking.load_balancer(looking.cluster(cluster_id("a"))) is None


def test_a_load_balancer_that_may_not_be_read_is_not_none() -> None:
    looking = discovery({LB: forbidden()})
    with pytest.raises(Forbidden):
        looking.load_balancer(looking.cluster(cluster_id("a")))
