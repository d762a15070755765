"""Which node has which IP: read for clusters in trouble only, and kept for a while."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable

from ...cloud.discovery import Discovery
from ...cloud.errors import AzureError
from ...model.cluster import Cluster
from ...model.load_balancer import Node

log = logging.getLogger("snatbot.collect")
KEPT_SECONDS = 600.0
RETRY_SECONDS = 60.0  # for an IP that no node had


class NodeNames:
    """Safe to share between threads."""

    def __init__(self, discovery: Discovery, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._discovery = discovery
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, tuple[Node, ...]]] = {}

    def of(self, cluster: Cluster, wanted: Iterable[str]) -> tuple[Node, ...]:
        """Nodes of a cluster; ``wanted`` are the IPs in trouble.

        Names are a help, not a condition: none are known when the scale sets can't be read.
        """
        key, ips = cluster.id.lower(), set(wanted)
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None:
            age = self._monotonic() - kept[0]
            if age < RETRY_SECONDS or (age < KEPT_SECONDS and ips <= {node.ip for node in kept[1]}):
                return kept[1]
        unreadable: list[str] = []
        try:
            nodes = self._discovery.nodes(cluster, unreadable)
        except AzureError as error:
            log.warning("%s: node names could not be read: %s", cluster.name, error)
            return kept[1] if kept else ()
        for reason in unreadable:
            log.warning("nodes of %s: %s", cluster.name, reason)
        with self._lock:
            self._kept[key] = (self._monotonic(), nodes)
        return nodes
