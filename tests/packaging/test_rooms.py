"""Which folder imports which of Azure's packages; import-linter knows ``azure`` as a whole only."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.support.deployed import ROOT

SHARED = ROOT / "shared"


def _imports(tree: ast.AST) -> Iterator[str]:
    """The modules imported anywhere in a file, but for those that only a type checker reads."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            yield from _imports(ast.Module(node.orelse, type_ignores=[]))
        else:
            yield from _imports(node)


@cache
def _imported(file: Path) -> frozenset[str]:
    return frozenset(_imports(ast.parse(file.read_text(encoding="utf-8"))))


def _importers(package: str) -> set[str]:
    """The rooms (folders of shared, or files in it) that import `package` or what is in it."""
    return {
        file.relative_to(SHARED).parts[0]
        for file in SHARED.rglob("*.py")
        if any(f"{name}.".startswith(f"{package}.") for name in _imported(file))
    }


@pytest.mark.parametrize(
    ("package", "rooms"),
    [
        ("azure.functions", {"triggers"}),
        ("azure.identity", {"cloud", "store"}),
        ("azure.core", {"cloud", "store"}),
        ("azure.mgmt", {"cloud"}),
        ("azure.monitor", {"cloud"}),
        ("azure.data", {"store"}),
        ("azure.storage", {"store"}),
        ("msal", {"auth", "triggers"}),
        ("slack_sdk", {"chat"}),
        ("slack_bolt", {"auth"}),
        ("jinja2", {"web"}),
    ],
)
def test_a_package_is_imported_in_its_rooms_only(package: str, rooms: set[str]) -> None:
    assert _importers(package) <= rooms


def test_imports_inside_functions_are_seen_and_those_for_type_checkers_are_not() -> None:
    code = "def f():\n    if True:\n        from azure.data import tables\n"
    code += "if TYPE_CHECKING:\n    import msal\nelse:\n    import jinja2\n"
    assert list(_imports(ast.parse(code))) == ["azure.data.tables", "jinja2"]


def test_no_test_module_imports_another() -> None:
    """What tests share is in tests/support; so renaming a test breaks no other."""
    files = list((ROOT / "tests").rglob("test_*.py"))
    assert files
    assert [(file, name) for file in files for name in _imported(file) if ".test_" in name] == []
