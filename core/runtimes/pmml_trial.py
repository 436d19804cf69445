"""Trying a PMML model when it is inspected, with records made up from the file."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from core.coercion import BadValueError, read_value
from core.errors import InvalidModel
from core.records import batch_of
from core.runtimes.base import ERROR_COLUMN
from core.runtimes.pmml_document import Document
from core.runtimes.pmml_engine import PmmlModel
from core.runtimes.pmml_verify import verify
from core.schema import DataType, Field, Interval, Schema

_RECORDS = 64
_USUAL: dict[DataType, tuple[object, ...]] = {
    DataType.INTEGER: (1, 0, 10),
    DataType.FLOAT: (1.0, 0.0, 10.0),
    DataType.DOUBLE: (1.0, 0.0, 10.0),
    DataType.STRING: ("a",),
    DataType.BOOLEAN: (True, False),
    DataType.DATE: ("2020-01-31",),
    DataType.TIME: ("13:45:00",),
    DataType.DATETIME: ("2020-01-31T13:45:00",),
}
_ALWAYS_ALL = {
    "RegressionModel",
    "GeneralRegressionModel",
    "NeuralNetwork",
    "SupportVectorMachineModel",
}
_NO_SAMPLE = (
    "The PMML engine gave no result for any record made up from the file; "
    "try one of your own before you deploy the model."
)


@dataclass(frozen=True, slots=True)
class Findings:
    """What the trial of a model showed; `sample` is empty where no record got a result."""

    inputs: tuple[Field, ...]
    sample: dict[str, object]
    warnings: tuple[str, ...]
    details: dict[str, str]


def examine(model: PmmlModel, document: Document, schema: Schema) -> Findings:
    """Try a model; raises InvalidModel where the engine breaks on every record."""
    sample = _scored_record(model, document, schema)
    details, warnings = verify(model, document, schema)
    if not sample:
        return Findings(schema.fields, sample, (_NO_SAMPLE, *warnings), details)
    return Findings(_needed(model, document, schema, sample), sample, warnings, details)


def _scored_record(model: PmmlModel, document: Document, schema: Schema) -> dict[str, object]:
    """Return the first made-up record that gets a result, or nothing."""
    records = list(_records(document, schema))
    typed = batch_of(schema, [_typed(schema, record) for record in records])
    errors = model.score(typed).column(ERROR_COLUMN).to_pylist()
    for record, error in zip(records, errors, strict=True):
        if error is None:
            return record
    reason = model.reason(typed.slice(0, 1))
    if reason:
        raise InvalidModel(f"The PMML engine breaks on every record of the model: {reason}.")
    return {}


def _typed(schema: Schema, record: dict[str, object]) -> dict[str, object]:
    return {field.name: read_value(field, record[field.name]) for field in schema}


def _needed(
    model: PmmlModel, document: Document, schema: Schema, sample: dict[str, object]
) -> tuple[Field, ...]:
    """Return the fields, marked as not nullable where the model gives no result without them.

    Only models that use all their fields for every record can be asked so: a tree may need a field
    for one record and not for another.
    """
    if document.model.tag not in _ALWAYS_ALL:
        return schema.fields
    typed = _typed(schema, sample)
    without = [{**typed, field.name: None} for field in schema]
    errors = model.score(batch_of(schema, without)).column(ERROR_COLUMN).to_pylist()
    return tuple(
        field
        if error is None or field.default is not None
        else replace(field, nullable=False, missing="not allowed")
        for field, error in zip(schema, errors, strict=True)
    )


def _records(document: Document, schema: Schema) -> Iterator[dict[str, object]]:
    """Make up records: first the most usual value of each field, then mixtures of its values."""
    known = _values_in(document, schema.names)
    options = [_options(field, known[field.name]) for field in schema]
    yield {field.name: values[0] for field, values in zip(schema, options, strict=True)}
    mix = random.Random(0)  # noqa: S311 - the same records at each inspection
    for _ in range(_RECORDS - 1):
        chosen = [mix.choice(values) for values in options]
        yield dict(zip(schema.names, chosen, strict=True))


def _values_in(document: Document, names: Sequence[str]) -> dict[str, list[str]]:
    """Return the values that the model compares each field with, and the statistics it gives."""
    found: dict[str, list[str]] = {name: [] for name in names}
    for element in document.model.iter():
        name = element.get("field") or element.get("name") or element.get("predictorName") or ""
        value = element.get("value")
        if value is not None and name in found and len(found[name]) < _RECORDS:
            found[name].append(value)
    items = [item.get("value", "") for item in document.elements("Item")]
    if items:
        return dict.fromkeys(names, items)
    for stats in document.elements("UnivariateStats"):
        numbers = stats.find("NumericInfo")
        if numbers is not None and stats.get("field") in found:
            keys = ("median", "mean", "minimum", "maximum")
            given = [numbers.get(key, "") for key in keys if numbers.get(key)]
            found[stats.get("field", "")][:0] = given
    return found


def _options(field: Field, known: Sequence[str]) -> list[object]:
    """Return values that the field allows, the most usual first."""
    middles = [number for interval in field.intervals for number in _inside(interval)]
    wanted = [*field.categories, *middles, *known, *_USUAL[field.type]]
    if field.default is not None:
        wanted.insert(0, field.default)
    plain = [_plain(field, value) for value in wanted]
    return [value for value in plain if value is not None][:_RECORDS] or [None]


def _inside(interval: Interval) -> Iterator[float]:
    low, high = interval.low, interval.high
    if low is not None and high is not None:
        yield from (low + (high - low) * part for part in (0.5, 0.25, 0.75))
    elif low is not None or high is not None:
        yield (low or 0.0) + 1.0 if high is None else high - 1.0


def _plain(field: Field, value: object) -> object:
    """Return a value as JSON would hold it, None if the field does not allow it."""
    if field.type is DataType.INTEGER and isinstance(value, float):
        value = round(value)
    try:
        typed = read_value(field, value)
    except BadValueError:
        return None
    return typed if isinstance(typed, str | int | float) else value
