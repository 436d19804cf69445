"""Which encoding a text file is written in, found from its bytes alone."""

import codecs
import re
from pathlib import Path

from core.errors import InvalidInput

_BLOCK = 1 << 20
_HEAD = 4096
# The longest first: UTF-16's mark begins UTF-32's.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Four bytes of GB18030 hold two digits; they count as the pair that they are.
_HIGH_RUNS = re.compile(rb"(?:[\x81-\xfe][0-9]){2}|[\x80-\xff]+")
_SOUND_PER_BROKEN = 20


def detect_encoding(path: Path) -> str:
    """Return the name of the codec that reads a text file.

    A byte order mark decides; then zero bytes tell UTF-16; then whatever is UTF-8 to the end is
    UTF-8. The rest is GB18030 (with it GBK and GB2312) where its bytes above 127 come in pairs as
    Chinese does, and otherwise Windows-1252 or Latin-1. Raises InvalidInput for what is no text.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    for mark, codec in _MARKS:
        if head.startswith(mark):
            return codec
    if b"\0" in head:
        return _utf16(head)
    sample = _first_block_not_utf8(path)
    return "utf-8" if sample is None else _not_unicode(sample)


def known_encoding(name: str) -> str:
    """Return an encoding that a caller named, as Python names it; raises InvalidInput."""
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise InvalidInput(
            f'encoding: "{name[:40]}" is not known; use a name such as utf-8, gb18030 or latin-1.'
        ) from None


def _utf16(head: bytes) -> str:
    """Tell by where the zero bytes of mostly Western text lie."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > len(head) // 8 and even * 20 < odd:
        return "utf-16-le"
    if even > len(head) // 8 and odd * 20 < even:
        return "utf-16-be"
    raise InvalidInput(
        "The file is not text. If it is a workbook or an archive, save the table as CSV first."
    )


def _first_block_not_utf8(path: Path) -> bytes | None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            carried = decoder.getstate()[0]
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                return carried + block
        carried = decoder.getstate()[0]
    return carried or None


def _not_unicode(sample: bytes) -> str:
    text = sample.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    if sum(letter > "\x7f" for letter in text) - broken >= _SOUND_PER_BROKEN * broken:
        raise InvalidInput(
            "The file is UTF-8 but for a few broken bytes. Save it again as UTF-8, or name its "
            "encoding in the options."
        )
    if _is_paired(sample) and _decodes(sample, "gb18030"):
        return "gb18030"
    return "cp1252" if _decodes(sample, "cp1252") else "latin-1"


def _is_paired(sample: bytes) -> bool:
    """Return whether most bytes above 127 have such a neighbour; Western accents stand alone."""
    runs = [len(run) for run in _HIGH_RUNS.findall(sample)]
    return 2 * sum(length for length in runs if length > 1) > sum(runs)


def _decodes(sample: bytes, codec: str) -> bool:
    try:
        codecs.getincrementaldecoder(codec)().decode(sample)
    except UnicodeDecodeError:
        return False
    return True
