"""Encodings are found from the bytes of a file."""

from pathlib import Path

import pytest

from core.errors import InvalidInput
from core.inputs.encodings import detect_encoding

CHINESE = "姓名,年龄,职业\n张三,19,丐帮\n李四,23,教授\n"
WESTERN = "Müller,Größe,café\nGarçon,naïve,Ærø\n"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (b"a,b\n1,2\n", "utf-8"),
        (WESTERN.encode(), "utf-8"),
        (CHINESE.encode(), "utf-8"),
        (WESTERN.encode("utf-8-sig"), "utf-8-sig"),
        (CHINESE.encode("utf-16"), "utf-16"),
        (WESTERN.encode("utf-16-le"), "utf-16-le"),
        (WESTERN.encode("utf-16-be"), "utf-16-be"),
        (CHINESE.encode("utf-32"), "utf-32"),
        (CHINESE.encode("gbk"), "gb18030"),
        ("字段\n㐀𠀀\n".encode("gb18030"), "gb18030"),
        (WESTERN.encode("latin-1"), "cp1252"),
        ("price\n5 €\n".encode("cp1252"), "cp1252"),
        (b"x\n\x81\xe9 caf\xe9\n", "latin-1"),
    ],
)
def test_an_encoding_is_told_from_the_bytes(tmp_path: Path, content: bytes, encoding: str) -> None:
    path = tmp_path / "text"
    path.write_bytes(content)
    assert detect_encoding(path) == encoding


def test_a_letter_across_two_blocks_is_still_utf8(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes(b"a" * ((1 << 20) - 1) + "é€𠀀".encode() * 10)
    assert detect_encoding(path) == "utf-8"


def test_an_encoding_that_shows_late_is_found(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes(b"a,b\n" * (1 << 20) + "张三,李四\n".encode("gbk"))
    assert detect_encoding(path) == "gb18030"


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(bytes(range(256)) * 20)
    with pytest.raises(InvalidInput, match="save the table as CSV"):
        detect_encoding(path)
