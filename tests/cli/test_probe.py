"""``snatbot probe manifest``: Kubernetes takes it, and it runs with as little as possible."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from typing import Any

import kubernetes_validate
import pytest
import yaml

from bench.performance import cost
from shared.app import App
from shared.cli.__main__ import main
from shared.core.guidance.egress_probe import probe_month
from shared.web.export.probe_manifest import SCRIPT
from tests.support.every import every

IMAGE = f"registry.example.com/tools/curl@sha256:{'0a' * 32}"
BASE = ("probe", "manifest", "--cluster", "shop", "--image", IMAGE, "--url", "https://snat.example.com")
KUBERNETES = ("1.30", "1.33", "1.37")
Print = pytest.CaptureFixture[str]


def no_app() -> App:
    raise AssertionError("the manifest needs no App")


def text_of(capsys: Print, *options: str) -> str:
    assert main([*BASE, *options], no_app) == 0
    return capsys.readouterr().out


def objects(capsys: Print, *options: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(text_of(capsys, *options)))


def of_kind(found: list[dict[str, Any]], kind: str) -> Iterator[dict[str, Any]]:
    return (each for each in found if each["kind"] == kind)


def pods(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each["spec"]["template"] for each in found if "template" in each.get("spec", {})]


SHAPES = ((), ("--per-node",), ("--subnet", "system,user", "--subnet", "gpu"), ("--target", "sql.example.com:1433"))


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("options", SHAPES, ids=" ".join)
def test_kubernetes_own_schemas_take_each_object(capsys: Print, options: tuple[str, ...], version: str) -> None:
    for each in objects(capsys, *options):
        kubernetes_validate.validate(each, version, strict=True)


def test_the_schemas_refuse_a_name_that_kubernetes_does_not_know(capsys: Print) -> None:
    wrong = objects(capsys)[-1]
    wrong["spec"]["template"]["spec"]["automountServiceToken"] = False
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, KUBERNETES[-1], strict=True)


@pytest.mark.parametrize("options", SHAPES, ids=" ".join)
def test_each_pod_is_of_the_restricted_level_and_has_no_token(capsys: Print, options: tuple[str, ...]) -> None:
    found = objects(capsys, *options)
    (namespace,) = of_kind(found, "Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert pods(found)
    for pod in pods(found):
        spec, (container,) = pod["spec"], pod["spec"]["containers"]
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert spec["automountServiceAccountToken"] is False
        assert {name for volume in spec["volumes"] for name in volume} == {"name", "emptyDir", "configMap", "secret"}
        assert container["resources"]["requests"] == {"cpu": "10m", "memory": "16Mi"}
        assert set(container["resources"]["limits"]) == {"cpu", "memory"}
        assert spec["nodeSelector"] == {"kubernetes.io/os": "linux"}
        assert container["image"] == IMAGE
        labels, annotations = pod["metadata"]["labels"], pod["metadata"]["annotations"]
        assert labels["sidecar.istio.io/inject"] == "false"
        assert annotations["linkerd.io/inject"] == annotations["openservicemesh.io/sidecar-injection"] == "disabled"


def test_every_object_is_in_the_probes_own_namespace(capsys: Print) -> None:
    for each in objects(capsys):
        assert each["metadata"].get("namespace", each["metadata"]["name"]) == "snatbot-probe"


def test_two_pods_a_subnet_on_nodes_of_their_own(capsys: Print) -> None:
    (workload,) = of_kind(objects(capsys), "Deployment")
    assert workload["spec"]["replicas"] == 2
    anti = workload["spec"]["template"]["spec"]["affinity"]["podAntiAffinity"]
    (rule,) = anti["requiredDuringSchedulingIgnoredDuringExecution"]
    assert rule["topologyKey"] == "kubernetes.io/hostname"
    assert set(rule["labelSelector"]["matchLabels"].items()) <= set(
        workload["spec"]["template"]["metadata"]["labels"].items()
    )


def test_a_deployment_for_the_node_pools_of_each_subnet(capsys: Print) -> None:
    found = objects(capsys, "--subnet", "system,user", "--subnet", "gpu")
    assert [each["metadata"]["name"] for each in of_kind(found, "Deployment")] == [
        "snatbot-probe-system",
        "snatbot-probe-gpu",
    ]
    pools = []
    for pod in pods(found):
        affinity = pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        (term,) = affinity["nodeSelectorTerms"]
        pools += [
            rule["values"] for rule in term["matchExpressions"] if rule["key"] == "kubernetes.azure.com/agentpool"
        ]
    assert pools == [["system", "user"], ["gpu"]]


def test_a_pod_on_each_node_tolerates_all(capsys: Print) -> None:
    found = objects(capsys, "--per-node")
    (workload,) = of_kind(found, "DaemonSet")
    assert not [*of_kind(found, "Deployment")]
    assert workload["spec"]["template"]["spec"]["tolerations"] == [{"operator": "Exists"}]


def test_it_may_only_ask_the_dns_and_connect_to_public_addresses_at_its_ports(capsys: Print) -> None:
    found = objects(capsys, "--target", "sql.example.com:1433", "--target", "api.example.com:443")
    (policy,) = of_kind(found, "NetworkPolicy")
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in policy["spec"]
    dns, public = policy["spec"]["egress"]
    assert {port["port"] for port in dns["ports"]} == {53}
    assert public["ports"] == [{"protocol": "TCP", "port": 443}, {"protocol": "TCP", "port": 1433}]
    (to,) = public["to"]
    for address in ("10.1.2.3", "172.31.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "168.63.129.16"):
        assert any(ip_address(address) in ip_network(cidr) for cidr in to["ipBlock"]["except"])
    assert not any(ip_address("52.1.2.3") in ip_network(cidr) for cidr in to["ipBlock"]["except"])
    (local,) = (peer["ipBlock"] for peer in dns["to"] if "ipBlock" in peer)
    assert local["except"] == ["169.254.169.254/32"]


def test_a_port_of_the_apps_own_is_open(capsys: Print) -> None:
    (policy,) = of_kind(objects(capsys, "--url", "https://snat.example.com:8443/"), "NetworkPolicy")
    assert [port["port"] for port in policy["spec"]["egress"][1]["ports"]] == [443, 8443]


def test_the_script_gets_what_it_needs_and_the_key_only_from_the_secret(capsys: Print) -> None:
    found = objects(capsys, "--target", "API.example.com:443", "--target", "api.example.com:443")
    (config,) = of_kind(found, "ConfigMap")
    assert config["data"]["probe.sh"] == SCRIPT.read_text()
    (pod,) = pods(found)
    (container,) = pod["spec"]["containers"]
    values = {each["name"]: each.get("value") for each in container["env"]}
    assert values["PROBE_URL"] == "https://snat.example.com"
    assert values["PROBE_TARGETS"] == "api.example.com:443"
    assert values["PROBE_NODE_PORTS"] == "1024"
    assert set(re.findall(r"PROBE_[A-Z_]+", SCRIPT.read_text())) == set(values)
    (secret,) = (volume["secret"] for volume in pod["spec"]["volumes"] if "secret" in volume)
    assert secret["secretName"] == "snatbot-probe"


def test_public_base_url_is_the_only_setting_that_it_reads(capsys: Print, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_BASE_URL", "https://set.example.com/")
    assert main([*BASE[:-2]], no_app) == 0
    assert 'value: "https://set.example.com"' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--image", "curlimages/curl:8.9.0"), "NAME@sha256:"),
        (("--image", f"x y@sha256:{'0' * 64}"), "NAME@sha256:"),
        (("--url", "http://snat.example.com"), "https://"),
        (("--url", "http://127.0.0.1:7071"), "https://"),
        (("--target", "api.example.com"), "HOST:PORT"),
        (("--target", "api.example.com:0"), "HOST:PORT"),
        (("--target", "api.example.com:65536"), "HOST:PORT"),
        (("--target", "$(id).example.com:443"), "HOST:PORT"),
        (("--target", "localhost:443"), "HOST:PORT"),
        (("--target", "10.0.0.4:443"), "private network"),
        (("--target", "web.shop.svc:443"), "private network"),
        (tuple(word for number in range(6) for word in ("--target", f"a{number}.example.com:443")), "at most 5"),
        (("--target", "a.example.com:443", "--node-ports", "319"), "5 %"),
        (("--subnet", "User Pool"), "--subnet"),
        (("--subnet", "user", "--per-node"), "either"),
        (("--cluster", "shop\u202e"), "--cluster"),
    ],
)
def test_bad_input_is_refused_with_what_would_be_right(capsys: Print, options: tuple[str, ...], problem: str) -> None:
    assert main([*BASE, *options], no_app) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert problem in err


def test_the_clusters_name_stays_in_its_comment(capsys: Print) -> None:
    text = text_of(capsys, "--cluster", "shop: {x}\n---\nkind: Pod")
    assert len(list(yaml.safe_load_all(text))) == 4


def test_manifest_terminal_and_documentation_say_the_same_price(capsys: Print) -> None:
    month = probe_month()
    figures = (f"{month.calls:,}", f"${month.price:.2f}", f"{month.busy_hour_calls} ")
    assert main([*BASE], no_app) == 0
    out, err = capsys.readouterr()
    for where in (out, err, cost.probe_section()):
        assert every(figure in where for figure in figures)
