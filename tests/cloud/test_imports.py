"""What a cold start loads: the SDKs come in only where a client is built."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
EVERY_MODULE = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "shared" / "cloud").rglob("*.py")
    if path.stem not in ("__init__", "pipeline")
)


def loaded_by(code: str) -> set[str]:
    """Names of all modules that a new Python holds after running the code."""
    run = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(run.stdout.split())


def test_importing_the_room_loads_no_sdk() -> None:
    loaded = loaded_by("\n".join(f"import {module}" for module in EVERY_MODULE))
    assert "shared.cloud.network" in loaded
    assert not {name for name in loaded if name.partition(".")[0] in ("azure", "requests", "msal")}


def test_reading_never_loads_the_network_sdk() -> None:
    loaded = loaded_by(
        "from shared.cloud.arm import Arm\n"
        "from shared.cloud.metrics_batch import BatchMetrics\n"
        "from shared.cloud.credentials import credential\n"
        "reader = credential('a-client-id')\n"
        "Arm('https://management.azure.com', reader)\n"
        "BatchMetrics(reader)._client('westeurope')\n"
    )
    assert {"azure.identity", "azure.core"} <= loaded
    assert not {"azure.mgmt.network", "azure.monitor"} & loaded
