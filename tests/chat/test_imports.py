"""Cold start: writing a message costs no client library before it is posted."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("slack_sdk", "microsoft_teams", "requests", "jinja2", "pydantic", "urllib3")


def test_chat_and_web_import_no_client_library() -> None:
    modules = "shared.chat.compose, shared.chat.channels, shared.web.pages, shared.web.answers, shared.web.change_view"
    program = f"import sys, {modules}; print(' '.join(m for m in {HEAVY} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == ""
