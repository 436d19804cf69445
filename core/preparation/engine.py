"""Carries steps out: typed records in, the model's inputs out, row for row, on DuckDB."""

import functools
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.errors import InvalidInput, Overloaded, Problem
from core.preparation.connection import locked_connection
from core.preparation.rules import TABLE
from core.preparation.step import Preparation
from core.preparation.syntax import short, without_end
from core.records import without_rows
from core.schema import Schema

SECONDS = 10.0
_FEW = 64  # rows that are sooner fetched as Python's values than as Arrow's columns
_MOST_TEXT = 1 << 20  # bytes that go through a query at once, as far as whole rows allow
_LONGEST_ROW = 200_000  # bytes of one row's texts
_KEPT = 64  # queries that stay prepared
_LANES = 8  # connections that are kept for each
_TICK = 0.2

_INTEGERS = ["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"]
_KINDS: dict[str, tuple[str, pa.DataType]] = {
    **dict.fromkeys(_INTEGERS, ("BIGINT", pa.int64())),
    **dict.fromkeys(("UBIGINT", "HUGEINT", "FLOAT", "DOUBLE"), ("DOUBLE", pa.float64())),
    "VARCHAR": ("VARCHAR", pa.string()),
    "BOOLEAN": ("BOOLEAN", pa.bool_()),
    "DATE": ("DATE", pa.date32()),
    "TIME": ("TIME", pa.time64("us")),
    **dict.fromkeys(
        ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS"), ("TIMESTAMP", pa.timestamp("us"))
    ),
    '"NULL"': ("VARCHAR", pa.string()),
}


def kind_of(duckdb_type: str) -> tuple[str, pa.DataType] | None:
    """Return the type that a result's column is given as, in DuckDB's words and Arrow's."""
    return _KINDS["DOUBLE"] if duckdb_type.startswith("DECIMAL") else _KINDS.get(duckdb_type)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What came of a step: the columns that the model takes from it, and rows that failed."""

    columns: pa.RecordBatch
    problems: dict[int, tuple[Problem, ...]]


class _Table:
    """The table `input`: each scan of it reads the batch that is laid here."""

    def __init__(self, schema: pa.Schema) -> None:
        self.batch = pa.RecordBatch.from_pylist([], schema=schema)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        reader = pa.RecordBatchReader.from_batches(self.batch.schema, [self.batch])
        return reader.__arrow_c_stream__(requested_schema)


class Lane:
    """One connection with a step's table and query; one thread uses it at a time."""

    def __init__(self, preparation: Preparation) -> None:
        self.connection = locked_connection()
        try:
            self._table = _Table(preparation.table.arrow)
            self.connection.register(TABLE, self._table)
            sql = without_end(preparation.sql)
            self._sql = f"({sql}\n)"
            self.kinds = _kinds(self.connection, sql)
        except BaseException:
            self.connection.close()
            raise
        self._select = ""
        self._schema = pa.schema([])

    def choose(self, wanted: Schema) -> None:
        """Make ready to give these columns, in this order; they must be among the `kinds`."""
        known = {name.casefold(): kind for name, kind in self.kinds}
        chosen = [(field.name, kind_of(known[field.name.casefold()])) for field in wanted]
        columns = [(quoted(name), kind) for name, kind in chosen if kind is not None]
        texts = ", ".join(f"CAST({name} AS {kind[0]}) AS {name}" for name, kind in columns)
        self._schema = pa.schema([(name, kind[1]) for name, kind in chosen if kind is not None])
        self._select = f"SELECT {texts} FROM {self._sql}"  # noqa: S608 - read by the grammar
        self.connection.execute(f"PREPARE step AS {self._select}")

    def run(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return the columns chosen for a batch of the table's; raises duckdb.Error."""
        self._table.batch = batch
        if batch.num_rows <= _FEW:
            rows = self.connection.execute("EXECUTE step").fetchall()
            values = zip(*rows, strict=True) if rows else ((),) * len(self._schema)
            columns = [pa.array(each, f.type) for each, f in zip(values, self._schema, strict=True)]
            return pa.RecordBatch.from_arrays(columns, schema=self._schema)
        found = self.connection.sql(self._select).to_arrow_reader(1_000_000).read_all()
        [whole] = found.cast(self._schema).combine_chunks().to_batches(max_chunksize=None)
        return whole

    def close(self) -> None:
        """End the connection."""
        self.connection.close()


class Steps:
    """Carries out steps; keeps prepared what is used. Threads may share it.

    A query is ended after `seconds`: the call gets Overloaded.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._idle: OrderedDict[str, deque[Lane]] = OrderedDict()
        self._lock = threading.Lock()
        self._watch = _Watch()

    def run(self, preparation: Preparation, batch: pa.RecordBatch) -> Prepared:
        """Return what a step makes of typed records, which have the columns of `raw`.

        The answer has as many rows in the same order; rows for which the query fails are null and
        named. Raises Overloaded past the deadline or beyond the memory.
        """
        table = batch.select(preparation.table.names)
        deadline = time.monotonic() + self._seconds
        parts, problems = [], dict[int, tuple[Problem, ...]]()
        with (
            self._lent(preparation, deadline) as lane,
            self._watch.watching(lane.connection, deadline),
        ):
            long = _too_long(table)
            for start, part in _slices(without_rows(table, long) if long else table):
                for at, made in _answers(lane, part, deadline):
                    if isinstance(made, str):
                        problems[start + at] = (Problem(made),)
                        made = _nulls(lane.run(part.slice(0, 0)).schema)
                    parts.append(made)
        sentence = (
            f"The texts of this row have more than {_LONGEST_ROW:,} bytes, the most that a "
            "preprocessing step takes."
        )
        problems |= {at: (Problem(sentence),) for at in long}
        return Prepared(_joined(parts), problems)

    def close(self) -> None:
        """End what is kept, and the watch."""
        self._watch.close()
        with self._lock:
            lanes = [lane for idle in self._idle.values() for lane in idle]
            self._idle.clear()
        for lane in lanes:
            lane.close()

    @contextmanager
    def _lent(self, preparation: Preparation, deadline: float) -> Iterator[Lane]:
        lane = self._taken(preparation)
        kept = False
        try:
            yield lane
            kept = time.monotonic() < deadline  # or its next query might be ended for this one
        finally:
            if kept:
                self._give_back(preparation.key, lane)
            else:
                lane.close()

    def _taken(self, preparation: Preparation) -> Lane:
        with self._lock:
            idle = self._idle.setdefault(preparation.key, deque())
            self._idle.move_to_end(preparation.key)
            if idle:
                return idle.pop()
        lane = Lane(preparation)
        lane.choose(preparation.wanted)
        return lane

    def _give_back(self, key: str, lane: Lane) -> None:
        with self._lock:
            idle = self._idle.setdefault(key, deque())
            idle.append(lane)
            surplus = [idle.popleft()] if len(idle) > _LANES else []
            while len(self._idle) > _KEPT:
                surplus += self._idle.popitem(last=False)[1]
        for each in surplus:
            each.close()


class _Watch:
    """One thread that ends the queries which are past their deadline; it sleeps while none runs."""

    def __init__(self) -> None:
        self._running: dict[int, tuple[duckdb.DuckDBPyConnection, float]] = {}
        self._changed = threading.Condition()
        self._sleeps = False
        self._closed = False
        self._thread: threading.Thread | None = None

    @contextmanager
    def watching(self, connection: duckdb.DuckDBPyConnection, deadline: float) -> Iterator[None]:
        """Have a connection's queries ended at a moment, for as long as this lasts."""
        key = id(connection)
        with self._changed:
            self._running[key] = (connection, deadline)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="steps", daemon=True)
                self._thread.start()
            if self._sleeps:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                del self._running[key]

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        with self._changed:
            while not self._closed:
                for connection, deadline in self._running.values():
                    if deadline < time.monotonic():
                        connection.interrupt()
                self._sleeps = not self._running
                self._changed.wait(None if self._sleeps else _TICK)
                self._sleeps = False


