"""What a sample of the data tells of a model's inputs: names, ranges, categories, defaults."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from core.errors import InvalidInput
from core.inputs.chunks import ChunkSize
from core.inputs.delimited import DelimitedSource
from core.inputs.dialects import sniff
from core.records import typed_batch
from core.runtimes.base import ModelInfo
from core.runtimes.edits import FieldEdit, SchemaEdits, hull
from core.schema import NUMERIC, DataType, Field, Invalid, Schema

SAMPLE_ROWS = 50_000
_MOST_CATEGORIES = 50
_MOST_NUMBERED = 10
_ROWS_PER_CATEGORY = 3


def sample_columns(path: Path) -> tuple[str, ...]:
    """Return the columns that a CSV's header row names; raises InvalidInput."""
    return sniff(path, Schema(())).names


def suggested_edits(info: ModelInfo, path: Path, left_out: Sequence[str] = ()) -> SchemaEdits:
    """Return what the first 50,000 rows of a CSV tell of the inputs, to be looked at by a person.

    Columns are found by the inputs' names; where these are not all there, the columns that are not
    `left_out` are taken in their order, and must be as many as the inputs. Raises InvalidInput.
    """
    sample = _sample(path)
    columns = _columns(info, list(sample.schema.names), left_out)
    texts = sample.select(columns).rename_columns(info.input_schema.names)
    open_schema = Schema(tuple(map(_open, info.inputs)))
    typed = typed_batch(open_schema, texts).batch
    return SchemaEdits(
        tuple(
            _edit(field, name, values)
            for field, name, values in zip(info.inputs, columns, typed.columns, strict=True)
        )
    )


def _sample(path: Path) -> pa.RecordBatch:
    dialect = sniff(path, Schema(()))
    texts = Schema(tuple(Field(name, DataType.STRING, nullable=True) for name in dialect.names))
    chunks = DelimitedSource(path, dialect, texts).chunks(ChunkSize(SAMPLE_ROWS))
    return next(chunks).typed.batch


def _columns(info: ModelInfo, given: list[str], left_out: Sequence[str]) -> list[str]:
    """Return the column of each input."""
    names = info.input_schema.names
    if set(names) <= set(given):
        return names
    taken = [name for name in given if name not in left_out]
    if len(taken) == len(names):
        return taken
    more = len(taken) - len(names)
    what = f"The file has {len(taken)} columns to take and the model {len(names)} inputs"
    if more < 0:
        raise InvalidInput(f"{what}; give a file that has a column for each of them, in order.")
    raise InvalidInput(
        f"{what}; leave out the {more} that the model does not take, such as the target."
    )


def _open(field: Field) -> Field:
    """Return a field that takes what it can read, to all its digits; the rest is missing."""
    type_ = DataType.DOUBLE if field.type is DataType.FLOAT else field.type
    return replace(field, type=type_, required=False, nullable=True, invalid=Invalid.AS_MISSING)


def _edit(field: Field, name: str, values: pa.Array) -> FieldEdit:
    known = values.drop_null()
    if field.is_tensor or not len(known):
        return FieldEdit(name=name)
    counts = pc.value_counts(known)
    categories = _categories(field, counts, len(known))
    if field.type not in NUMERIC:
        return FieldEdit(name=name, categories=categories, default=_commonest(counts))
    if categories or field.categories:
        return FieldEdit(name=name, categories=categories, default=_commonest(counts))
    low, high = _observed(field, known)
    return FieldEdit(name=name, low=low, high=high, default=_median(field, known))


def _categories(field: Field, counts: pa.StructArray, rows: int) -> tuple[str, ...]:
    """Return the different values where they are few and come back, () where the file has some."""
    is_text = field.type is DataType.STRING
    if field.categories or field.intervals or not (is_text or field.type is DataType.INTEGER):
        return ()
    most = _MOST_CATEGORIES if is_text else _MOST_NUMBERED
    if not len(counts) or len(counts) > most or rows < _ROWS_PER_CATEGORY * len(counts):
        return ()
    return tuple(str(value) for value in sorted(counts.field("values").to_pylist()))


def _commonest(counts: pa.StructArray) -> str:
    place = pc.index(counts.field("counts"), pc.max(counts.field("counts"))).as_py()
    value = counts.field("values")[place].as_py()
    return str(value).lower() if isinstance(value, bool) else str(value)


def _observed(field: Field, known: pa.Array) -> tuple[float | None, float | None]:
    """Return the least and the greatest value, where they say more than the file does."""
    seen = pc.min_max(known)
    least, most = hull(field.intervals)
    low, high = float(seen["min"].as_py()), float(seen["max"].as_py())
    return None if low == least else low, None if high == most else high


def _median(field: Field, known: pa.Array) -> str:
    middle = pc.quantile(known.cast(pa.float64()), interpolation="lower")[0].as_py()
    return str(int(middle)) if field.type is DataType.INTEGER else f"{middle:.15g}"
