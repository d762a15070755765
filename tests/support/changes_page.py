"""The published table of a change's life. Regenerate: python -m tests.support.changes_page > docs/changes.md"""

from __future__ import annotations

import sys

from shared.core.remediation.state_machine import TRANSITIONS
from shared.model.change import FINAL_STATES, ChangeState

_HEAD = """# The life of a change

A change is one plan, the decisions on it, its journal and its outcome. Each row is an allowed transition. A state
rejects all other events, so a late, duplicate or out-of-order message cannot move a change. The code is
`shared/core/remediation/state_machine.py`; a test compares this page with it.

| State | Event | Next state |
|---|---|---|
"""
_FOOT = """
A person approves, denies, stops and resumes a change from its page, and gives up a stopped one (`fail`). snatbot
also sends `stop` itself if a person must decide how to continue.

Final states, without a transition: {final}.

## Retention

Once a day, a few clusters with each tick, snatbot deletes old rows: reports of probes after 3 days, audit lines after
400 days, in whole UTC days; a final change with its decision and its journal 30 days after its last event; an
incident 30 days after it was cleared. It never deletes a change that is not final, one that another kept change rolls
back, or an approved one while a NAT gateway, public IP or prefix that it names exists or can't be read. These rows
prove that snatbot created a gateway, and how to roll it back.
"""


def render() -> str:
    """Rows in the order of a change's life."""
    order = list(ChangeState)
    rows = sorted(TRANSITIONS.items(), key=lambda move: order.index(move[0][0]))
    lines = [f"| {state} | {event} | {target} |\n" for (state, event), target in rows]
    final = ", ".join(state for state in ChangeState if state in FINAL_STATES)
    return _HEAD + "".join(lines) + _FOOT.format(final=final)


if __name__ == "__main__":
    sys.stdout.write(render())
