"""What a file seems to be by its first bytes: so that a refusal can say what was uploaded."""

import re

HEAD_BYTES = 4096
XML = "an XML document"

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a zip archive"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file, as Keras writes them"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"%PDF", "a PDF document"),
    (b"PAR1", "a Parquet file"),
    (b"ARROW1", "an Arrow file"),
    (b"GGUF", "a GGUF language model"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"RDX", "an R workspace"),
    (b"tree\nversion=", "a LightGBM text model"),
    (b"{L\x00\x00", "an XGBoost binary model"),
)
_TEXTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\s*<!doctype html|\s*<html", re.IGNORECASE), "an HTML page"),
    (re.compile(r"\ufeff?\s*<\?xml|\ufeff?\s*<[A-Za-z!]"), XML),
    (re.compile(r"\s*[\[{]"), "a JSON text"),
    (re.compile(r"version https://git-lfs"), "a Git LFS pointer instead of the file itself"),
)
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f]")


def seems(head: bytes) -> str:
    """Return what a file seems to be, such as `a zip archive`; empty where nothing is known."""
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if not head.strip(b"\x00"):
        return "nothing but zeros"
    return _seems_text(head)


def _seems_text(head: bytes) -> str:
    try:
        text = head.decode("utf-8", errors="strict" if len(head) < HEAD_BYTES else "ignore")
    except UnicodeDecodeError:
        return ""
    if _CONTROLS.search(text):
        return ""
    return next((kind for pattern, kind in _TEXTS if pattern.match(text)), "a text")
