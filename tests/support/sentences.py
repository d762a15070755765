"""Sentences for people that stand in code as plain strings, where no catalogue can translate them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

_TWO_WORDS = re.compile(r"[A-Za-z'’]{2,}[,;:]? +[a-z]{2,}|[a-z'’]{2,}[,;:]? +{")
# Commands that people copy, and queries: OData and KQL.
_CODE = re.compile(
    r"(?:az|kubectl|curl|terraform) |--[a-z]|resources \| |\w+ \| where |"
    r".*\w (?:eq|ge|gt|lt) [@']|(?:total|average) desc$"
)
_TEXTS = {"Text", "plural", "arranged"}
# What these say is for developers, or for the owner of the app, in the log.
_ERRORS = {"ValueError", "TypeError", "KeyError", "LookupError", "AssertionError", "RuntimeError"}
_FOR_DEVELOPERS = _ERRORS | {"MisconfiguredError"}
_LOGGED = {"debug", "info", "warning", "error", "exception"}
# Lines of the audit trail are in English.
_RECORDS = {"audit", "AuditLine", "now_is"}
# No words of a language.
_PATTERNS = {"compile", "TypeVar", "cast"}


def sentences(code: str) -> Iterator[tuple[int, str]]:
    """Line and text of each string or f-string of two or more words that isn't a ``Text``."""
    yield from _in(ast.parse(code))


def _in(node: ast.AST) -> Iterator[tuple[int, str]]:
    match node:
        case ast.Expr(value=ast.Constant(value=str())) | ast.Assert():  # a docstring, or for developers
            return
        case ast.Call() if _name(node.func) in _FOR_DEVELOPERS | _RECORDS | _PATTERNS or _is_log(node.func):
            return
        case ast.Call() if _name(node.func) == "audit":  # a record, in one language
            return
        case ast.Call() if _name(node.func) == "CheckBuilder":  # Azure's names of calls, fields and documents
            return
        case ast.Call() if _name(node.func) == "Field":  # the description of a setting, for the documents
            parts: list[ast.AST] = [word.value for word in node.keywords if word.arg != "description"]
        case ast.Call() if _name(node.func) in _TEXTS:
            msgids = [] if _name(node.func) == "arranged" else node.args
            yield from ((node.lineno, "a msgid that is no literal") for msgid in msgids if not _is_literal(msgid))
            parts = [word.value for word in node.keywords]
        case ast.Constant(value=str() as text) | ast.JoinedStr(values=[ast.Constant(value=str() as text), *_]) if (
            _CODE.match(text)
        ):
            return
        case ast.Constant(value=str() as text):
            if _TWO_WORDS.search(text):
                yield node.lineno, text
            return
        case ast.JoinedStr():
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
            if _TWO_WORDS.search(text):
                yield node.lineno, text
            parts = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
        case ast.AnnAssign():
            parts = [node.value] if node.value and _name(node.annotation) != "TypeAlias" else []
        case ast.arg():
            return
        case ast.ClassDef(bases=[ast.Name(id="StrEnum" | "IntEnum" | "Enum"), *_]):  # codes that are stored
            return
        case ast.FunctionDef():
            parts = [*node.decorator_list, node.args, *node.body]
        case _:
            parts = list(ast.iter_child_nodes(node))
    for part in parts:
        yield from _in(part)


def _name(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _is_log(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in _LOGGED and _name(node.value) == "log"


def _is_literal(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant)
