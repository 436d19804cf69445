"""Where a form gets its values from, but for the keyboard: examples, earlier inputs, the start."""

from collections.abc import Mapping

import streamlit as st

from core.services.accounts import Caller
from core.services.examples import Example
from pages.components import schema_form, session
from pages.components.language import _
from pages.components.text import number, short
from pages.components.trial_choice import Target

_CHOICE = "predict_fill"
_SHOWN_VALUES = 5
_LONGEST_LABEL = 80

Record = Mapping[str, object]


def draw(caller: Caller, target: Target) -> None:
    """Draw the choice of something to fill the form with, and the way back to how it was."""
    sources = _sources(caller, target)
    if sources:
        st.selectbox(
            _("Fill in"),
            list(sources),
            index=None,
            key=_CHOICE,
            placeholder=_("An example or an earlier input"),
            on_change=_fill,
            args=(target, sources),
            width=320,
        )
    st.button(
        _("Reset"),
        key="predict_reset",
        icon=":material/restart_alt:",
        help=_("Sets every field to what it started with."),
        on_click=schema_form.reset,
        args=(target.info, target.prefix),
    )


def _fill(target: Target, sources: Mapping[str, Record]) -> None:
    chosen = st.session_state[_CHOICE]
    if chosen in sources:
        schema_form.fill(target.info, target.prefix, sources[chosen])
    st.session_state[_CHOICE] = None  # so that the same can be chosen again


def _sources(caller: Caller, target: Target) -> dict[str, Record]:
    """Return the records on offer by what they are called: what was tried here comes first."""
    earlier = session.last_inputs(target.view.model.id)
    tried = {
        _called(_earlier(place), record): record for place, record in enumerate(earlier, start=1)
    }
    rows = {
        _called(
            _("{file}, row {row}", file=short(each.file_name, 30), row=each.row), each.record
        ): each.record
        for each in _examples(caller, target)
    }
    return {**tried, **rows}


def _earlier(place: int) -> str:
    return _("Earlier input {number}", number=place) if place > 1 else _("The last input")


def _examples(caller: Caller, target: Target) -> tuple[Example, ...]:
    def find() -> tuple[Example, ...]:
        view = target.view
        return session.platform().examples.list_(caller, view.model.id, version=view.number)

    return session.made_once("examples", (target.view.id, target.view.revision), find)


def _called(source: str, record: Record) -> str:
    """Return a name for a record: where it is from, and its first values."""
    few = [
        short(number(value), 20)
        for value in list(record.values())[:_SHOWN_VALUES]
        if not isinstance(value, bytes | list)
    ]
    return short(": ".join(filter(None, [source, ", ".join(few)])), _LONGEST_LABEL)
