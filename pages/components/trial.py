"""The ways to try a model or a service: a form, JSON, a file."""

import json

import streamlit as st

from core.errors import InvalidInput
from core.services.accounts import Caller
from core.services.predictions import Answer
from pages.components import results, sample_models, session, trial_file, trial_form
from pages.components.errors import showing_errors
from pages.components.language import _
from pages.components.scoring import score
from pages.components.trial_choice import Target

_KEPT = "predict_json_answer"
_LONGEST_SAMPLE = 20_000


def draw(caller: Caller, target: Target) -> None:
    """Draw one tab for each way; what comes out is drawn under the way that was used."""
    form, text, file = st.tabs([_("Form"), "JSON", _("File")])
    with form:
        trial_form.draw(caller, target)
    with text:
        _draw_json(caller, target)
    with file:
        sample_models.draw_data(caller, target)
        trial_file.draw(caller, target)


def _draw_json(caller: Caller, target: Target) -> None:
    """Draw a record as text; its answer is kept while the text is the same."""
    with st.form("predict_json_form", border=False):
        text = st.text_area(
            _("A record, or a list of records"),
            _sample(target),
            key=f"predict_json_{target.view.id}",
            height=260,
        )
        asked = st.form_submit_button(
            _("Predict"), key="predict_json_submit", type="primary", icon=":material/play_arrow:"
        )
    asked_of = (target.key, text)
    with showing_errors():
        if asked:
            session.keep(_KEPT, asked_of, None)  # a refusal stands above no earlier answer
            session.keep(_KEPT, asked_of, score(caller, target, _parsed(text)))
        answer = session.kept(_KEPT, asked_of, Answer)
        if answer is not None:
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
