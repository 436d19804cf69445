"""How a value from outside becomes a typed value of a field: the only place that decides it.

The form, JSON, CSV and zip all come through here, so the same record gives the same score from
each. `read_value` is the rule for one value. `typed_batch` is the same rule for columns; it takes
whole columns at once where that provably gives the same answer, and goes value by value elsewhere.
"""

import datetime as dt
import difflib
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.errors import InvalidInput, Problem
from core.schema import ARROW_TYPES, NUMERIC, DataType, Field, Invalid, Schema

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
        problems = [_absent(name, given) for name in absent]
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
        value = float(value)
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
        value = int(value)
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
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, str | int | float | np.number):
        return str(value)
    raise BadValueError(f"{field.name}: {shown(value)} is not a text.")


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
    return moment.astimezone(dt.UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _from_iso(field: Field, value: object, parse: Callable[[str], T], example: str) -> T:
    try:
        if isinstance(value, str):
            return parse(value.strip())
    except ValueError:
        pass
    raise BadValueError(f"{field.name}: {shown(value)} is not {example}.")


def _read_tensor(field: Field, value: object) -> list[object]:
    """Return a tensor's elements: flat where the shape is known, else nested."""
    array = np.asarray(value, dtype=object)
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
        return typed if _number_of(str(typed).lower()) in known else None
    for text in (typed, typed.strip()):
        if text in field.categories:
            return text
    return _numbers_of(field.categories).get(_number_of(typed))


@lru_cache(maxsize=1024)
def _numbers_of(categories: tuple[str, ...]) -> dict[float | str, str]:
    return {_number_of(category): category for category in reversed(categories)}


def _number_of(text: str) -> float | str:
    stripped = text.strip()
    if _NUMBER.fullmatch(stripped):
        return float(stripped)
    return {"true": 1.0, "false": 0.0}.get(stripped.lower(), text)


def shown(value: object) -> str:
    """Return a value as a sentence can hold it: quoted if text, and never long."""
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= _SHOWN_TEXT else f"{text[: _SHOWN_TEXT - 1]}…"


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
            absent = _absent(field.name, record)
            problems.append(Problem(absent.message, field.name, row))
            continue
        value = record.get(field.name)
        try:
            values[field.name] = read_value(field, value)
        except BadValueError as error:
            problems.append(Problem(str(error), field.name, row, shown(value)))
    return values, problems


def _absent(name: str, given: Iterable[object]) -> Problem:
    near = difflib.get_close_matches(name, [str(key) for key in given], n=1, cutoff=0.75)
    hint = f' Did you mean it by "{near[0]}"?' if near else ""
    return Problem(f"{name} is not given; the model needs it.{hint}", name)


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
    whole = _whole_column(field, column)
    if whole is not None and (field.nullable or whole.null_count == 0):
        return whole, {}
    return _value_by_value(field, column)


def _whole_column(field: Field, column: pa.Array) -> pa.Array | None:
    """Return the column typed at once, or None where single values must be looked at."""
    if field.type not in NUMERIC or field.categories or field.is_tensor:
        return None
    numbers = _numbers_from(column)
    if numbers is None:
        return None
    if pa.types.is_floating(numbers.type):
        numbers = pc.if_else(pc.is_nan(numbers), None, numbers)
        if pc.any(pc.is_inf(numbers)).as_py():
            return None
    try:
        typed = numbers.cast(ARROW_TYPES[field.type], safe=field.type is DataType.INTEGER)
    except pa.ArrowInvalid:
        return None
    if typed.null_count != numbers.null_count or _any_outside(field, typed):
        return None
    return typed


def _numbers_from(column: pa.Array) -> pa.Array | None:
    if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
        return column
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return None
    texts = pc.utf8_trim_whitespace(column)
    missing = pc.is_in(texts, value_set=pa.array(sorted(MISSING_TEXTS), texts.type))
    texts = pc.if_else(missing, None, texts)
    plain = pc.match_substring_regex(texts, r"^[-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
    return texts.cast(pa.float64()) if pc.all(plain).as_py() else None


def _any_outside(field: Field, typed: pa.Array) -> bool:
    if pa.types.is_floating(typed.type) and pc.any(pc.is_inf(typed)).as_py():
        return True
    if not field.intervals or typed.null_count == len(typed):
        return False
    bounds = pc.min_max(typed)
    one = len(field.intervals) == 1
    return not (one and field.allows(bounds["min"].as_py()) and field.allows(bounds["max"].as_py()))


def _value_by_value(field: Field, column: pa.Array) -> tuple[pa.Array, dict[int, Problem]]:
    values: list[object] = []
    problems: dict[int, Problem] = {}
    seen: dict[object, object] = {}
    for position, value in enumerate(column.to_pylist()):
        known = _read_once(field, value, seen)
        if isinstance(known, Problem):
            problems[position] = known
            known = None
        values.append(known)
    return _column(field, values), problems


def _read_once(field: Field, value: object, seen: dict[object, object]) -> object:
    """Read a value, or recall how the same value was read: columns repeat themselves."""
    key = value if isinstance(value, str) else None
    if key is not None and key in seen:
        return seen[key]
    try:
        typed = read_value(field, value)
    except BadValueError as error:
        typed = Problem(str(error), field.name, value=shown(value))
    if key is not None:
        seen[key] = typed
    return typed
