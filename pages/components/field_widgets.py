"""The widget of each kind of field; what it holds is in the session under its key."""

from collections.abc import Callable
from typing import Final

import streamlit as st

from core.image_recipe import ImageRecipe
from core.schema import DataType, Field, Invalid
from pages.components.field_values import EARLIEST, LATEST, MISSING, choices, is_choice
from pages.components.language import _, said
from pages.components.numbers import bounds, start_number, step_of
from pages.components.text import plain, short, with_note

_STAYS: Final = "session"  # also while it is folded away, and over a visit to another page


def label_of(field: Field) -> str:
    """Return what a field is called on a form, with its unit."""
    shape = field.dimension.replace("x", " × ") if field.is_tensor else ""
    named = with_note(short(said(field.label) or field.name, 80), short(field.unit, 20))
    return plain(with_note(named, shape))


def draw_widget(field: Field, key: str) -> None:
    """Draw the widget of a field that is no picture; the session holds its value already."""
    if field.is_tensor:
        _draw_tensor(field, key)
    elif is_choice(field):
        _draw_choice(field, key)
    else:
        _WIDGETS[field.type](field, key)


def draw_picture(
    field: Field, recipe: ImageRecipe, key: str, on_change: Callable[[], None]
) -> None:
    """Draw the uploader of a picture."""
    st.file_uploader(
        label_of(field),
        type=["jpg", "jpeg", "png"],
        key=key,
        on_change=on_change,
        help=_(
            "A JPEG or PNG. It becomes: {recipe}. Numbers can be given on the tab JSON.",
            recipe=said(str(recipe)),
        ),
    )


def _help(field: Field) -> str | None:
    """Return what people wrote of a field; where there is no help, Tab goes to the next field."""
    return plain(short(said(field.description), 300)) or None


def _draw_choice(field: Field, key: str) -> None:
    st.selectbox(
        label_of(field),
        choices(field),
        index=None,
        format_func=_chosen,
        key=key,
        help=_help(field),
        placeholder=_("Choose"),
        accept_new_options=bool(field.categories) and field.invalid is not Invalid.REFUSE,
        persist_state=_STAYS,
    )


def _chosen(option: str) -> str:
    return _(MISSING) if option == MISSING else option


def _draw_boolean(field: Field, key: str) -> None:
    st.toggle(label_of(field), key=key, help=_help(field), persist_state=_STAYS)


def _draw_integer(field: Field, key: str) -> None:
    st.number_input(
        label_of(field),
        value=None,
        step=1,
        key=key,
        help=_help(field),
        placeholder=_(MISSING) if field.nullable else _("a whole number"),
        persist_state=_STAYS,
    )


def _draw_float(field: Field, key: str) -> None:
    low, high = bounds(field)
    st.number_input(
        label_of(field),
        value=None,
        step=step_of(low, high, start_number(field, None)),
        format="%.7g" if field.type is DataType.FLOAT else "%.12g",
        key=key,
        help=_help(field),
        placeholder=_(MISSING) if field.nullable else _("a number"),
        persist_state=_STAYS,
    )


def _draw_text(field: Field, key: str) -> None:
    st.text_input(
        label_of(field),
        key=key,
        help=_help(field),
        placeholder=_(MISSING) if field.nullable else None,
        persist_state=_STAYS,
    )


def _draw_date(field: Field, key: str) -> None:
    st.date_input(
        label_of(field),
        None,
        min_value=EARLIEST,
        max_value=LATEST,
        key=key,
        help=_help(field),
        format="YYYY-MM-DD",
        persist_state=_STAYS,
    )


def _draw_time(field: Field, key: str) -> None:
    st.time_input(label_of(field), None, key=key, help=_help(field), step=60, persist_state=_STAYS)


def _draw_datetime(field: Field, key: str) -> None:
    st.datetime_input(
        label_of(field),
        None,
        min_value=EARLIEST,
        max_value=LATEST,
        key=key,
        help=_help(field),
        format="YYYY-MM-DD",
        step=60,
        persist_state=_STAYS,
    )


def _draw_tensor(field: Field, key: str) -> None:
    st.text_area(
        label_of(field),
        key=key,
        height=160,
        help=" · ".join(filter(None, [_help(field), _("nested lists of numbers as JSON")])),
        placeholder=_("Left empty, an example is sent"),
        persist_state=_STAYS,
    )


_WIDGETS: dict[DataType, Callable[[Field, str], None]] = {
    DataType.INTEGER: _draw_integer,
    DataType.FLOAT: _draw_float,
    DataType.DOUBLE: _draw_float,
    DataType.STRING: _draw_text,
    DataType.BOOLEAN: _draw_boolean,
    DataType.DATE: _draw_date,
    DataType.TIME: _draw_time,
    DataType.DATETIME: _draw_datetime,
}
