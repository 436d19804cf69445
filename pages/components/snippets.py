"""Calls to copy: what a program sends for what the page just did."""

import json
import shlex
from collections.abc import Mapping
from urllib.parse import urlsplit

import streamlit as st

from core.inputs.image_fields import picture_fields
from core.runtimes.base import ModelInfo

_LONGEST_INPUT = 1500
_FROM_FILE = "<input.json"


def draw_call(path: str, fields: Mapping[str, str], info: ModelInfo) -> None:
    """Draw a curl call with a sample input; `fields` are the form's fields beside it."""
    parts = [f"--form-string {shlex.quote(f'{name}={value}')}" for name, value in fields.items()]
    if _is_one_picture(info):
        _draw_curl(path, [*parts, "-F filetype=jpg", "-F input=@photo.jpg"])
        st.caption("The file photo.jpg is a JPEG or PNG; filetype jpgbase64 takes it as text.")
        return
    sample = json.dumps(info.sample, ensure_ascii=False, default=str)
    inside = len(sample) <= _LONGEST_INPUT
    parts.append(
        f"--form-string {shlex.quote(f'input={sample}')}" if inside else f"-F 'input={_FROM_FILE}'"
    )
    _draw_curl(path, parts)
    if not inside:
        st.caption("The file input.json holds one record as JSON; it is too long to show here.")


def _is_one_picture(info: ModelInfo) -> bool:
    """Return whether a picture is all that the model needs."""
    needed = [field for field in info.inputs if field.required]
    return len(needed) == 1 and picture_fields(info.input_schema) == tuple(needed)


def draw_mlflow_call(endpoint: str, info: ModelInfo) -> None:
    """Draw the same call the way MLflow's clients make it."""
    sample = json.dumps({"dataframe_records": [info.sample]}, ensure_ascii=False, default=str)
    body = shlex.quote(sample) if len(sample) <= _LONGEST_INPUT else "@records.json"
    _draw_curl(f"/invocations/{endpoint}", ["-H 'Content-Type: application/json'", f"-d {body}"])


def _draw_curl(path: str, parts: list[str]) -> None:
    lines = [
        f"curl {shlex.quote(origin() + path)}",
        '-H "Authorization: Bearer $SLIPWAY_TOKEN"',
        *parts,
    ]
    st.code(" \\\n  ".join(lines), language="bash", wrap_lines=True)


def origin() -> str:
    """Return where this browser reaches Slipway, such as `https://slipway.example`."""
    address = urlsplit(st.context.url or "http://localhost:8501")
    return f"{address.scheme}://{address.netloc}"
