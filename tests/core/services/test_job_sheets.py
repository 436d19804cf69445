"""Workbooks that spreadsheets open, and CSV that they do not run."""

import io
import zipfile
from collections.abc import Iterator

import openpyxl
import pyarrow as pa
import pytest

from core.errors import InvalidInput
from core.services.job_sheets import MOST_ROWS, Group, require_sheet, without_formulas, workbook


def cells(table: pa.Table) -> list[list[object]]:
    content = b"".join(workbook([(table, {})], table.column_names, table.num_rows))
    assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None
    sheet = openpyxl.load_workbook(io.BytesIO(content))["Result"]
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def test_cells_keep_their_types() -> None:
    table = pa.table(
        {
            "n": [1, None],
            "x": [0.1, 1e-300],
            "f": pa.array([0.5, None], pa.float32()),
            "b": [True, False],
            "t": ["a<b>&c", " two\nlines "],
        }
    )
    assert cells(table) == [
        ["n", "x", "f", "b", "t"],
        [1, 0.1, 0.5, True, "a<b>&c"],
        [None, 1e-300, None, False, " two\nlines "],
    ]


def test_what_a_sheet_cannot_hold_becomes_a_text_or_a_gap() -> None:
    table = pa.table(
        {
            "big": pa.array([2**60, 1], pa.int64()),
            "odd": [float("inf"), float("nan")],
            "control": ["a\x00b\x1fc", "中文 😀"],
            "long": ["x" * 40_000, ""],
        }
    )
    rows = cells(table)
    assert rows[1][:3] == [str(2**60), "inf", "abc"]
    assert rows[2][1:3] == [None, "中文 😀"]
    assert len(str(rows[1][3])) == 32_767


def test_a_workbook_comes_in_pieces_and_needs_no_more_memory_for_more_of_them() -> None:
    table = pa.table({"x": [1.5] * 1000})
    made: list[int] = []

    def tables() -> Iterator[Group]:
        for number in range(5):
            made.append(number)
            yield table, {}

    stream = workbook(tables(), ["x"], 5000)
    next(stream)
    assert made == [0]
    rest = list(stream)
    assert made == [0, 1, 2, 3, 4]
    assert all(len(block) < 50_000 for block in rest)


def test_more_than_a_sheet_holds_is_refused_with_the_number() -> None:
    require_sheet(MOST_ROWS, 10)
    with pytest.raises(InvalidInput, match="holds 1,048,575 rows below its header, and these are"):
        require_sheet(MOST_ROWS + 1, 10)
    with pytest.raises(InvalidInput, match="16,384 columns"):
        require_sheet(1, 20_000)


@pytest.mark.parametrize(
    "text", ["=1+1", "+A1", "-2+3", "@SUM(1)", "\tx", "\rx", '=HYPERLINK("x")']
)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    table = without_formulas(pa.table({text: [text]}))
    assert table.column_names == ["'" + text]
    assert table.column(0).to_pylist() == ["'" + text]


@pytest.mark.parametrize("text", ["", "a=b", "-5", "+1.5e-3", "-.5", "x-1", None])
def test_numbers_and_ordinary_texts_stay(text: str | None) -> None:
    table = pa.table({"x": pa.array([text], pa.string()), "n": [-1]})
    assert without_formulas(table).equals(table)
