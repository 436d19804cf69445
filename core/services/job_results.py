"""The result of a task, read straight from its parts.

Every column of the upload comes first, in its order, then the model's outputs, then `error`: null
where the row was scored, else a sentence, and then the outputs are null. Programs find the outputs
by their names, so a column of the upload that has the same name as an output is called
`<name>_given`.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from core.inputs.image_fields import picture_fields
from core.runtimes.base import ERROR_COLUMN, ModelInfo
from core.services.job_exports import Piece, Record
from core.services.job_files import Ingested, JobFiles, Rows, read_rows
from core.services.job_parts import OTHERS, RAW, input_column, other_column

ROW = "row"
ORIGINAL_ROW = "original_row"
PICTURE_KINDS = ("jpg", "mp4", "zip")

_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Result:
    """The rows of a task that has succeeded."""

    files: JobFiles
    ingested: Ingested
    info: ModelInfo

    @property
    def total(self) -> int:
        """Return the number of rows."""
        return self.ingested.rows

    @property
    def schema(self) -> pa.Schema:
        """Return the columns and their types."""
        return self._piece(0, range(0)).table.schema

    @property
    def coded(self) -> frozenset[str]:
        """Return the columns whose texts are JSON."""
        names = self._names()
        return frozenset(names[name] for name in self._others()) if self.ingested.coded else _NONE

    @property
    def pictures(self) -> tuple[str, ...]:
        """Return the inputs whose pictures were kept as they came; no column repeats them."""
        named = [field.name for field in picture_fields(self.info.input_schema)]
        if self.files.plan.kind in PICTURE_KINDS:
            return tuple(named)
        kept = pq.read_schema(self.files.ingest_part(0))
        return tuple(name for name in named if self._holds_pictures(kept, name))

    def read_pictures(self, name: str, rows: Rows) -> Iterator[list[bytes | None]]:
        """Yield what one of the inputs of `pictures` was given, part by part, in upload's order."""
        for part, chosen in self._by_part(rows):
            path = self.files.ingest_part(part)
            if self.files.plan.kind == "jpg":
                yield [self.files.source.read_bytes()]
            elif self._holds_pictures(pq.read_schema(path), name):
                column = self._input_column(name)
                yield read_rows(path, chosen, [column]).column(column).to_pylist()
            else:
                yield [None] * len(chosen)

    def table(self, rows: Rows) -> pa.Table:
        """Return rows as typed columns; a cell that could not be typed is null."""
        found = pa.concat_tables(piece.plain().table for piece in self.pieces(rows))
        return found if isinstance(rows, range) else found.take(_back(rows))

    def records(self, rows: Rows) -> list[Record]:
        """Return rows as records; a cell that could not be typed is as it was written.

        A record has its outputs, or `error`, never both.
        """
        found = [row for piece in self.pieces(rows) for row in piece.records()]
        return found if isinstance(rows, range) else [found[at] for at in _back(rows)]

    def pieces(self, rows: Rows) -> Iterator[Piece]:
        """Yield rows part by part, in the order of the upload; at least one piece, if an empty one.

        A range is of step 1.
        """
        found = False
        for part, chosen in self._by_part(rows):
            found = True
            yield self._piece(part, chosen)
        if not found:
            yield self._piece(0, range(0))

    def scan(self, columns: Sequence[str]) -> pa.RecordBatchReader:
        """Return a stream of all rows: their positions as `row`, the columns as c0, c1 and so on.

        No name that a user gave is in it, so that queries on it can be written down beforehand.
        """
        schema = self.schema
        fields = [pa.field(f"c{at}", schema.field(name).type) for at, name in enumerate(columns)]
        shape = pa.schema([pa.field(ROW, pa.uint32()), *fields])
        return pa.RecordBatchReader.from_batches(shape, self._scanned(shape, columns))

    def given_records(self, rows: Rows) -> Iterator[list[Record]]:
        """Yield rows part by part as they were uploaded, with their numbers in the upload.

        The number, from 1, is under `original_row`. Where the upload has such a column, that
        stays: then the upload was made of such records itself.
        """
        for part, chosen in self._by_part(rows):
            first = sum(self.ingested.parts[:part])
            records = self._given_piece(part, chosen).cells()
            for at, record in zip(chosen, records, strict=True):
                record.setdefault(ORIGINAL_ROW, first + int(at) + 1)
            yield records

    def renamed(self, name: str) -> str:
        """Return what a column of the upload is called in the result."""
        return self._names().get(name, name)

    def _by_part(self, rows: Rows) -> Iterator[tuple[int, Rows]]:
        """Yield each part that has some of the rows, with their positions in the part."""
        wanted = rows if isinstance(rows, range) else np.sort(rows)
        first = 0
        for part, size in enumerate(self.ingested.parts):
            if isinstance(wanted, range):
                chosen: Rows = range(
                    max(wanted.start - first, 0), min(max(wanted.stop - first, 0), size)
                )
            else:
                start, end = np.searchsorted(wanted, [first, first + size])
                chosen = (wanted[start:end] - first).astype(np.uint32)
            if len(chosen):
                yield part, chosen
            first += size

    def _scanned(self, shape: pa.Schema, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        first = 0
        for part, size in enumerate(self.ingested.parts):
            found = self._columns(part, columns)
            numbers = pa.array(np.arange(first, first + size, dtype=np.uint32))
            arrays = [numbers, *(found[name] for name in columns)]
            yield from pa.Table.from_arrays(arrays, schema=shape).to_batches()
            first += size

    def _columns(self, part: int, columns: Sequence[str]) -> dict[str, pa.ChunkedArray | pa.Array]:
        """Return some columns of a part, and read no others."""
        rows = range(self.ingested.parts[part])
        given_as = {renamed: name for name, renamed in self._names().items()}
        scored = [name for name in columns if name not in given_as]
        outputs = read_rows(self.files.score_part(part), rows, scored)
        given = self._given(part, rows, [given_as[name] for name in columns if name in given_as])
        return {
            name: given[given_as[name]] if name in given_as else outputs.column(name)
            for name in columns
        }

    def _piece(self, part: int, rows: Rows) -> Piece:
        names = self._names()
        given = self._given(part, rows, list(names))
        scored = read_rows(self.files.score_part(part), rows)
        columns = {renamed: given[name] for name, renamed in names.items()}
        outputs = {name: scored.column(name) for name in scored.column_names}
        raw = self._raw(part, rows, names)
        return Piece(pa.table({**columns, **outputs}), raw, self.coded, self.info.output_schema)

    def _given_piece(self, part: int, rows: Rows) -> Piece:
        """Return rows as they were uploaded, under the upload's own names."""
        names = {name: name for name in self.ingested.columns}
        table = pa.table(self._given(part, rows, list(names)))
        coded = frozenset(self._others()) if self.ingested.coded else _NONE
        return Piece(table, self._raw(part, rows, names), coded, self.info.input_schema)

    def _given(
        self, part: int, rows: Rows, names: Sequence[str]
    ) -> dict[str, pa.ChunkedArray | pa.Array]:
        """Return columns of the upload as a part has them; one that it lacks is null."""
        path = self.files.ingest_part(part)
        places = self._places(pq.read_schema(path))
        found = read_rows(path, rows, [places[name] for name in names if name in places])
        missing = pa.nulls(len(rows), pa.string())
        return {name: found.column(places[name]) if name in places else missing for name in names}

    def _raw(self, part: int, rows: Rows, names: dict[str, str]) -> dict[int, dict[str, str]]:
        """Return the cells that could not be typed, by the row's place among `rows`."""
        column = read_rows(self.files.ingest_part(part), rows, [RAW]).column(RAW)
        return {
            position: {names[name]: text for name, text in json.loads(cells).items()}
            for position, cells in enumerate(column.to_pylist())
            if cells is not None
        }

    def _places(self, schema: pa.Schema) -> dict[str, str]:
        """Return the name that a part gives to each column of the upload that it has."""
        others = json.loads(schema.metadata[OTHERS])
        return {
            **{name: other_column(at) for at, name in enumerate(others)},
            **{name: input_column(at) for at, name in enumerate(self.info.input_schema.names)},
        }

    def _input_column(self, name: str) -> str:
        return input_column(self.info.input_schema.names.index(name))

    def _holds_pictures(self, part: pa.Schema, name: str) -> bool:
        return bool(pa.types.is_binary(part.field(self._input_column(name)).type))

    def _others(self) -> list[str]:
        taken = set(self.info.input_schema.names)
        return [name for name in self.ingested.columns if name not in taken]

    def _names(self) -> dict[str, str]:
        """Return what each column of the upload is called in the result."""
        taken = {*self.info.output_schema.names, ERROR_COLUMN, *self.ingested.columns}
        names = {name: name for name in self.ingested.columns}
        for name in (*self.info.output_schema.names, ERROR_COLUMN):
            if name in names:
                names[name] = f"{name}_given"
                while names[name] in taken:
                    names[name] += "_given"
                taken.add(names[name])
        return names


def _back(rows: npt.NDArray[np.uint32]) -> npt.NDArray[np.intp]:
    """Return where each of some rows is once they are in the order of the upload."""
    places = np.empty(len(rows), dtype=np.intp)
    places[np.argsort(rows, kind="stable")] = np.arange(len(rows))
    return places
