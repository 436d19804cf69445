"""A sheet of an Excel workbook as records: a header row names the fields, then one record a row."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from core.coercion import shown
from core.errors import InvalidInput
from core.inputs.chunks import Chunk, ChunkSize, grouped, record_chunk
from core.inputs.columns import ColumnMap
from core.inputs.dialects import column_names
from core.inputs.workbook import Row, Sheet, Workbook
from core.records import require_columns
from core.schema import Schema

# Above the header there may be a title, a date, an address.
_LOOKED_AT = 30
_CELL_LENGTH = 8
_BYTES_A_ROW = 60


class ExcelSource:
    """One sheet of a workbook; rows that are blank are left out."""

    coded = True

    def __init__(
        self, path: Path, schema: Schema, sheet: str | int | None, columns: ColumnMap
    ) -> None:
        self._schema = schema
        self._book = Workbook(path)
        self._sheet, first = self._chosen(sheet)
        self._above = _header_place(first, {*schema.names, *columns.taken.values()})
        header = ["" if cell is None else str(cell) for cell in first[self._above]]
        self._headers = column_names(header)
        self._names = columns.renamed(self._headers)
        require_columns(schema, self._names)
        if len(first) <= self._above + 1:
            raise InvalidInput(
                f"The sheet {shown(self._sheet.name)} has no records below its head."
            )
        self.rows = max(1, path.stat().st_size // _BYTES_A_ROW)
        self.found = {
            "sheet": self._sheet.name,
            "sheets": ", ".join(each.name for each in self._book.sheets),
        }

    def headers(self) -> Sequence[str]:
        """Return the columns as the header row names them."""
        return self._headers

    def names(self) -> Sequence[str]:
        """Return the columns in the order of the sheet."""
        return self._names

    def chunks(self, size: ChunkSize) -> Iterator[Chunk]:
        """Yield the records in order, the same chunks every time; raises InvalidInput."""
        first_row = 1
        for records in grouped(self._sized(), size):
            yield record_chunk(self._schema, records, first_row)
            first_row += len(records)

    def _sized(self) -> Iterator[tuple[Mapping[str, object], int]]:
        width = len(self._names)
        for row in islice(self._book.rows(self._sheet), self._above + 1, None):
            cells = row[:width] + [None] * (width - len(row))
            length = sum(len(cell) if isinstance(cell, str) else _CELL_LENGTH for cell in cells)
            yield dict(zip(self._names, cells, strict=True)), length

    def _chosen(self, sheet: str | int | None) -> tuple[Sheet, list[Row]]:
        """Return the sheet that was asked for, or the first that shows something, with its rows."""
        for each in self._candidates(sheet):
            first = list(islice(self._book.rows(each), _LOOKED_AT))
            if first:
                return each, first
        raise InvalidInput("The workbook is empty; a header row and records are needed.")

    def _candidates(self, sheet: str | int | None) -> Sequence[Sheet]:
        sheets = self._book.sheets
        if sheet is None:
            return [each for each in sheets if not each.hidden] or sheets
        if isinstance(sheet, int) and 1 <= sheet <= len(sheets):
            return [sheets[sheet - 1]]
        found = [each for each in sheets if each.name == sheet]
        if not found:
            names = ", ".join(each.name for each in sheets)
            raise InvalidInput(f"sheet: there is none called {shown(sheet)}; there are {names}.")
        return found


def _header_place(rows: Sequence[Row], wanted: set[str]) -> int:
    """Return the place of the row that names most of what is wanted: the first where none does."""

    def merit(place: int) -> int:
        return len(wanted.intersection(str(cell).strip() for cell in rows[place]))

    return max(range(len(rows)), key=merit)
