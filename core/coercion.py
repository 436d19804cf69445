"""How a value from outside becomes a typed value of a field: the only place that decides it.

The form, JSON, CSV and zip all come through here, so the same record gives the same score from
each. `read_value` is the rule for one value. `typed_batch` is the same rule for columns; it takes
whole columns at once where that provably gives the same answer, and goes value by value elsewhere.
"""

import datetime as dt
import difflib
import functools
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.errors import InvalidInput, Problem
from core.schema import ARROW_TYPES, NUMERIC, DataType, Field, Interval, Invalid, Schema

MISSING_TEXTS = frozenset({"", "NA", "N/A", "#N/A", "NaN", "nan", "null", "NULL", "None"})
NUMBER_PATTERN = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"

T = TypeVar("T")

_NUMBER = re.compile(NUMBER_PATTERN, re.ASCII)
_BOOLEANS = {
    **dict.fromkeys(("true", "t", "yes", "y", "1"), True),
    **dict.fromkeys(("false", "f", "no", "n", "0"), False),
}
_FLOAT_LIMIT = 2.0**128 * (1 - 2.0**-25)  # from here on a number rounds to infinity in 32 bits
_SHOWN_CATEGORIES = 8
_SHOWN_TEXT = 60
_DEEPEST = 32  # the dimensions that all of NumPy copes with
_COMPARED = 500  # names that are looked at for a suggestion


class BadValueError(ValueError):
    """A value that its field does not allow; the message is the sentence for the user."""


@dataclass(frozen=True, slots=True)
class Typed:
    """Records on their way to a model: typed columns, and what is wrong with which row.

    `problems` maps a row's position (from 0) to the first things wrong with it; the cells named
    there are null in `batch`, which has every row.
    """

    batch: pa.RecordBatch
    problems: Mapping[int, tuple[Problem, ...]]


def read_value(field: Field, value: object) -> object:
    """Return the typed value, or None where it is missing; raises BadValueError."""
    if is_missing(field, value):
        if field.nullable:
            return None
        raise BadValueError(f"{field.name} is missing; the model needs a value.")
    if field.is_tensor:
        return _read_tensor(field, value)
    typed = _READERS[field.type](field, value)
    return _within(field, typed, value)


def is_missing(field: Field, value: object) -> bool:
    """Return whether a value stands for "not known" in this field.

    Text fields lose only the empty text, and the usual marks only where the field's categories
    are known and the mark is none of them ("NA" may be Namibia).
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    if not isinstance(value, str):
        return False
    text = value.strip()
    if text not in MISSING_TEXTS or value in field.categories or text in field.categories:
        return False
    return not text or field.type is not DataType.STRING or bool(field.categories)


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
    return pa.RecordBatch.from_arrays(columns, schema=schema.arrow)


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


def sentence(problems: Sequence[Problem]) -> str:
    """Return the messages of one row as one text."""
    return " ".join(problem.message for problem in problems)


# --- one value -------------------------------------------------------------------------------


def _read_number(field: Field, value: object) -> float:
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value.strip())
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.number):
        raise BadValueError(f"{field.name}: {shown(value)} is not a number.")
    number = _as_float(field, value)
    if not math.isfinite(number):
        raise BadValueError(f"{field.name}: {shown(value)} is not a finite number.")
    return number


def _as_float(field: Field, value: int | float | np.number) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if field.type is DataType.FLOAT and abs(number) >= _FLOAT_LIMIT:
        return math.inf
    return number


def _read_integer(field: Field, value: object) -> int:
    if isinstance(value, str) and re.fullmatch(r"\s*[+-]?\d{1,19}\s*", value, re.ASCII):
        value = int(value.strip())
    number: int | float = (
        value
        if isinstance(value, int) and not isinstance(value, bool)
        else _read_number(field, value)
    )
    if number != int(number):
        raise BadValueError(f"{field.name}: {shown(value)} is not a whole number.")
    if not -(2**63) <= int(number) < 2**63:
        raise BadValueError(f"{field.name}: {shown(value)} is too large for a whole number.")
    return int(number)


def _read_text(field: Field, value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, str):
        return _whole_text(field, value)
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, int | float | np.number):
        return _digits(value)
    raise BadValueError(f"{field.name}: {shown(value)} is not a text.")


def _whole_text(field: Field, text: str) -> str:
    """Return a text as it is, unless it holds halves of characters, which UTF-8 cannot write."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise BadValueError(
                f"{field.name}: the text holds half of a character; send it as UTF-8."
            ) from None
    return text


def _read_boolean(field: Field, value: object) -> bool:
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | float | np.number) and value in (0, 1):
        return bool(value)
    found = _BOOLEANS.get(value.strip().lower()) if isinstance(value, str) else None
    if found is None:
        raise BadValueError(f"{field.name}: {shown(value)} is neither true nor false.")
    return found


def _read_date(field: Field, value: object) -> dt.date:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    return _from_iso(field, value, dt.date.fromisoformat, "a date such as 2026-01-31")


def _read_time(field: Field, value: object) -> dt.time:
    if isinstance(value, dt.time):
        return value
    return _from_iso(field, value, dt.time.fromisoformat, "a time such as 13:45:00")


