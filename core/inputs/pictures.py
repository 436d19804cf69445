"""Columns of pictures as they came, which become tensors only where they are scored.

A JPEG takes a twentieth of the room of its tensor, so tasks keep that, and decode many at once.
"""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pyarrow as pa

from core.errors import InvalidInput, Problem
from core.inputs.image import Pixels, column_of, read_picture
from core.inputs.image_fields import picture_field
from core.records import Typed, batch_of, read_record
from core.schema import ARROW_TYPES, Field, Schema

_THREADS = 4
_CELLS_AT_ONCE = 2_000_000

Cell = bytes | None


def picture_batch(schema: Schema, pictures: Sequence[Cell], kind: str) -> pa.RecordBatch:
    """Return records of which each is one picture, not decoded yet, in the schema's order.

    Raises InvalidInput where the model takes more than a picture; `kind` is what the sentence
    calls that which was sent.
    """
    taken = picture_field(schema, kind)
    rest = Schema(tuple(field for field in schema if field is not taken))
    values = batch_of(rest, [read_record(rest, {})] * len(pictures))
    columns = [
        pa.array(pictures, pa.binary()) if field is taken else values.column(field.name)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(columns, schema.names)


def read_pictures(schema: Schema, batch: pa.RecordBatch) -> Typed:
    """Return a batch whose columns of pictures are tensors; one that cannot be read is null.

    `batch` has the schema's columns in order. What it has already as tensors stays as it is.
    """
    columns = list(batch.columns)
    problems: dict[int, list[Problem]] = {}
    for place, field in enumerate(schema):
        if not pa.types.is_binary(columns[place].type):
            continue
        read = _decoded(field, columns[place].to_pylist())
        for row, tensor in enumerate(read):
            if isinstance(tensor, Problem):
                problems.setdefault(row, []).append(tensor)
        columns[place] = _column(field, [_tensor_or_none(each) for each in read])
    typed = pa.RecordBatch.from_arrays(columns, schema=schema.arrow)
    return Typed(typed, {row: tuple(found) for row, found in problems.items()})


def decoded_parts(schema: Schema, typed: Typed) -> Iterator[Typed]:
    """Yield typed records with their pictures as tensors, as many at a time as memory allows."""
    if not any(pa.types.is_binary(column.type) for column in typed.batch.columns):
        yield typed
        return
    step = rows_at_once(schema)
    for start in range(0, typed.batch.num_rows, step):
        read = read_pictures(schema, typed.batch.slice(start, step))
        before = {
            row - start: found
            for row, found in typed.problems.items()
            if start <= row < start + step
        }
        yield Typed(read.batch, {**read.problems, **before})


def rows_at_once(schema: Schema) -> int:
    """Return how many records with tensors are in memory at a time."""
    cells = sum(int(np.prod([n or 512 for n in field.shape])) for field in schema)
    return max(1, _CELLS_AT_ONCE // max(cells, 1))


def _decoded(field: Field, cells: Sequence[Cell]) -> list[Pixels | Problem | None]:
    read = partial(_read, field)
    if len(cells) < 2:
        return [read(cell) for cell in cells]
    # Pillow decodes and resizes without holding the interpreter.
    with ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1, len(cells))) as threads:
        return list(threads.map(read, cells))


def _read(field: Field, cell: Cell) -> Pixels | Problem | None:
    if cell is None:
        return None
    try:
        return read_picture(field, cell)
    except InvalidInput as error:
        return Problem(error.message, field.name)


def _tensor_or_none(read: Pixels | Problem | None) -> Pixels | None:
    return None if isinstance(read, Problem) else read


def _column(field: Field, tensors: Sequence[Pixels | None]) -> pa.Array:
    if None in field.shape:
        rows = [
            pa.nulls(1, field.arrow_type) if t is None else column_of(field, t) for t in tensors
        ]
        return pa.concat_arrays(rows) if rows else pa.nulls(0, field.arrow_type)
    width = field.arrow_type.list_size
    flat = np.zeros((len(tensors), width), ARROW_TYPES[field.type].to_pandas_dtype())
    for row, tensor in enumerate(tensors):
        if tensor is not None:
            flat[row] = tensor.ravel()
    absent = pa.array([tensor is None for tensor in tensors], pa.bool_())
    return pa.FixedSizeListArray.from_arrays(pa.array(flat.ravel()), width, mask=absent)
