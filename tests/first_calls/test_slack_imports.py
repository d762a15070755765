"""What the first slash command or click of a fresh process loads: Slack waits three seconds."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from urllib.parse import urlencode

import pytest
from slack_sdk.signature import SignatureVerifier

from tests.support.deployed import ROOT

pytestmark = [pytest.mark.network, pytest.mark.azurite]
SECRET = "signing-secret"
COMMAND = "command=%2Fsnat&text=status&team_id=T01&user_id=U1&api_app_id=A01&response_url=x"
PAYLOAD = {
    "type": "block_actions",
    "api_app_id": "A01",
    "team": {"id": "T01"},
    "user": {"id": "U1", "team_id": "T01"},
    "response_url": "x",
    "actions": [{"type": "button", "action_id": "snat_deny", "block_id": "b", "value": "v", "action_ts": "1"}],
}
CLICK = urlencode({"payload": json.dumps(PAYLOAD)})
MOST_OF_ITS_OWN = 85  # modules of shared/; 81 when this was written
NEVER = (
    "azure.identity",
    "azure.mgmt",
    "azure.monitor",
    "msal",
    "jinja2",
    "microsoft_teams",
    "shared.flows.monitoring",
)
_PROGRAM = """
import json, sys
import azure.functions as func
import function_app
before = set(sys.modules)
function = next(each for each in function_app.app.get_functions() if each.get_function_name() == "slack")
(headers, body), queued = json.load(sys.stdin), []
class Out:
    set = queued.append
request = func.HttpRequest("POST", "https://x/api/slack", headers=headers, body=body.encode())
answer = function.get_user_function()(req=request, asked=Out)
again = function.get_user_function()(req=request, asked=Out)
loaded = sorted(set(sys.modules) - before)
json.dump({"statuses": [answer.status_code, again.status_code], "queued": len(queued), "loaded": loaded}, sys.stdout)
"""


@pytest.mark.parametrize("body", [COMMAND, CLICK], ids=["command", "click"])
def test_the_first_request_is_queued_once_and_loads_nothing_that_only_its_answer_needs(azurite: str, body: str) -> None:
    timestamp = str(int(time.time()))
    signature = SignatureVerifier(SECRET).generate_signature(timestamp=timestamp, body=body)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": signature,
    }
    environment = {
        "AzureWebJobsStorage": azurite,
        "TABLE_PREFIX": f"t{time.time_ns()}",
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_CHANNEL": "C01",
        "SLACK_SIGNING_SECRET": SECRET,
        "SLACK_TEAM_ID": "T01",
        "SLACK_APP_ID": "A01",
        "SIGNING_KEYS": "k" * 32,
    }
    run = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        cwd=ROOT,
        env=environment,
        input=json.dumps([headers, body]),
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert (found["statuses"], found["queued"]) == ([200, 200], 1), "a replay is acknowledged, and asks for nothing"
    assert not [name for name in found["loaded"] if name.startswith(NEVER)]
    own = [name for name in found["loaded"] if name.startswith("shared")]
    assert len(own) <= MOST_OF_ITS_OWN, own
