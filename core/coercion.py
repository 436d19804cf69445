"""How a value from outside becomes a typed value of a field: the only place that decides it.

The form, JSON, CSV and pictures all come through here, so the same record gives the same score
from each. How whole records and columns are typed by this rule is in `core.records`.
"""

import datetime as dt
import functools
import json
import math
import re
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from core.schema import DataType, Field, Invalid

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


class BadValueError(ValueError):
    """A value that its field does not allow; the message is the sentence for the user."""


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


def _read_number(field: Field, value: object) -> float:
    plain = value
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        plain = float(value.strip())
    if isinstance(plain, bool | np.bool_) or not isinstance(plain, int | float | np.number):
        raise BadValueError(f"{field.name}: {shown(value)} is not a number.")
    number = _as_float(field, plain)
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


def is_within(field: Field, typed: object) -> bool:
    """Return whether a typed value is one of the field's categories, or in one of its intervals."""
    if field.categories:
        return _category(field, typed) is not None
    return not isinstance(typed, int | float) or field.allows(typed)


def _within(field: Field, typed: object, value: object) -> object:
    """Hold a typed value against the field's categories or intervals."""
    if field.categories:
        match = _category(field, typed)
        if match is not None:
            return match
    elif not field.intervals or is_within(field, typed):
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
