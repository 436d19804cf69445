"""Which fields a step's query needs from callers, and what a sample tells of their types."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from core.coercion import BadValueError, read_value
from core.errors import InvalidInput
from core.inputs.chunks import ChunkSize, as_text
from core.inputs.delimited import DelimitedSource
from core.inputs.dialects import sniff
from core.preparation.grammar import read_query
from core.preparation.rules import TABLE
from core.preparation.step import RawField
from core.runtimes.base import ModelInfo
from core.schema import DataType, Field, Schema

Record = Mapping[str, object]

MOST_TRIED = 100
_SAMPLED = 5_000
_GUESSES = (
    DataType.INTEGER,
    DataType.DOUBLE,
    DataType.BOOLEAN,
    DataType.DATE,
    DataType.DATETIME,
    DataType.TIME,
)


def needed_fields(
    info: ModelInfo, sql: str, records: Sequence[Record] = ()
) -> tuple[RawField, ...]:
    """Return the fields that a query needs: the model's own, and others typed as in the records.

    Where no record has a field it is a number. Raises InvalidInput where the query cannot be read.
    """
    reading = read_query(sql)
    read = {name.casefold(): name for name in reading.reads if name.casefold() != TABLE}
    own = [field.name for field in info.model_inputs if not field.is_tensor]
    kept = [
        RawField(name)
        for name in own
        if name.casefold() in read or (reading.star and name.casefold() not in reading.makes)
    ]
    known = set(map(str.casefold, own))
    named = {name.casefold(): name for record in records for name in record}
    return (
        *kept,
        *(
            _guessed(named.get(key, name), records)
            for key, name in read.items()
            if key not in known
        ),
    )


def _guessed(name: str, records: Sequence[Record]) -> RawField:
    values = [record.get(name) for record in records if name in record]
    known = [value for value in values if value is not None and value != ""]
    if not known:
        return RawField(name, DataType.DOUBLE, example="1")
    lacking = len(known) < len(records)
    type_ = next((each for each in _GUESSES if _all_are(each, known)), DataType.STRING)
    example = known[0]
    written = json.dumps(example) if isinstance(example, bool) else as_text(example)
    return RawField(name, type_, nullable=lacking, example=written[:200])


def _all_are(type_: DataType, values: Sequence[object]) -> bool:
    field = Field("sample", type_)
    if type_ is not DataType.BOOLEAN and any(isinstance(value, bool) for value in values):
        return False
    try:
        for value in dict.fromkeys(map(_plain, values)):
            read_value(field, value)
    except BadValueError:
        return False
    return True


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float | bool) else as_text(value)


def records_of(path: Path) -> list[dict[str, object]]:
    """Return the first rows of a CSV as texts by column; raises InvalidInput."""
    dialect = sniff(path, Schema(()))
    texts = Schema(tuple(Field(name, DataType.STRING, nullable=True) for name in dialect.names))
    chunk = next(DelimitedSource(path, dialect, texts).chunks(ChunkSize(_SAMPLED)), None)
    return chunk.typed.batch.to_pylist() if chunk is not None else []


def as_declared_by(given: object, info: ModelInfo) -> tuple[RawField, ...]:
    """Return fields that came as JSON: names, or objects with the keys of a `RawField`.

    Raises InvalidInput for what is no list of these.
    """
    if not isinstance(given, list):
        raise InvalidInput("The fields are a list of names and objects, each with a name.")
    own = {field.name for field in info.model_inputs}
    return tuple(_declared(each, own) for each in given)


def _declared(given: object, own: set[str]) -> RawField:
    if isinstance(given, str):
        given = {"name": given}
    if not isinstance(given, Mapping) or not isinstance(given.get("name"), str):
        raise InvalidInput("Each of the fields is a name or an object with a name.")
    name = str(given["name"])
    if unknown := [str(key) for key in given if key not in _KEYS]:
        raise InvalidInput(f"{name}: a field has no {unknown[0][:60]}; it has {', '.join(_KEYS)}.")
    type_ = given.get("type") or (None if name in own else DataType.DOUBLE)
    field = RawField(name, _type(name, type_))
    low, high = _range(name, given.get("range"))
    example = given.get("example")
    return replace(
        field,
        low=low,
        high=high,
        categories=_categories(name, given.get("categories")),
        nullable=given.get("nullable") is True,
        example="" if example is None else as_text(example),
        label=str(given.get("label") or ""),
        unit=str(given.get("unit") or ""),
        description=str(given.get("description") or ""),
    )


_KEYS = (
    "name",
    "type",
    "range",
    "categories",
    "nullable",
    "example",
    "label",
    "unit",
    "description",
)


def _type(name: str, given: object) -> DataType | None:
    if given is None:
        return None
    try:
        return DataType(str(given))
    except ValueError:
        raise InvalidInput(
            f"{name}: there is no type {str(given)[:60]}; a type is one of {', '.join(DataType)}."
        ) from None


def _range(name: str, given: object) -> tuple[float | None, float | None]:
    if given is None:
        return None, None
    if isinstance(given, list) and len(given) == 2 and all(map(_is_bound, given)):
        low, high = given
        return low, high
    raise InvalidInput(f"{name}: a range is a list of two numbers, null for an open end.")


def _is_bound(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _categories(name: str, given: object) -> tuple[str, ...]:
    if given is None:
        return ()
    if not isinstance(given, list):
        raise InvalidInput(f"{name}: the categories are a list of values.")
    return tuple(map(as_text, given))
