"""The fields `input` and `filetype` of the form contract, and what becomes of them."""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from core.api.forms import Call, Form, may
from core.coercion import Typed
from core.errors import InvalidInput
from core.files import Staged
from core.inputs.chunks import ChunkSize
from core.inputs.tabular import open_table
from core.runtimes.base import ModelInfo
from core.services.predictions import Table

TABLES = ("csv", "txt")
IMAGES = ("jpg", "mp4", "jpgbase64", "mp4base64")
FILETYPES = ("none", *TABLES, *IMAGES, "zip")

INPUT_FIELDS = (
    may("input", "JSON records, or the file where filetype says so"),
    may("filetype", f"what input holds: {', '.join(FILETYPES)}; none (JSON) by default"),
)
_CHUNK = ChunkSize(10_000)


@contextmanager
def records_of(call: Call, info: ModelInfo) -> Iterator[object]:
    """Yield the records of a call that is answered at once, as `Predictions` takes them.

    A file is kept under the storage folder while it is read. Raises InvalidInput.
    """
    kind = _kind(call.form)
    if kind == "none":
        yield _json(call.form)
        return
    with _received(call, call.platform.settings.max_call_bytes) as staged:
        yield Table(_parts(staged, kind, info))


@contextmanager
def source_of(call: Call) -> Iterator[tuple[Staged | list[object], str]]:
    """Yield what a task scores, and its kind: records, or a file that the task takes over.

    Raises InvalidInput.
    """
    kind = _kind(call.form)
    if kind != "none" or "input" in call.form.files:
        with _received(call, call.platform.settings.max_input_bytes) as staged:
            yield staged, "json" if kind == "none" else kind
        return
    records = _json(call.form)
    yield records if isinstance(records, list) else [records], "json"


def options_of(call: Call) -> dict[str, object]:
    """Return the options of a task; raises InvalidInput if they are no JSON object."""
    text = call.form.find("options")
    options = {} if text is None else _decoded("options", text)
    if not isinstance(options, dict):
        raise InvalidInput("options must be a JSON object.")
    return options


def _kind(form: Form) -> str:
    kind = form.find("filetype") or "none"
    if kind not in FILETYPES:
        raise InvalidInput(f'filetype is "{kind[:40]}"; it must be one of {", ".join(FILETYPES)}.')
    if kind in IMAGES:
        raise InvalidInput(f"filetype is {kind}, but this model has no input that is an image.")
    if kind == "zip":
        raise InvalidInput("filetype zip is not taken yet; send the files of the zip one by one.")
    return kind


def _json(form: Form) -> object:
    text = form.find("input")
    if text is None:
        raise InvalidInput("Send the records as JSON in the form field input.")
    return _decoded("input", text)


def _decoded(name: str, text: str) -> object:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidInput(f"{name} is not JSON: {error}.") from error


@contextmanager
def _received(call: Call, limit: int) -> Iterator[Staged]:
    """Yield the file of the field `input`; what nobody took over is removed."""
    file = call.form.files.get("input")
    if file is None:
        raise InvalidInput("Send the file in the form field input, with a file name.")
    staged = call.platform.files.stage(file.file, file.filename or "input", limit)
    try:
        yield staged
    finally:
        staged.path.unlink(missing_ok=True)


def _parts(staged: Staged, kind: str, info: ModelInfo) -> Iterator[Typed]:
    for chunk in open_table(staged.path, kind, info.input_schema).chunks(_CHUNK):
        yield chunk.typed
