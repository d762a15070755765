"""Cold start: writing a message or a page costs no client library before it is posted or rendered."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import importlib, pkgutil, sys
from shared import chat, web
renderers = ("shared.chat.block_kit", "shared.chat.adaptive_card")
for room in (chat, web):
    for module in pkgutil.walk_packages(room.__path__, room.__name__ + "."):
        if module.name not in renderers:
            importlib.import_module(module.name)
heavy = ("slack_sdk", "microsoft_teams", "requests", "jinja2", "pydantic", "urllib3")
print(' '.join(name for name in heavy if name in sys.modules))
"""


def test_chat_and_web_import_no_client_library() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == ""
