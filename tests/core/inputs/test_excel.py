"""Excel workbooks: I9, as openpyxl writes them and as others do."""

import datetime as dt
import zipfile
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from core.errors import InvalidInput
from core.inputs.chunks import ChunkSize
from core.inputs.tabular import open_table
from core.inputs.workbook import Workbook
from core.schema import DataType, Field, Schema
from tests.core.inputs.workbooks import write_workbook

X = Schema((Field("x", DataType.DOUBLE),))
HALF_A_DAY = dt.datetime.fromisoformat("2023-03-15T12:00")
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return tmp_path / "book.xlsx"


def cells(path: Path, sheet: int = 0) -> list[list[object]]:
    workbook = Workbook(path)
    return list(workbook.rows(workbook.sheets[sheet]))


def read(path: Path, schema: Schema = X, rows: int = 100, **options: object) -> list[object]:
    source = open_table(path, "xlsx", schema, options)
    found = source.chunks(ChunkSize(rows))
    return [value for chunk in found for value in chunk.typed.batch.column(0).to_pylist()]


def with_part(path: Path, name: str, old: str, new: str, **added: str) -> None:
    """Change a part of a workbook, and add parts, as another program would have written it."""
    with zipfile.ZipFile(path) as archive:
        parts = {member: archive.read(member).decode() for member in archive.namelist()}
    assert old in parts[name]
    parts[name] = parts[name].replace(old, new)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in {**parts, **added}.items():
            archive.writestr(member, content)


def test_cells_come_as_what_they_show(book: Path) -> None:
    moment = dt.datetime.fromisoformat("2026-01-31T13:45:30")
    row = [1, 2.5, "text", True, moment, dt.date(2026, 1, 31), dt.time(13, 45), None, "例"]
    write_workbook(book, {"A": [row]})
    assert cells(book) == [row]


def test_dates_before_march_1900_and_the_calendar_of_1904_are_read(book: Path) -> None:
    early = [dt.date(1900, 1, 1), dt.date(1900, 2, 28), dt.date(1900, 3, 1)]
    write_workbook(book, {"A": [early]})
    assert cells(book) == [early]
    file = openpyxl.Workbook()
    file.epoch = CALENDAR_MAC_1904
    file.worksheets[0].append([dt.date(2026, 1, 31)])
    file.save(book)
    assert cells(book) == [[dt.date(2026, 1, 31)]]


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("General", 45_000.5),
        ("0.00E+00", 45_000.5),
        ('0 "days"', 45_000.5),
        ("[Red]0", 45_000.5),
        ("[h]:mm", 45_000.5),
        ("d/m/yy h:mm", HALF_A_DAY),
        ('yyyy"年"m"月"', HALF_A_DAY),
        ("[$-409]mmm-yy;@", HALF_A_DAY),
    ],
)
def test_a_number_format_says_whether_a_number_is_a_moment(
    book: Path, code: str, shown: object
) -> None:
    file = openpyxl.Workbook()
    cell = file.worksheets[0].cell(1, 1, 45_000.5)
    cell.number_format = code
    file.save(book)
    assert cells(book) == [[shown]]


def test_gaps_keep_their_places_and_blank_rows_are_left_out(book: Path) -> None:
    write_workbook(book, {"A": [["a", "b", "x"], [None, None, 1], [], [None, "b", 2]]})
    assert cells(book)[1:] == [[None, None, 1], [None, "b", 2]]
    assert read(book) == [1.0, 2.0]


def test_formulas_give_what_was_last_calculated(book: Path) -> None:
    write_workbook(book, {"A": [["x"], [1]]})
    cell = '<c r="A2" t="n"><v>1</v></c>'
    with_part(book, "xl/worksheets/sheet1.xml", cell, '<c r="A2"><f>1+1</f><v>2</v></c>')
    assert read(book) == [2.0]
    write_workbook(book, {"A": [["x"], ["=1+1"], ["=2"]]})
    (chunk,) = open_table(book, "xlsx", X).chunks(ChunkSize(10))
    assert "formula without a stored value" in chunk.typed.problems[0][0].message


