"""What ``snapshot_socket -o json`` of Inspektor Gadget writes: an array of sockets on a line, for each node."""

from __future__ import annotations

from typing import Any

ESTABLISHED, SYN_SENT, TIME_WAIT, LISTEN = 1, 2, 6, 10
NODE = "aks-user-38166372-vmss000002"


def sockets(
    count: int,
    destination: str = "52.168.1.9",
    *,
    pod: str = "checkout-6d5b9-x1",
    port: int = 443,
    state: int = ESTABLISHED,
    protocol: str = "TCP",
    local_port: int | None = None,
    node: str = NODE,
    is_host_network: bool = False,
) -> list[dict[str, Any]]:
    """Fields as in gadgets/snapshot_socket/test of its repository."""
    name = "" if is_host_network else pod
    about = {
        "containerName": "app" if name else "",
        "hostnetwork": is_host_network,
        "namespace": "shop" if name else "",
        "node": node,
        "podName": name,
    }
    version = 6 if ":" in destination else 4
    return [
        {
            "k8s": about,
            "src": {"addr": "10.244.0.8", "port": local_port or 20_000 + number, "proto": protocol, "version": version},
            "dst": {"addr": destination, "port": port, "proto": protocol, "version": version},
            "state": state,
            "ino": 0 if state == TIME_WAIT else 1 + number,
            "netns_id": 4_026_532_000 + sum(map(ord, pod)),
        }
        for number in range(count)
    ]
