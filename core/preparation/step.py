"""A preprocessing step: a query that makes the model's inputs of the fields that callers send."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from core.schema import DataType, Field, Interval, Optype, Schema

GENERIC: dict[DataType, object] = {
    DataType.INTEGER: 1,
    DataType.FLOAT: 1.0,
    DataType.DOUBLE: 1.0,
    DataType.STRING: "a",
    DataType.BOOLEAN: True,
    DataType.DATE: "2026-01-31",
    DataType.TIME: "13:45:00",
    DataType.DATETIME: "2026-01-31T13:45:00",
}


@dataclass(frozen=True, slots=True)
class RawField:
    """One field that callers send to a step.

    Without a `type` it is the model's own input of that name, with all that is known of it, and
    nothing else is said here. `low` and `high` belong to the range. `nullable`: callers may leave
    the value out. `example` is a value written as in a CSV.
    """

    name: str
    type: DataType | None = None
    label: str = ""
    unit: str = ""
    description: str = ""
    low: float | None = None
    high: float | None = None
    categories: tuple[str, ...] = ()
    nullable: bool = False
    example: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What a person wrote: one SELECT over the table `input`, and the columns of that table."""

    sql: str
    fields: tuple[RawField, ...]


@dataclass(frozen=True, slots=True)
class Preparation:
    """A step as a scorer carries it out: from `raw`, typed, to `inputs`, those of the model.

    `key` is the same for what does the same.
    """

    sql: str
    raw: tuple[Field, ...]
    inputs: tuple[Field, ...]
    key: str

    @property
    def table(self) -> Schema:
        """Return the columns of the table `input`: arrays and pictures go round the query."""
        return Schema(tuple(field for field in self.raw if not field.is_tensor))

    @property
    def wanted(self) -> Schema:
        """Return the model's inputs that the query gives."""
        return Schema(tuple(field for field in self.inputs if not field.is_tensor))


def preparation_of(step: Step, inputs: Sequence[Field]) -> Preparation:
    """Return a step between its fields and a model's inputs; the arrays among these stay."""
    own = {field.name: field for field in inputs}
    raw = tuple(_field(each, own) for each in step.fields)
    named = {field.name for field in raw}
    raw += tuple(field for field in inputs if field.is_tensor and field.name not in named)
    key = hashlib.sha256(msgspec.json.encode((step.sql, raw, inputs))).hexdigest()
    return Preparation(step.sql, raw, tuple(inputs), key)


def _field(raw: RawField, own: dict[str, Field]) -> Field:
    if raw.type is None:
        return own.get(raw.name) or Field(raw.name, DataType.STRING)
    bounded = raw.low is not None or raw.high is not None
    named = bool(raw.categories) or raw.type in (DataType.STRING, DataType.BOOLEAN)
    return Field(
        name=raw.name,
        type=raw.type,
        optype=Optype.CATEGORICAL if named else Optype.CONTINUOUS,
        categories=raw.categories,
        intervals=(Interval(raw.low, raw.high),) if bounded else (),
        required=not raw.nullable,
        nullable=raw.nullable,
        default=raw.example or None,
        label=raw.label,
        unit=raw.unit,
        description=raw.description,
    )


def example_of(field: Field) -> object:
    """Return a value of a field where nobody has named one."""
    if field.default or field.categories:
        return field.default or field.categories[0]
    for interval in field.intervals:
        ends = [end for end in (interval.low, interval.high) if end is not None]
        if ends:
            return int(ends[0]) if field.type is DataType.INTEGER else float(ends[0])
    return GENERIC[field.type]


def as_declared(raw: RawField, inputs: Sequence[Field]) -> RawField:
    """Return a field that says what the model's own input says already as that input."""
    known = {field.name: field for field in inputs}.get(raw.name)
    told = raw.type is None or known is None or replace(_field(raw, {}), default=None) != known
    return raw if told else RawField(raw.name)
