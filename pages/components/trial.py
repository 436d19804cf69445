"""The ways to try a model or a service: a form, JSON, a file at once, a file as a batch task."""

import json

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.errors import InvalidInput
from core.inputs.chunks import ChunkSize
from core.inputs.image import typed_record
from core.inputs.image_fields import picture_fields
from core.inputs.recognition import recognise
from core.inputs.tabular import open_table
from core.services.accounts import Caller
from core.services.predictions import Answer, Table
from pages.components import links, results, schema_form, session
from pages.components.errors import showing_errors
from pages.components.trial_choice import Target
from pages.components.uploads import received

_HELP = (
    "CSV, Excel or Parquet whose header names the fields, JSON records, or text with one record a "
    "line in the order of the fields."
)
_LONGEST_SAMPLE = 20_000
_CHUNK = ChunkSize(10_000)


def draw(caller: Caller, target: Target) -> None:
    """Draw one tab for each way; what comes out is drawn under the way that was used."""
    form, text, file, batch = st.tabs(["Form", "JSON", "File", "Batch"])
    with form:
        _draw_form(caller, target)
    with text:
        _draw_json(caller, target)
    with file:
        _draw_file(caller, target)
    with batch:
        _draw_batch(caller, target)


def _score(caller: Caller, target: Target, records: object) -> Answer:
    """Score what was given; a record that was answered is kept for calls to copy."""
    platform = session.platform()
    model = target.view.model
    if target.service:
        live = platform.deployments.live_for(caller, target.service.endpoint)
        answer = platform.predictions.call(caller, live, records)
    else:
        answer = platform.predictions.test(caller, model.id, records, version=target.view.number)
    session.remember_input(model.id, records[0] if isinstance(records, list) else records)
    return answer


def _draw_form(caller: Caller, target: Target) -> None:
    if not schema_form.fits(target.info.input_schema):
        st.info(
            f"This model takes {len(target.info.inputs):,} fields, too many for a form. "
            "Use JSON or a batch."
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
        return
    answer = _score(caller, target, typed_record(schema, record, pictures))
    left, right = st.columns([1, 2], gap="large")
    with left:
        for field in picture_fields(schema):
            if field.image is not None and field.name in pictures:
                results.draw_picture(field, field.image, pictures[field.name])
    with right:
        results.draw_answer(answer, target.info, "predict_form")


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


def _draw_file(caller: Caller, target: Target) -> None:
    limit = session.platform().settings.max_call_bytes
    st.markdown("Score a small file and see the answers at once. For a large one, use Batch.")
    upload = _asked_file("predict_file", "Predict", ":material/play_arrow:")
    if upload is None:
        return
    with showing_errors(), received(upload, limit) as staged:
        table = open_table(
            staged.path, recognise(staged.path, staged.name), target.info.input_schema
        )
        parts = Table(chunk.typed for chunk in table.chunks(_CHUNK))
        results.draw_answer(_score(caller, target, parts), target.info, "predict_file")


def _draw_batch(caller: Caller, target: Target) -> None:
    st.markdown(
        "Score a whole file in the background. The task goes on when you close this tab; its "
        "result keeps every column of your file and adds the predictions."
    )
    upload = _asked_file("predict_batch", "Start the task", ":material/start:")
    if upload is None:
        return
    platform = session.platform()
    with showing_errors(), received(upload, platform.settings.max_input_bytes) as staged:
        task = platform.jobs.submit(
            caller,
            target.view,
            staged,
            kind=recognise(staged.path, staged.name),
            deployment=target.service,
        )
        st.switch_page(links.TASKS, query_params={"task": task.id})


def _asked_file(prefix: str, label: str, icon: str) -> UploadedFile | None:
    """Draw a form for one file of records; return the file in the run in which it is sent."""
    with st.form(f"{prefix}_form", border=False):
        upload = st.file_uploader("File", key=f"{prefix}_upload", help=_HELP)
        asked = st.form_submit_button(label, key=f"{prefix}_submit", type="primary", icon=icon)
    if asked and upload is None:
        st.error("No file is chosen yet; choose one first.", icon=":material/error:")
    return upload if asked else None
