"""The ways to try a model or a service: a form, JSON, a file."""

import json

import streamlit as st

from core.errors import InvalidInput
from core.inputs.image import typed_record
from core.inputs.image_fields import picture_fields
from core.services.accounts import Caller
from core.services.predictions import Answer
from pages.components import results, sample_models, schema_form, session, trial_file, what_if
from pages.components.errors import showing_errors
from pages.components.trial_choice import Target

_LONGEST_SAMPLE = 20_000


def draw(caller: Caller, target: Target) -> None:
    """Draw one tab for each way; what comes out is drawn under the way that was used."""
    form, text, file = st.tabs(["Form", "JSON", "File"])
    with form:
        _draw_form(caller, target)
    with text:
        _draw_json(caller, target)
    with file:
        sample_models.draw_data(caller, target)
        trial_file.draw(caller, target)


def _score(caller: Caller, target: Target, records: object) -> Answer:
    """Score what was given; a record that was answered is kept for calls to copy."""
    platform = session.platform()
    model = target.view.model
    if target.service:
        live = platform.deployments.live_for(caller, target.service.endpoint)
        answer = platform.predictions.call(caller, live, records)
    else:
        answer = platform.predictions.test(caller, model.id, records, version=target.view.number)
    platform.first_steps.note_test(caller, model.id)
    session.remember_input(model.id, records[0] if isinstance(records, list) else records)
    return answer


def _draw_form(caller: Caller, target: Target) -> None:
    if not schema_form.fits(target.info.input_schema):
        st.info(
            f"This model takes {len(target.info.inputs):,} fields, too many for a form. "
            "Use JSON or a file."
        )
        return
    with st.form("predict_form"):
        record = schema_form.draw_fields(target.info, f"predict_{target.view.id}")
        asked = st.form_submit_button(
            "Predict", key="predict_submit", type="primary", icon=":material/play_arrow:"
        )
    if asked:
        with showing_errors():
            _draw_form_answer(caller, target, record)


def _draw_form_answer(caller: Caller, target: Target, record: dict[str, object]) -> None:
    """Draw the answer, beside the pictures where the record has some."""
    schema = target.info.input_schema
    pictures = {name: value for name, value in record.items() if isinstance(value, bytes)}
    if not pictures:
        results.draw_answer(_score(caller, target, record), target.info, "predict_form")
        what_if.draw(target, record)
        return
    typed = typed_record(schema, record, pictures)
    answer = _score(caller, target, typed)
    left, right = st.columns([1, 2], gap="large")
    with left:
        for field in picture_fields(schema):
            if field.image is not None and field.name in pictures:
                results.draw_picture(field, field.image, pictures[field.name])
    with right:
        results.draw_answer(answer, target.info, "predict_form")
    what_if.draw(target, typed)


def _draw_json(caller: Caller, target: Target) -> None:
    with st.form("predict_json_form", border=False):
        text = st.text_area(
            "A record, or a list of records",
            _sample(target),
            key=f"predict_json_{target.view.id}",
            height=260,
        )
        asked = st.form_submit_button(
            "Predict", key="predict_json_submit", type="primary", icon=":material/play_arrow:"
        )
    if asked:
        with showing_errors():
            answer = _score(caller, target, _parsed(text))
            results.draw_answer(answer, target.info, "predict_json")


def _sample(target: Target) -> str:
    """Return the sample as text, on one line where nothing but long arrays would be indented."""
    sample = target.info.sample
    deep = any(field.is_tensor for field in target.info.inputs)
    text = json.dumps(sample, ensure_ascii=False, default=str, indent=None if deep else 2)
    return text if len(text) <= _LONGEST_SAMPLE else "{}"


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidInput(
            f"This is no JSON: {error.msg.lower()} in line {error.lineno}, column {error.colno}."
        ) from None
