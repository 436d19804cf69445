"""A model's input schema as a form: fields become widgets, and the widgets a record.

The widgets only suggest what is allowed; what counts is `core.coercion`, which reads the record
that comes out of here like one that came over HTTP.
"""

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np
import streamlit as st

from core.image_recipe import ImageRecipe
from core.runtimes.base import ModelInfo
from core.schema import NUMERIC, DataType, Field, Invalid, Schema
from pages.components.numbers import bounds, start_number, step_of
from pages.components.text import plain, short

MOST_FIELDS = 120
_SECTION = 24
_LONGEST_EXAMPLE = 5_000
_MISSING = "(missing)"
_EARLIEST, _LATEST = dt.date(1800, 1, 1), dt.date(2200, 12, 31)

Sample = Mapping[str, object]
M = TypeVar("M", dt.date, dt.time, dt.datetime)


def fits(schema: Schema) -> bool:
    """Return whether the fields are few enough to be filled in by hand."""
    return 0 < len(schema) <= MOST_FIELDS


def draw_fields(info: ModelInfo, prefix: str) -> dict[str, object]:
    """Draw one widget per input field and return what they hold, as a record.

    Meant for the inside of an `st.form`. Widget keys are `<prefix>_<position>`. Fields beyond the
    first 24 are folded away; they start with values that the model takes.
    """
    fields = list(enumerate(info.inputs))
    record = _draw_section(fields[:_SECTION], info.sample, prefix)
    for start in range(_SECTION, len(fields), _SECTION):
        section = fields[start : start + _SECTION]
        with st.expander(f"Fields {start + 1} to {start + len(section)}"):
            record |= _draw_section(section, info.sample, prefix)
    return record


def _draw_section(
    fields: Sequence[tuple[int, Field]], sample: Sample, prefix: str
) -> dict[str, object]:
    wide = any(field.is_tensor for _, field in fields)
    with st.grid(1 if wide else "auto", min_column_width=200):
        return {
            field.name: draw_field(field, sample.get(field.name), f"{prefix}_{position}")
            for position, field in fields
        }


def draw_field(field: Field, example: object, key: str) -> object:
    """Draw the widget of one field, set to the example where that fits, and return its value.

    Dates and times come back as ISO 8601 text, tensors as lists (or as the text that was typed
    where it is no JSON), pictures as the bytes of their files, what is missing as None.
    """
    if field.image is not None:
        return _draw_picture(field, field.image, key)
    if field.is_tensor:
        return _draw_tensor(field, example, key)
    if field.categories and field.type is not DataType.BOOLEAN:
        return _draw_categories(field, example, key)
    return _WIDGETS[field.type](field, example, key)


def _label(field: Field) -> str:
    unit = f" ({short(field.unit, 20)})" if field.unit else ""
    return plain(short(field.label or field.name, 80) + unit)


def _help(field: Field) -> str:
    facts = [f"{field.type.value}, {field.optype.value}"]
    if field.label:
        facts.insert(0, plain(field.name))
    if field.description:
        facts.insert(0, plain(short(field.description, 300)))
    if field.range:
        facts.append(f"range {plain(short(field.range, 300))}")
    if field.nullable:
        facts.append("may be missing" + (f": {plain(field.missing)}" if field.missing else ""))
    return " · ".join(facts)


def _draw_categories(field: Field, example: object, key: str) -> str | None:
    options = [*field.categories, _MISSING] if field.nullable else list(field.categories)
    chosen = st.selectbox(
        _label(field),
        options,
        index=_index(field.categories, example),
        key=key,
        help=_help(field),
        accept_new_options=field.invalid is not Invalid.REFUSE,
    )
    return None if field.nullable and chosen == _MISSING else chosen


def _index(categories: tuple[str, ...], example: object) -> int:
    """Return where the example is among the categories, which are text also for numbers."""
    text = f"{example:.15g}" if isinstance(example, float) else str(example)
    return categories.index(text) if text in categories else 0


def _draw_boolean(field: Field, example: object, key: str) -> bool | None:
    if not field.nullable:
        return st.toggle(_label(field), example is True, key=key, help=_help(field))
    options: dict[str, bool | None] = {"true": True, "false": False, _MISSING: None}
    index = list(options.values()).index(example if isinstance(example, bool) else None)
    chosen = st.selectbox(_label(field), list(options), index=index, key=key, help=_help(field))
    return options[chosen]


