"""Zip archives from strangers: their members by name, and what none of them may do.

What is checked against is written down in https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
and, for bombs, https://www.bamsoftware.com/hacks/zipbomb/.
"""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from uuid import uuid4

from core.errors import InvalidInput

MOST_MEMBERS = 100_000
MOST_UNPACKED = 16 << 30
MOST_RATIO = 200
_SMALL = 32 << 20  # what may be packed as tightly as one likes
_ENCRYPTED = 0x1
_UTF8 = 0x800
_UNICODE_PATH = 0x7075
# Folders and files that systems leave in archives.
_LITTER = ("__MACOSX", "Thumbs.db", "desktop.ini")
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, struct.error)


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an archive: its name for people, and where the archive has it."""

    name: str
    entry: zipfile.ZipInfo

    @property
    def size(self) -> int:
        """Return the bytes that it takes once unpacked."""
        return self.entry.file_size

    @property
    def is_encrypted(self) -> bool:
        """Return whether it opens with a password alone."""
        return bool(self.entry.flag_bits & _ENCRYPTED)


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open an archive; raises InvalidInput where it is none or is cut off."""
    try:
        archive = zipfile.ZipFile(path)
    except BROKEN as error:
        raise InvalidInput("The file is no whole zip; it may be cut off. Pack it again.") from error
    with archive:
        yield archive


def members(archive: zipfile.ZipFile) -> list[Member]:
    """Return the files of an archive in its order, without folders and what systems leave there.

    Raises InvalidInput, with the member's name, where an archive was made to do harm: paths that
    lead out of it, links, and more than it may unpack to.
    """
    entries = archive.infolist()
    if len(entries) > MOST_MEMBERS:
        raise InvalidInput(f"The zip has {len(entries):,} members; at most {MOST_MEMBERS:,} go.")
    found = [Member(_name(entry), entry) for entry in entries]
    for member in found:
        _check(member)
    total = sum(member.size for member in found)
    if total > MOST_UNPACKED:
        raise InvalidInput(
            f"The zip unpacks to {_mebibytes(total)}; at most {_mebibytes(MOST_UNPACKED)} go."
        )
    return [member for member in found if not (member.entry.is_dir() or _is_litter(member.name))]


@contextmanager
def unpacked(archive: zipfile.ZipFile, member: Member, folder: Path) -> Iterator[Path]:
    """Yield where a member lies unpacked in a folder, as long as it is needed.

    Its name is one that a restarted task clears away. Raises InvalidInput where the member is
    encrypted or damaged.
    """
    path = folder / f".{uuid4().hex}.tmp"
    try:
        with path.open("xb") as target:
            for block in blocks(archive, member):
                target.write(block)
        yield path
    finally:
        path.unlink(missing_ok=True)


def head(archive: zipfile.ZipFile, member: Member) -> bytes:
    """Return a member's beginning; raises InvalidInput where it cannot be read."""
    return next(blocks(archive, member), b"")


def content(archive: zipfile.ZipFile, member: Member) -> bytes:
    """Return a member's content; raises InvalidInput where it is encrypted or damaged."""
    return b"".join(blocks(archive, member))


def blocks(archive: zipfile.ZipFile, member: Member) -> Iterator[bytes]:
    """Yield a member's content piece by piece; raises InvalidInput where it cannot be read."""
    if member.is_encrypted:
        raise InvalidInput("It is encrypted; pack it without a password.")
    try:
        with archive.open(member.entry) as file:
            while block := file.read(1 << 18):
                yield block
    except BROKEN as error:
        raise InvalidInput("It is damaged inside the zip; pack it again.") from error


def _check(member: Member) -> None:
    parts = PurePosixPath(member.name).parts
    outside = ".." in parts or member.name.startswith("/") or ":" in (parts or ("",))[0]
    if outside:
        raise InvalidInput(f'The zip is refused: "{_shown(member)}" leads out of its folder.')
    mode = member.entry.external_attr >> 16
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise InvalidInput(f'The zip is refused: "{_shown(member)}" is a link, not a file.')
    if member.size > max(_SMALL, MOST_RATIO * member.entry.compress_size):
        raise InvalidInput(
            f'The zip is refused: "{_shown(member)}" unpacks to {_mebibytes(member.size)}, more '
            f"than {MOST_RATIO} times its packed size."
        )


def _mebibytes(size: int) -> str:
    return f"{size >> 20:,} MiB"


def _shown(member: Member) -> str:
    return member.name[:80]


def _is_litter(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return any(part.startswith("._") or part in _LITTER or part == ".DS_Store" for part in parts)


def _name(entry: zipfile.ZipInfo) -> str:
    """Return a name as whoever packed it saw it.

    Where the archive does not say that it is UTF-8, what is UTF-8 all the same counts as that, and
    what reads as Chinese as GB18030; the rest is code page 437, as the standard has it.
    """
    name = _unicode_path(entry.extra) or entry.filename
    if not (entry.flag_bits & _UTF8 or name.isascii() or name is not entry.filename):
        try:
            raw = name.encode("cp437")
        except UnicodeEncodeError:
            raw = b""
        name = _decoded(raw) or name
    return name.replace("\\", "/").removeprefix("./")


def _decoded(raw: bytes) -> str | None:
    for codec in ("utf-8", "gb18030"):
        try:
            text = raw.decode(codec)
        except UnicodeDecodeError:
            continue
        if codec == "utf-8" or any("\u4e00" <= letter <= "\u9fff" for letter in text):
            return text
    return None


def _unicode_path(extra: bytes) -> str | None:
    """Return the name that Info-ZIP's extra field gives in UTF-8, if there is one."""
    while len(extra) >= 4:
        kind, size = struct.unpack("<HH", extra[:4])
        if kind == _UNICODE_PATH and size > 5:
            return extra[9 : 4 + size].decode(errors="replace")
        extra = extra[4 + size :]
    return None
