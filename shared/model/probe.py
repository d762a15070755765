"""What egress probes in a cluster report, and the keys that they report with."""

from dataclasses import dataclass
from datetime import datetime

from .resource_id import ArmId


@dataclass(frozen=True, slots=True)
class ProbeKey:
    """A key of one cluster's probes. Its secret is not stored."""

    id: str
    cluster_id: ArmId
    secret_sha256: str
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class TargetCounts:
    """The new connections of one report to one target, ``app`` or ``host:port``. Each is in at most one count of a
    failure: DNS, connect time-out, TLS, or ``failed_otherwise``.
    """

    target: str
    connections: int
    dns_failed: int = 0
    timed_out: int = 0  # no answer to any SYN
    tls_failed: int = 0  # connected before
    failed_otherwise: int = 0
    retried: tuple[int, int, int, int] = (0, 0, 0, 0)  # connected after about 1, 2 to 3, 4 to 7, 8 to 20 seconds
    slow: int = 0  # the sum of these: SYNs were lost
    intercepted: int = 0  # too fast for the public address that answered
    connect_ms: float = 0.0  # the sum over those that connected
    slowest_ms: float = 0.0

    @property
    def failed(self) -> int:
        return self.dns_failed + self.timed_out + self.tls_failed + self.failed_otherwise

    @property
    def trouble(self) -> int:
        """Slow or failed connections."""
        return self.slow + self.failed


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """A report as it is stored. Node and pod are what the probe says; a ticket proved the address."""

    id: str
    node: str
    pod: str
    began_at: datetime  # its first connection
    sent_at: datetime
    received_at: datetime
    address: str = ""  # empty: not proven
    is_refused: bool = False  # the probe did not measure: it would need too many ports
    targets: tuple[TargetCounts, ...] = ()
    key_id: str = ""  # of the key that it came with
