"""The form of a model: fill it in, see what is odd before it is sent, predict, take it along."""

from dataclasses import dataclass

import streamlit as st

from core.inputs.image import as_scored
from core.inputs.image_fields import picture_fields
from core.services.accounts import Caller
from core.services.predictions import Answer
from pages.components import (
    results,
    schema_form,
    session,
    snippets,
    trial_cases,
    trial_sources,
    what_if,
)
from pages.components.clients.example import Example, as_json
from pages.components.errors import showing_errors
from pages.components.language import _
from pages.components.scoring import score
from pages.components.trial_choice import Target

_KEPT = "predict_answer"
_LONGEST_SHOWN = 20_000


@dataclass(frozen=True)
class Answered:
    """A record that was predicted on the form, and what came of it."""

    record: dict[str, object]
    answer: Answer


def draw(caller: Caller, target: Target) -> None:
    """Draw the form, and under it the last answer that it got."""
    if not schema_form.fits(target.info.input_schema):
        st.info(
            _(
                "This model takes {count:,} fields, too many for a form. Use JSON or a file.",
                count=len(target.info.inputs),
            )
        )
        return
    trial_cases.draw(caller, target)
    st.fragment(_draw)(target)
    answered = session.kept(_KEPT, target.key, Answered)
    if answered is not None:
        with showing_errors():
            _draw_answer(target, answered)


def _draw(target: Target) -> None:
    caller = session.require_caller()
    with showing_errors():
        schema_form.begin(target.info, target.prefix)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            trial_sources.draw(caller, target)
            _draw_copies(caller, target)
            record = schema_form.record_of(target.info, target.prefix)
            trial_cases.draw_saving(target, record)
        with st.container(border=True):
            record = schema_form.draw_fields(target.info, target.prefix)
            _draw_predict(caller, target, record)


def _draw_predict(caller: Caller, target: Target, record: dict[str, object]) -> None:
    """Draw the button; an answer is kept and drawn with the whole page, an error here."""
    with st.container(horizontal=True, vertical_alignment="center"):
        asked = st.button(
            _("Predict"),
            key="predict_submit",
            type="primary",
            icon=":material/play_arrow:",
            shortcut="Mod+Enter",
        )
        before = session.kept(_KEPT, target.key, Answered)
        if before is not None and before.record != record and not asked:
            told = _("The inputs have changed since the answer below.")
            st.caption(f":material/history: {told}")
        else:  # a browser tells Slipway nothing of how a field was left
            st.caption(_("Enter takes a value in; Ctrl + Enter (⌘ + Enter) predicts."))
    if asked:
        with showing_errors():
            answer = score(caller, target, as_scored(target.info.input_schema, record))
            session.keep(_KEPT, target.key, Answered(record, answer))
            st.rerun()


def _draw_answer(target: Target, answered: Answered) -> None:
    """Draw the answer, beside the pictures where the record has some."""
    record = answered.record
    scored = as_scored(target.info.input_schema, record)
    pictures = [each for each in picture_fields(target.info.input_schema) if each.image]
    given = [(each, record[each.name]) for each in pictures if record.get(each.name)]
    if not given:
        results.draw_answer(answered.answer, target.info, "predict_form")
    else:
        left, right = st.columns([1, 2], gap="large")
        with left:
            for field, content in given:
                if field.image is not None and isinstance(content, bytes):
                    results.draw_picture(field, field.image, content)
        with right:
            results.draw_answer(answered.answer, target.info, "predict_form")
    what_if.draw(target, scored)


def _draw_copies(caller: Caller, target: Target) -> None:
    """Draw what is in the form as JSON and as a call, for other tools."""
    copies = st.popover(
        _("Copy"), key="predict_copies", icon=":material/content_copy:", on_change="rerun"
    )
    if not copies.open:
        return
    record = schema_form.record_of(target.info, target.prefix)
    example = snippets.example_with(record, target.info, *target.call(caller))
    with copies:
        as_text, as_call = st.tabs(["JSON", "curl"])
        with as_text:
            _draw_json(example)
        with as_call:
            st.code(snippets.LANGUAGES["curl"].form(example), language="bash", wrap_lines=True)
            snippets.draw_files(example, "predict_copies")


def _draw_json(example: Example) -> None:
    text = as_json(example.plain_record, indent=2)
    if len(text) <= _LONGEST_SHOWN:
        st.code(text, language="json", height=320 if text.count("\n") > 14 else "content")
        return
    st.download_button(
        "input.json",
        text,
        file_name="input.json",
        mime="application/json",
        key="predict_copies_json",
        icon=":material/download:",
        on_click="ignore",
    )