def test_errors_and_booleans_are_no_numbers(book: Path) -> None:
    write_workbook(book, {"A": [["x"], ["#DIV/0!"], [True], [3]]})
    (chunk,) = open_table(book, "xlsx", X).chunks(ChunkSize(10))
    messages = [problem.message for found in chunk.typed.problems.values() for problem in found]
    assert messages == ['x: "#DIV/0!" is not a number.', "x: true is not a number."]
    assert chunk.typed.batch.column(0).to_pylist() == [None, None, 3.0]


def test_texts_in_pieces_inline_and_with_pronunciation_are_whole(book: Path) -> None:
    write_workbook(book, {"A": [["in_x000D_line", "two"]]})
    inline = '<c r="B1" t="inlineStr"><is><t>two</t></is></c>'
    shared = '<c r="B1" t="s"><v>1</v></c>'
    with_part(book, "xl/worksheets/sheet1.xml", inline, shared)
    rich = "<si><r><t>two</t></r><r><t> parts</t></r><rPh><t>aside</t></rPh></si>"
    texts = f'<sst xmlns="{MAIN}"><si><t>one</t></si>{rich}</sst>'
    relation = '<Relationship Id="rId9" Target="/xl/texts.xml" Type="a/sharedStrings"/>'
    end = "</Relationships>"
    with_part(book, "xl/_rels/workbook.xml.rels", end, relation + end, **{"xl/texts.xml": texts})
    assert cells(book) == [["in\rline", "two parts"]]


def test_a_sheet_is_chosen_by_name_or_number_else_the_first_that_shows_something(
    book: Path,
) -> None:
    write_workbook(book, {"empty": [], "一": [["x"], [1]], "two": [["x"], [2]]})
    assert (read(book), read(book, sheet="two"), read(book, sheet=3)) == ([1.0], [2.0], [2.0])
    with pytest.raises(InvalidInput, match='none called "three"; there are empty, 一, two'):
        read(book, sheet="three")
    with pytest.raises(InvalidInput, match="number from 1"):
        read(book, sheet=1.5)


def test_a_title_above_the_header_is_no_header(book: Path) -> None:
    write_workbook(book, {"A": [["Sales of May"], ["by", "Ann"], ["id", "x"], ["a", 7]]})
    source = open_table(book, "xlsx", X)
    assert (source.headers(), read(book)) == (("id", "x"), [7.0])


def test_many_rows_come_in_chunks(book: Path) -> None:
    write_workbook(book, {"A": [["x", "note"], *([n, f"row {n}"] for n in range(5_000))]})
    found = list(open_table(book, "xlsx", X).chunks(ChunkSize(2_000)))
    assert [chunk.rows for chunk in found] == [2_000, 2_000, 1_000]
    assert found[2].others.column("note")[0].as_py() == '"row 4000"'


def test_what_is_no_whole_workbook_is_refused(book: Path) -> None:
    book.write_bytes(b"PK\3\4 and nothing more")
    with pytest.raises(InvalidInput, match="no whole zip"):
        read(book)
    write_workbook(book, {"A": [["x"]]})
    with pytest.raises(InvalidInput, match='"A" has no records'):
        read(book)
    write_workbook(book, {"A": []})
    with pytest.raises(InvalidInput, match="The workbook is empty"):
        read(book)
    write_workbook(book, {"A": [["x"], [1]]})
    with_part(book, "xl/worksheets/sheet1.xml", "<v>1</v>", "<v>1")
    with pytest.raises(InvalidInput, match="The workbook is damaged"):
        read(book)


def test_a_workbook_with_entities_is_refused(book: Path) -> None:
    write_workbook(book, {"A": [["x"], [1]]})
    attack = f'<!DOCTYPE w [<!ENTITY a "aaaa">]><worksheet xmlns="{MAIN}">'
    with_part(book, "xl/worksheets/sheet1.xml", f'<worksheet xmlns="{MAIN}">', attack)
    with pytest.raises(InvalidInput, match="document type"):
        read(book)
