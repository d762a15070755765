"""The part of the Kusto query language that is served: where, project, order by, limit, count.

`[resources |] where <condition> | project a, b = properties.x | order by a desc | limit 10`.
Conditions: == != =~ !~ in in~ contains startswith endswith has (and their ! forms), isempty,
isnotempty, and, or, not, parentheses. Everything else is refused with its place in the query.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]
Value = Callable[[Row], Any]
Step = Callable[[list[Row]], list[Row]]


class QueryError(ValueError):
    """The query can't be run. `line` and `column` (from 1 and 0) say where, `token` what stands there."""

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
    r"|(?P<operator>==|!=|=~|!~|<=|>=|[<>=|,().\[\]])|(?P<name>!?[A-Za-z_$][\w\-$]*~?)"
)


@dataclass(frozen=True)
class Query:
    """A parsed query: its table, and steps to apply to the rows."""

    table: str
    steps: tuple[Step, ...]

    def run(self, rows: Sequence[Row]) -> list[Row]:
        result = list(rows)
        for step in self.steps:
            result = step(result)
        return result


def text_of(value: Any) -> str:
    """A value as Kusto compares it with a string."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: a == b if type(a) is type(b) else text_of(a) == text_of(b),
    "=~": lambda a, b: text_of(a).lower() == text_of(b).lower(),
    "contains": lambda a, b: text_of(b).lower() in text_of(a).lower(),
    "startswith": lambda a, b: text_of(a).lower().startswith(text_of(b).lower()),
    "endswith": lambda a, b: text_of(a).lower().endswith(text_of(b).lower()),
    "has": lambda a, b: text_of(b).lower() in re.split(r"[^0-9a-z]+", text_of(a).lower()),
    "<": lambda a, b: a is not None and a < b,
    ">": lambda a, b: a is not None and a > b,
    "<=": lambda a, b: a is not None and a <= b,
    ">=": lambda a, b: a is not None and a >= b,
}
_NEGATED = {
    "!=": "==",
    "!~": "=~",
    "!contains": "contains",
    "!startswith": "startswith",
    "!endswith": "endswith",
    "!has": "has",
}
_CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "tolower": lambda v: text_of(v).lower(),
    "toupper": lambda v: text_of(v).upper(),
    "tostring": text_of,
}


def parse(text: str) -> Query:
    """Parse a query; QueryError when it is wrong or asks for more than is served."""
    return _Parser(text).query()


class _Parser:
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

    def query(self) -> Query:
        table = "resources"
        token = self._peek()
        if token is not None and token.kind == "name" and token.text.lower() not in _OPERATORS:
            table = token.text.lower()
            self._next += 1
            if self._peek() is None:
                return Query(table, ())
            self._expect("|")
        steps = [self._step()]
        while self._take("|"):
            steps.append(self._step())
        if self._peek() is not None:
            raise self._error("the end of the query or '|' is expected")
        return Query(table, tuple(steps))

    def _step(self) -> Step:
        name = self._take(*_OPERATORS)
        if name is None:
            raise self._error(f"one of {', '.join(_OPERATORS)} is expected; other operators aren't served")
        if name == "where":
            condition = self._or()
            return lambda rows: [row for row in rows if condition(row)]
        if name == "project":
            return self._project()
        if name in ("order", "sort"):
            self._expect("by")
            return self._order()
        if name == "count":
            return lambda rows: [{"Count": len(rows)}]
        number = self._peek()
        if number is None or number.kind != "number":
            raise self._error("a number is expected")
        self._next += 1
        most = int(float(number.text))
        return lambda rows: rows[:most]

    def _project(self) -> Step:
        columns: list[tuple[str, Value]] = []
        while True:
            start = self._next
            token = self._peek()
            self._next += 1
            if token is not None and token.kind == "name" and self._take("="):
                columns.append((token.text, self._value()))
            else:
                self._next = start
                value = self._value()
                taken = self._tokens[start : self._next]
                columns.append(("_".join(t.text for t in taken if t.kind == "name"), value))
            if not self._take(","):
                return lambda rows: [{name: value(row) for name, value in columns} for row in rows]

    def _order(self) -> Step:
        keys: list[tuple[Value, bool]] = []
        while True:
            value = self._value()
            keys.append((value, self._take("asc", "desc") != "asc"))
            if not self._take(","):
                break

        def sort(rows: list[Row]) -> list[Row]:
            for value, descending in reversed(keys):
                rows = sorted(rows, key=lambda row, v=value: text_of(v(row)), reverse=descending)  # type: ignore[misc]
            return rows

        return sort

    def _or(self) -> Value:
        left = self._and()
        while self._take("or"):
            left = (lambda a, b: lambda row: a(row) or b(row))(left, self._and())
        return left

    def _and(self) -> Value:
        left = self._not()
        while self._take("and"):
            left = (lambda a, b: lambda row: a(row) and b(row))(left, self._not())
        return left

    def _not(self) -> Value:
        if self._take("not"):
            self._expect("(")
            inner = self._or()
            self._expect(")")
            return lambda row: not inner(row)
        if self._take("("):
            inner = self._or()
            self._expect(")")
            return inner
        if name := self._take("isempty", "isnotempty", "isnull", "isnotnull"):
            self._expect("(")
            value = self._value()
            self._expect(")")
            filled = name in ("isnotempty", "isnotnull")
            return lambda row: (value(row) not in (None, "", {}, [])) is filled
        return self._comparison()

    def _comparison(self) -> Value:
        left = self._value()
        if operator := self._take("in", "in~", "!in", "!in~"):
            self._expect("(")
            options = [self._value()]
            while self._take(","):
                options.append(self._value())
            self._expect(")")
            compare = _COMPARISONS["=~" if operator.endswith("~") else "=="]
            wanted = not operator.startswith("!")
            return lambda row: any(compare(left(row), option(row)) for option in options) is wanted
        operator = self._take(*_COMPARISONS, *_NEGATED)
        if operator is None:
            raise self._error("a comparison is expected")
        right = self._value()
        compare = _COMPARISONS[_NEGATED.get(operator, operator)]
        wanted = operator not in _NEGATED
        return lambda row: compare(left(row), right(row)) is wanted

    def _value(self) -> Value:
        token = self._peek()
        if token is None:
            raise self._error("a value is expected")
        self._next += 1
        if token.kind == "string":
            literal = re.sub(r"\\(.)", r"\1", token.text[1:-1])
            return lambda _row: literal
        if token.kind == "number":
            number = float(token.text) if "." in token.text else int(token.text)
            return lambda _row: number
        if token.kind != "name" or token.text.lower() in ("where", "project", "order", "by", "and", "or"):
            self._next -= 1
            raise self._error("a value is expected")
        if token.text.lower() in ("true", "false"):
            return lambda _row: token.text.lower() == "true"
        if token.text.lower() in _CONVERSIONS and self._take("("):
            inner, convert = self._value(), _CONVERSIONS[token.text.lower()]
            self._expect(")")
            return lambda row: convert(inner(row))
        return self._column(token.text)

    def _column(self, first: str) -> Value:
        path: list[str | int] = [first]
        while True:
            if self._take("."):
                token = self._peek()
                if token is None or token.kind != "name":
                    raise self._error("a property name is expected")
                path.append(token.text)
                self._next += 1
            elif self._take("["):
                token = self._peek()
                if token is None or token.kind not in ("string", "number"):
                    raise self._error("a property name or index is expected")
                path.append(int(token.text) if token.kind == "number" else token.text[1:-1])
                self._next += 1
                self._expect("]")
            else:
                return lambda row: _walk(row, path)


def _walk(row: Row, path: Sequence[str | int]) -> Any:
    value: Any = row
    for step in path:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and step < len(value) else None
        elif isinstance(value, Mapping):
            value = value.get(step)
        else:
            return None
    return value


_OPERATORS = ("where", "project", "order", "sort", "limit", "take", "count")
