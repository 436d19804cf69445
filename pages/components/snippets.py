"""Calls to copy: what a program sends for what the page just did."""

import json
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

import streamlit as st

from core.runtimes.base import ModelInfo
from pages.components import session
from pages.components.clients import curl, javascript, power_query, python, r
from pages.components.clients.example import (
    INFER_FILE,
    INPUT_FILE,
    INVOCATION_FILE,
    LONGEST,
    PICTURE_FILE,
    Example,
    as_json,
    infer_body,
    invocation_body,
)
from pages.components.language import N_, _


class Language(NamedTuple):
    """A language: how it writes the form contract and the other protocols, and what it needs."""

    form: Callable[[Example], str]
    highlight: str
    needs: str
    others: Mapping[str, Callable[[Example], str]] = {}


_V2, _MLFLOW = N_("The Open Inference Protocol, version 2"), N_("As MLflow's clients call")
LANGUAGES = {
    "curl": Language(
        curl.form_call,
        "bash",
        N_("For a POSIX shell, as Linux, macOS and WSL have it."),
        {_V2: curl.infer_call, _MLFLOW: curl.invocation_call},
    ),
    "Python": Language(
        python.form_call,
        "python",
        N_("Needs the package requests: `pip install requests`."),
        {_V2: python.infer_call, _MLFLOW: python.invocation_call},
    ),
    "R": Language(r.form_call, "r", N_('Needs R 4.1 and `install.packages("httr2")`.')),
    "JavaScript": Language(
        javascript.form_call,
        "javascript",
        N_(
            "Save it as call.mjs and run it with Node.js 18 or later. A web page should not hold a "
            "token, and browsers do not let pages of other addresses call."
        ),
    ),
    "Excel": Language(
        power_query.form_call,
        "powerquery",
        N_(
            "Data, Get Data, From Other Sources, Blank Query, Advanced Editor: paste it there. "
            "Choose Anonymous when Excel asks how to connect. Power BI takes the same query."
        ),
    ),
}


def example_of(
    model_id: str,
    path: str,
    fields: Mapping[str, str],
    info: ModelInfo,
    *,
    endpoint: str = "",
    token: str = "",
) -> Example:
    """Return a call with what this reader tried last on the model, else with its sample."""
    record = session.last_input(model_id)
    if record is None or not _fits(record, info):
        record = json.loads(as_json(info.sample))
    return Example(origin(), path, info, record, endpoint, dict(fields), token)


def example_with(
    record: Mapping[str, object], info: ModelInfo, path: str, fields: Mapping[str, str]
) -> Example:
    """Return a call with a record of the reader's; pictures are told by their fields alone."""
    plain = {name: value for name, value in record.items() if not isinstance(value, bytes)}
    return Example(origin(), path, info, plain, fields=dict(fields))


def _fits(record: Mapping[str, object], info: ModelInfo) -> bool:
    """Return whether a record that was tried on another version, perhaps, names the same fields."""
    names = {field.name for field in info.inputs}
    needed = {field.name for field in info.inputs if field.required and field.image is None}
    return needed <= record.keys() <= names


def origin() -> str:
    """Return where this browser reaches Slipway, such as `https://slipway.example`."""
    address = urlsplit(st.context.url or "http://localhost:8501")
    return f"{address.scheme}://{address.netloc}"


def draw_calls(example: Example, key: str) -> None:
    """Draw the call in every language, in tabs; and the files that long ones read."""
    draw_files(example, key)
    for tab, language in zip(st.tabs(list(LANGUAGES)), LANGUAGES.values(), strict=True):
        with tab:
            st.code(language.form(example), language=language.highlight, wrap_lines=True)
            st.caption(_(language.needs))
            if example.endpoint:
                _draw_others(example, language)


def _draw_others(example: Example, language: Language) -> None:
    """Draw the other protocols that programs may speak already; they take numbers, not pictures."""
    if example.pictures:
        return
    for name, writer in language.others.items():
        st.markdown(f"**{_(name)}**")
        st.code(writer(example), language=language.highlight, wrap_lines=True)


def draw_files(example: Example, key: str) -> None:
    """Draw the files that a call reads, where its record is too long to be shown inside it."""
    if example.pictures:
        st.caption(
            _("{picture_file} stands for a JPEG or PNG of yours.", picture_file=PICTURE_FILE)
        )
    files = {INPUT_FILE: example.plain_record}
    if example.endpoint and not example.pictures:
        files |= {INFER_FILE: infer_body(example), INVOCATION_FILE: invocation_body(example)}
    texts = {name: as_json(value) for name, value in files.items()}
    if example.is_one_picture or all(len(text) <= LONGEST for text in texts.values()):
        return
    st.caption(_("The record is too long to be shown inside a call; save it beside the call."))
    with st.container(horizontal=True):
        for name, text in texts.items():
            if len(text) > LONGEST:
                st.download_button(
                    name,
                    text,
                    file_name=name,
                    mime="application/json",
                    key=f"{key}_{name}",
                    icon=":material/download:",
                    on_click="ignore",
                )
