"""Taking a Kusto query apart into tokens, and reading them one by one."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


class QueryError(ValueError):
    """The query can't be run. `line` (from 1) and `column` (from 0) give the place, `token` the text there."""

    def __init__(self, message: str, line: int, column: int, token: str) -> None:
        super().__init__(message)
        self.line, self.column, self.token = line, column, token


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    position: int


_TOKENS = re.compile(
    r"(?P<space>\s+|//[^\n]*)|(?P<string>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")|(?P<number>\d+(?:\.\d+)?)"
    r"|(?P<operator>==|!=|=~|!~|<=|>=|[<>=|,().*:\[\]-])|(?P<name>!?[A-Za-z_$][\w\-$]*~?)"
)


class TokenReader:
    """A query's tokens and the current position; errors give its place in the text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._tokenize()
        self._next = 0

    def _tokenize(self) -> list[Token]:
        tokens, position = [], 0
        while position < len(self._text):
            match = _TOKENS.match(self._text, position)
            if match is None:
                raise self._error_at(position, self._text[position], "unexpected character")
            if match.lastgroup != "space":
                tokens.append(Token(str(match.lastgroup), match.group(), position))
            position = match.end()
        return tokens

    def _error_at(self, position: int, token: str, message: str) -> QueryError:
        line = self._text.count("\n", 0, position) + 1
        column = position - (self._text.rfind("\n", 0, position) + 1)
        return QueryError(message, line, column, token)

    def _error(self, message: str) -> QueryError:
        token = self._peek()
        position = token.position if token else len(self._text)
        return self._error_at(position, token.text if token else "<EOF>", message)

    def _peek(self) -> Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _take(self, *texts: str) -> str | None:
        token = self._peek()
        if token is not None and token.kind != "string" and token.text.lower() in texts:
            self._next += 1
            return token.text.lower()
        return None

    def _expect(self, text: str) -> None:
        if self._take(text) is None:
            raise self._error(f"'{text}' is expected")

    def _token(self, what: str, *kinds: str) -> Token:
        """The next token, which must be of one of the kinds."""
        token = self._peek()
        if token is None or token.kind not in kinds:
            raise self._error(f"{what} is expected")
        self._next += 1
        return token

    def _listed(self, read: Callable[[], T]) -> list[T]:
        """Things with commas between them."""
        found = [read()]
        while self._take(","):
            found.append(read())
        return found

    def _bracketed(self, read: Callable[[], T]) -> T:
        self._expect("(")
        found = read()
        self._expect(")")
        return found
