"""Records and columns from outside, typed by the rule of `core.coercion`, value for value.

`typed_batch` takes whole columns at once where that provably gives the same answer, and reads each
different value once elsewhere. Whatever is wrong stays with its row.
"""

import difflib
import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.coercion import BadValueError, read_value, shown
from core.errors import InvalidInput, Problem
from core.schema import ARROW_TYPES, NUMERIC, DataType, Field, Interval, Schema

A = TypeVar("A", pa.Array, pa.RecordBatch)

_COMPARED = 500  # names that are looked at for a suggestion
_FEW = 8  # rows whose values are sooner read one by one than looked at as a column


@dataclass(frozen=True, slots=True)
class Typed:
    """Records on their way to a model: typed columns, and what is wrong with which row.

    `problems` maps a row's position (from 0) to the first things wrong with it; the cells named
    there are null in `batch`, which has every row.
    """

    batch: pa.RecordBatch
    problems: Mapping[int, tuple[Problem, ...]]


def read_record(schema: Schema, record: Mapping[str, object]) -> dict[str, object]:
    """Return one record typed; raises InvalidInput that names every wrong field."""
    values, problems = _read_row(schema, record, row=None)
    if problems:
        raise InvalidInput(_summary(problems), details=problems)
    return values


def typed_records(schema: Schema, records: Sequence[object]) -> Typed:
    """Type records that came as objects; whatever is wrong stays with its row."""
    rows: list[dict[str, object]] = []
    problems: dict[int, tuple[Problem, ...]] = {}
    for position, record in enumerate(records):
        values, wrong = _read_row(schema, record, row=position + 1)
        rows.append(values)
        if wrong:
            problems[position] = tuple(wrong)
    return Typed(batch_of(schema, rows), problems)


def batch_of(schema: Schema, rows: Sequence[Mapping[str, object]]) -> pa.RecordBatch:
    """Return typed rows as columns in the schema's order."""
    columns = [_column(field, [row.get(field.name) for row in rows]) for field in schema]
    return pa.RecordBatch.from_arrays(columns, schema.names)


def require_columns(schema: Schema, names: Iterable[str]) -> None:
    """Raise InvalidInput unless every required field is among the column names."""
    given = list(names)
    absent = [field.name for field in schema if field.required and field.name not in given]
    if absent:
        problems = [_absent(schema, name, given) for name in absent]
        raise InvalidInput(_summary(problems), details=problems)


def typed_batch(schema: Schema, batch: pa.RecordBatch, first_row: int = 1) -> Typed:
    """Type the columns of a batch by name; columns that the model does not take are left out.

    `first_row` is the number that the batch's first row has for the user. Raises InvalidInput
    where a required column is absent.
    """
    require_columns(schema, batch.schema.names)
    columns: list[pa.Array] = []
    problems: dict[int, list[Problem]] = {}
    for field in schema:
        column, wrong = _typed_column(field, batch)
        columns.append(column)
        for position, problem in wrong.items():
            problems.setdefault(position, []).append(
                Problem(problem.message, problem.field, first_row + position, problem.value)
            )
    typed = pa.RecordBatch.from_arrays(columns, schema=schema.arrow)
    return Typed(typed, {position: tuple(found) for position, found in problems.items()})


def without_rows(table: A, rows: Sequence[int]) -> A:
    """Return an array or a batch with nulls in the rows at these positions."""
    mask = np.zeros(len(table), dtype=bool)
    mask[rows] = True
    return table.take(pa.array(np.arange(len(table)), mask=mask))


def sentence(problems: Sequence[Problem]) -> str:
    """Return the messages of one row as one text."""
    return " ".join(problem.message for problem in problems)


def _read_row(
    schema: Schema, record: object, row: int | None
) -> tuple[dict[str, object], list[Problem]]:
    if not isinstance(record, Mapping):
        what = 'A record is an object of field names and values, such as {"x": 1}.'
        return {}, [Problem(what, row=row, value=shown(record))]
    values: dict[str, object] = {}
    problems: list[Problem] = []
    for field in schema:
        if field.name not in record and field.required:
            absent = _absent(schema, field.name, record)
            problems.append(Problem(absent.message, field.name, row))
            continue
        value = record.get(field.name)
        try:
            values[field.name] = read_value(field, value)
        except BadValueError as error:
            problems.append(Problem(str(error), field.name, row, shown(value)))
    return values, problems


def _absent(schema: Schema, name: str, given: Iterable[object]) -> Problem:
    unknown = tuple(str(key) for key in given if key not in schema.names)
    near = _nearest(name, unknown[:_COMPARED])
    hint = f" Did you mean it by {shown(near)}?" if near else ""
    return Problem(f"{name} is not given; the model needs it.{hint}", name)


@functools.lru_cache(maxsize=256)  # the records of one call are misspelt alike
def _nearest(name: str, given: tuple[str, ...]) -> str | None:
    return next(iter(difflib.get_close_matches(name, given, n=1, cutoff=0.75)), None)


def _summary(problems: Sequence[Problem]) -> str:
    more = len(problems) - 1
    return problems[0].message + (f" ({more} more in details.)" if more else "")