def _kinds(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[str, str]]:
    """Return the columns of a query with DuckDB's words for their types."""
    relation = connection.sql(sql)
    return list(zip(relation.columns, map(str, relation.types), strict=True))


def quoted(name: str) -> str:
    """Return a name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def _answers(
    lane: Lane, batch: pa.RecordBatch, deadline: float, first: int = 0
) -> Iterator[tuple[int, pa.RecordBatch | str]]:
    """Yield what a query gives for rows, and why it fails for those that it fails for."""
    try:
        made = lane.run(batch)
    except (duckdb.InterruptException, duckdb.OutOfMemoryException) as error:
        raise _overloaded(error) from None
    except (duckdb.Error, pa.ArrowInvalid) as error:
        if time.monotonic() > deadline:
            raise _overloaded(error) from None
        if batch.num_rows == 1:
            yield first, f"The preprocessing step fails: {short(str(error))}."
            return
        half = batch.num_rows // 2
        yield from _answers(lane, batch.slice(0, half), deadline, first)
        yield from _answers(lane, batch.slice(half), deadline, first + half)
    else:
        if made.num_rows != batch.num_rows:
            raise InvalidInput(
                f"The preprocessing step made {made.num_rows} rows of {batch.num_rows}; it must "
                "make one of each."
            )
        yield first, made


def _overloaded(error: Exception) -> Overloaded:
    if isinstance(error, duckdb.OutOfMemoryException):
        return Overloaded(
            "The preprocessing step takes more memory than it may and was stopped; send fewer rows "
            "at once, or make the query simpler."
        )
    return Overloaded(
        "The preprocessing step takes longer than it may and was stopped; send fewer rows at once, "
        "or make the query simpler."
    )


def _slices(table: pa.RecordBatch) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Yield a table in parts whose texts fill no more than about a megabyte."""
    rows = table.num_rows
    text = sum(c.nbytes for c in table.columns if pa.types.is_string(c.type))
    step = rows if text <= _MOST_TEXT else max(1, rows * _MOST_TEXT // text)
    for start in range(0, max(rows, 1), max(step, 1)):
        yield start, table.slice(start, step)


def _nulls(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.nulls(1, each.type) for each in schema], schema=schema)


def _too_long(table: pa.RecordBatch) -> list[int]:
    """Return the rows whose texts are longer than a query may take."""
    texts = [column for column in table.columns if pa.types.is_string(column.type)]
    if sum(column.nbytes for column in texts) <= _LONGEST_ROW:
        return []
    lengths = [pc.fill_null(pc.binary_length(each), 0).cast(pa.int64()) for each in texts]
    total = functools.reduce(pc.add, lengths).to_numpy(zero_copy_only=False)
    return [int(at) for at in np.flatnonzero(total > _LONGEST_ROW)]


def _joined(parts: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    if len(parts) == 1:
        return parts[0]
    [whole] = pa.Table.from_batches(parts).combine_chunks().to_batches()
    return whole
