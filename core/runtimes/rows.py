"""What every engine needs around its own call: rows set aside, bad rows found, order kept."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from core.errors import Overloaded, Problem
from core.records import sentence, without_rows
from core.runtimes.base import ERROR_COLUMN, ModelInfo
from core.schema import DataType, Field

Columns = list[pa.Array]
Errors = dict[int, str]

_LONGEST_SENTENCE = 400
_FEW = 1000


class RefusedRowsError(Exception):
    """The engine refused a batch, for what is in at least one of its rows."""


class Deadline:
    """The moment at which one call of a scorer must be over."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.at = time.monotonic() + seconds

    def check(self) -> None:
        """Raise Overloaded if the moment is past."""
        if time.monotonic() > self.at:
            raise self.passed()

    def passed(self) -> Overloaded:
        """Return the error for a call that took too long."""
        return Overloaded(
            f"The model took longer than the {self.seconds:g} seconds that one call may take; "
            "send fewer rows at once."
        )


Run = Callable[[pa.RecordBatch, Deadline], Columns]


class Rows:
    """How an engine's `run` is put to the rows of a batch.

    `run` takes typed rows without gaps where no gap is allowed and returns the output columns; it
    raises RefusedRowsError. `at_once` is how many rows it is given in one call.
    """

    def __init__(self, info: ModelInfo, run: Run, at_once: int) -> None:
        self._outputs = info.outputs
        self._names = [*info.output_schema.names, ERROR_COLUMN]
        self._needed = [(i, f.name) for i, f in enumerate(info.inputs) if not f.nullable]
        self._run = run
        self._at_once = at_once

    def score(self, batch: pa.RecordBatch, deadline: Deadline) -> pa.RecordBatch:
        """Return the outputs of every row in order, and the column that says what failed."""
        errors = _gaps(self._needed, batch)
        kept = [row for row in range(batch.num_rows) if row not in errors] if errors else None
        complete = batch if kept is None else batch.take(pa.array(kept, pa.int64()))
        columns, failed = self._in_order(complete, deadline)
        columns, failed = _without_nan(self._outputs, columns, failed)
        if kept is not None:
            columns = _spread(columns, kept, batch.num_rows)
            failed = errors | {kept[row]: sentence for row, sentence in failed.items()}
        sentences = _sentences(failed, batch.num_rows)
        return pa.RecordBatch.from_arrays([*columns, sentences], names=self._names)

    def _in_order(self, batch: pa.RecordBatch, deadline: Deadline) -> tuple[Columns, Errors]:
        parts: list[Columns] = []
        errors: Errors = {}
        done = 0
        for start in range(0, batch.num_rows, self._at_once):
            whole = batch.num_rows <= self._at_once
            part = batch if whole else batch.slice(start, self._at_once)
            for columns, failure in self._halving(part, deadline):
                if failure is not None:
                    errors[done] = failure
                done += len(columns[0])
                parts.append(columns)
        return _joined(self._outputs, parts), errors

    def _halving(
        self, batch: pa.RecordBatch, deadline: Deadline
    ) -> Iterator[tuple[Columns, str | None]]:
        """Run a batch; where it is refused, halve it until the refused rows stand alone."""
        deadline.check()
        try:
            columns = self._run(batch, deadline)
        except RefusedRowsError as refusal:
            sentence = str(refusal)
        else:
            yield columns, None
            return
        if batch.num_rows == 1:
            yield _nulls(self._outputs, 1), sentence
            return
        half = batch.num_rows // 2
        yield from self._halving(batch.slice(0, half), deadline)
        yield from self._halving(batch.slice(half), deadline)


def in_short(message: object) -> str:
    """Return an engine's message as one line that is never long, without a stop at its end."""
    line = " ".join(str(message).split()).rstrip(".")
    return line if len(line) <= _LONGEST_SENTENCE else f"{line[: _LONGEST_SENTENCE - 1]}…"


def matrix(batch: pa.RecordBatch, dtype: npt.DTypeLike) -> np.ndarray[Any, Any]:
    """Return columns of numbers as a C-contiguous table of rows x columns; what is null is NaN.

    Put together column by column and turned over then, which is ten times as fast as row by row.
    """
    columns = batch.to_tensor(null_to_nan=True, row_major=False).to_numpy()
    return np.ascontiguousarray(columns, dtype=dtype)


def _gaps(needed: Sequence[tuple[int, str]], batch: pa.RecordBatch) -> Errors:
    """Return a sentence for each row that lacks a value which the model needs."""
    errors: Errors = {}
    # A few rows without any gap are told at once, in less time than one column is looked at.
    if batch.num_rows <= _FEW and batch.drop_null().num_rows == batch.num_rows:
        return errors
    for position, name in needed:
        column = batch.column(position)
        if column.null_count:
            for row in pc.indices_nonzero(column.is_null()).to_pylist():
                errors.setdefault(row, f"{name} is missing; the model needs a value.")
    return errors


def _without_nan(
    fields: Sequence[Field], columns: Columns, errors: Errors
) -> tuple[Columns, Errors]:
    """Turn each row with a NaN among its outputs into a failed row."""
    found = dict(errors)
    for field, column in zip(fields, columns, strict=True):
        for row in _rows_with_nan(field, column):
            found.setdefault(row, f"The model gives no number for {field.name} in this row.")
    if len(found) == len(errors):
        return columns, errors
    failed = pa.array([row in found for row in range(len(columns[0]))])
    return [pc.if_else(failed, pa.scalar(None, c.type), c) for c in columns], found


def _rows_with_nan(field: Field, column: pa.Array) -> list[int]:
    if field.type not in (DataType.FLOAT, DataType.DOUBLE):
        return []
    values = column
    while pa.types.is_nested(values.type):
        values = values.flatten()
    # NumPy has the answer in a tenth of Arrow's time for the few rows of a single call.
    if values.null_count == 0 and not np.isnan(values.to_numpy()).any():
        return []
    if not field.is_tensor:
        return list(pc.indices_nonzero(pc.is_nan(column)).to_pylist())
    tensors = enumerate(column.to_pylist())
    return [row for row, tensor in tensors if np.isnan(np.asarray(tensor, dtype=float)).any()]


def _spread(columns: Columns, kept: list[int], rows: int) -> Columns:
    """Put the columns of the rows that were kept back to their places among all rows."""
    places: list[int | None] = [None] * rows
    for position, row in enumerate(kept):
        places[row] = position
    indices = pa.array(places, pa.int64())
    return [column.take(indices) for column in columns]


def _joined(fields: Sequence[Field], parts: list[Columns]) -> Columns:
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return _nulls(fields, 0)
    return [pa.concat_arrays(list(pieces)) for pieces in zip(*parts, strict=True)]


def _nulls(fields: Sequence[Field], rows: int) -> Columns:
    return [pa.nulls(rows, field.arrow_type) for field in fields]


def _sentences(errors: Errors, rows: int) -> pa.Array:
    if not errors:
        return pa.nulls(rows, pa.string())
    return pa.array([errors.get(row) for row in range(rows)], pa.string())


def with_problems(
    scored: pa.RecordBatch, problems: Mapping[int, Sequence[Problem]]
) -> pa.RecordBatch:
    """Return a scored batch in which a row that could not be typed says so, and has no outputs."""
    if not problems:
        return scored
    kept = without_rows(scored, list(problems))
    errors = kept.column(ERROR_COLUMN).to_pylist()
    for row, found in problems.items():
        errors[row] = sentence(found)
    place = scored.schema.get_field_index(ERROR_COLUMN)
    return kept.set_column(place, ERROR_COLUMN, pa.array(errors, pa.string()))
