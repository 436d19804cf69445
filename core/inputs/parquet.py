"""Parquet files, read in batches: a part of a row group is in memory at a time."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core.errors import InvalidInput
from core.inputs.chunks import Chunk, ChunkSize, as_text, typed_chunk
from core.inputs.columns import ColumnMap
from core.inputs.dialects import column_names
from core.records import require_columns
from core.schema import Schema

_BUFFER = 1 << 20
_MOST_ROWS = 10_000_000_000
_CELLS_AT_ONCE = 4 << 20
_TARGETS: tuple[tuple[Callable[[pa.DataType], bool], pa.DataType], ...] = (
    (pa.types.is_decimal, pa.float64()),
    (pa.types.is_time, pa.time64("us")),
    (pa.types.is_date, pa.date32()),
    (pa.types.is_null, pa.string()),
    (pa.types.is_large_string, pa.string()),
    (pa.types.is_string_view, pa.string()),
)
_AS_THEY_ARE: tuple[Callable[[pa.DataType], bool], ...] = (
    pa.types.is_string,
    pa.types.is_boolean,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_list,
    pa.types.is_fixed_size_list,
)
_BROKEN = (pa.ArrowException, OSError)


class ParquetSource:
    """A Parquet file that was looked at; its cells are typed by their values, as all others are."""

    coded = False

    def __init__(self, path: Path, schema: Schema, columns: ColumnMap) -> None:
        self._path = path
        self._schema = schema
        with self._opened() as file:
            self.rows = file.metadata.num_rows
            self._headers = column_names(file.schema_arrow.names)
            groups = file.num_row_groups
        self._names = columns.renamed(self._headers)
        require_columns(schema, self._names)
        if not self.rows:
            raise InvalidInput("The file has no records.")
        self.found = {"rows": f"{self.rows:,}", "row groups": f"{groups:,}"}

    def headers(self) -> Sequence[str]:
        """Return the columns as the file names them."""
        return self._headers

    def names(self) -> Sequence[str]:
        """Return the columns in the order of the file."""
        return self._names

    def chunks(self, size: ChunkSize) -> Iterator[Chunk]:
        """Yield the records in order, the same chunks every time; raises InvalidInput."""
        first_row = 1
        rows = max(1, min(size.rows, _CELLS_AT_ONCE // max(1, len(self._names))))
        with self._opened() as file:
            for batch in _batches(file, rows):
                given = pa.RecordBatch.from_arrays([_plain(c) for c in batch], list(self._names))
                yield typed_chunk(self._schema, given, first_row, {})
                first_row += batch.num_rows

    def _opened(self) -> pq.ParquetFile:
        try:
            return pq.ParquetFile(self._path, buffer_size=_BUFFER, pre_buffer=False)
        except _BROKEN as error:
            raise InvalidInput(f"The file is no whole Parquet: {_first_line(error)}.") from error


def _batches(file: pq.ParquetFile, rows: int) -> Iterator[pa.RecordBatch]:
    try:
        for batch in file.iter_batches(rows):
            if batch.num_rows:
                yield batch
    except _BROKEN as error:
        raise InvalidInput(f"The file is damaged: {_first_line(error)}.") from error


def _plain(column: pa.Array) -> pa.Array:
    """Return a column of a type that every result can hold: bytes and spans of time as text."""
    kind = column.type
    if isinstance(kind, pa.ExtensionType):
        return _plain(column.storage)
    if pa.types.is_dictionary(kind):
        return _plain(column.dictionary_decode())
    if pa.types.is_timestamp(kind):
        return _in_utc(column)
    for holds, target in _TARGETS:
        if holds(kind):
            return pc.cast(column, target, safe=False)
    if any(holds(kind) for holds in _AS_THEY_ARE):
        return column
    cells = column.to_pylist()
    return pa.array([None if cell is None else as_text(cell) for cell in cells], pa.string())


def _in_utc(column: pa.Array) -> pa.Array:
    """Return moments to the microsecond without a zone, which means UTC."""
    return pc.cast(column, pa.timestamp("us", column.type.tz), safe=False).cast(pa.timestamp("us"))


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")[:200]
