"""The part of the Kusto query language that is served: where, project, order by, limit, count, summarize.

`[Table |] where <condition> | project a, b = properties.x | order by a desc | limit 10`.
Conditions: == != =~ !~ < > <= >= in in~ contains startswith endswith has (and their ! forms), isempty,
isnotempty, and, or, not, parentheses; times by ago(30m), now() and datetime(...). Of summarize only
`arg_max(x, *) by a, b` and `count() by a, b`. Everything else is refused with its place in the query.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ..clock import ticks_text
from .kqltokens import TokenReader
from .kqlvalues import COMPARISONS, CONVERSIONS, NEGATED, Row, Value, parse_timespan, text_of, walk

Step = Callable[[list[Row]], list[Row]]


@dataclass(frozen=True)
class Query:
    """A parsed query: its table (in lower case), steps to apply to the rows, and its output columns, if the query
    names them."""

    table: str
    steps: tuple[Step, ...]
    projects: tuple[str, ...] | None = None

    def run(self, rows: Sequence[Row]) -> list[Row]:
        result = list(rows)
        for step in self.steps:
            result = step(result)
        return result


def parse(text: str, now: datetime) -> Query:
    """Parse a query that is run at `now`; QueryError when it is wrong or asks for more than is served."""
    return _Parser(text, now).query()


class _Parser(TokenReader):
    def __init__(self, text: str, now: datetime) -> None:
        super().__init__(text)
        self._now = now
        self._projects: tuple[str, ...] | None = None

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
        return Query(table, tuple(steps), self._projects)

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
            self._projects = ("Count",)
            return lambda rows: [{"Count": len(rows)}]
        if name == "summarize":
            return self._summarize()
        most = int(float(self._token("a number", "number").text))
        return lambda rows: rows[:most]

    def _project(self) -> Step:
        columns = self._listed(self._projected)
        self._projects = tuple(name for name, _ in columns)
        return lambda rows: [{name: value(row) for name, value in columns} for row in rows]

    def _projected(self) -> tuple[str, Value]:
        start, token = self._next, self._peek()
        self._next += 1
        if token is not None and token.kind == "name" and self._take("="):
            return token.text, self._value()
        self._next = start
        value = self._value()
        return "_".join(each.text for each in self._tokens[start : self._next] if each.kind == "name"), value

    def _summarize(self) -> Step:
        function = self._take("arg_max", "count")
        if function is None:
            raise self._error("arg_max(x, *) or count() is expected; other aggregations aren't served")
        self._expect("(")
        newest: Value = lambda _row: None  # noqa: E731
        if function == "arg_max":
            newest = self._value()
            self._expect(",")
            self._expect("*")
        self._expect(")")
        by = self._listed(lambda: self._token("a column name", "name").text) if self._take("by") else []

        def summarize(rows: list[Row]) -> list[Row]:
            groups: dict[tuple[str, ...], list[Row]] = {}
            for row in rows:
                groups.setdefault(tuple(text_of(row.get(name)) for name in by), []).append(row)
            if function == "arg_max":
                return [max(group, key=lambda row: text_of(newest(row))) for group in groups.values()]
            return [dict(zip(by, key, strict=True)) | {"count_": len(group)} for key, group in groups.items()]

        if function == "count":
            self._projects = (*by, "count_")
        return summarize

    def _order(self) -> Step:
        keys = self._listed(lambda: (self._value(), self._take("asc", "desc") != "asc"))

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
            inner = self._bracketed(self._or)
            return lambda row: not inner(row)
        token = self._peek()
        if token is not None and token.text == "(":
            return self._bracketed(self._or)
        if name := self._take("isempty", "isnotempty", "isnull", "isnotnull"):
            value = self._bracketed(self._value)
            filled = name in ("isnotempty", "isnotnull")
            return lambda row: (value(row) not in (None, "", {}, [])) is filled
        return self._comparison()

    def _comparison(self) -> Value:
        left = self._value()
        if operator := self._take("in", "in~", "!in", "!in~"):
            options = self._bracketed(lambda: self._listed(self._value))
            compare = COMPARISONS["=~" if operator.endswith("~") else "=="]
            wanted = not operator.startswith("!")
            return lambda row: any(compare(left(row), option(row)) for option in options) is wanted
        operator = self._take(*COMPARISONS, *NEGATED)
        if operator is None:
            raise self._error("a comparison is expected")
        right = self._value()
        compare = COMPARISONS[NEGATED.get(operator, operator)]
        wanted = operator not in NEGATED
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
        if token.kind != "name" or token.text.lower() in ("by", "and", "or"):
            self._next -= 1
            raise self._error("a value is expected")
        if token.text.lower() in ("ago", "now", "datetime") and self._take("("):
            return self._time(token.text.lower())
        if token.text.lower() in ("true", "false"):
            return lambda _row: token.text.lower() == "true"
        if token.text.lower() in CONVERSIONS and self._take("("):
            inner, convert = self._value(), CONVERSIONS[token.text.lower()]
            self._expect(")")
            return lambda row: convert(inner(row))
        return self._column(token.text)

    def _time(self, function: str) -> Value:
        """ago(30m), now() or datetime(2026-01-01T10:00): a time, as text."""
        end = self._next
        while end < len(self._tokens) and self._tokens[end].text != ")":
            end += 1
        if end == len(self._tokens):
            raise self._error("')' is expected")
        inside = self._text[self._tokens[self._next - 1].position + 1 : self._tokens[end].position].strip()
        try:
            if function == "datetime":
                moment = datetime.fromisoformat(inside.strip("'\""))
                moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            else:
                moment = self._now - parse_timespan(inside) if function == "ago" else self._now
        except ValueError as error:
            raise self._error(str(error)) from error
        self._next = end + 1
        return lambda _row: ticks_text(moment)

    def _column(self, first: str) -> Value:
        path: list[str | int] = [first]
        while True:
            if self._take("."):
                path.append(self._token("a property name", "name").text)
            elif self._take("["):
                token = self._token("a property name or index", "string", "number")
                path.append(int(token.text) if token.kind == "number" else token.text[1:-1])
                self._expect("]")
            else:
                return lambda row: walk(row, path)


_OPERATORS = ("where", "project", "order", "sort", "limit", "take", "count", "summarize")
