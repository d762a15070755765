"""Links of all documents lead somewhere; the READMEs agree with each other and with what was measured."""

from __future__ import annotations

import re
import subprocess
from functools import cache

import pytest

from tests.support.deployed import ROOT

FILES = subprocess.run(
    ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
    cwd=ROOT,
    capture_output=True,
    text=True,
    check=True,
).stdout.splitlines()
DOCUMENTS = [path for path in FILES if path.endswith(".md")]
CODE = [path for path in FILES if path.endswith((".py", ".json", ".bicep", ".yaml")) or path == "Makefile"]
PLACES = {str(parent) for path in FILES for parent in (ROOT / path, *(ROOT / path).parents)}  # whose case counts


@cache
def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def links(path: str) -> list[str]:
    """The targets of links and pictures, without those in code."""
    prose = re.sub(r"```.*?```|(?:^|\n\n)(?: {4}.+\n)+|`[^`\n]*`", "", text(path), flags=re.DOTALL)
    return re.findall(r"\]\(([^)\s]+)\)", prose)


@cache
def anchors(path: str) -> set[str]:
    """What GitHub makes of the headings: small letters, hyphens for spaces, and no punctuation."""
    found: list[str] = []
    for heading in re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text(path), flags=re.DOTALL), re.MULTILINE):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        found.append(f"{slug}-{found.count(slug)}" if slug in found else slug)
    return set(found)


def leads_somewhere(target: str, document: str) -> bool:
    path, _, anchor = target.partition("#")
    place = ((ROOT / document).parent / path).resolve() if path else ROOT / document
    return str(place) in PLACES and (not anchor or anchor in anchors(str(place.relative_to(ROOT))))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_of_a_document_leads_somewhere(document: str) -> None:
    local = [target for target in links(document) if not re.match(r"https?:", target)]
    assert [target for target in local if not leads_somewhere(target, document)] == []


def test_every_document_that_the_code_names_is_there() -> None:
    named = {
        (path, target)
        for path in CODE
        if not path.startswith("tests/")
        for target in re.findall(r"\b((?:docs|docs/adr|infra/roles)/[\w-]+\.md(?:#[\w-]+)?)", text(path))
    }
    assert len(named) > 20
    assert {(path, target) for path, target in named if not leads_somewhere(target, "README.md")} == set()


def test_a_link_to_nothing_is_found() -> None:
    assert leads_somewhere("docs/install.md#what-was-run-and-what-was-not", "README.md")
    assert leads_somewhere("../infra/roles", "docs/install.md")
    for target in ("docs/install.md#nothing", "docs/Install.md", "docs/nothing.md", "#nothing"):
        assert not leads_somewhere(target, "README.md"), target


def test_the_spanish_readme_has_the_same_commands_links_and_figures() -> None:
    english, spanish = text("README.md").partition("<!-- settings -->")[0], text("README.es.md")

    def commands(readme: str) -> list[str]:
        return [line.partition(" # ")[0].rstrip() for line in re.findall(r"^ {4}(.+)$", readme, re.MULTILINE)]

    def figures(readme: str) -> list[str]:
        prose = readme.partition("\n## ")[2].partition("## Set")[0].partition("## Conf")[0]
        return sorted(re.sub(r"[.,]", "", figure) for figure in re.findall(r"\d[\d.,]*", prose))

    assert commands(spanish) == commands(english)
    assert set(links("README.es.md")) - {"README.md", "README.md#settings"} == set(links("README.md")) - {
        "README.es.md"
    }
    assert figures(spanish) == figures(english)
    assert spanish.count("\n## ") == text("README.md").count("\n## ")


def test_the_readme_compares_by_the_last_measurement() -> None:
    table = text("README.md").partition("| with |")[2].partition("\n\n")[0].splitlines()[2:]
    measured = text("docs/performance.md").partition("## Beside what people use today")[2]
    assert len(table) == 3
    for row in table:
        tool, requests, seconds = (cell.strip() for cell in row.split("|")[1:4])
        assert f"| 100 | {tool} | {requests} | {seconds} |" in measured
    total = text("docs/evaluation.md").partition("## Beside the rules")[2].partition("| total |")[2].splitlines()[0]
    incidents, ours, _, _, rule, _, _, average = (cell.strip() for cell in total.split("|")[:8])
    said = " ".join(text("README.md").split())
    assert (
        f"Of {incidents} incidents in our own scenarios, a rule on failed connections found {rule.split(',')[0]},"
        in said
    )
    assert (f"snatbot found {ours.split(',')[0]};" in said, average) == (True, "0, 0")
