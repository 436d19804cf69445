"""CSV and other delimited text, read as a stream: every record keeps its place.

Arrow's reader is used because it hands over, with their numbers, the records that have too many
or too few cells. DuckDB's reader tells only their lines, which does not say between which records
they stood once a cell holds a line break.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from core.errors import InvalidInput
from core.inputs.chunks import Chunk, ChunkSize, typed_chunk
from core.inputs.dialects import Dialect, cells_in_words, read_cells
from core.schema import Schema

_BLOCK = 1 << 20
_LARGE_BLOCK = 64 << 20
_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "space"}
# What Arrow reads by itself, and fastest; it skips the byte order mark.
_ARROW_NAMES = {"utf-8": "utf8", "utf-8-sig": "utf8"}


@dataclass(frozen=True, slots=True)
class _Ragged:
    """A record with too many or too few cells, `after` so many good ones."""

    after: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class _Text:
    """Records as columns of text, and sentences on those (by position) that are none."""

    batch: pa.RecordBatch
    faults: dict[int, str]


class DelimitedSource:
    """A file of delimited text whose dialect is known."""

    coded = False

    def __init__(self, path: Path, dialect: Dialect, schema: Schema) -> None:
        self.rows = dialect.rows
        self.found = {
            "encoding": dialect.encoding,
            "delimiter": _DELIMITERS.get(dialect.delimiter, dialect.delimiter),
        }
        self._path = path
        self._dialect = dialect
        self._schema = schema

    def headers(self) -> Sequence[str]:
        """Return the columns as the file writes them."""
        return self._dialect.headers

    def names(self) -> Sequence[str]:
        """Return the columns in the order of the file."""
        return self._dialect.names

    def chunks(self, size: ChunkSize) -> Iterator[Chunk]:
        """Yield the records in order, the same chunks every time; raises InvalidInput."""
        first_row = 1
        for text in _regrouped(_Reader(self._path, self._dialect), size):
            yield typed_chunk(self._schema, text.batch, first_row, text.faults)
            first_row += text.batch.num_rows


class _Reader:
    """One reading of a file, block by block."""

    def __init__(self, path: Path, dialect: Dialect) -> None:
        self._path = path
        self._dialect = dialect
        self._schema = pa.schema([(name, pa.string()) for name in dialect.names])
        self._ragged: list[_Ragged] = []
        self._ragged_before = 0
        self._good = 0

    def __iter__(self) -> Iterator[_Text]:
        block = _LARGE_BLOCK if _has_long_line(self._path) else _BLOCK
        last = None
        try:
            for batch in self._open(block):
                if batch.num_rows:
                    last = batch
                    yield self._completed(batch)
        except pa.ArrowInvalid as error:
            raise InvalidInput(self._explained(str(error))) from error
        except UnicodeDecodeError as error:
            encoding = self._dialect.encoding
            raise InvalidInput(f"The file is not {encoding} throughout: {error.reason}.") from error
        if self._ragged:
            yield self._completed(self._as_batch([]))
        elif last is not None and _ends_in_open_quote(last, self._path):
            raise InvalidInput(
                f"A quotation mark opened in row {self._good + self._ragged_before} is not closed."
            )

    def _open(self, block: int) -> pa_csv.CSVStreamingReader:
        dialect = self._dialect
        return pa_csv.open_csv(
            self._path,
            # The numbers of ragged records are known to one thread alone.
            read_options=pa_csv.ReadOptions(
                use_threads=False,
                block_size=block,
                encoding=_ARROW_NAMES.get(dialect.encoding, dialect.encoding),
                column_names=list(dialect.names),
                skip_rows=dialect.blank_lines,
                skip_rows_after_names=int(dialect.header),
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=dialect.delimiter,
                newlines_in_values=True,
                invalid_row_handler=self._set_aside,
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=self._schema,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )

    def _set_aside(self, row: pa_csv.InvalidRow) -> str:
        record = row.number - 1 - self._dialect.header
        cells = next(read_cells(row.text, self._dialect.delimiter), [])
        self._ragged.append(_Ragged(record - self._ragged_before - len(self._ragged), cells))
        return "skip"

    def _completed(self, good: pa.RecordBatch) -> _Text:
        """Put the ragged records that stood before a good one in their places.

        Those after the last good one wait: whether they are known yet is a matter of chance.
        """
        end = self._good + good.num_rows
        here = [ragged for ragged in self._ragged if ragged.after < end or not good.num_rows]
        if not here:
            self._good = end
            return _Text(good, {})
        del self._ragged[: len(here)]
        self._ragged_before += len(here)
        before = np.array([ragged.after - self._good for ragged in here])
        order = np.insert(np.arange(good.num_rows), before, good.num_rows + np.arange(len(here)))
        batch = pa.concat_batches([good, self._as_batch(here)]).take(pa.array(order))
        self._good = end
        places = (before + np.arange(len(here))).tolist()
        return _Text(batch, self._faults(here, places))

    def _as_batch(self, ragged: Sequence[_Ragged]) -> pa.RecordBatch:
        width = len(self._schema)
        rows = [(record.cells + [""] * width)[:width] for record in ragged]
        columns = [
            pa.array([cells[place] or None for cells in rows], pa.string())
            for place in range(width)
        ]
        return pa.RecordBatch.from_arrays(columns, schema=self._schema)

    def _faults(self, ragged: Sequence[_Ragged], places: Sequence[int]) -> dict[int, str]:
        width = len(self._schema)
        return {
            place: _sentence(len(record.cells), width, record.cells)
            for place, record in zip(places, ragged, strict=True)
            # Delimiters too many at the end of a line, with nothing behind them, do no harm.
            if len(record.cells) < width or any(record.cells[width:])
        }

    def _explained(self, reason: str) -> str:
        row = self._good + self._ragged_before + len(self._ragged) + 1
        if "straddl" in reason:
            return (
                f"The record after row {row - 1} is too large to be one; a quotation mark opened "
                "there may not be closed."
            )
        return f"The file cannot be read as delimited text after row {row - 1}: {reason}"


def _regrouped(reader: _Reader, size: ChunkSize) -> Iterator[_Text]:
    """Cut and join what a reader yields to chunks of one size."""
    waiting: list[_Text] = []
    for text in reader:
        waiting.append(text)
        while _rows(waiting) >= size.rows or sum(t.batch.nbytes for t in waiting) >= size.bytes:
            joined = _joined(waiting)
            yield _cut(joined, 0, size.rows)
            rest = _cut(joined, size.rows)
            waiting = [rest] if rest.batch.num_rows else []
    if _rows(waiting):
        yield _joined(waiting)


def _rows(texts: Sequence[_Text]) -> int:
    return sum(text.batch.num_rows for text in texts)


def _joined(texts: Sequence[_Text]) -> _Text:
    faults: dict[int, str] = {}
    start = 0
    for text in texts:
        faults.update({start + place: sentence for place, sentence in text.faults.items()})
        start += text.batch.num_rows
    return _Text(pa.concat_batches([text.batch for text in texts]), faults)


def _cut(text: _Text, start: int, length: int | None = None) -> _Text:
    batch = text.batch.slice(start, length)
    end = start + batch.num_rows
    faults = {
        place - start: sentence for place, sentence in text.faults.items() if start <= place < end
    }
    return _Text(batch, faults)


def _sentence(count: int, width: int, cells: Sequence[str]) -> str:
    sentence = f"The record has {cells_in_words(count)}; the header has {width}."
    if any("\n" in cell for cell in cells):
        sentence += " A quotation mark in it may not be closed."
    return sentence


def _ends_in_open_quote(last: pa.RecordBatch, path: Path) -> bool:
    """Return whether the last cell of a file took in all lines up to its end by mistake."""
    cell = last.column(last.num_columns - 1)[-1].as_py()
    if cell is None or "\n" not in cell:
        return False
    with path.open("rb") as file:
        file.seek(-min(path.stat().st_size, 64), 2)
        return not file.read().rstrip(b"\r\n\0 ").endswith(b'"')


def _has_long_line(path: Path) -> bool:
    """Return whether a line may be longer than the blocks that suit most files."""
    with path.open("rb") as file:
        while block := file.read(_BLOCK // 2):
            if len(block) == _BLOCK // 2 and b"\n" not in block and b"\r" not in block:
                return True
    return False
