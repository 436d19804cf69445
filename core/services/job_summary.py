"""What a result comes to: classes and scores counted, errors by their reason, all by DuckDB."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
from duckdb import DuckDBPyConnection

from core.runtimes.base import ERROR_COLUMN
from core.services.job_queries import cell, scanning
from core.services.job_results import ROW, Result

_MOST_CLASSES = 20
_MOST_REASONS = 12
_MOST_CHARTS = 12
_BINS = 30
_REASON = """regexp_replace(c0, '"[^"]*"', '"…"', 'g')"""


@dataclass(frozen=True, slots=True)
class Classes:
    """How many rows each value of an output has, most first, and `others` those that are left."""

    output: str
    counts: Sequence[tuple[str, int]]
    others: int


@dataclass(frozen=True, slots=True)
class Histogram:
    """How the values of an output spread: bins of the same width from `low` to `high`."""

    output: str
    low: float
    high: float
    counts: Sequence[int]


@dataclass(frozen=True, slots=True)
class Reason:
    """Rows that were not scored for one reason: how many, and what the first (from 1) says."""

    reason: str
    rows: int
    first_row: int
    example: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What a result comes to; `outputs` in the model's order, at most twelve."""

    rows: int
    failed: int
    outputs: Sequence[Classes | Histogram]
    errors: Sequence[Reason]


def summarise(result: Result) -> Summary:
    """Count what there is to count, each column in a pass of its own."""
    schema = result.schema
    counted = [_counted(result, schema, field.name) for field in result.info.outputs[:_MOST_CHARTS]]
    errors, failed = _errors(result)
    return Summary(result.total, failed, [each for each in counted if each is not None], errors)


def _counted(result: Result, schema: pa.Schema, name: str) -> Classes | Histogram | None:
    about = cell(result, schema, name, 0)
    if about.kind == "list":
        return None
    whole = pa.types.is_integer(about.type)
    if about.kind == "text" or (whole and _are_few(result, name)):
        return _classes(result, name, about.sql)
    return _histogram(result, name, about.sql)


def _are_few(result: Result, name: str) -> bool:
    """Return whether whole numbers are rather names of classes than amounts."""
    sql = "SELECT count(DISTINCT c0) FROM scan"
    with scanning(result, [name]) as connection:
        ((distinct,),) = connection.execute(sql).fetchall()
    return bool(distinct <= _MOST_CLASSES)


def _classes(result: Result, name: str, value: str) -> Classes:
    sql = (
        f"SELECT CAST({value} AS VARCHAR), count(*) FROM scan WHERE {value} IS NOT NULL "  # noqa: S608 - every word is from this file
        "GROUP BY 1 ORDER BY 2 DESC, 1"
    )
    with scanning(result, [name]) as connection:
        found = connection.execute(sql).fetchmany(_MOST_CLASSES)
        rest = _count_rest(connection)
    return Classes(name, found, rest)


def _histogram(result: Result, name: str, value: str) -> Histogram | None:
    finite = f"isfinite(CAST({value} AS DOUBLE))"
    bounds = f"SELECT min({value}), max({value}) FROM scan WHERE {finite}"  # noqa: S608
    with scanning(result, [name]) as connection:
        ((low, high),) = connection.execute(bounds).fetchall()
    if low is None:
        return None
    width = (high - low) / _BINS or 1.0
    bins = (
        f"SELECT least(floor((CAST({value} AS DOUBLE) - ?) / ?), ?)::INTEGER, count(*) "  # noqa: S608
        f"FROM scan WHERE {finite} GROUP BY 1"
    )
    with scanning(result, [name]) as connection:
        found = dict(connection.execute(bins, [low, width, _BINS - 1]).fetchall())
    return Histogram(name, float(low), float(high), [found.get(at, 0) for at in range(_BINS)])


def _errors(result: Result) -> tuple[list[Reason], int]:
    """Return the reasons, those of most rows first, and how many rows there are in all."""
    sql = (
        f"SELECT {_REASON} AS reason, count(*), min({ROW}) + 1, arg_min(c0, {ROW}) FROM scan "  # noqa: S608
        "WHERE c0 IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 3"
    )
    with scanning(result, [ERROR_COLUMN]) as connection:
        found = connection.execute(sql).fetchmany(_MOST_REASONS)
        rest = _count_rest(connection)
    reasons = [Reason(*row) for row in found]
    return reasons, sum(each.rows for each in reasons) + rest


def _count_rest(connection: DuckDBPyConnection) -> int:
    """Return the sum of the second column of the rows that were not fetched yet."""
    rest = 0
    while rows := connection.fetchmany(10_000):
        rest += sum(row[1] for row in rows)
    return rest
