"""The published table of a change's life. Regenerate: python -m tests.support.changes_page > docs/changes.md"""

from __future__ import annotations

import sys

from shared.core.remediation.state_machine import TRANSITIONS
from shared.model.change import FINAL_STATES, ChangeState

_HEAD = """# The life of a change

A change is one plan, the decisions on it, its journal and its outcome. Each row is a move that exists; every other
event is refused in that state, so a late, doubled or out-of-order message cannot move a change. The code is
`shared/core/remediation/state_machine.py`; a test holds this page against it.

| State | Event | Next state |
|---|---|---|
"""
_FOOT = """
A person approves, denies, stops and resumes a change from its page, and gives up one that stopped (`fail`). `stop` also
comes from snatbot itself, when it must not go on without a person.

Final states, which nothing leaves: {final}.

## How long it is kept

Once a day, a few clusters with each tick, old rows are deleted: audit lines after 400 days, in whole UTC days; a
final change with its decision and its journal 30 days after anything happened to it; an incident 30 days after it was
cleared. Never deleted: a change that is not final, one that another kept change takes back, and one that was approved
while any NAT gateway, public IP or prefix that it names exists or can't be read. Whether a gateway is snatbot's, and
how to take it back, hangs on these.
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