def _read_datetime(field: Field, value: object) -> dt.datetime:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001 - naive means UTC
    moment = (
        value
        if isinstance(value, dt.datetime)
        else _from_iso(
            field, value, dt.datetime.fromisoformat, "a moment such as 2026-01-31T13:45:00"
        )
    )
    try:
        return moment.astimezone(dt.UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except OverflowError:
        raise BadValueError(f"{field.name}: {shown(value)} lies outside the calendar.") from None


def _from_iso(field: Field, value: object, parse: Callable[[str], T], example: str) -> T:
    try:
        if isinstance(value, str):
            return parse(value.strip())
    except ValueError:
        pass
    raise BadValueError(f"{field.name}: {shown(value)} is not {example}.")


def _read_tensor(field: Field, value: object) -> list[object]:
    """Return a tensor's elements: flat where the shape is known, else nested.

    In a text, as a cell of a CSV holds it, a tensor is written as JSON: [1, 2, 3].
    """
    if isinstance(value, str):
        value = _list_in(field, value)
    array = _as_array(field, value)
    if any(isinstance(item, list | tuple) for item in array.flat):
        raise BadValueError(f"{field.name}: the lists are not all of the same length.")
    known = None not in field.shape
    flat_size = math.prod(n or 0 for n in field.shape)
    fits = array.ndim == len(field.shape) and all(
        want is None or have == want for have, want in zip(array.shape, field.shape, strict=True)
    )
    if not fits and not (known and array.ndim == 1 and array.size == flat_size):
        have = "x".join(map(str, array.shape)) or "a single value"
        raise BadValueError(f"{field.name}: the shape is {have}, not {field.dimension}.")
    element = _READERS[field.type]
    flat = [element(field, item) for item in array.ravel()]
    if known:
        return flat
    nested = np.empty(len(flat), dtype=object)
    nested[:] = flat
    return list(nested.reshape(array.shape).tolist())


def _as_array(field: Field, value: object) -> np.ndarray:
    try:
        array = np.asarray(value, dtype=object)
    except (ValueError, RecursionError):
        array = None
    if array is None or array.ndim > _DEEPEST:
        raise BadValueError(f"{field.name}: the lists are nested too deep.")
    return array


def _list_in(field: Field, text: str) -> object:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list):
        raise BadValueError(f"{field.name}: {shown(text)} is not a list such as [1, 2, 3].")
    return found


_READERS: dict[DataType, Callable[[Field, object], object]] = {
    DataType.INTEGER: _read_integer,
    DataType.FLOAT: _read_number,
    DataType.DOUBLE: _read_number,
    DataType.STRING: _read_text,
    DataType.BOOLEAN: _read_boolean,
    DataType.DATE: _read_date,
    DataType.TIME: _read_time,
    DataType.DATETIME: _read_datetime,
}


def _within(field: Field, typed: object, value: object) -> object:
    """Hold a typed value against the field's categories or intervals."""
    if field.categories:
        match = _category(field, typed)
        if match is not None:
            return match
    elif not field.intervals or not isinstance(typed, int | float) or field.allows(typed):
        return typed
    if field.invalid is Invalid.AS_IS:
        return typed
    if field.invalid is Invalid.AS_MISSING:
        return None
    raise BadValueError(
        f"{field.name}: {shown(value)} is not allowed; it must be {_allowed(field)}."
    )


def _category(field: Field, typed: object) -> object | None:
    """Return the category that a typed value names, as the field's type; None if it is none.

    Numbers are compared as numbers, so that 8.0 (pandas' way to write an integer column with gaps)
    finds the category 8.
    """
    if not isinstance(typed, str):
        known = _numbers_of(field.categories)
        return typed if number_of(str(typed).lower()) in known else None
    for text in (typed, typed.strip()):
        if text in field.categories:
            return text
    return _numbers_of(field.categories).get(number_of(typed))


@functools.lru_cache(maxsize=1024)
def _numbers_of(categories: tuple[str, ...]) -> dict[float | str, str]:
    return {number_of(category): category for category in reversed(categories)}


def number_of(text: str) -> float | str:
    """Return the number that a text writes (true is 1, false is 0), or the text if it is none."""
    stripped = text.strip()
    if _NUMBER.fullmatch(stripped):
        return float(stripped)
    return {"true": 1.0, "false": 0.0}.get(stripped.lower(), text)


def shown(value: object) -> str:
    """Return a value as a sentence can hold it: quoted if text, and never long."""
    if isinstance(value, str):
        return _shortened(f'"{value}"'.encode(errors="replace").decode())
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return "a list"
    return "an object" if isinstance(value, dict) else _shortened(_digits(value))


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN_TEXT else f"{text[: _SHOWN_TEXT - 1]}…"


def _digits(value: object) -> str:
    """Return a value as text; Python writes no whole number of more than 4,300 digits."""
    try:
        return str(value)
    except ValueError:
        return "a number of thousands of digits"


def _allowed(field: Field) -> str:
    if not field.categories:
        return f"in {field.range}"
    first = ", ".join(field.categories[:_SHOWN_CATEGORIES])
    more = len(field.categories) - _SHOWN_CATEGORIES
    return f"one of {first}" + (f" and {more} more" if more > 0 else "")


# --- records and columns ---------------------------------------------------------------------


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
