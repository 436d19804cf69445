"""A form that names a kind for each input: what came for each, joined to one file of records."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from core.api.form_values import decoded, from_base64, json_of
from core.api.forms import Call, Form
from core.errors import InvalidInput
from core.files import Staged, sha256_of
from core.inputs.by_field import Part, write_parts
from core.schema import Field, Schema

_FILES = ("csv", "txt", "jsonl", "parquet", "xlsx", "jpg", "mp4", "zip")
_TEXTS = {"jpgbase64": "jpg", "mp4base64": "mp4"}
_ONE_RECORD = ("none", "jpg", "jpgbase64")
_KNOWN = ("none", *_FILES, *_TEXTS)

Record = dict[str, object]


def is_by_field(form: Form) -> bool:
    """Return whether a form names a kind for each input."""
    return (form.find("filetype") or "").lstrip().startswith("{")


def kinds_of(form: Form) -> tuple[dict[str, str], Record]:
    """Return the kind that each input is given, and the values in `input`; raises InvalidInput."""
    kinds = decoded("filetype", form.text("filetype"))
    record = json_of(form) if form.find("input") else {}
    if not isinstance(kinds, dict) or not isinstance(record, dict):
        raise InvalidInput(
            "filetype is a JSON object; then input must be one, too, or be left out."
        )
    for name, kind in kinds.items():
        if kind not in _KNOWN:
            known = ", ".join(_KNOWN)
            raise InvalidInput(
                f"filetype of {name} is {str(kind)[:40]}; it must be one of {known}."
            )
    return kinds, record


def is_one_record(schema: Schema, kinds: dict[str, str], record: Record) -> bool:
    """Return whether a form gives one record, which is answered by one object."""
    several = any(_is_column(field, record.get(field.name)) for field in schema)
    return not several and all(kind in _ONE_RECORD for kind in kinds.values())


@contextmanager
def joined(call: Call, schema: Schema) -> Iterator[Staged]:
    """Yield the parts of a form as one file of the kind `BY_FIELD`; raises InvalidInput."""
    kinds, record = kinds_of(call.form)
    for name in kinds:
        if name not in schema.names:
            raise InvalidInput(f"The model has no input {name}; it has {', '.join(schema.names)}.")
    with call.platform.files.scratch() as folder:
        parts = {
            field.name: _part(call.form, field, kinds.get(field.name, "none"), record, path)
            for place, field in enumerate(schema)
            if field.name in kinds or field.name in record
            for path in [folder / str(place)]
        }
        target = folder / "fields"
        write_parts(target, parts)
        yield Staged(target, "fields", target.stat().st_size, sha256_of(target))


def _part(form: Form, field: Field, kind: str, record: Record, path: Path) -> Part:
    if kind in _FILES:
        file = form.files.get(f"inputfile_{field.name}")
        if file is None:
            what = "picture" if kind == "jpg" else "file"
            raise InvalidInput(f"Send the {what} in the form field inputfile_{field.name}.")
        with path.open("wb") as target:
            shutil.copyfileobj(file.file, target)
        return Part(kind, path)
    value = record.get(field.name)
    if kind in _TEXTS:
        path.write_bytes(from_base64(field.name, value))
        return Part(_TEXTS[kind], path)
    values = value if isinstance(value, list) and _is_column(field, value) else [value]
    path.write_bytes(b"".join(msgspec.json.encode({field.name: v}) + b"\n" for v in values))
    return Part("jsonl", path)


def _is_column(field: Field, value: object) -> bool:
    """Return whether a value is a list with one value for each row; a tensor is a list itself."""
    return isinstance(value, list) and bool(value) and not field.is_tensor
