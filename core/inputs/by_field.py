"""Inputs that came apart: one file for each, joined row by row to records.

They lie together in a zip: a member for each input, called like it, and `kinds.json`, which says of
what kind each is. All have as many rows, or one, which then goes with every row of the others.
"""

import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa

from core.errors import InternalError, InvalidInput, Problem
from core.inputs import zip_members
from core.inputs.chunks import Chunk, ChunkSize, Source, coded, no_columns, sliced
from core.inputs.columns import free_name
from core.inputs.image import check_picture, repacked
from core.inputs.zip_members import Member
from core.records import Typed, require_columns
from core.schema import Field, Schema

KINDS = "kinds.json"
MOST_REPEATED = 20_000
_ROWS_A_CHUNK = 256
_CHUNK_BYTES = 16 << 20

Opener = Callable[[Path, str, Field], Source]


@dataclass(frozen=True, slots=True)
class Part:
    """What one input was given: a file, and its kind."""

    kind: str
    path: Path


def write_parts(target: Path, parts: Mapping[str, Part]) -> None:
    """Put what the inputs were given together in one file, as it is."""
    names = {name: f"{place}" for place, name in enumerate(parts)}
    kinds = {name: [names[name], part.kind] for name, part in parts.items()}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(KINDS, json.dumps(kinds))
        for name, part in parts.items():
            archive.write(part.path, names[name])


