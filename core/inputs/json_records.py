"""JSON files of records, read as a stream: a list of objects, or one object after the other."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

import pyarrow as pa

from core.errors import InvalidInput, Problem
from core.inputs.chunks import Chunk, ChunkSize, as_text, grouped
from core.inputs.encodings import detect_encoding, known_encoding
from core.records import Typed, typed_records
from core.schema import Schema

_BLOCK = 1 << 20
_LARGEST_RECORD = 64 << 20
_MOST_NAMES = 2_000
_BLANKS = " \t\r\n\ufeff"


class JsonSource:
    """A file that holds a JSON list of objects, or objects one after the other (JSON lines)."""

    coded = True

    def __init__(self, path: Path, schema: Schema, encoding: str | None = None) -> None:
        self._path = path
        self._schema = schema
        self._encoding = known_encoding(encoding) if encoding else detect_encoding(path)
        self._names: dict[str, None] = {}
        first = next(_decoded(path, self._encoding), None)
        if first is None:
            raise InvalidInput("The file holds no records; give at least one.")
        self.rows = max(1, path.stat().st_size // (first[1] + 1))

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
        objects = [record if isinstance(record, dict) else {} for record in records]
        for record in objects:
            self._names.update(dict.fromkeys(record))
        if len(self._names) > _MOST_NAMES + len(self._schema):
            raise InvalidInput(
                f"The records have more than {_MOST_NAMES:,} different fields that the model does "
                "not take; leave them out."
            )
        typed = typed_records(self._schema, records)
        problems = {
            position: tuple(_renumbered(problem, first_row + position) for problem in found)
            for position, found in typed.problems.items()
        }
        raw = {position: _raw(objects[position], found) for position, found in problems.items()}
        return Chunk(Typed(typed.batch, problems), self._others(objects), raw)

    def _others(self, objects: Sequence[Mapping[str, object]]) -> pa.RecordBatch:
        """Return the fields that the model does not take, each value as JSON."""
        taken = set(self._schema.names)
        names = dict.fromkeys(name for record in objects for name in record if name not in taken)
        _require_whole(names)
        if not names:
            return pa.RecordBatch.from_struct_array(pa.array([{}] * len(objects), pa.struct([])))
        columns = [
            pa.array([_coded(record, name) for record in objects], pa.string()) for name in names
        ]
        return pa.RecordBatch.from_arrays(columns, names=list(names))


def _require_whole(names: Iterable[str]) -> None:
    try:
        "".join(names).encode()
    except UnicodeEncodeError:
        raise InvalidInput(
            "The name of a field holds half of a character; send the file as UTF-8."
        ) from None


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


def _renumbered(problem: Problem, row: int) -> Problem:
    return Problem(problem.message, problem.field, row, problem.value)


def _raw(record: Mapping[str, object], problems: Sequence[Problem]) -> dict[str, str]:
    named = [problem.field for problem in problems if problem.field in record]
    return {name: as_text(record[name]) for name in named if name is not None}


def _coded(record: Mapping[str, object], name: str) -> str | None:
    if name not in record:
        return None
    return json.dumps(record[name], ensure_ascii=False).encode(errors="replace").decode()
