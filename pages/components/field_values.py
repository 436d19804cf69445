"""What the widget of a field holds and the value of a record that it stands for, both ways.

The widgets only suggest what is allowed; what counts is `core.coercion`, which reads the record
that comes out of here like one that came over HTTP.
"""

import datetime as dt
import json
from dataclasses import replace

import numpy as np

from core.coercion import BadValueError, is_missing, is_within, read_value
from core.schema import NUMERIC, DataType, Field, Interval, Invalid
from pages.components.language import N_, _, said
from pages.components.numbers import SAFE_INTEGER, start_number
from pages.components.text import number, plain, short

MISSING = N_("(missing)")
EARLIEST, LATEST = dt.date(1800, 1, 1), dt.date(2200, 12, 31)
_LONGEST_TENSOR = 5_000
_LONGEST_RANGE = 60
_BOOLEANS: dict[str, object] = {"true": True, "false": False, MISSING: None}


def is_choice(field: Field) -> bool:
    """Return whether a field is filled in by choosing one of several words."""
    if field.is_tensor:
        return False
    return field.nullable if field.type is DataType.BOOLEAN else bool(field.categories)


def choices(field: Field) -> list[str]:
    """Return the words that a choice offers."""
    known = ("true", "false") if field.type is DataType.BOOLEAN else field.categories
    return [*known, MISSING] if field.nullable else list(known)


# --- from a record to the widgets -----------------------------------------------------------


def start_of(field: Field, example: object) -> object:
    """Return what the widget of a new form holds: the example, or else what the model takes."""
    if field.is_tensor:
        return held(field, example)
    if is_choice(field):
        known = [held(field, each) for each in (example, field.default) if each is not None]
        first = MISSING if field.type is DataType.BOOLEAN else field.categories[0]
        return next((each for each in known if each in choices(field)), first)
    if field.type is DataType.BOOLEAN:
        return example is True
    if field.type in NUMERIC:
        return _number(field, start_number(field, example))
    if field.type is DataType.STRING:
        return example if isinstance(example, str) else field.default or ""
    return _start_of_moment(field, example)


def held(field: Field, value: object) -> object:
    """Return what the widget holds for a record's value; what it cannot hold leaves it empty."""
    if field.is_tensor:
        text = "" if value is None else json.dumps(value)
        return text if len(text) <= _LONGEST_TENSOR else ""
    try:
        typed = read_value(_open(field), value)
    except BadValueError:
        typed = None
    if is_choice(field):
        return _choice(field, typed)
    if field.type is DataType.BOOLEAN:
        return typed is True
    if field.type in NUMERIC:
        return _number(field, typed)
    if field.type is DataType.STRING:
        return "" if typed is None else typed
    return typed if _is_within_calendar(typed) else None


def _open(field: Field) -> Field:
    """Return the field as one that takes whatever its type can read."""
    return replace(field, nullable=True, invalid=Invalid.AS_IS)


def _choice(field: Field, typed: object) -> str | None:
    if typed is None:
        return MISSING if field.nullable else None
    word = _word(typed)
    if word in choices(field) or (field.categories and field.invalid is not Invalid.REFUSE):
        return word
    return None


def _word(typed: object) -> str:
    if isinstance(typed, bool):
        return str(typed).lower()
    return f"{typed:.15g}" if isinstance(typed, float) else str(typed)


def _number(field: Field, value: object) -> float | int | None:
    if not isinstance(value, int | float):
        return None
    if field.type is not DataType.INTEGER:
        return float(value)
    return int(value) if abs(value) <= SAFE_INTEGER else None


def _start_of_moment(field: Field, example: object) -> object:
    known = held(field, example)
    if known is not None or field.nullable:
        return known
    if field.type is DataType.TIME:
        return dt.time(12)
    day = dt.date(2026, 1, 1)
    return day if field.type is DataType.DATE else dt.datetime.combine(day, dt.time(12))


def _is_within_calendar(typed: object) -> bool:
    if not isinstance(typed, dt.date):
        return True
    day = typed.date() if isinstance(typed, dt.datetime) else typed
    return EARLIEST <= day <= LATEST


def unsaid(field: Field, example: object) -> object:
    """Return what an empty text of a tensor stands for: the example, else zeros if it can."""
    if example is not None or None in field.shape or field.type not in NUMERIC:
        return example
    return np.zeros([length or 0 for length in field.shape]).tolist()


# --- from the widgets to a record -----------------------------------------------------------


def value_of(field: Field, widget: object, given: object = None) -> object:
    """Return the record's value; `given` is what a tensor or a picture has without its widget.

    Dates and times come back as ISO 8601 text, tensors as lists (or as the text that was typed
    where it is no JSON), what is missing as None.
    """
    if field.is_tensor:
        return _tensor(widget, given)
    if is_choice(field):
        if field.type is DataType.BOOLEAN:
            return _BOOLEANS.get(str(widget))
        return None if field.nullable and widget == MISSING else widget
    if isinstance(widget, dt.date | dt.time):
        return widget.isoformat()
    return None if widget == "" else widget


def _tensor(widget: object, given: object) -> object:
    if not isinstance(widget, str) or not widget.strip():
        return given
    try:
        return json.loads(widget)
    except json.JSONDecodeError:
        return widget  # the coercion says what is wrong with it


# --- what is said of a value before it is sent ------------------------------------------------

_OUTSIDE = {
    Invalid.REFUSE: N_("The model takes {range}; this will be refused."),
    Invalid.AS_MISSING: N_("The model takes {range}; this counts as missing."),
    Invalid.AS_IS: N_("The model was made for {range}."),
}
_UNKNOWN = {
    Invalid.REFUSE: N_("The model does not know this one; it will be refused."),
    Invalid.AS_MISSING: N_("The model does not know this one; it counts as missing."),
    Invalid.AS_IS: N_("The model was made without this one."),
}


def notice_of(field: Field, value: object) -> str:
    """Return what is to be known of a value before it is scored, empty where all is well."""
    if is_missing(field, value):
        return "" if field.nullable else _("The model needs a value.")
    try:
        typed = read_value(_open(field), value)
    except BadValueError as error:
        return plain(said(str(error)))
    if field.is_tensor or typed is None or is_within(field, typed):
        return ""
    words = _UNKNOWN if field.categories else _OUTSIDE
    return _(words[field.invalid], range=plain(range_in_words(field)))


def range_in_words(field: Field) -> str:
    """Return which numbers a field allows, such as `17 to 90`; empty where it allows all."""
    if field.categories:
        return ""
    return short(_(" or ").join(filter(None, map(_interval, field.intervals))), _LONGEST_RANGE)


def _interval(interval: Interval) -> str:
    low, high = interval.low, interval.high
    if low is not None and high is not None and not (interval.low_open or interval.high_open):
        return _("{low} to {high}", low=number(float(low)), high=number(float(high)))
    ends = []
    if low is not None:
        words = _("above {number}") if interval.low_open else _("at least {number}")
        ends.append(words.format(number=number(float(low))))
    if high is not None:
        words = _("below {number}") if interval.high_open else _("at most {number}")
        ends.append(words.format(number=number(float(high))))
    return _(", ").join(ends)
