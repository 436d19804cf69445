"""The rows of a result as records, and as files that are streamed part after part."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from core.runtimes.base import ERROR_COLUMN, in_shape
from core.schema import Schema
from core.services.job_sheets import Drain, without_formulas

Record = dict[str, object]


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows of a result.

    `raw` maps a row's position to those of its cells that could not be typed (they are null in
    `table`), as they were written. `coded` names the columns whose texts are JSON, `fields` are
    the columns that may be tensors: a result's outputs.
    """

    table: pa.Table
    raw: Mapping[int, Mapping[str, str]]
    coded: frozenset[str]
    fields: Schema

    def cells(self) -> list[Record]:
        """Return the rows as records of all columns; what could not be typed is as it was written.

        Inputs and outputs that are tensors are nested as their shape says.
        """
        records: list[Record] = self.table.to_pylist()
        for name in self.coded:
            for record in records:
                text = record[name]
                record[name] = json.loads(text) if isinstance(text, str) else None
        for field in self.fields:
            if len(field.shape) > 1:
                for record in records:
                    record[field.name] = in_shape(field, record[field.name])
        for position, cells in self.raw.items():
            records[position].update(cells)
        return records

    def records(self) -> list[Record]:
        """Return the rows as records that hold their outputs or `error`, never both."""
        records = self.cells()
        for record in records:
            if record[ERROR_COLUMN] is None:
                del record[ERROR_COLUMN]
            else:
                for output in self.fields:
                    del record[output.name]
        return records

    def rejects(self) -> "Piece":
        """Return the rows without the outputs: what was uploaded, and what is wrong with it."""
        kept = self.table.drop_columns(self.fields.names)
        return Piece(kept, self.raw, self.coded, Schema(()))

    def texts(self) -> pa.Table:
        """Return the rows as columns that CSV can hold: lists as JSON, raw cells put back."""
        put_back: dict[str, dict[int, str]] = {}
        for position, cells in self.raw.items():
            for name, text in cells.items():
                put_back.setdefault(name, {})[position] = text
        columns = self.flat().table
        return pa.table(
            {
                name: _with(columns.column(name), put_back.get(name, {}))
                for name in columns.column_names
            }
        )

    def flat(self) -> "Piece":
        """Return the rows with lists as texts in JSON, and JSON as the texts that it holds."""
        nested = [field.name for field in self.table.schema if pa.types.is_nested(field.type)]
        return self.plain()._with_texts(nested, _as_json)

    def plain(self) -> "Piece":
        """Return the rows with JSON as the texts that it holds."""
        return replace(self._with_texts(self.coded, _plain), coded=frozenset())

    def _with_texts(self, names: Collection[str], text_of: Callable[[Any], str | None]) -> "Piece":
        columns = {
            name: pa.chunked_array([pa.array(map(text_of, column.to_pylist()), pa.string())])
            if name in names
            else column
            for name, column in zip(self.table.column_names, self.table.columns, strict=True)
        }
        return replace(self, table=pa.table(columns))


def csv(
    pieces: Iterable[Piece], schema: pa.Schema, *, neutralised: bool = False
) -> Iterator[bytes]:
    """Yield CSV in UTF-8; what is missing is nothing between two commas.

    With `neutralised`, texts that a spreadsheet would run as formulas begin with an apostrophe.
    """
    for number, piece in enumerate(pieces):
        sink = pa.BufferOutputStream()
        table = without_formulas(piece.texts()) if neutralised else piece.texts()
        pa_csv.write_csv(table, sink, pa_csv.WriteOptions(include_header=number == 0))
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
    sink = Drain()
    with pq.ParquetWriter(sink, schema, compression="zstd") as writer:
        for piece in pieces:
            writer.write_table(piece.plain().table)
            yield sink.drained()
    yield sink.drained()


def _with(column: pa.ChunkedArray, put_back: Mapping[int, str]) -> pa.ChunkedArray:
    if not put_back:
        return column
    texts = column.cast(pa.string()).to_pylist()
    for position, text in put_back.items():
        texts[position] = text
    return pa.chunked_array([pa.array(texts, pa.string())])


def _plain(text: str | None) -> str | None:
    """Return a JSON value as CSV holds it: a text without its quotation marks."""
    if text is None or text == "null":
        return None
    value = json.loads(text)
    return value if isinstance(value, str) else text


def _as_json(value: object) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()
