"""One record's answer as a record batch, without the detour that is worth it for many rows only."""

import struct
from collections.abc import Sequence
from functools import lru_cache

import pyarrow as pa

Value = str | int | float | bool

_NUMBER = struct.Struct("<d")
_WHOLE = struct.Struct("<q")
_ENDS = struct.Struct("<ii")


class RowMaker:
    """Makes batches of one row of a schema of numbers, texts and truth values.

    Arrow's own conversion of a Python list costs several microseconds a column; a column of one
    value is laid out by hand in one. https://arrow.apache.org/docs/format/Columnar.html
    """

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._types = list(schema.types)
        self._nulls = [pa.nulls(1, kind) for kind in schema.types]

    def batch(self, values: Sequence[Value | None]) -> pa.RecordBatch:
        """Return a batch of these values, one for each column."""
        columns = [
            null if value is None else _column(kind, value)
            for kind, null, value in zip(self._types, self._nulls, values, strict=True)
        ]
        return pa.RecordBatch.from_arrays(columns, schema=self._schema)


def _column(kind: pa.DataType, value: Value) -> pa.Array:
    if isinstance(value, str):
        return _text(kind, value)
    if isinstance(value, bool):
        return pa.Array.from_buffers(kind, 1, [None, pa.py_buffer(bytes([value]))])
    packed = _WHOLE.pack(value) if isinstance(value, int) else _NUMBER.pack(value)
    return pa.Array.from_buffers(kind, 1, [None, pa.py_buffer(packed)])


@lru_cache(maxsize=1024)
def _text(kind: pa.DataType, value: str) -> pa.Array:
    """Return a text as an array; most are labels, which come again and again."""
    data = value.encode()
    ends = pa.py_buffer(_ENDS.pack(0, len(data)))
    return pa.Array.from_buffers(kind, 1, [None, ends, pa.py_buffer(data)])
