from pathlib import Path

import pytest

from core.errors import InvalidModel
from core.runtimes.pmml import PmmlRuntime
from core.runtimes.pmml_document import read_document
from tests.core.runtimes.pmml_models import linear, pmml, write


def _refusal(path: Path) -> str:
    with pytest.raises(InvalidModel) as refusal:
        read_document(path)
    return refusal.value.message


@pytest.mark.parametrize(
    "subset",
    [
        '<!ENTITY secret SYSTEM "file:///etc/passwd">',
        '<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">',
        "",
    ],
)
def test_a_doctype_is_refused_before_anything_is_read(tmp_path: Path, subset: str) -> None:
    path = write(tmp_path, f"<!DOCTYPE PMML [{subset}]>" + linear())
    assert "DOCTYPE" in _refusal(path)


def test_a_truncated_file_is_refused_with_the_line_where_it_ends(tmp_path: Path) -> None:
    text = linear().replace("><", ">\n<")
    path = write(tmp_path, text[: len(text) // 2])
    assert f"(line {text[: len(text) // 2].count(chr(10)) + 1}, " in _refusal(path)


def test_another_kind_of_xml_is_refused_by_its_outermost_element(tmp_path: Path) -> None:
    assert "its outermost element is html" in _refusal(write(tmp_path, "<html/>"))


def test_a_file_without_a_model_is_refused(tmp_path: Path) -> None:
    assert "holds no model" in _refusal(write(tmp_path, pmml("", "")))


def test_a_healthy_file_is_left_as_it_is(tmp_path: Path) -> None:
    assert read_document(write(tmp_path, linear())).mended == []


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "gbk", "iso-8859-1", "utf-32", "shift_jis"]
)
def test_a_file_in_another_encoding_is_read_and_written_as_utf8(
    tmp_path: Path, encoding: str
) -> None:
    name = "Größe" if encoding == "iso-8859-1" else "中文"
    declared = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>'
    text = declared + linear().replace('"x"', f'"{name}"')
    document = read_document(write(tmp_path, text.encode(encoding)))
    document.write(tmp_path / "mended.pmml")
    assert len(document.mended) == 1
    assert name in (tmp_path / "mended.pmml").read_text(encoding="utf-8")


def test_a_file_that_is_not_in_its_own_encoding_is_refused_with_the_line(tmp_path: Path) -> None:
    text = '<?xml version="1.0" encoding="UTF-8"?>\n' + linear().replace('"x"', '"中文"')
    assert "(line 2)" in _refusal(write(tmp_path, text.encode("gbk")))


def test_an_unknown_encoding_is_refused_by_name(tmp_path: Path) -> None:
    text = '<?xml version="1.0" encoding="klingon"?>' + linear()
    assert "klingon" in _refusal(write(tmp_path, text))


def test_a_missing_version_is_taken_from_the_namespace(tmp_path: Path) -> None:
    text = linear().replace(' version="4.4"', "", 1).replace("PMML-4_4", "PMML-4_2")
    document = read_document(write(tmp_path, text))
    assert document.version == "4.2"
    assert "no PMML version" in document.mended[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-8-sig"])
@pytest.mark.parametrize("root", ["<PMML ", "<p:PMML\n", "< PMML>"])
def test_pmml_is_recognised_by_its_outermost_element(encoding: str, root: str) -> None:
    head = f'<?xml version="1.0"?>\n<!-- made by hand -->\n{root}'.encode(encoding)
    assert PmmlRuntime().recognises(head)


def test_other_xml_is_not_recognised() -> None:
    assert not PmmlRuntime().recognises(b"<html><body>PMML</body></html>")
