"""The rows of a result as records, and as files that are streamed part after part."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO

import msgspec
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from core.runtimes.base import ERROR_COLUMN, in_shape
from core.schema import Schema

Record = dict[str, object]


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows of a result.

    `raw` maps a row's position to those of its cells that could not be typed (they are null in
    `table`), as they were written. `coded` names the columns whose texts are JSON.
    """

    table: pa.Table
    raw: Mapping[int, Mapping[str, str]]
    coded: frozenset[str]
    outputs: Schema

    def records(self) -> list[Record]:
        """Return the rows as records that hold their outputs or `error`, never both."""
        records: list[Record] = self.table.to_pylist()
        for name in self.coded:
            for record in records:
                text = record[name]
                record[name] = json.loads(text) if isinstance(text, str) else None
        for position, cells in self.raw.items():
            records[position].update(cells)
        for record in records:
            self._keep_outputs_or_error(record)
        return records

    def _keep_outputs_or_error(self, record: Record) -> None:
        if record[ERROR_COLUMN] is None:
            del record[ERROR_COLUMN]
            for output in self.outputs:
                if len(output.shape) > 1:
                    record[output.name] = in_shape(output, record[output.name])
        else:
            for output in self.outputs:
                del record[output.name]

    def texts(self) -> pa.Table:
        """Return the rows as columns that CSV can hold: lists as JSON, raw cells put back."""
        put_back: dict[str, dict[int, str]] = {}
        for position, cells in self.raw.items():
            for name, text in cells.items():
                put_back.setdefault(name, {})[position] = text
        columns = {
            name: self._csv_column(name, put_back.get(name, {})) for name in self.table.column_names
        }
        return pa.table(columns)

    def _csv_column(self, name: str, put_back: Mapping[int, str]) -> pa.ChunkedArray | pa.Array:
        column = self.table.column(name)
        if name in self.coded:
            return pa.array(map(_plain, column.to_pylist()), pa.string())
        if pa.types.is_nested(column.type):
            column = pa.chunked_array([pa.array(map(_as_json, column.to_pylist()), pa.string())])
        if not put_back:
            return column
        texts = column.cast(pa.string()).to_pylist()
        for position, text in put_back.items():
            texts[position] = text
        return pa.array(texts, pa.string())


def csv(pieces: Iterable[Piece], schema: pa.Schema) -> Iterator[bytes]:
    """Yield CSV in UTF-8; what is missing is nothing between two commas."""
    for number, piece in enumerate(pieces):
        sink = pa.BufferOutputStream()
        pa_csv.write_csv(piece.texts(), sink, pa_csv.WriteOptions(include_header=number == 0))
        yield sink.getvalue().to_pybytes()


def json_list(pieces: Iterable[Piece], schema: pa.Schema) -> Iterator[bytes]:
    """Yield a JSON list of records, one a line."""
    separator = b"[\n"
    for piece in pieces:
        lines = map(msgspec.json.encode, piece.records())
        yield separator + b",\n".join(lines)
        separator = b",\n"
    yield b"\n]\n"


def parquet(pieces: Iterable[Piece], schema: pa.Schema) -> Iterator[bytes]:
    """Yield Parquet with a row group for each piece."""
    sink = _Drain()
    with pq.ParquetWriter(sink, schema, compression="zstd") as writer:
        for piece in pieces:
            writer.write_table(piece.table)
            yield sink.drained()
    yield sink.drained()


EXPORTS: dict[str, Callable[[Iterable[Piece], pa.Schema], Iterator[bytes]]] = {
    "csv": csv,
    "parquet": parquet,
    "json": json_list,
}


class _Drain(BytesIO):
    """A file that keeps its position and forgets its content once that was taken out."""

    def __init__(self) -> None:
        super().__init__()
        self._gone = 0

    def tell(self) -> int:
        return self._gone + super().tell()

    def drained(self) -> bytes:
        content = self.getvalue()
        self._gone += len(content)
        self.seek(0)
        self.truncate()
        return content

    def close(self) -> None:
        """Stay open: the last bytes are taken out after the writer has closed its file."""


def _plain(text: str | None) -> str | None:
    """Return a JSON value as CSV holds it: a text without its quotation marks."""
    if text is None or text == "null":
        return None
    value = json.loads(text)
    return value if isinstance(value, str) else text


def _as_json(value: object) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()
