"""Reads a step's query as DuckDB's parser does, and takes what makes one row of each row alone.

Whatever is not known here is refused: kinds of statements, of expressions, functions, types. So
nothing looks at another row, at the clock or beyond the table, however DuckDB grows.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from core.errors import Problem
from core.preparation.functions import ALLOWED, TEXTS, VALUES, why_not
from core.preparation.growth import NUMBER, ROW, Bound, TooLongError, largest, text_bound
from core.preparation.rules import (
    ALONE,
    CLASSES,
    CLAUSES,
    CTE_KEYS,
    EVERYWHERE,
    EXPRESSION_KEYS,
    MODIFIERS,
    NODES,
    OPERATORS,
    SELECT_KEYS,
    SOURCES,
    STANDARD,
    STAR_KEYS,
    SUBQUERY_KEYS,
    TABLE,
    TABLE_KEYS,
    TEXT_TYPES,
    TYPES,
)
from core.preparation.syntax import Node, problem_at, refused, statement_of

_DEEPEST = 60
_MOST_PARTS = 5_000


@dataclass(slots=True)
class Reading:
    """What a query reads of its table: columns by name, and whether all of them by a star.

    `makes` are the names that its columns get anywhere, in small letters.
    """

    reads: dict[str, None] = field(default_factory=dict)
    star: bool = False
    makes: set[str] = field(default_factory=set)


def read_query(sql: str) -> Reading:
    """Return what a query reads; raises InvalidInput that names each thing wrong and its place."""
    statement = statement_of(sql)
    walk = _Walk(sql)
    walk.query(statement["node"], 0)
    if walk.problems:
        raise refused(walk.problems)
    return walk.reading


@dataclass(slots=True)
class _Scope:
    """The columns of one SELECT: whether it reads the table itself, and what it made so far.

    No text of what it reads is longer than `before`.
    """

    from_input: bool
    before: Bound
    made: set[str] = field(default_factory=set)


class _Walk:
    """One walk through a query that was read; gathers what is wrong, and what it reads."""

    def __init__(self, sql: str) -> None:
        self.problems: list[Problem] = []
        self.reading = Reading()
        self._sql = sql
        self._longest = ROW
        self._parts = 0

    def query(self, node: Node, depth: int, known: frozenset[str] = frozenset()) -> None:
        """Walk through one SELECT; `known` are the names of the WITH queries around it."""
        if node["type"] != "SELECT_NODE":
            self._refuse(node, NODES.get(node["type"], ALONE))
            return
        if self._too_much(node, depth):
            return
        for entry in node.get("cte_map", {}).get("map", ()):
            self._unknown(entry["value"], CTE_KEYS)
            self.query(entry["value"]["query_node"], depth + 1, known)
            known |= {entry["key"].casefold()}
        for name, sentence in CLAUSES.items():
            if node.get(name):
                self._refuse(node[name], sentence)
        for modifier in node.get("modifiers", ()):
            self._refuse(modifier, MODIFIERS.get(modifier["type"], ALONE))
        self._unknown(node, SELECT_KEYS)
        if node.get("aggregate_handling", STANDARD) != STANDARD:
            self._refuse(node, CLAUSES["group_expressions"])
        from_input = self._source(node.get("from_table", {"type": "EMPTY"}), depth, known)
        self._columns(node.get("select_list", ()), depth, from_input=from_input)

    def _source(self, source: Node, depth: int, known: frozenset[str]) -> bool:
        """Walk through what a SELECT reads; return whether it is the table itself."""
        kind = source["type"]
        if kind == "SUBQUERY":
            self._unknown(source, SUBQUERY_KEYS)
            self.query(source["subquery"]["node"], depth + 1, known)
            return False
        if kind != "BASE_TABLE":
            self._refuse(source, SOURCES.get(kind, SOURCES["SHOW_REF"]))
            return False
        self._unknown(source, TABLE_KEYS)
        if source.get("sample"):
            self._refuse(source, CLAUSES["sample"])
        [*before, name] = source.get("qualified_name", {}).get("path", [""])
        if not before and name.casefold() in known:
            return False
        if before or name.casefold() != TABLE:
            shown = ".".join([*before, name])
            self._refuse(
                source, f"There is no table {shown}; a step reads the table {TABLE} alone."
            )
        return True

    def _columns(self, columns: Sequence[Node], depth: int, *, from_input: bool) -> None:
        scope = _Scope(from_input, ROW if from_input else self._longest)
        for column in columns:
            if column.get("class") == "STAR":
                self._star(column, depth, scope)
                continue
            bound = self._expression(column, depth + 1, scope)
            self._make(column.get("alias") or _name_of(column), bound, scope)

    def _star(self, star: Node, depth: int, scope: "_Scope") -> None:
        self._unknown(star, STAR_KEYS)
        if star.get("columns") or star.get("expr"):
            self._refuse(star, "COLUMNS(...) is not taken in a step; name the columns.")
        self.reading.star |= scope.from_input
        for entry in star.get("replace_list", ()):
            self._make(entry["key"], self._expression(entry["value"], depth + 1, scope), scope)
        for entry in star.get("rename_list", ()):
            self._read(_name_of(entry["key"]), scope)
            self._make(entry["value"], scope.before, scope)
        for entry in star.get("exclude_list", ()):
            self._read(_name_of(entry), scope)

    def _make(self, name: str, bound: Bound, scope: "_Scope") -> None:
        scope.made.add(name.casefold())
        self.reading.makes.add(name.casefold())
        self._longest = largest([bound, self._longest])

    def _read(self, name: str, scope: "_Scope") -> Bound:
        """Take note of a column; return its bound. An alias of the same SELECT may be read, too."""
        if name.casefold() in scope.made:
            return self._longest
        if scope.from_input:
            self.reading.reads[name] = None
        return scope.before

    def _expression(self, node: Node, depth: int, scope: "_Scope") -> Bound:
        """Walk through an expression; return how long a text it gives can be."""
        kind = node.get("class", "")
        if self._too_much(node, depth):
            return NUMBER
        if kind not in EXPRESSION_KEYS:
            sentence = CLASSES.get(kind, f"{kind or 'This'} is not taken in a step.")
            if kind == "STAR":
                sentence = "A star stands for columns of its own; it cannot be part of a value."
            self._refuse(node, sentence)
            return NUMBER
        self._unknown(node, EXPRESSION_KEYS[kind])
        if kind == "COLUMN_REF":
            return self._column(node, scope)
        if kind == "CONSTANT":
            return Bound(0, len(_literal(node) or ""))
        bounds = [self._expression(child, depth + 1, scope) for child in _children(node)]
        return self._result(node, kind, bounds)

    def _column(self, node: Node, scope: "_Scope") -> Bound:
        [*table, name] = node["column_names"]
        if not table and name.casefold() in VALUES:
            sentence = f"{why_not(name.casefold())} A field of that name is {TABLE}.{name}."
            self._refuse(node, sentence)
        return self._read(name, scope)

    def _result(self, node: Node, kind: str, bounds: Sequence[Bound]) -> Bound:
        if kind == "FUNCTION":
            return self._call(node, bounds)
        if kind == "CAST":
            return self._cast(node, bounds[0])
        if kind == "CASE":
            return largest(bounds)
        if kind == "OPERATOR":
            if node["type"] not in OPERATORS:
                self._refuse(node, f"{node['type']} is not taken in a step.")
            return largest(bounds)
        return NUMBER

    def _call(self, node: Node, bounds: Sequence[Bound]) -> Bound:
        path = node.get("qualified_name", {}).get("path") or [node.get("function_name", "")]
        name = path[-1].casefold()
        if len(path) > 1:
            self._refuse(node, f"Write {name}(x) and not x.{name}().")
        elif name not in ALLOWED:
            self._refuse(node, f"{why_not(name)}{_nearest(name)}")
        elif node.get("distinct") or node.get("filter") or node.get("order_bys", {}).get("orders"):
            self._refuse(node, f"{name} takes neither DISTINCT nor FILTER nor ORDER BY here.")
        elif name in TEXTS:
            try:
                return text_bound(name, bounds, [_literal(each) for each in _children(node)])
            except TooLongError as error:
                self._refuse(node, str(error))
        return NUMBER

    def _cast(self, node: Node, bound: Bound) -> Bound:
        wanted = node.get("type_expr", {})
        path = wanted.get("qualified_name", {}).get("path") or [wanted.get("type_name", "")]
        name = path[-1].casefold()
        sized = all(child.get("class") == "CONSTANT" for child in wanted.get("children", ()))
        if len(path) > 1 or name not in TYPES or not sized:
            self._refuse(
                node,
                f"A step does not cast to {path[-1][:40]}; it may cast to BOOLEAN, whole numbers, "
                "DOUBLE, DECIMAL, VARCHAR, DATE, TIME and TIMESTAMP.",
            )
        return largest([bound, NUMBER]) if name in TEXT_TYPES else NUMBER

    def _too_much(self, node: Node, depth: int) -> bool:
        self._parts += 1
        if depth <= _DEEPEST and self._parts <= _MOST_PARTS:
            return False
        if self._parts <= _MOST_PARTS or not self.problems:
            self._refuse(
                node,
                f"The query is nested more than {_DEEPEST} deep or has more than {_MOST_PARTS:,} "
                "parts; make it simpler, perhaps with WITH.",
            )
        return True

    def _unknown(self, node: Node, keys: frozenset[str]) -> None:
        for key in node.keys() - keys - EVERYWHERE:
            if node[key] not in (None, False, [], {}, ""):
                self._refuse(node, f"The query has a part ({key}) that is not taken in a step.")

    def _refuse(self, node: object, sentence: str) -> None:
        self.problems.append(problem_at(self._sql, _place(node), sentence))


def _children(node: Node) -> Iterator[Node]:
    yield from node.get("children", ())
    yield from (each["expression"] for each in node.get("arguments", ()))
    for check in node.get("case_checks", ()):
        yield check["when_expr"]
        yield check["then_expr"]
    for name in ("else_expr", "child", "left", "right", "input", "lower", "upper"):
        if node.get(name):
            yield node[name]


def _literal(node: Node) -> str | None:
    if node.get("class") != "CONSTANT":
        return None
    return str(node.get("literal", {}).get("text", ""))


def _name_of(entry: object) -> str:
    """Return the column that a part names, which DuckDB's parser writes in three ways."""
    if not isinstance(entry, Mapping):
        return str(entry)
    return str(entry.get("column") or (entry.get("column_names") or [""])[-1])


def _place(node: object) -> int | None:
    """Return the first place in the query that a part of it names."""
    if isinstance(node, Mapping):
        if isinstance(node.get("query_location"), int):
            return int(node["query_location"])
        node = list(node.values())
    if not isinstance(node, list):
        return None
    places = [place for each in node if (place := _place(each)) is not None]
    return min(places, default=None)


def _nearest(name: str) -> str:
    near = difflib.get_close_matches(name, ALLOWED, n=1, cutoff=0.8)
    return f" Did you mean {near[0]}?" if near else ""
