"""A model's input schema as a form: fields in sections that can be searched, and their record.

The fields stand in no `st.form`: each is looked at when it is left, so that what is wrong with it
is said before anything is sent. The session holds every value, also of fields that are not drawn.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import streamlit as st

from core.image_recipe import ImageRecipe
from core.runtimes.base import ModelInfo
from core.schema import Field, Schema
from pages.components import field_values
from pages.components.field_widgets import draw_picture, draw_widget, label_of
from pages.components.language import _
from pages.components.text import holds, plain, short

MOST_FIELDS = 500
_SECTION = 24
_MOST_FOUND = 48

Record = dict[str, object]
Place = tuple[int, Field]


def fits(schema: Schema) -> bool:
    """Return whether the fields are few enough to be filled in by hand."""
    return 0 < len(schema) <= MOST_FIELDS


def reset(info: ModelInfo, prefix: str) -> None:
    """Set every field to what a new form starts with; for callbacks."""
    _forget_uploads(prefix)
    for position, field in enumerate(info.inputs):
        _set_start(field, info.sample.get(field.name), _key(prefix, position))


def fill(info: ModelInfo, prefix: str, record: Mapping[str, object]) -> None:
    """Set every field that a record names; pictures are bytes. Before the form is drawn."""
    begin(info, prefix)
    _forget_uploads(prefix)
    for position, field in enumerate(info.inputs):
        if field.name in record:
            key, value = _key(prefix, position), record[field.name]
            is_picture = isinstance(value, bytes)
            st.session_state[key] = "" if is_picture else field_values.held(field, value)
            st.session_state[f"{key}_given"] = value if field.is_tensor else None


def begin(info: ModelInfo, prefix: str) -> None:
    """Set the fields that hold nothing yet to what they start with."""
    for position, field in enumerate(info.inputs):
        key = _key(prefix, position)
        if key not in st.session_state:
            _set_start(field, info.sample.get(field.name), key)


def record_of(info: ModelInfo, prefix: str) -> Record:
    """Return what the form holds, as a record; pictures are the bytes of their files."""
    return {
        field.name: _value(info, field, _key(prefix, position))
        for position, field in enumerate(info.inputs)
    }


def draw_fields(info: ModelInfo, prefix: str) -> Record:
    """Draw one widget per input field and return what they hold, as a record.

    Widget keys are `<prefix>_<position>`. Of more than 24 fields those beyond the first are folded
    away in sections, drawn when they are opened or when a search finds them.
    """
    begin(info, prefix)
    record = record_of(info, prefix)
    notices = _notices(info, prefix, record)
    places = list(enumerate(info.inputs))
    words = _draw_search(prefix) if len(places) > _SECTION else ""
    if words:
        _draw_found(places, words, prefix, notices)
        return record
    _draw_section(places[:_SECTION], prefix, notices)
    for start in range(_SECTION, len(places), _SECTION):
        _draw_folded(places[start : start + _SECTION], prefix, notices)
    return record


def _key(prefix: str, position: int) -> str:
    return f"{prefix}_{position}"


def _set_start(field: Field, example: object, key: str) -> None:
    st.session_state[key] = "" if field.image else field_values.start_of(field, example)
    st.session_state.pop(f"{key}_given", None)


def _forget_uploads(prefix: str) -> None:
    """Have the uploaders drawn anew: what they hold cannot be set."""
    st.session_state[f"{prefix}_uploads"] = _uploads(prefix) + 1


def _uploads(prefix: str) -> int:
    number: int = st.session_state.get(f"{prefix}_uploads", 0)
    return number


def _value(info: ModelInfo, field: Field, key: str) -> object:
    given = st.session_state.get(f"{key}_given")
    if given is None and field.is_tensor and not field.image:
        given = field_values.unsaid(field, info.sample.get(field.name))
    return field_values.value_of(field, st.session_state.get(key), given)


def _notices(info: ModelInfo, prefix: str, record: Record) -> dict[int, str]:
    """Return what is to be said of the fields, by position; of arrays only what was typed."""
    found = {}
    for position, field in enumerate(info.inputs):
        if field.is_tensor and not st.session_state.get(_key(prefix, position)):
            continue
        if notice := field_values.notice_of(field, record[field.name]):
            found[position] = notice
    return found


def _draw_search(prefix: str) -> str:
    return st.text_input(
        _("Find a field"),
        key=f"{prefix}_search",
        type="search",
        live=True,
        placeholder=_("A part of its name or description"),
        width=360,
    ).strip()


def _draw_found(
    places: Sequence[Place], words: str, prefix: str, notices: Mapping[int, str]
) -> None:
    found = [
        (position, field)
        for position, field in places
        if holds(words, field.name, field.label, field.description, field.unit)
    ]
    if len(found) > _MOST_FOUND:
        st.caption(
            _("{count:,} fields; the first {most} are shown.", count=len(found), most=_MOST_FOUND)
        )
    elif not found:
        st.caption(_("No field has these words in its name or description."))
    _draw_section(found[:_MOST_FOUND], prefix, notices)


def _draw_folded(section: Sequence[Place], prefix: str, notices: Mapping[int, str]) -> None:
    first, last = section[0], section[-1]
    title = _(
        "Fields {first} to {last}: {name} … {other}",
        first=first[0] + 1,
        last=last[0] + 1,
        name=plain(short(first[1].name, 30)),
        other=plain(short(last[1].name, 30)),
    )
    amber = sum(position in notices for position, _ in section)
    mark = f" :orange[:material/warning: {amber}]" if amber else ""
    folded = st.expander(
        f"{title}{mark}",
        key=f"{prefix}_section_{first[0]}",
        on_change="rerun",
    )
    if folded.open:
        with folded:
            _draw_section(section, prefix, notices)


def _draw_section(section: Sequence[Place], prefix: str, notices: Mapping[int, str]) -> None:
    for wide, fields in _by_width(section):
        with st.grid(1 if wide else "auto", min_column_width=200):
            for position, field in fields:
                _draw_cell(field, prefix, position, notices.get(position, ""))


def _by_width(section: Sequence[Place]) -> Iterator[tuple[bool, list[Place]]]:
    """Yield the fields in two groups: arrays and pictures take the whole width."""
    for wide in (False, True):
        fields = [place for place in section if place[1].is_tensor is wide]
        if fields:
            yield wide, fields


def _draw_cell(field: Field, prefix: str, position: int, notice: str) -> None:
    key = _key(prefix, position)
    with st.container(gap="xxsmall"):
        if field.image is not None:
            _draw_picture(field, field.image, prefix, key)
        else:
            draw_widget(field, key)
        if notice:
            st.markdown(f":small[:orange[:material/warning: {notice}]]")
        elif facts := _facts(field):
            st.caption(facts)


def _facts(field: Field) -> str:
    """Return what stands under a field: what it allows, and what programs call it."""
    is_told = field.label.casefold() in ("", field.name.casefold())
    name = "" if is_told else _("in data: {name}", name=short(field.name, 40))
    return plain(" · ".join(filter(None, [field_values.range_in_words(field), name])))


def _draw_picture(field: Field, recipe: ImageRecipe, prefix: str, key: str) -> None:
    upload_key = f"{key}_upload_{_uploads(prefix)}"
    draw_picture(field, recipe, upload_key, partial(_take_picture, key, upload_key))
    given = st.session_state.get(f"{key}_given")
    if isinstance(given, bytes) and st.session_state.get(upload_key) is None:
        st.image(given, width=160, caption=_("{label}, filled in", label=label_of(field)))


def _take_picture(key: str, upload_key: str) -> None:
    upload = st.session_state[upload_key]
    st.session_state[f"{key}_given"] = upload.getvalue() if upload else None
