"""Over which values a field is swept, and the one batch in which many fields are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pyarrow as pa

from core.runtimes.edits import hull
from core.schema import NUMERIC, DataType, Field

MOST_CATEGORIES = 40
_HALF_A_STEP = 2.0  # how far a number goes that is 0 and says nothing of its scale

Value = float | int | str | bool | None


class Origin(StrEnum):
    """Where the range of a sweep comes from, in words."""

    MODEL = "the range that the model names"
    EXAMPLE = "values around this one and the model's example, as no range is named"
    AROUND = "values around this one, as no range is named"


@dataclass(frozen=True, slots=True)
class Span:
    """What a field is swept over: its values in order, `present` among them, and why these."""

    field: Field
    values: tuple[Value, ...]
    present: Value
    origin: Origin

    @property
    def is_numeric(self) -> bool:
        """Return whether the values have distances, so that a line may join them."""
        return is_numeric(self.field)


def is_numeric(field: Field) -> bool:
    """Return whether a field's values are numbers to compute with, rather than names."""
    return field.type in NUMERIC and not field.categories and not field.is_tensor


def why_not(field: Field, present: object) -> str:
    """Return why a field cannot be swept, empty where it can."""
    if field.image is not None:
        return "a picture"
    if field.is_tensor:
        return "an array"
    if field.categories or field.type is DataType.BOOLEAN:
        return ""
    if field.type is DataType.STRING:
        return "free text"
    if field.type not in NUMERIC:
        return "a date or a time"
    low, high = hull(field.intervals)
    return "no value and no range" if present is None and None in (low, high) else ""


def span_of(field: Field, present: Value, example: object, points: int) -> Span:
    """Return what a field is swept over, in about so many points; `why_not` must be empty."""
    if not is_numeric(field):
        return _categories(field, present)
    low, high, origin = _ends(field, present, example)
    spread = np.linspace(low, high, points).tolist()
    if field.type is DataType.INTEGER:
        spread = [round(value) for value in spread]
    known = {value for value in spread if field.allows(value)}
    if isinstance(present, int | float):
        known.add(present)
    return Span(field, tuple(sorted(known)), present, origin)


def _categories(field: Field, present: Value) -> Span:
    values: list[Value] = (
        [False, True] if field.type is DataType.BOOLEAN else [*_typed(field)][:MOST_CATEGORIES]
    )
    if present not in values:
        values.append(present)
    return Span(field, tuple(values), present, Origin.MODEL)


def _typed(field: Field) -> Sequence[Value]:
    """Return the categories as values of the field; the file writes them as text."""
    if field.type is DataType.INTEGER:
        return [int(float(text)) for text in field.categories]
    if field.type in NUMERIC:
        return [float(text) for text in field.categories]
    return field.categories


def _ends(field: Field, present: Value, example: object) -> tuple[float, float, Origin]:
    least, most = hull(field.intervals)
    if least is not None and most is not None:
        return least, most, Origin.MODEL
    here = float(present) if isinstance(present, int | float) else 0.0
    low, high, origin = _around(here, example)
    low = low if least is None else max(low, least)
    high = high if most is None else min(high, most)
    return low, high, origin


def _around(here: float, example: object) -> tuple[float, float, Origin]:
    if isinstance(example, int | float) and not isinstance(example, bool) and example != here:
        low, high = min(here, example), max(here, example)
        more = (high - low) / 2
        return low - more, high + more, Origin.EXAMPLE
    more = abs(here) / 2 or _HALF_A_STEP
    return here - more, here + more, Origin.AROUND


def swept_batch(base: pa.RecordBatch, spans: Sequence[tuple[int, Span]]) -> pa.RecordBatch:
    """Return a record, and after it the same record with one field at a time swept.

    `base` is one typed row; `spans` go with the positions of their fields. Row 0 is the record.
    """
    lengths = {position: len(span.values) for position, span in spans}
    rows = 1 + sum(lengths.values())
    columns = [_repeated(column, rows) for column in base.columns]
    start = 1
    for position, span in spans:
        values = pa.array(span.values, base.column(position).type)
        columns[position] = _placed(columns[position], values, start)
        start += len(values)
    return pa.RecordBatch.from_arrays(columns, schema=base.schema)


def crossed_batch(base: pa.RecordBatch, spans: Mapping[int, Span]) -> pa.RecordBatch:
    """Return a record with two fields at every pair of their values; the second runs faster."""
    (first, rows), (second, columns) = spans.items()
    many, few = len(columns.values), len(rows.values)
    crossed = [_repeated(column, many * few) for column in base.columns]
    of_rows = [value for value in rows.values for _ in range(many)]
    crossed[first] = pa.array(of_rows, base.column(first).type)
    crossed[second] = pa.array([*columns.values] * few, base.column(second).type)
    return pa.RecordBatch.from_arrays(crossed, schema=base.schema)


def _repeated(column: pa.Array, rows: int) -> pa.Array:
    return column.take(pa.array(np.zeros(rows, dtype=np.int64)))


def _placed(column: pa.Array, values: pa.Array, start: int) -> pa.Array:
    parts = [column.slice(0, start), values, column.slice(start + len(values))]
    return pa.concat_arrays(parts)
