"""The fields `input` and `filetype` of the form contract, and what becomes of them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from typing import BinaryIO

import msgspec

from core.api.by_field import is_by_field, is_one_record, joined, kinds_of
from core.api.form_values import decoded, from_base64, json_of
from core.api.forms import Call, Form, may
from core.api.online import SMALL_BODY
from core.errors import InvalidInput
from core.files import Staged
from core.inputs.chunks import ChunkSize
from core.inputs.image import typed_record
from core.inputs.image_fields import picture_field
from core.inputs.pictures import decoded_parts
from core.inputs.recognition import recognise
from core.inputs.tabular import BY_FIELD, OPTIONS_IN_WORDS, open_table
from core.records import Typed
from core.runtimes.base import ModelInfo
from core.schema import Schema
from core.services.predictions import Table

TABLES = ("csv", "txt", "jsonl", "parquet", "xlsx")
PICTURES = ("jpg", "jpgbase64")
VIDEOS = ("mp4", "mp4base64")
_BASE64 = {"jpgbase64": "jpg", "mp4base64": "mp4"}
FILETYPES = ("none", *TABLES, *PICTURES, *VIDEOS, "zip")

INPUT_FIELDS = (
    may("input", "JSON records, or what filetype says: a file, or the base64 of one"),
    may(
        "filetype",
        f"what input holds: {', '.join(FILETYPES)}; left out, text is JSON and a file is what its "
        'content says. A JSON object such as {"photo": "jpg", "age": "none"} names a kind for each '
        "input; the files are then sent as inputfile_<input>, the rest inside the JSON object "
        "input",
    ),
    may(
        "options",
        f"how a file is read, a JSON object: {OPTIONS_IN_WORDS}",
    ),
)
_CHUNK = ChunkSize(10_000)


@contextmanager
def records_of(call: Call, info: ModelInfo) -> Iterator[object]:
    """Yield the records of a call that is answered at once, as `Predictions` takes them.

    A table is kept under the storage folder while it is read. Raises InvalidInput.
    """
    form, schema = call.form, info.input_schema
    if is_by_field(form):
        kinds, record = kinds_of(form)
        if is_one_record(schema, kinds, record):
            yield _mixed_record(form, schema)
            return
        with joined(call, schema) as staged:
            yield Table(_parts(staged, BY_FIELD, info, options_of(call)))
        return
    kind = _kind(form, schema)
    if kind == "none" and "input" not in form.files:
        yield json_of(form)
    elif kind in PICTURES:
        yield _one_picture(schema, kind, _picture(form, kind))
    else:
        with _received(call, kind, call.platform.settings.max_call_bytes) as (staged, found):
            if found in PICTURES:
                yield _one_picture(schema, found, staged.path.read_bytes())
                return
            yield Table(_parts(staged, found, info, options_of(call)))


@contextmanager
def source_of(call: Call, schema: Schema) -> Iterator[tuple[Staged | list[object], str]]:
    """Yield what a task scores, and its kind: records, or a file that the task takes over.

    Raises InvalidInput.
    """
    if is_by_field(call.form):
        with joined(call, schema) as staged:
            yield staged, BY_FIELD
        return
    kind = _kind(call.form, schema)
    if kind != "none" or "input" in call.form.files:
        with _received(call, kind, call.platform.settings.max_input_bytes) as received:
            yield received
        return
    records = json_of(call.form)
    if isinstance(records, dict):
        records = [records]
    if not isinstance(records, list):
        raise InvalidInput("The input is an object of field names and values, or a list of them.")
    yield records, "json"


def short_json(form: Form) -> object | None:
    """Return the records of a form that holds little and plain JSON, None for any other input.

    Raises InvalidInput where that is no JSON.
    """
    text = form.find("input")
    plain = form.find("filetype") in (None, "none") and not form.files
    if text is None or not plain or len(text) > SMALL_BODY:
        return None
    return decoded("input", text)


@contextmanager
def file_of(call: Call, schema: Schema) -> Iterator[tuple[Staged, str]]:
    """Yield what a call sends as a file with its kind, JSON records too; raises InvalidInput."""
    with source_of(call, schema) as (source, kind):
        if isinstance(source, Staged):
            yield source, kind
            return
        content = BytesIO(msgspec.json.encode(source))
        limit = call.platform.settings.max_input_bytes
        staged = call.platform.files.stage(content, "input.json", limit)
        try:
            yield staged, kind
        finally:
            staged.path.unlink(missing_ok=True)


def options_of(call: Call) -> dict[str, object]:
    """Return how a file is to be read; raises InvalidInput if they are no JSON object."""
    text = call.form.find("options")
    options = {} if text is None else decoded("options", text)
    if not isinstance(options, dict):
        raise InvalidInput("options must be a JSON object.")
    return options


def _kind(form: Form, schema: Schema) -> str:
    """Return the kind that a form names; raises InvalidInput for one that the model never takes."""
    kind = form.find("filetype") or "none"
    if kind not in FILETYPES:
        raise InvalidInput(f'filetype is "{kind[:40]}"; it must be one of {", ".join(FILETYPES)}.')
    if kind in (*PICTURES, *VIDEOS):
        picture_field(schema, kind)
    return kind


def _kind_of(staged: Staged, kind: str) -> str:
    """Return the kind that was named, else the one that the file's content tells."""
    return recognise(staged.path, staged.name) if kind == "none" else kind


def _mixed_record(form: Form, schema: Schema) -> Typed:
    """Return the record of a form that names a kind for each input."""
    kinds, record = kinds_of(form)
    pictures = {
        name: _picture_part(form, name) if kind == "jpg" else from_base64(name, record.get(name))
        for name, kind in kinds.items()
        if kind in PICTURES
    }
    return typed_record(schema, record, pictures)


def _one_picture(schema: Schema, kind: str, content: bytes) -> Typed:
    return typed_record(schema, {}, {picture_field(schema, kind).name: content})


def _picture_part(form: Form, name: str) -> bytes:
    file = form.files.get(f"inputfile_{name}")
    if file is None:
        raise InvalidInput(f"Send the picture in the form field inputfile_{name}.")
    return file.file.read()


def _picture(form: Form, kind: str) -> bytes:
    if kind == "jpgbase64":
        return from_base64("input", form.find("input"))
    file = form.files.get("input")
    if file is None:
        raise InvalidInput("Send the picture in the form field input, with a file name.")
    return file.file.read()


@contextmanager
def _received(call: Call, kind: str, limit: int) -> Iterator[tuple[Staged, str]]:
    """Yield the file of the field `input` and its kind; what nobody took over is removed.

    Where no kind is named the file's content tells it.
    """
    content, name = _content(call.form, kind)
    staged = call.platform.files.stage(content, name, limit)
    try:
        yield staged, _BASE64.get(kind) or _kind_of(staged, kind)
    finally:
        staged.path.unlink(missing_ok=True)


def _content(form: Form, kind: str) -> tuple[BinaryIO, str]:
    """Return the file that a form holds, and its name."""
    if kind in _BASE64:
        content = from_base64("input", form.find("input"))
        return BytesIO(content), f"input.{_BASE64[kind]}"
    file = form.files.get("input")
    if file is None:
        raise InvalidInput("Send the file in the form field input, with a file name.")
    return file.file, file.filename or "input"


def _parts(
    staged: Staged, kind: str, info: ModelInfo, options: Mapping[str, object]
) -> Iterator[Typed]:
    for chunk in open_table(staged.path, kind, info.input_schema, options).chunks(_CHUNK):
        yield from decoded_parts(info.input_schema, chunk.typed)
