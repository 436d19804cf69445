"""The result of a task, read straight from its parts.

Every column of the upload comes first, in its order, then the model's outputs, then `error`: null
where the row was scored, else a sentence, and then the outputs are null. Programs find the outputs
by their names, so a column of the upload that has the same name as an output is called
`<name>_given`.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from core.runtimes.base import ERROR_COLUMN, ModelInfo
from core.services.job_exports import EXPORTS, Piece, Record
from core.services.job_files import Ingested, JobFiles
from core.services.job_parts import OTHERS, RAW, input_column, other_column


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

    def table(self, offset: int, limit: int) -> pa.Table:
        """Return rows as typed columns; a cell that could not be typed is null."""
        found = [piece.table for piece in self._pieces(offset, limit)]
        return pa.concat_tables(found) if found else self._schema().empty_table()

    def rows(self, offset: int, limit: int) -> list[Record]:
        """Return rows as records; a cell that could not be typed is as it was written.

        A record has its outputs, or `error`, never both.
        """
        return [row for piece in self._pieces(offset, limit) for row in piece.records()]

    def export(self, kind: str) -> Iterator[bytes]:
        """Return the whole result as the bytes of a file; `kind` is one of `EXPORTS`."""
        return EXPORTS[kind](self._pieces(0, self.total), self._schema())

    def _pieces(self, offset: int, limit: int) -> Iterator[Piece]:
        first = 0
        for part, rows in enumerate(self.ingested.parts):
            start, end = max(offset - first, 0), min(offset + limit - first, rows)
            if start < end:
                yield self._piece(part, start, end - start)
            first += rows

    def _schema(self) -> pa.Schema:
        return self._piece(0, 0, 0).table.schema

    def _piece(self, part: int, start: int, length: int) -> Piece:
        given = pq.read_table(self.files.ingest_part(part)).slice(start, length)
        scored = pq.read_table(self.files.score_part(part)).slice(start, length)
        names = self._names()
        columns = {names[name]: column for name, column in self._given(given).items()}
        outputs = {name: scored.column(name) for name in scored.column_names}
        coded = {names[name] for name in self._others()} if self.ingested.coded else ()
        raw = {
            position: {names[name]: text for name, text in json.loads(cells).items()}
            for position, cells in enumerate(given.column(RAW).to_pylist())
            if cells is not None
        }
        table = pa.table({**columns, **outputs})
        return Piece(table, raw, frozenset(coded), self.info.output_schema)

    def _given(self, given: pa.Table) -> dict[str, pa.ChunkedArray | pa.Array]:
        """Return the columns of the upload as a part has them; one that it lacks is null."""
        inputs = {name: input_column(at) for at, name in enumerate(self.info.input_schema.names)}
        others = {
            name: other_column(at)
            for at, name in enumerate(json.loads(given.schema.metadata[OTHERS]))
        }
        places = {**others, **inputs}
        return {
            name: given.column(places[name])
            if name in places
            else pa.nulls(given.num_rows, pa.string())
            for name in self.ingested.columns
        }

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
