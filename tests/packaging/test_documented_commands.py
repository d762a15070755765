"""The commands of the manuals: a POSIX shell takes them, and the unmodified Azure CLI knows every option.

The shell gets a recorder in place of each program. `make azure-cli-test` then has az parse what was recorded.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.deployed import ROOT

CLI = os.environ.get("AZURE_CLI", "")
MANUALS = ("README.md", "docs/install.md", "docs/operating.md", "docs/sign-in.md")
# Answers with the word that stands for any answer, so that the commands after it go on.
RECORDER = """#!/bin/sh
printf '%s\\0' "$@" >> "$RECORDED"
printf '\\n\\0' >> "$RECORDED"
echo placeholder
"""


def blocks(manual: str) -> list[str]:
    """The shell commands that the manual shows: indented, and beginning a paragraph."""
    text = (ROOT / manual).read_text(encoding="utf-8")
    found = re.findall(r"(?:^|\n\n)((?:    .+(?:\n|$))+(?:\n?    .+\n)*)", text)
    shell = [re.sub("^    ", "", block, flags=re.MULTILINE) for block in found]
    return [
        re.sub(r"<[^<>\n]+>", "placeholder", block)
        for block in shell
        if re.search(r"^(\w+=\$\(|for |)az ", block, re.M)
    ]


def recorded(block: str, folder: Path) -> list[list[str]]:
    """The arguments of each call of az, as a POSIX shell passes them."""
    programs = folder / "bin"
    programs.mkdir()
    for name in ("az", "azd", "curl", "git", "make", "python", "openssl"):
        (programs / name).write_text(RECORDER if name == "az" else "#!/bin/sh\necho placeholder\n")
        (programs / name).chmod(0o755)
    (folder / "snatbot").mkdir()
    calls = folder / "calls"
    calls.touch()
    environment = {"PATH": f"{programs}:{os.environ['PATH']}", "RECORDED": str(calls)}
    names = set(re.findall(r"\$([A-Z][A-Z_]+)", block)) - set(re.findall(r"^\s*([A-Z_]+)=", block, re.MULTILINE))
    given = {name: "placeholder" for name in names if name not in ("ROLE", "ID", "PRINCIPAL")}
    block = block.replace('eval "$(azd env get-values)"', "").replace(".venv/bin/", "")
    done = subprocess.run(
        ["sh", "-eu", "-c", block], cwd=folder, env=environment | given, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), block
    return [call.split("\0")[:-1] for call in calls.read_text().split("\n\0")[:-1]]


@pytest.mark.parametrize("manual", MANUALS)
def test_a_shell_takes_the_commands(manual: str, tmp_path: Path) -> None:
    found = blocks(manual)
    assert found
    for number, block in enumerate(found):
        (folder := tmp_path / str(number)).mkdir()
        for arguments in recorded(block, folder):
            for body in (text for text in arguments if text.startswith("{")):
                json.loads(body)


@pytest.mark.skipif(not CLI, reason="slow; run it with: make azure-cli-test")
@pytest.mark.parametrize("manual", MANUALS)
def test_az_knows_every_command_and_option(manual: str, tmp_path: Path) -> None:
    """az ends with 2 if it can't parse a command, and with 1 here: nobody is signed in, or a name is a placeholder."""
    unknown = subprocess.run([CLI, "account", "show", "--no-such-option"], capture_output=True, check=False)
    assert unknown.returncode == 2
    for number, block in enumerate(blocks(manual)):
        (folder := tmp_path / str(number)).mkdir()
        for arguments in recorded(block, folder):
            if arguments[0] == "login":
                continue
            environment = os.environ | {"AZURE_CONFIG_DIR": str(tmp_path), "AZURE_EXTENSION_USE_DYNAMIC_INSTALL": "no"}
            ran = subprocess.run(
                [CLI, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
            )
            assert ran.returncode == 1, (arguments, ran.stderr)
