"""The egress probe as Kubernetes objects, to be applied by a person."""

import hashlib
import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ...core.guidance.egress_probe import PORTS_A_TARGET, Target, probe_month
from ...core.guidance.private_addresses import PRIVATE
from . import render

SCRIPT = Path(__file__).parent / "templates" / "probe.sh"
_AZURES_OWN = "168.63.129.16/32"  # DNS, health and the VM agent: Azure docs, what-is-ip-address-168-63-129-16


@dataclass(frozen=True, slots=True)
class Probe:
    cluster: str
    app_url: str
    image: str  # with a digest
    targets: Sequence[Target]
    node_ports: int
    subnets: Sequence[tuple[str, ...]] = ()  # node pools of each subnet; empty: all nodes are in one
    is_per_node: bool = False


def probe_manifest(probe: Probe) -> str:
    """One YAML for `kubectl apply`."""
    script = SCRIPT.read_text(encoding="utf-8")
    return (
        render(
            "probe.yaml.j2",
            json.dumps,
            probe=probe,
            script=script,
            script_hash=hashlib.sha256(script.encode()).hexdigest()[:12],
            cluster=shlex.quote(probe.cluster),
            ports=sorted({443, urlsplit(probe.app_url).port or 443, *(target.port for target in probe.targets)}),
            not_public=[*(str(network) for network in PRIVATE if network.version == 4), _AZURES_OWN],
            groups=[()] if probe.is_per_node else probe.subnets or [()],
            port_count=PORTS_A_TARGET * (len(probe.targets) + 1),
            month=probe_month(),
        )
        + "\n"
    )
