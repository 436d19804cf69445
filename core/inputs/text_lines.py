"""Text files of which each line is one record, for models that take a single text."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import pyarrow as pa

from core.errors import InvalidInput
from core.inputs.chunks import Chunk, ChunkSize, grouped, typed_chunk
from core.inputs.encodings import detect_encoding, known_encoding
from core.schema import Schema

_SAMPLE_LINES = 100


class TextSource:
    """A file of lines; blank ones are left out."""

    coded = False

    def __init__(self, path: Path, schema: Schema, encoding: str | None = None) -> None:
        self._path = path
        self._schema = schema
        self._encoding = known_encoding(encoding) if encoding else detect_encoding(path)
        self.found = {"encoding": self._encoding}
        lines = list(islice(self._lines(), _SAMPLE_LINES))
        if not lines:
            raise InvalidInput("The file is empty; give one record a line.")
        length = sum(len(line.encode()) + 1 for line in lines) / len(lines)
        self.rows = max(1, round(path.stat().st_size / length))

    def headers(self) -> Sequence[str]:
        """Return no header: lines have none."""
        return ()

    def names(self) -> Sequence[str]:
        """Return the name of the model's only input."""
        return self._schema.names

    def chunks(self, size: ChunkSize) -> Iterator[Chunk]:
        """Yield the records in order, the same chunks every time; raises InvalidInput."""
        first_row = 1
        for lines in grouped(self._sized(), size):
            batch = pa.RecordBatch.from_arrays([pa.array(lines, pa.string())], self._schema.names)
            yield typed_chunk(self._schema, batch, first_row, {})
            first_row += len(lines)

    def _sized(self) -> Iterator[tuple[str, int]]:
        return ((line, len(line)) for line in self._lines())

    def _lines(self) -> Iterator[str]:
        try:
            with self._path.open(encoding=self._encoding) as file:
                for line in file:
                    if text := line.rstrip("\n"):
                        yield text
        except UnicodeDecodeError as error:
            raise InvalidInput(f"The file is not {error.encoding} throughout.") from None
