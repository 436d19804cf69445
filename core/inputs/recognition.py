"""What kind of input a file is, found from its first bytes, and only then from its name."""

import zipfile
from pathlib import Path, PurePosixPath

from core.errors import InvalidInput

# What the file is, whatever it is called.
_SIGNATURES = (
    (b"PAR1", 0, "parquet"),
    (b"\xff\xd8\xff", 0, "jpg"),
    (b"\x89PNG\r\n\x1a\n", 0, "jpg"),
    (b"ftyp", 4, "mp4"),
)
_SUFFIXES = {
    "csv": "csv",
    "tsv": "csv",
    "tab": "csv",
    "txt": "txt",
    "json": "json",
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "parquet": "parquet",
    "pq": "parquet",
    "xlsx": "xlsx",
    "xlsm": "xlsx",
    "jpg": "jpg",
    "jpeg": "jpg",
    "png": "jpg",
    "mp4": "mp4",
    "m4v": "mp4",
    "mov": "mp4",
    "zip": "zip",
}
# What is not read, and what to do instead.
_UNREAD = (
    (b"\xd0\xcf\x11\xe0", "an old or an encrypted Office file; save it as .xlsx, without password"),
    (b"\x1f\x8b", "packed with gzip; unpack it, or send a zip"),
    (b"7z\xbc\xaf", "a 7z archive; send a zip"),
    (b"Rar!", "a RAR archive; send a zip"),
    (b"\x1aE\xdf\xa3", "a Matroska or WebM video; convert it to MP4"),
    (b"%PDF", "a PDF; send the table or the picture in it"),
    (b"\xfd7zXZ", "packed with xz; unpack it, or send a zip"),
    (b"BZh", "packed with bzip2; unpack it, or send a zip"),
    (b"GIF8", "a GIF; send a JPEG or a PNG"),
    (b"RIFF", "a WebP picture, an AVI or a sound; send a JPEG, a PNG or an MP4"),
    (b"II*\0", "a TIFF picture; send a JPEG or a PNG"),
    (b"MM\0*", "a TIFF picture; send a JPEG or a PNG"),
    (b"ORC", "an ORC file; convert it to Parquet"),
    (b"Obj\x01", "an Avro file; convert it to Parquet"),
)
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def recognise(path: Path, name: str) -> str:
    """Return the kind of a file as `open_table` takes it; `name` is what its sender called it.

    Raises InvalidInput for what is known to be none, with what to do instead.
    """
    with path.open("rb") as file:
        head = file.read(4096)
    if found := kind_of_head(head):
        return found
    if head.startswith((b"PK\3\4", b"PK\5\6")):
        return _packed(path)
    for signature, what in _UNREAD:
        if head.startswith(signature):
            raise InvalidInput(f"The file is {what}.")
    suffix = PurePosixPath(name).suffix.lower().removeprefix(".")
    return _SUFFIXES.get(suffix) or _text(head)


def kind_of_head(head: bytes) -> str | None:
    """Return the kind that a file's first bytes prove, or None where more must be read."""
    for signature, start, kind in _SIGNATURES:
        if head[start : start + len(signature)] == signature:
            return kind
    return None


def _packed(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError):
        return "zip"
    is_workbook = any(name.endswith("workbook.xml") for name in names)
    return "xlsx" if is_workbook and "[Content_Types].xml" in names else "zip"


def _text(head: bytes) -> str:
    """Return json for what begins like it, else csv, which says well what is wrong with it."""
    for mark in _MARKS:
        head = head.removeprefix(mark)
    return "json" if head.lstrip(b" \t\r\n\0")[:1] in (b"[", b"{") else "csv"