def _column(field: Field, values: Sequence[object]) -> pa.Array:
    return pa.array(values, type=field.arrow_type)


def _typed_column(field: Field, batch: pa.RecordBatch) -> tuple[pa.Array, dict[int, Problem]]:
    index = batch.schema.get_field_index(field.name)
    if index < 0:
        return pa.nulls(batch.num_rows, field.arrow_type), {}
    column = batch.column(index)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if len(column) <= _FEW:
        return _each_value(field, column)
    sure = _sure_cells(field, column)
    doubtful = sure.is_null()
    positions = np.flatnonzero(doubtful.to_numpy(zero_copy_only=False))
    if not len(positions):
        return sure, {}
    read, problems = _value_by_value(field, column.take(pa.array(positions)))
    typed = read if len(positions) == len(column) else pc.replace_with_mask(sure, doubtful, read)
    return typed, {int(positions[at]): problem for at, problem in problems.items()}


def _sure_cells(field: Field, column: pa.Array) -> pa.Array:
    """Type at once the cells where that gives what `read_value` would give; the rest is null."""
    nothing = pa.nulls(len(column), field.arrow_type)
    if field.type not in NUMERIC or field.categories or field.is_tensor:
        return nothing
    whole = field.type is DataType.INTEGER
    numbers = _numbers_from(column, pa.int64() if whole else pa.float64())
    if numbers is None:
        return nothing
    sure = _sure_of(field, numbers)
    try:
        return pc.if_else(sure, numbers, None).cast(ARROW_TYPES[field.type], safe=whole)
    except pa.ArrowInvalid:
        return nothing


def _numbers_from(column: pa.Array, wanted: pa.DataType) -> pa.Array | None:
    """Return the column as numbers: all of it, or of a text column the cells plainly written."""
    if pa.types.is_floating(column.type):
        return column
    if pa.types.is_integer(column.type):
        return None if pa.types.is_uint64(column.type) else column.cast(pa.int64())
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return None
    whole = pa.types.is_integer(wanted)
    if not (whole and _holds_hexadecimal(column)):
        try:
            return column.cast(wanted)
        except pa.ArrowInvalid:
            pass  # some cells are not plain; the others are picked out below
    pattern = r"^-?\d{1,18}$" if whole else r"^-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
    plain = pc.match_substring_regex(column, pattern)
    return pc.if_else(plain, column, None).cast(wanted)


def _holds_hexadecimal(column: pa.Array) -> bool:
    """Return whether Arrow would read a cell such as 0x1F as a whole number."""
    return any(pc.any(pc.match_substring(column, letter)).as_py() for letter in "xX")


def _sure_of(field: Field, numbers: pa.Array) -> pa.Array:
    """Return which numbers are beyond doubt: finite, exact in the field's type, in its range."""
    floats = numbers.cast(pa.float64(), safe=False)
    largest = float(np.finfo(np.float32 if field.type is DataType.FLOAT else np.float64).max)
    sure = pc.less_equal(pc.abs(floats), largest)
    if field.type is DataType.INTEGER:
        sure = pc.and_(sure, pc.equal(pc.floor(floats), floats))
    if field.intervals:
        inside = [_inside(interval, floats) for interval in field.intervals]
        exact = pc.less(pc.abs(floats), 2.0**53)
        sure = pc.and_(sure, pc.and_(exact, functools.reduce(pc.or_, inside)))
    return sure


def _inside(interval: Interval, numbers: pa.Array) -> pa.Array:
    inside = pc.is_valid(numbers)
    if interval.low is not None:
        above = pc.greater if interval.low_open else pc.greater_equal
        inside = pc.and_(inside, above(numbers, float(interval.low)))
    if interval.high is not None:
        below = pc.less if interval.high_open else pc.less_equal
        inside = pc.and_(inside, below(numbers, float(interval.high)))
    return inside


def _each_value(field: Field, column: pa.Array) -> tuple[pa.Array, dict[int, Problem]]:
    read = [_read_or_problem(field, value) for value in column.to_pylist()]
    problems = {at: value for at, value in enumerate(read) if isinstance(value, Problem)}
    return _column(field, [None if at in problems else v for at, v in enumerate(read)]), problems


def _value_by_value(field: Field, column: pa.Array) -> tuple[pa.Array, dict[int, Problem]]:
    """Type a column by reading each different value once: columns repeat themselves."""
    if pa.types.is_nested(column.type):
        different, places = column.to_pylist(), np.arange(len(column))
    else:
        encoded = column.dictionary_encode(null_encoding="encode")
        different, places = encoded.dictionary.to_pylist(), encoded.indices.to_numpy()
    read = [_read_or_problem(field, value) for value in different]
    values = _column(field, [None if isinstance(value, Problem) else value for value in read])
    wrong = [at for at, value in enumerate(read) if isinstance(value, Problem)]
    bad = np.flatnonzero(np.isin(places, wrong)) if wrong else ()
    problems = {int(at): read[places[at]] for at in bad}
    return values.take(pa.array(places)), cast(dict[int, Problem], problems)


def _read_or_problem(field: Field, value: object) -> object:
    try:
        return read_value(field, value)
    except BadValueError as error:
        return Problem(str(error), field.name, value=shown(value))
