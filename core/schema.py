"""What a model takes and gives: fields, their types and ranges.

How a value from outside becomes a value of such a field is in `core.coercion`.
The words are those of PMML 4.4 (DataField, MiningField): https://dmg.org/pmml/v4-4/DataDictionary.html
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pyarrow as pa

from core.image_recipe import ImageRecipe


class DataType(StrEnum):
    """What kind of value a field holds."""

    INTEGER = "integer"
    FLOAT = "float"
    DOUBLE = "double"
    STRING = "string"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"


class Optype(StrEnum):
    """What may be done with a field's values: compute, compare, or tell apart."""

    CONTINUOUS = "continuous"
    CATEGORICAL = "categorical"
    ORDINAL = "ordinal"


class Invalid(StrEnum):
    """What becomes of a value outside the field's categories and intervals."""

    REFUSE = "refuse"
    AS_MISSING = "as missing"
    AS_IS = "as is"


ARROW_TYPES: dict[DataType, pa.DataType] = {
    DataType.INTEGER: pa.int64(),
    DataType.FLOAT: pa.float32(),
    DataType.DOUBLE: pa.float64(),
    DataType.STRING: pa.string(),
    DataType.BOOLEAN: pa.bool_(),
    DataType.DATE: pa.date32(),
    DataType.TIME: pa.time64("us"),
    DataType.DATETIME: pa.timestamp("us"),
}

NUMERIC = frozenset({DataType.INTEGER, DataType.FLOAT, DataType.DOUBLE})


@dataclass(frozen=True, slots=True)
class Interval:
    """A range of numbers; a bound that is None is open to infinity."""

    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False

    def __contains__(self, value: float) -> bool:
        above = self.low is None or (value > self.low if self.low_open else value >= self.low)
        below = self.high is None or (value < self.high if self.high_open else value <= self.high)
        return above and below

    def __str__(self) -> str:
        left = "(" if self.low_open or self.low is None else "["
        right = ")" if self.high_open or self.high is None else "]"
        return f"{left}{_bound(self.low, '-∞')}, {_bound(self.high, '∞')}{right}"


def nested_lists(flat: pa.Array, shape: Sequence[int]) -> pa.Array:
    """Return the numbers of a dense array, in row-major order, as a column of lists in lists.

    `shape` is that of the whole: its first length is the number of rows.
    """
    for axis in range(len(shape) - 1, 0, -1):
        starts = np.arange(math.prod(shape[:axis]) + 1, dtype=np.int32) * shape[axis]
        flat = pa.ListArray.from_arrays(pa.array(starts, pa.int32()), flat)
    return flat


def _bound(value: float | None, unbounded: str) -> str:
    return unbounded if value is None else f"{value:.15g}"


@dataclass(frozen=True, slots=True)
class Field:
    """One input or output variable of a model.

    `categories` are written as the model file writes them, also for numbers.
    `shape` is the shape of one record's value: () for a scalar, None where any length goes.
    `required`: the field must be named in an input; `nullable`: its value may be missing.
    `missing` tells in words what the model makes of a missing value.
    `image` tells how a picture becomes the value, where the field takes pictures.
    `label`, `unit` and `description` are for reading. `codes` are what the engine gives for each of
    the categories of an output, where people have named those.
    """

    name: str
    type: DataType
    optype: Optype = Optype.CONTINUOUS
    categories: tuple[str, ...] = ()
    intervals: tuple[Interval, ...] = ()
    shape: tuple[int | None, ...] = ()
    required: bool = True
    nullable: bool = False
    invalid: Invalid = Invalid.REFUSE
    missing: str = ""
    default: str | None = None
    label: str = ""
    image: ImageRecipe | None = None
    unit: str = ""
    description: str = ""
    codes: tuple[str, ...] = ()

    @property
    def is_tensor(self) -> bool:
        """Return whether one record's value is an array."""
        return bool(self.shape)

    @property
    def dimension(self) -> str:
        """Return the shape as text: `scalar`, or for example `1x28x28` (`?` is any length)."""
        return "x".join("?" if n is None else str(n) for n in self.shape) or "scalar"

    @property
    def range(self) -> str:
        """Return the allowed values as text, empty where the file names none."""
        if self.categories:
            return ", ".join(self.categories)
        return " ∪ ".join(map(str, self.intervals))

    @property
    def arrow_type(self) -> pa.DataType:
        """Return the Arrow type of a column of this field.

        A tensor of known shape is a fixed-size list in row-major order; one with free lengths is
        lists in lists, as deep as its rank.
        """
        element = ARROW_TYPES[self.type]
        if not self.is_tensor:
            return element
        if None not in self.shape:
            return pa.list_(element, math.prod(n or 0 for n in self.shape))
        for _ in self.shape:
            element = pa.list_(element)
        return element

    def allows(self, number: float) -> bool:
        """Return whether a number lies in one of the intervals, if there are any."""
        return not self.intervals or any(number in interval for interval in self.intervals)


@dataclass(frozen=True, slots=True)
class Schema:
    """The fields of one side of a model, in the order that its columns have."""

    fields: tuple[Field, ...]

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    @property
    def names(self) -> list[str]:
        """Return the names in order."""
        return [field.name for field in self.fields]

    @property
    def arrow(self) -> pa.Schema:
        """Return the Arrow schema of a typed batch."""
        return pa.schema([(field.name, field.arrow_type) for field in self.fields])
