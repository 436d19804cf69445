"""A call to write down in some language: where it goes, and what it sends."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from core.api.inference import DATATYPES
from core.inputs.image_fields import picture_fields
from core.runtimes.base import ModelInfo

LONGEST = 1500  # characters of JSON that are shown inside a call; longer ones come from a file
TOKEN_VARIABLE = "SLIPWAY_TOKEN"  # noqa: S105 - the name, not the token
INPUT_FILE = "input.json"
INFER_FILE = "infer.json"
INVOCATION_FILE = "records.json"
PICTURE_FILE = "photo.jpg"


class Kind(Enum):
    """Where the value of a part of a form comes from."""

    TEXT = "the call itself"
    TEXT_FILE = "a file that is sent as text"
    PICTURE = "a file that is sent as it is"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a form: its name, and its text or the name of its file."""

    name: str
    value: str
    kind: Kind = Kind.TEXT


@dataclass(frozen=True, slots=True)
class Example:
    """A call of a service, or a trial of a model.

    `origin` is where Slipway is reached, such as `https://slipway.example`; `path` the form
    contract's; `endpoint` the service's address, empty for a trial. `fields` name what is called.
    `record` is one record as JSON can hold it. `token` is empty where the reader puts in their own.
    """

    origin: str
    path: str
    info: ModelInfo
    record: dict[str, object]
    endpoint: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    token: str = ""

    @property
    def url(self) -> str:
        """Return the address of the form contract's call."""
        return self.origin + self.path

    @property
    def pictures(self) -> tuple[str, ...]:
        """Return the inputs that are sent as pictures."""
        return tuple(field.name for field in picture_fields(self.info.input_schema))

    @property
    def plain_record(self) -> dict[str, object]:
        """Return the record without its pictures."""
        return {name: value for name, value in self.record.items() if name not in self.pictures}

    @property
    def is_one_picture(self) -> bool:
        """Return whether a picture is all that the model needs."""
        needed = [field.name for field in self.info.inputs if field.required]
        return len(self.pictures) == 1 and list(self.pictures) == needed

    @property
    def parts(self) -> list[Part]:
        """Return the parts of the form."""
        named = [Part(name, value) for name, value in self.fields.items()]
        if self.is_one_picture:
            return [*named, Part("filetype", "jpg"), Part("input", PICTURE_FILE, Kind.PICTURE)]
        kinds = dict.fromkeys(self.pictures, "jpg")
        files = [Part(f"inputfile_{name}", PICTURE_FILE, Kind.PICTURE) for name in self.pictures]
        mixed = [Part("filetype", as_json(kinds)), *files] if kinds else []
        return [*named, *mixed, self._input()]

    @property
    def is_long(self) -> bool:
        """Return whether the record is too long to be shown inside a call."""
        return not self.is_one_picture and len(as_json(self.plain_record)) > LONGEST

    def _input(self) -> Part:
        if self.is_long:
            return Part("input", INPUT_FILE, Kind.TEXT_FILE)
        return Part("input", as_json(self.plain_record))


def as_json(value: object, indent: int | None = None) -> str:
    """Return a value as JSON with the letters of every script as they are."""
    return json.dumps(value, ensure_ascii=False, indent=indent, default=str)


def infer_body(example: Example) -> dict[str, object]:
    """Return the body of the Open Inference Protocol: one tensor for each field of the record."""
    fields = {field.name: field for field in example.info.inputs}
    return {
        "inputs": [
            {
                "name": name,
                "shape": [1, *_shape(value)],
                "datatype": DATATYPES[fields[name].type],
                "data": [value],
            }
            for name, value in example.record.items()
        ]
    }


def invocation_body(example: Example) -> dict[str, object]:
    """Return the body of MLflow's scoring call."""
    return {"dataframe_records": [example.record]}


def _shape(value: object) -> list[int]:
    if not isinstance(value, list):
        return []
    return [len(value), *(_shape(value[0]) if value else [])]
