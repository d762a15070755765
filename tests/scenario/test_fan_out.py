"""A large fleet on the function app itself: the timer hands out parts, queue workers look at them, people are told."""

from __future__ import annotations

import json
from pathlib import Path

from devhost.stage import set_up


def test_parts_are_looked_at_by_the_queue_function(tmp_path: Path, azurite: str) -> None:
    with set_up(
        tmp_path, "same-node-ips", storage=azurite, extra={"FAN_OUT_ABOVE": "1", "REMEDIATION": "off"}
    ) as stage:
        stage.pass_minutes(2)
        posted = [one["body"]["text"] for one in stage.simulator.messages() if one["service"] == "slack"]
        assert len(posted) == 1, stage.host.logs()
        assert "SNAT port exhaustion on blue" in posted[0]
        logs = stage.host.logs()
        assert '"measure": 1' in logs
        (line,) = {text for text in logs.splitlines() if "shard {" in text and '"opened": 1' in text}
        part = json.loads(line[line.index("{") :])
        assert (part["clusters"], part["failing"], part["deliver"]) == (2, 1, 1)
        assert part["requests"] > 0
