"""Zip archives that Slipway writes and reads back: members, and a manifest with the hash of each.

A manifest shows that an archive is whole, not who made it. What is in one is as little trusted as
any upload: names, sizes and hashes are looked at before anything is taken out.
"""

import hashlib
import re
import zipfile
import zlib
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from core.db.engine import knows, schema_revision
from core.db.tables import utc_now
from core.errors import InvalidInput
from core.version import VERSION

MANIFEST = "manifest.json"

_BLOCK = 1 << 20
_LAYOUT = 1
_LARGEST_MANIFEST = 256 << 20
_LINK, _KIND = 0o120000, 0o170000
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


@dataclass(frozen=True, slots=True)
class Entry:
    """What a manifest says of one member: its bytes, and their SHA-256."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive says of itself.

    `kind` tells backups from models, `layout` is the version of the format. `slipway` and `schema`
    are those of the platform that made it, `made` is in UTC. `about` is the kind's own.
    """

    kind: str
    layout: int
    slipway: str
    schema: str
    made: datetime
    about: dict[str, object]
    members: dict[str, Entry]


@dataclass(frozen=True, slots=True)
class Member:
    """A file that goes into an archive under a name."""

    name: str
    path: Path


def written(kind: str, about: Mapping[str, object], members: Iterable[Member]) -> Iterator[bytes]:
    """Yield an archive as it comes into being; no more than a block of it is in memory."""
    sink = _Sink()
    entries: dict[str, Entry] = {}
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for member in members:
            entries[member.name] = yield from _added(archive, member, sink)
        manifest = Manifest(
            kind, _LAYOUT, VERSION, schema_revision(), utc_now(), dict(about), entries
        )
        archive.writestr(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
    yield sink.take()


def _added(
    archive: zipfile.ZipFile, member: Member, sink: "_Sink"
) -> Generator[bytes, None, Entry]:
    digest, size = hashlib.sha256(), 0
    with (
        member.path.open("rb") as source,
        archive.open(member.name, "w", force_zip64=True) as target,
    ):
        while block := source.read(_BLOCK):
            digest.update(block)
            size += len(block)
            target.write(block)
            if ready := sink.take():
                yield ready
    return Entry(size, digest.hexdigest())


class _Sink:
    """Where `zipfile` writes, and what was written since somebody took it."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []

    def write(self, block: bytes) -> int:
        """Keep some bytes."""
        self._blocks.append(bytes(block))
        return len(block)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """What was written stays until it is taken."""

    def take(self) -> bytes:
        """Return what was written since the last time."""
        taken = b"".join(self._blocks)
        self._blocks.clear()
        return taken


class Archive:
    """An archive whose names are those of its manifest, and no others."""

    def __init__(self, file: zipfile.ZipFile, manifest: Manifest) -> None:
        self._file = file
        self.manifest = manifest

    @property
    def size(self) -> int:
        """Return how many bytes all members have."""
        return sum(entry.size for entry in self.manifest.members.values())

    def take_out(self, name: str, target: Path) -> None:
        """Write a member to a new file; raises InvalidInput if it is not what the manifest says.

        No more is written than the manifest says, whatever the member swells to.
        """
        entry = self.manifest.members[name]
        target.parent.mkdir(parents=True, exist_ok=True)
        digest, left = hashlib.sha256(), entry.size
        with _whole(name), self._file.open(name) as source, target.open("xb") as file:
            while block := source.read(_BLOCK):
                left -= len(block)
                if left < 0:
                    break
                digest.update(block)
                file.write(block)
        if left or digest.hexdigest() != entry.sha256:
            raise _damaged(f"{name} is not what its manifest says")


@contextmanager
def opened(path: Path, kind: str, allowed: re.Pattern[str]) -> Iterator[Archive]:
    """Open an archive of a kind whose names all match a pattern.

    Raises InvalidInput where it is none, is damaged, was made by a newer Slipway, or holds what it
    should not: nothing was taken out of it by then.
    """
    if not zipfile.is_zipfile(path):
        raise InvalidInput("This is no archive of Slipway, or it did not arrive whole.")
    with _whole("its list of files"):
        file = zipfile.ZipFile(path)
    with file:
        manifest = _manifest(file)
        _require_layout(manifest, kind)
        _require_names(file, manifest, allowed)
        yield Archive(file, manifest)


def _manifest(file: zipfile.ZipFile) -> Manifest:
    try:
        info = file.getinfo(MANIFEST)
    except KeyError:
        raise InvalidInput(f"This is no archive of Slipway: it has no {MANIFEST}.") from None
    if info.file_size > _LARGEST_MANIFEST:
        raise _damaged("its manifest is too large")
    try:
        with _whole(MANIFEST), file.open(info) as source:
            return msgspec.json.decode(source.read(_LARGEST_MANIFEST), type=Manifest)
    except msgspec.MsgspecError as error:
        raise _damaged(f"its manifest cannot be read ({error})") from error


def _require_layout(manifest: Manifest, kind: str) -> None:
    if manifest.kind != kind:
        raise InvalidInput(f"This is a {manifest.kind[:40]} of Slipway; a {kind} is wanted here.")
    if manifest.layout != _LAYOUT or not knows(manifest.schema):
        raise InvalidInput(
            f"The archive was made by a newer Slipway ({manifest.slipway[:40]}, schema "
            f"{manifest.schema[:40]}); this is {VERSION}, schema {schema_revision()}. Install that "
            "Slipway first."
        )


def _require_names(file: zipfile.ZipFile, manifest: Manifest, allowed: re.Pattern[str]) -> None:
    names = [info.filename for info in file.infolist() if info.filename != MANIFEST]
    if len(names) + 1 != len(file.infolist()) or len(set(names)) != len(names):
        raise _damaged("a file is in it twice")
    for info in file.infolist():
        if info.external_attr >> 16 & _KIND == _LINK or info.flag_bits & 1:
            raise _damaged(f"{_shown(info.filename)} is a link or locked by a password")
    if foreign := [name for name in names if not allowed.fullmatch(name)]:
        raise _damaged(f"{_shown(foreign[0])} does not belong there")
    if missing := sorted(set(manifest.members) - set(names)):
        raise _damaged(f"{_shown(missing[0])} is missing")
    if strange := sorted(set(names) - set(manifest.members)):
        raise _damaged(f"{_shown(strange[0])} is not in its manifest")


@contextmanager
def _whole(what: str) -> Iterator[None]:
    """Turn what `zipfile` raises over damage into a sentence; a full disk stays what it is."""
    try:
        yield
    except OSError as error:
        if error.errno is not None:
            raise
        raise _damaged(f"{what} cannot be read") from error
    except _DAMAGE as error:
        raise _damaged(f"{what} cannot be read") from error


def _damaged(why: str) -> InvalidInput:
    return InvalidInput(f"The archive is damaged, or was made to do harm: {why}.")


def _shown(name: str) -> str:
    return ascii(name[:80])