class FieldsSource:
    """Inputs that came apart, as a table; `open_member` opens what each was given."""

    rows = 1
    coded = True
    found: Mapping[str, str] = MappingProxyType({})

    def __init__(self, path: Path, schema: Schema, open_member: Opener) -> None:
        self._path = path
        self._schema = schema
        self._fields = {field.name: field for field in schema}
        self._open = open_member
        self._names: dict[str, None] = {}
        with self._opened() as sources:
            self.rows = max((source.rows for source in sources.values()), default=1)
            require_columns(schema, sources)
            self._names = {name: None for name in sources if self._fields[name].image is None}

    def headers(self) -> Sequence[str]:
        """Return no header: what each file is for is known."""
        return ()

    def names(self) -> Sequence[str]:
        """Return the inputs that are no pictures, and the other columns that were read."""
        return list(self._names)

    def chunks(self, size: ChunkSize) -> Iterator[Chunk]:
        """Yield the records in order, the same chunks every time.

        Raises InvalidInput where the inputs have different numbers of rows.
        """
        limit = ChunkSize(min(size.rows, _ROWS_A_CHUNK), min(size.bytes, _CHUNK_BYTES))
        with self._opened() as sources:
            columns = {name: _Rows(name, each, limit) for name, each in sources.items()}
            long = [column for column in columns.values() if not column.is_one]
            first = 0
            most = max(1, _CHUNK_BYTES // max(1, sum(each.repeats for each in columns.values())))
            while rows := min((each.ready for each in long), default=0 if first else 1):
                rows = min(rows, most)
                yield self._joined({n: each.take(rows) for n, each in columns.items()}, first)
                first += rows
                self._check_repeated(columns.values(), first)
            _require_ended(long)

    def _check_repeated(self, columns: Iterable["_Rows"], rows: int) -> None:
        for column in columns:
            if column.is_one and rows > MOST_REPEATED and self._fields[column.name].image:
                raise InvalidInput(
                    f"{column.name} is one picture; it goes with at most {MOST_REPEATED:,} rows."
                )

    @contextmanager
    def _opened(self) -> Iterator[dict[str, Source]]:
        """Yield what each input was given, unpacked for the time that it is read."""
        with zip_members.opened(self._path) as archive, ExitStack() as stack:
            kinds: dict[str, list[str]] = json.loads(archive.read(KINDS))
            sources = {}
            for name, (member, kind) in kinds.items():
                entry = Member(member, archive.getinfo(member))
                path = stack.enter_context(zip_members.unpacked(archive, entry, self._path.parent))
                sources[name] = self._source(name, kind, path)
            yield sources

    def _source(self, name: str, kind: str, path: Path) -> Source:
        try:
            return self._open(path, kind, self._fields[name])
        except InvalidInput as error:
            raise _about(name, error) from error

    def _joined(self, taken: Mapping[str, Chunk], first: int) -> Chunk:
        rows = next(iter(taken.values())).rows
        columns = [
            taken[field.name].typed.batch.column(0)
            if field.name in taken
            else pa.nulls(rows, field.arrow_type)
            for field in self._schema
        ]
        problems: dict[int, tuple[Problem, ...]] = {}
        raw: dict[int, dict[str, str]] = {}
        others: dict[str, pa.Array] = {}
        for name, chunk in taken.items():
            for at, found in chunk.typed.problems.items():
                numbered = (replace(each, row=first + at + 1) for each in found)
                problems[at] = (*problems.get(at, ()), *numbered)
            for at, cells in chunk.raw.items():
                raw.setdefault(at, {}).update({n: c for n, c in cells.items() if n == name})
            self._add_others(others, name, chunk)
        batch = pa.RecordBatch.from_arrays(columns, self._schema.names)
        rest = (
            pa.RecordBatch.from_arrays(list(others.values()), list(others))
            if others
            else no_columns(rows)
        )
        return Chunk(Typed(batch, problems), rest, raw)

    def _add_others(self, others: dict[str, pa.Array], name: str, chunk: Chunk) -> None:
        """Keep what came beside an input, as in the time of a frame, under names that are free."""
        for other, column in zip(chunk.others.schema.names, chunk.others.columns, strict=True):
            free = free_name(f"{name}_{other}", [*self._schema.names, *others])
            others[free] = column
            self._names.setdefault(free)


class _Rows:
    """The rows of one input, as many at a time as one likes."""

    def __init__(self, name: str, source: Source, size: ChunkSize) -> None:
        self.name = name
        self._coded = source.coded
        self._chunks = source.chunks(size)
        self._now = self._next()
        following = self._next() if self._now and self._now.rows == 1 else None
        self.is_one = self._now is not None and self._now.rows == 1 and following is None
        self._chunks = chain([following] if following else [], self._chunks)
        self._at = 0
        self.taken = 0

    @property
    def repeats(self) -> int:
        """Return the bytes that each further row takes where the same goes with all of them."""
        return int(self._now.typed.batch.nbytes) if self._now and self.is_one else 0

    @property
    def ready(self) -> int:
        """Return how many rows can be taken at once, 0 at the end."""
        return 0 if self._now is None else self._now.rows - self._at

    def take(self, rows: int) -> Chunk:
        """Return the next rows; the one row of an input that has no more, as often as need be."""
        if self._now is None:
            raise InternalError(f"{self.name} has no more rows.")
        if self.is_one:
            return _repeated(self._now, rows)
        taken = sliced(self._now, self._at, rows)
        self._at += rows
        self.taken += rows
        if not self.ready:
            self._now, self._at = self._next(), 0
        return taken

    def count(self) -> int:
        """Read to the end and return the number of rows."""
        while self.ready:
            self.take(self.ready)
        return self.taken

    def _next(self) -> Chunk | None:
        try:
            chunk = next(self._chunks, None)
        except InvalidInput as error:
            raise _about(self.name, error) from error
        return chunk if chunk is None or self._coded else coded(chunk)


def _require_ended(columns: Sequence[_Rows]) -> None:
    """Raise InvalidInput that names both counts where one input has more rows than another."""
    counts = {column.name: column.count() for column in columns}
    few = min(counts, key=counts.__getitem__, default="")
    many = max(counts, key=counts.__getitem__, default="")
    if few != many and counts[few] != counts[many]:
        raise InvalidInput(
            f"{few} has {counts[few]:,} rows and {many} {counts[many]:,}; give as many for each "
            "input, or one for all."
        )


class PictureAsItCame:
    """One picture, in the size that its input wants, not yet as numbers: it may be repeated."""

    rows = 1
    coded = True
    found: Mapping[str, str] = MappingProxyType({})

    def __init__(self, path: Path, field: Field) -> None:
        content = path.read_bytes()
        check_picture(content)
        if field.image is None:
            raise InvalidInput("it takes no picture.")
        self._name = field.name
        self._content = repacked(content, field.image)

    def headers(self) -> Sequence[str]:
        """Return no header."""
        return ()

    def names(self) -> Sequence[str]:
        """Return no name."""
        return ()

    def chunks(self, size: ChunkSize) -> Iterator[Chunk]:
        """Yield the one record."""
        cell = pa.array([self._content], pa.binary())
        batch = pa.RecordBatch.from_arrays([cell], [self._name])
        yield Chunk(Typed(batch, {}), no_columns(1), {})


def _repeated(chunk: Chunk, rows: int) -> Chunk:
    places = pa.array([0] * rows)
    problems = dict.fromkeys(range(rows), chunk.typed.problems[0]) if chunk.typed.problems else {}
    raw = dict.fromkeys(range(rows), chunk.raw[0]) if chunk.raw else {}
    others = chunk.others.take(places) if chunk.others.num_columns else no_columns(rows)
    return Chunk(Typed(chunk.typed.batch.take(places), problems), others, raw)


def _about(name: str, error: InvalidInput) -> InvalidInput:
    message = error.message if error.message.startswith(f"{name}: ") else f"{name}: {error.message}"
    return InvalidInput(message, details=[Problem(message, name)])
