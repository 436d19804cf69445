"""What every kind of table becomes: chunks of records, typed for the model, nothing lost."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import pyarrow as pa

from core.errors import InvalidInput, Problem
from core.records import Typed, typed_batch, typed_records, without_rows
from core.schema import Schema

T = TypeVar("T")
Raw = Mapping[int, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some records of a source, one after the other.

    `typed` has the columns that the model takes, `others` those that it does not; both have every
    row. `raw` keeps, for a row's position (from 0), the cells that could not be typed, as they
    were written.
    """

    typed: Typed
    others: pa.RecordBatch
    raw: Raw

    @property
    def rows(self) -> int:
        """Return the number of records."""
        return int(self.typed.batch.num_rows)


@dataclass(frozen=True, slots=True)
class ChunkSize:
    """Where a chunk ends: with the record that reaches one of the two."""

    rows: int
    bytes: int = 64 << 20


class Source(Protocol):
    """A table on disk that was looked at and can be read from its beginning, again and again.

    `rows` is a guess at the number of records. `coded` tells that the cells of the other columns
    are JSON rather than plain text. `found` is for people: encoding, delimiter, sheet.
    """

    rows: int
    coded: bool

    @property
    def found(self) -> Mapping[str, str]:
        """Return what was found out about the file."""

    def headers(self) -> Sequence[str]:
        """Return the columns as the file names them, as far as its beginning tells."""

    def chunks(self, size: ChunkSize) -> Iterator[Chunk]:
        """Yield the records in order, the same chunks every time.

        Raises InvalidInput where the file turns out to be no such table.
        """

    def names(self) -> Sequence[str]:
        """Return the columns in the order of the file, as far as the file has been read."""


def typed_chunk(
    schema: Schema, given: pa.RecordBatch, first_row: int, faults: Mapping[int, str]
) -> Chunk:
    """Type columns as they were given.

    `first_row` is the number that the first row has for the user. `faults` are sentences on rows
    (by position) that are no records: none of their cells goes to the model.
    """
    typed = typed_batch(schema, given, first_row)
    problems = dict(typed.problems)
    for position, sentence in faults.items():
        problems[position] = (Problem(sentence, row=first_row + position),)
    batch = without_rows(typed.batch, list(faults)) if faults else typed.batch
    raw = _raw_cells(schema, given, problems)
    return Chunk(Typed(batch, problems), _others(schema, given), raw)


def record_chunk(schema: Schema, records: Sequence[object], first_row: int) -> Chunk:
    """Type records that came as objects; what the model does not take is kept as JSON.

    `first_row` is the number that the first record has for the user.
    """
    objects = [record if isinstance(record, dict) else {} for record in records]
    typed = typed_records(schema, records)
    problems = {
        position: tuple(_renumbered(problem, first_row + position) for problem in found)
        for position, found in typed.problems.items()
    }
    raw = {position: _raw(objects[position], found) for position, found in problems.items()}
    return Chunk(Typed(typed.batch, problems), _coded_others(schema, objects), raw)


def grouped(records: Iterable[tuple[T, int]], size: ChunkSize) -> Iterator[list[T]]:
    """Cut a stream of records, each with its length in characters, to chunks of one size."""
    group: list[T] = []
    taken = 0
    for record, length in records:
        group.append(record)
        taken += length
        if len(group) >= size.rows or taken >= size.bytes:
            yield group
            group, taken = [], 0
    if group:
        yield group


def sliced(chunk: Chunk, start: int, rows: int) -> Chunk:
    """Return some rows of a chunk, one after the other."""
    problems = {
        row - start: found
        for row, found in chunk.typed.problems.items()
        if start <= row < start + rows
    }
    raw = {row - start: cells for row, cells in chunk.raw.items() if start <= row < start + rows}
    typed = Typed(chunk.typed.batch.slice(start, rows), problems)
    return Chunk(typed, chunk.others.slice(start, rows), raw)


def coded(chunk: Chunk) -> Chunk:
    """Return a chunk whose other columns are JSON."""
    if not chunk.others.num_columns:
        return chunk
    columns = [coded_column(column) for column in chunk.others.columns]
    others = pa.RecordBatch.from_arrays(columns, chunk.others.schema.names)
    return Chunk(chunk.typed, others, chunk.raw)


def coded_column(column: pa.Array) -> pa.Array:
    """Return a column of JSON."""
    cells = [None if cell is None else as_json(cell) for cell in column.to_pylist()]
    return pa.array(cells, pa.string())


def as_text(value: object) -> str:
    """Return a value as a cell of text holds it: a text as it is, all else as JSON.

    Halves of characters, which UTF-8 cannot write, become question marks.
    """
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text.encode(errors="replace").decode()


def as_json(value: object) -> str:
    """Return a value as JSON; halves of characters, as in `as_text`, become question marks."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text.encode(errors="replace").decode()


def _others(schema: Schema, given: pa.RecordBatch) -> pa.RecordBatch:
    taken = set(schema.names)
    return given.select([name for name in given.schema.names if name not in taken])


def _raw_cells(
    schema: Schema, given: pa.RecordBatch, problems: Mapping[int, Sequence[Problem]]
) -> Raw:
    raw: dict[int, dict[str, str]] = {}
    columns = {name: given.column(name) for name in schema.names if name in given.schema.names}
    for position, found in problems.items():
        named = [problem.field for problem in found if problem.field is not None]
        cells = {name: columns[name][position].as_py() for name in named or columns}
        raw[position] = {name: as_text(cell) for name, cell in cells.items() if cell is not None}
    return raw


def _renumbered(problem: Problem, row: int) -> Problem:
    return Problem(problem.message, problem.field, row, problem.value)


def _raw(record: Mapping[str, object], problems: Sequence[Problem]) -> dict[str, str]:
    named = [problem.field for problem in problems if problem.field in record]
    return {name: as_text(record[name]) for name in named if name is not None}


def _coded_others(schema: Schema, objects: Sequence[Mapping[str, object]]) -> pa.RecordBatch:
    taken = set(schema.names)
    names = dict.fromkeys(name for record in objects for name in record if name not in taken)
    _require_whole(names)
    if not names:
        return no_columns(len(objects))
    columns = [
        pa.array(
            [as_json(record[name]) if name in record else None for record in objects], pa.string()
        )
        for name in names
    ]
    return pa.RecordBatch.from_arrays(columns, names=list(names))


def no_columns(rows: int) -> pa.RecordBatch:
    """Return a batch of so many rows that has no columns."""
    return pa.RecordBatch.from_struct_array(pa.array([{}] * rows, pa.struct([])))


def _require_whole(names: Iterable[str]) -> None:
    try:
        "".join(names).encode()
    except UnicodeEncodeError:
        raise InvalidInput(
            "The name of a field holds half of a character; send the file as UTF-8."
        ) from None
