"""Which node has which IP: read for clusters in trouble only, and kept for a while."""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from ...cloud.discovery import Discovery
from ...model.cluster import Cluster
from ...model.load_balancer import NodeList

log = logging.getLogger("snatbot.collect")
KEPT_SECONDS = 600.0
RETRY_SECONDS = 60.0  # for an IP of no known node


class NodeNames:
    """Safe to share between threads."""

    def __init__(self, discovery: Discovery, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._discovery = discovery
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, NodeList]] = {}

    def of(self, cluster: Cluster, wanted: Iterable[str]) -> NodeList:
        """Nodes of a cluster; ``wanted`` are the IPs in trouble.

        Names are optional: if they can't be read now, earlier names remain.
        """
        key, ips = cluster.id.lower(), set(wanted)
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None:
            age = self._monotonic() - kept[0]
            if age < RETRY_SECONDS or (age < KEPT_SECONDS and ips <= {node.ip for node in kept[1].nodes}):
                return kept[1]
        found = self._discovery.nodes(cluster, ips)
        for reason in found.unreadable:
            log.warning("nodes of %s: %s", cluster.name, reason)
        if found.unreadable and kept is not None:
            read = {node.ip for node in found.nodes}
            found = replace(found, nodes=(*found.nodes, *(node for node in kept[1].nodes if node.ip not in read)))
        with self._lock:
            self._kept[key] = (self._monotonic(), found)
        return found
