"""Which rows of a result are wanted, and in which order: DuckDB finds them in one pass.

What a user gives is a name of a column, which becomes its number, an operator, which is looked up,
and a value, which is bound: none of it is ever SQL.
"""

import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from core.errors import InvalidInput
from core.runtimes.base import ERROR_COLUMN
from core.services.job_files import Rows
from core.services.job_results import ROW, Result

MISSING, PRESENT = "is missing", "is present"
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "enable_external_access": "false",
    "memory_limit": "512MB",
    "threads": "2",
}
_COMPARING = {"=": "=", "!=": "IS DISTINCT FROM", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_NUMBER_TESTS = {name: f"{{cell}} {sql} {{value}}" for name, sql in _COMPARING.items()}
_TEXT_TESTS = {**_NUMBER_TESTS, "contains": "contains(lower({cell}), lower({value}))"}
_PRESENCE = {MISSING: "{cell} IS NULL", PRESENT: "{cell} IS NOT NULL"}
_LONGEST_WHOLE = 19
_MOST_REMEMBERED = 16_000_000
OPERATORS = (*_TEXT_TESTS, *_PRESENCE)


@dataclass(frozen=True, slots=True)
class Condition:
    """What the cells of a column must be; `operator` is one of `OPERATORS`."""

    column: str
    operator: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """Which rows are wanted: those that fulfil all conditions, by `sort` or as they were uploaded.

    `only_rejects` leaves out the rows that were scored. Rows whose cell is missing come last.
    """

    conditions: tuple[Condition, ...] = ()
    only_rejects: bool = False
    sort: str | None = None
    descending: bool = False

    @property
    def is_everything(self) -> bool:
        """Return whether all rows are wanted in the order of the upload."""
        return not self.conditions and not self.only_rejects and self.sort is None


EVERYTHING = Query()


def find_rows(result: Result, query: Query) -> Rows:
    """Return the positions of the rows that are wanted, in their order.

    Raises InvalidInput for a column or an operator that does not exist, and a value of a wrong
    type.
    """
    if query.is_everything:
        return range(result.total)
    named = [condition.column for condition in query.conditions]
    named += [ERROR_COLUMN] if query.only_rejects else []
    named += [query.sort] if query.sort is not None else []
    columns = list(dict.fromkeys(named))
    cells = _cells(result, columns)
    tests, values = _tests(query, cells)
    where = f"WHERE {' AND '.join(tests)}" if tests else ""
    # Every word of it is from this file.
    sql = f"SELECT {ROW} FROM scan {where} ORDER BY {_order(query, cells)}"  # noqa: S608
    with scanning(result, columns) as connection:
        found = connection.execute(sql, values).fetchnumpy()[ROW]
    return np.asarray(found, dtype=np.uint32)


def scanning(result: Result, columns: list[str]) -> duckdb.DuckDBPyConnection:
    """Return a connection that may read `scan` once, see `Result.scan`, and nothing else."""
    connection = duckdb.connect(config=_CONFIG)
    connection.register("scan", result.scan(columns))
    connection.execute("SET lock_configuration = true")
    return connection


@dataclass(frozen=True, slots=True)
class Cell:
    """How SQL speaks of the cells of a column; `kind` is number, text or list."""

    sql: str
    kind: str
    type: pa.DataType


def cell(result: Result, schema: pa.Schema, name: str, place: int) -> Cell:
    """Return how SQL speaks of the column that a scan has at a place.

    What is not a number is missing, as it is on the pages and in JSON.
    """
    column, type_ = f"c{place}", schema.field(name).type
    if pa.types.is_floating(type_):
        bits = "FLOAT" if pa.types.is_float32(type_) else "DOUBLE"
        return Cell(f"nullif({column}, 'nan'::{bits})", "number", type_)
    if pa.types.is_integer(type_):
        return Cell(column, "number", type_)
    if pa.types.is_nested(type_):
        return Cell(column, "list", type_)
    if name in result.coded:
        return Cell(f"json_extract_string({column}, '$')", "text", type_)
    return Cell(f"CAST({column} AS VARCHAR)", "text", type_)


def _cells(result: Result, columns: list[str]) -> dict[str, Cell]:
    schema = result.schema
    for name in columns:
        if name not in schema.names:
            raise InvalidInput(f'The result has no column "{name[:60]}".')
    return {name: cell(result, schema, name, place) for place, name in enumerate(columns)}


def _tests(query: Query, cells: dict[str, Cell]) -> tuple[list[str], list[object]]:
    tests, values = [], []
    for condition in query.conditions:
        test, bound = _test(condition, cells[condition.column])
        tests.append(test)
        values += bound
    if query.only_rejects:
        tests.append(_PRESENCE[PRESENT].format(cell=cells[ERROR_COLUMN].sql))
    return tests, values


def _test(condition: Condition, cell: Cell) -> tuple[str, list[object]]:
    allowed = {**_KINDS[cell.kind][0], **_PRESENCE}
    if condition.operator not in allowed:
        raise InvalidInput(
            f'{condition.column} cannot be filtered by "{condition.operator[:20]}"; '
            f"it can by {', '.join(allowed)}."
        )
    pattern = allowed[condition.operator]
    if condition.operator in _PRESENCE:
        return pattern.format(cell=cell.sql), []
    sql, value, bound = _KINDS[cell.kind][1](condition, cell)
    return pattern.format(cell=sql, value=value), [bound]


def _number(condition: Condition, cell: Cell) -> tuple[str, str, object]:
    """Compare at the precision of the column: 0.1 in 32 bits is another number than in 64."""
    number = read_number(condition.value)
    if number is None:
        raise InvalidInput(f'{condition.column} holds numbers; "{condition.value[:40]}" is none.')
    bits = "FLOAT" if pa.types.is_float32(cell.type) else "DOUBLE"
    return cell.sql, f"?::{bits}" if isinstance(number, float) else "?::BIGINT", number


def _text(condition: Condition, cell: Cell) -> tuple[str, str, object]:
    """Compare texts; more or less than a number compares those of them that are numbers."""
    number = read_number(condition.value) if condition.operator[0] in "<>" else None
    if number is None:
        return cell.sql, "?", condition.value
    return f"TRY_CAST({cell.sql} AS DOUBLE)", "?::DOUBLE", float(number)


def _list(condition: Condition, cell: Cell) -> tuple[str, str, object]:
    raise AssertionError(condition, cell)


_KINDS: dict[str, tuple[dict[str, str], Callable[[Condition, Cell], tuple[str, str, object]]]] = {
    "number": (_NUMBER_TESTS, _number),
    "text": (_TEXT_TESTS, _text),
    "list": ({}, _list),
}


def read_number(text: str) -> int | float | None:
    """Return the number that a text is, or None; whole numbers stay whole."""
    try:
        short = len(text) < _LONGEST_WHOLE and text.strip().lstrip("+-").isdecimal()
        return int(text) if short else _finite(float(text))
    except ValueError:
        return None


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _order(query: Query, cells: dict[str, Cell]) -> str:
    if query.sort is None:
        return ROW
    cell = cells[query.sort]
    if cell.kind == "list":
        raise InvalidInput(
            f"{query.sort} holds lists, which have no order; sort by another column."
        )
    direction = "DESC" if query.descending else "ASC"
    keys = [cell.sql] if cell.kind == "number" else [f"TRY_CAST({cell.sql} AS DOUBLE)", cell.sql]
    return ", ".join([*(f"{key} {direction} NULLS LAST" for key in keys), ROW])


class FoundRows:
    """Remembers what the last queries found, for a result never changes: four bytes a row.

    Paging through millions of sorted rows then sorts them once.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: OrderedDict[tuple[str, Query], Rows] = OrderedDict()

    def rows(self, task_id: str, result: Result, query: Query) -> Rows:
        """Return what `find_rows` returns."""
        key = (task_id, query)
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key]
        found = find_rows(result, query)
        if not isinstance(found, range):
            self._remember(key, found)
        return found

    def _remember(self, key: tuple[str, Query], found: Rows) -> None:
        with self._lock:
            self._found[key] = found
            while sum(map(len, self._found.values())) > _MOST_REMEMBERED:
                self._found.popitem(last=False)
