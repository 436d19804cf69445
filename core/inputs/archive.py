"""Zip archives of any mix: tables, texts, pictures and videos, in folders, and zips inside.

The records come in the order of the members. A column `member` says where each is from; a member
that cannot be read is one record with what is wrong. What was made to do harm is refused whole.
"""

import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from core.errors import InvalidInput, Problem
from core.inputs import zip_members
from core.inputs.chunks import Chunk, ChunkSize, Source, as_json, coded_column, no_columns
from core.inputs.columns import free_name
from core.inputs.image import MOST_BYTES
from core.inputs.image_fields import picture_fields
from core.inputs.pictures import picture_batch
from core.inputs.recognition import kind_of_head, recognise
from core.inputs.zip_members import MOST_UNPACKED, Member
from core.records import Typed
from core.schema import Schema

MEMBER = "member"
DEEPEST = 2
_PICTURES_A_CHUNK = 256
_PICTURE_BYTES = 16 << 20
_BYTES_A_ROW = 80

Opener = Callable[[Path, str, Schema], Source]


@dataclass(frozen=True, slots=True)
class _Loose:
    """A record that is a member: a picture, or what is wrong with it."""

    member: str
    picture: bytes | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class _Table:
    """A member that holds records of its own, unpacked for the time that it is read."""

    member: str
    source: Source


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a zip lies, the name of it in the zip that was sent, and how deep it is in there."""

    path: Path
    inside: str = ""
    depth: int = 1


class _Budget:
    """What all members, those of zips inside included, may unpack to."""

    def __init__(self) -> None:
        self._left = MOST_UNPACKED

    def spend(self, size: int) -> None:
        """Take note of a member; raises InvalidInput once it is too much."""
        self._left -= size
        if self._left < 0:
            raise InvalidInput(f"The zip unpacks to more than {MOST_UNPACKED >> 30} GiB.")


class ArchiveSource:
    """A zip that was looked at; `open_member` opens the tables and videos in it."""

    coded = True

    def __init__(self, path: Path, schema: Schema, open_member: Opener) -> None:
        self._path = path
        self._schema = schema
        self._open = open_member
        self._member = free_name(MEMBER, schema.names)
        self._pictures = {field.name for field in picture_fields(schema)}
        self._no_pictures = _why_no_pictures(schema)
        self._names: dict[str, None] = {self._member: None}
        with zip_members.opened(path) as archive:
            found = zip_members.members(archive)
        if not found:
            raise InvalidInput("The zip holds no files.")
        if all(member.is_encrypted for member in found):
            raise InvalidInput("The zip is encrypted; pack it without a password.")
        self.rows = sum(map(_guessed_rows, found))
        self.found = {"members": f"{len(found):,}", "unpacked": _readable(found)}

    def headers(self) -> Sequence[str]:
        """Return the columns of the first table in the zip, if there is one."""
        for item in self._items(_Place(self._path), _Budget()):
            if isinstance(item, _Table):
                return item.source.headers()
        return ()

    def names(self) -> Sequence[str]:
        """Return the columns of all members that were read, but for pictures, and `member`."""
        return [name for name in self._names if name not in self._pictures]

    def chunks(self, size: ChunkSize) -> Iterator[Chunk]:
        """Yield the records in order, the same chunks every time; raises InvalidInput."""
        pictures = ChunkSize(min(size.rows, _PICTURES_A_CHUNK), min(size.bytes, _PICTURE_BYTES))
        loose: list[_Loose] = []
        for item in self._items(_Place(self._path), _Budget()):
            if isinstance(item, _Loose):
                loose.append(item)
            if loose and (isinstance(item, _Table) or _is_full(loose, pictures)):
                yield self._loose_chunk(loose)
                loose = []
            if isinstance(item, _Table):
                yield from self._table_chunks(item, size)
        if loose:
            yield self._loose_chunk(loose)

    # --- members -----------------------------------------------------------------------------

    def _items(self, place: _Place, budget: _Budget) -> Iterator[_Loose | _Table]:
        """Yield what the members of a zip are."""
        with zip_members.opened(place.path) as archive:
            for member in zip_members.members(archive):
                name = f"{place.inside}{member.name}"
                try:
                    budget.spend(member.size)
                    yield from self._item(archive, member, name, place, budget)
                except InvalidInput as error:
                    yield _Loose(name, None, error.message)

    def _item(
        self,
        archive: zipfile.ZipFile,
        member: Member,
        name: str,
        place: _Place,
        budget: _Budget,
    ) -> Iterator[_Loose | _Table]:
        if kind_of_head(zip_members.head(archive, member)) == "jpg":
            yield self._picture(archive, member, name)
            return
        with zip_members.unpacked(archive, member, self._path.parent) as path:
            kind = recognise(path, member.name)
            if kind != "zip":
                yield _Table(name, self._open(path, kind, self._schema))
            elif place.depth >= DEEPEST:
                raise InvalidInput(f"Zips are read {DEEPEST} deep; unpack this one.")
            else:
                yield from self._items(_Place(path, f"{name}/", place.depth + 1), budget)

    def _picture(self, archive: zipfile.ZipFile, member: Member, name: str) -> _Loose:
        if self._no_pictures is not None:
            return _Loose(name, None, self._no_pictures)
        if member.size > MOST_BYTES:
            return _Loose(name, None, f"the picture is larger than {MOST_BYTES >> 20} MiB.")
        return _Loose(name, zip_members.content(archive, member), None)

    # --- chunks ------------------------------------------------------------------------------

    def _table_chunks(self, table: _Table, size: ChunkSize) -> Iterator[Chunk]:
        try:
            for chunk in table.source.chunks(size):
                yield self._named(chunk, [table.member] * chunk.rows, coded=table.source.coded)
        except InvalidInput as error:
            yield self._loose_chunk([_Loose(table.member, None, error.message)])
        for name in table.source.names():
            self._names.setdefault(self._other_name(name))

    def _loose_chunk(self, loose: Sequence[_Loose]) -> Chunk:
        problems = {
            row: (Problem(each.problem, row=row + 1),)
            for row, each in enumerate(loose)
            if each.problem is not None
        }
        pictures = [each.picture for each in loose]
        batch = (
            _nulls(self._schema, len(loose))
            if self._no_pictures is not None
            else picture_batch(self._schema, pictures, "zip")
        )
        chunk = Chunk(Typed(batch, problems), no_columns(len(loose)), {})
        return self._named(chunk, [each.member for each in loose], coded=True)

    def _named(self, chunk: Chunk, members: Sequence[str], *, coded: bool) -> Chunk:
        """Return a chunk with the column `member`; its other columns become JSON."""
        others = {
            self._other_name(name): column if coded else coded_column(column)
            for name, column in zip(chunk.others.schema.names, chunk.others.columns, strict=True)
        }
        named = {self._member: pa.array(map(as_json, members), pa.string()), **others}
        batch = pa.RecordBatch.from_arrays(list(named.values()), list(named))
        raw = {
            row: {name: cell for name, cell in cells.items() if name not in self._pictures}
            for row, cells in chunk.raw.items()
        }
        return Chunk(chunk.typed, batch, raw)

    def _other_name(self, name: str) -> str:
        return f"{name}_given" if name == self._member else name


def _why_no_pictures(schema: Schema) -> str | None:
    """Return why a picture alone is no record of a model, None if it is one."""
    try:
        picture_batch(schema, [], "zip")
    except InvalidInput as error:
        return error.message.replace("filetype is zip, but this", "This is a picture, and this")
    return None


def _nulls(schema: Schema, rows: int) -> pa.RecordBatch:
    columns = [pa.nulls(rows, field.arrow_type) for field in schema]
    return pa.RecordBatch.from_arrays(columns, schema=schema.arrow)


def _is_full(loose: Sequence[_Loose], size: ChunkSize) -> bool:
    taken = sum(len(each.picture or b"") for each in loose)
    return len(loose) >= size.rows or taken >= size.bytes


def _guessed_rows(member: Member) -> int:
    is_table = member.name.lower().endswith((".csv", ".tsv", ".txt", ".json", ".jsonl"))
    return max(1, member.size // _BYTES_A_ROW) if is_table else 1


def _readable(found: Iterable[Member]) -> str:
    return f"{sum(member.size for member in found) / (1 << 20):,.1f} MiB"
