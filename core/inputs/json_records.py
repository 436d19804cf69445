"""JSON files of records, read as a stream: a list of objects, or one object after the other."""

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TextIO

from core.errors import InvalidInput
from core.inputs.chunks import Chunk, ChunkSize, grouped, record_chunk
from core.inputs.columns import AS_NAMED, ColumnMap
from core.inputs.encodings import detect_encoding, known_encoding
from core.schema import Schema

_BLOCK = 1 << 20
_LARGEST_RECORD = 64 << 20
_MOST_NAMES = 2_000
_BLANKS = " \t\r\n\ufeff"


class JsonSource:
    """A file that holds a JSON list of objects, or objects one after the other (JSON lines)."""

    coded = True

    def __init__(
        self,
        path: Path,
        schema: Schema,
        encoding: str | None = None,
        columns: ColumnMap = AS_NAMED,
    ) -> None:
        self._path = path
        self._schema = schema
        self._columns = columns
        self._encoding = known_encoding(encoding) if encoding else detect_encoding(path)
        self._names: dict[str, None] = {}
        first = next(_decoded(path, self._encoding), None)
        if first is None:
            raise InvalidInput("The file holds no records; give at least one.")
        self.rows = max(1, path.stat().st_size // (first[1] + 1))
        self.found = {"encoding": self._encoding}

    def headers(self) -> Sequence[str]:
        """Return the fields that the first records name, as they are written."""
        records = (record for record, _ in islice(_decoded(self._path, self._encoding), 50))
        named = (record for record in records if isinstance(record, dict))
        return list(dict.fromkeys(name for record in named for name in record))

    def names(self) -> Sequence[str]:
        """Return the fields that records named, in the order in which they appeared."""
        return list(self._names)

    def chunks(self, size: ChunkSize) -> Iterator[Chunk]:
        """Yield the records in order, the same chunks every time; raises InvalidInput."""
        first_row = 1
        for records in grouped(_decoded(self._path, self._encoding), size):
            yield self._chunk(records, first_row)
            first_row += len(records)

    def _chunk(self, records: Sequence[object], first_row: int) -> Chunk:
        given = [self._columns.renamed_record(record) for record in records]
        for record in given:
            self._names.update(dict.fromkeys(record if isinstance(record, dict) else ()))
        if len(self._names) > _MOST_NAMES + len(self._schema):
            raise InvalidInput(
                f"The records have more than {_MOST_NAMES:,} different fields that the model does "
                "not take; leave them out."
            )
        return record_chunk(self._schema, given, first_row)


def _decoded(path: Path, encoding: str) -> Iterator[tuple[object, int]]:
    """Yield the values of a file and how many characters each takes."""
    with path.open(encoding=encoding) as file:
        yield from _Decoding(file)


class _Decoding:
    """One reading of a text of JSON values, of which only the current one is in memory."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._text = ""
        self._at = 0
        self._count = 0
        self._decoder = json.JSONDecoder()

    def __iter__(self) -> Iterator[tuple[object, int]]:
        in_list = self._next_is("[")
        if in_list:
            self._at += 1
        while not self._is_over(in_list):
            start = self._at
            value = self._value()
            yield value, self._at - start
            if in_list and not self._next_is("]"):
                self._step_over_comma()

    def _is_over(self, in_list: bool) -> bool:
        if not in_list:
            return not self._skip_blanks()
        return self._next_is("]")

    def _step_over_comma(self) -> None:
        if not self._next_is(","):
            raise self._broken("a comma or the end of the list is missing after it")
        self._at += 1

    def _next_is(self, letter: str) -> bool:
        return self._skip_blanks() and self._text[self._at] == letter

    def _skip_blanks(self) -> bool:
        """Go to the next character that says something; return whether there is one."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _BLANKS:
                self._at += 1
            if self._at < len(self._text):
                return True
            if not self._read_on(_BLOCK):
                return False

    def _value(self) -> object:
        self._skip_blanks()
        length = _BLOCK
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except RecursionError:
                raise self._broken("it is nested too deeply") from None
            except ValueError as error:
                # Broken, or cut off where the text in memory ends: more of it will tell.
                if len(self._text) - self._at > _LARGEST_RECORD or not self._read_on(length):
                    raise self._broken(str(error)) from None
            else:
                if end < len(self._text) or not self._read_on(length):
                    self._at = end
                    self._count += 1
                    return value
            length *= 2

    def _read_on(self, length: int) -> bool:
        try:
            more = self._file.read(length)
        except UnicodeDecodeError as error:
            raise InvalidInput(f"The file is not {error.encoding} throughout.") from None
        self._text = self._text[self._at :] + more
        self._at = 0
        return bool(more)

    def _broken(self, reason: str) -> InvalidInput:
        return InvalidInput(
            f"The file is not JSON around record {self._count + 1}: {reason}. It must hold a list "
            "of objects, or one object a line."
        )