def _draw_integer(field: Field, example: object, key: str) -> int | None:
    low, high = bounds(field)
    start = start_number(field, example)
    return st.number_input(
        _label(field),
        min_value=None if low is None else int(low),
        max_value=None if high is None else int(high),
        value=None if start is None else int(start),
        step=1,
        key=key,
        help=_help(field),
        placeholder=_MISSING if field.nullable else "a whole number",
    )


def _draw_float(field: Field, example: object, key: str) -> float | None:
    low, high = bounds(field)
    start = start_number(field, example)
    return st.number_input(
        _label(field),
        min_value=low,
        max_value=high,
        value=start,
        step=step_of(low, high, start),
        format="%.7g" if field.type is DataType.FLOAT else "%.12g",
        key=key,
        help=_help(field),
        placeholder=_MISSING if field.nullable else "a number",
    )


def _draw_text(field: Field, example: object, key: str) -> str | None:
    start = example if isinstance(example, str) else field.default or ""
    return st.text_input(_label(field), start, key=key, help=_help(field)) or None


def _draw_date(field: Field, example: object, key: str) -> str | None:
    chosen = st.date_input(
        _label(field),
        _start(field, example, dt.date(2026, 1, 1)),
        min_value=_EARLIEST,
        max_value=_LATEST,
        key=key,
        help=_help(field),
        format="YYYY-MM-DD",
    )
    return chosen.isoformat() if isinstance(chosen, dt.date) else None


def _draw_time(field: Field, example: object, key: str) -> str | None:
    start = _start(field, example, dt.time(12))
    chosen = st.time_input(_label(field), start, key=key, help=_help(field), step=60)
    return None if chosen is None else chosen.isoformat()


def _draw_datetime(field: Field, example: object, key: str) -> str | None:
    chosen = st.datetime_input(
        _label(field),
        _start(field, example, dt.datetime(2026, 1, 1, 12)),  # noqa: DTZ001 - models know no zones
        min_value=_EARLIEST,
        max_value=_LATEST,
        key=key,
        help=_help(field),
        format="YYYY-MM-DD",
        step=60,
    )
    return None if chosen is None else chosen.isoformat()


def _start(field: Field, example: object, otherwise: M) -> M | None:
    """Return the moment a widget starts with: the example, which may be ISO 8601 text."""
    if isinstance(example, type(otherwise)):
        return example
    if isinstance(example, str):
        return type(otherwise).fromisoformat(example)
    return None if field.nullable else otherwise


def _draw_picture(field: Field, recipe: ImageRecipe, key: str) -> bytes | None:
    upload = st.file_uploader(
        f"{_label(field)} ({field.dimension})",
        type=["jpg", "jpeg", "png"],
        key=key,
        help=f"A JPEG or PNG. It becomes: {recipe}. Numbers can be given on the tab JSON.",
    )
    return upload.getvalue() if upload else None


def _draw_tensor(field: Field, example: object, key: str) -> object:
    """Draw a tensor as JSON text; an empty one stands for an example too long to show, or zeros."""
    shown = "" if example is None else json.dumps(example)
    if not shown or len(shown) > _LONGEST_EXAMPLE:
        unsaid, shown = _unsaid(field, example), ""
    else:
        unsaid = None
    text = st.text_area(
        f"{_label(field)} ({field.dimension})",
        shown,
        key=key,
        height=160,
        help=f"{_help(field)} · nested lists of numbers as JSON",
        placeholder="Left empty, an example is sent" if unsaid is not None else None,
    )
    if not text.strip():
        return unsaid
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text  # the coercion says what is wrong with it


def _unsaid(field: Field, example: object) -> object:
    """Return what an empty text stands for: the example, else zeros where the shape is known."""
    if example is not None or None in field.shape or field.type not in NUMERIC:
        return example
    return np.zeros([length or 0 for length in field.shape]).tolist()


_WIDGETS: dict[DataType, Callable[[Field, object, str], object]] = {
    DataType.INTEGER: _draw_integer,
    DataType.FLOAT: _draw_float,
    DataType.DOUBLE: _draw_float,
    DataType.STRING: _draw_text,
    DataType.BOOLEAN: _draw_boolean,
    DataType.DATE: _draw_date,
    DataType.TIME: _draw_time,
    DataType.DATETIME: _draw_datetime,
}
