"""Tables by others, read as a person would read them, or refused with a sentence."""

from pathlib import Path

import pytest

from core.errors import InvalidInput
from core.inputs.chunks import ChunkSize
from core.inputs.tabular import open_table
from core.schema import DataType, Field, Schema

MATERIAL = Path(__file__).parents[4] / "shared" / "material" / "csv"

pytestmark = pytest.mark.skipif(not MATERIAL.is_dir(), reason="the tables by others are not here")

# File, a column of it, records, columns, records that are none.
TABLES = [
    ("CNAE9_857cols.csv", "X0.10", 1079, 857, 0),
    ("GermanCredit_text.csv", "employment_duration", 1000, 21, 0),
    ("adult_census_4MB.csv", "education_num", 32561, 15, 0),
    ("bank_semicolon.csv", "balance", 11435, 17, 0),
    ("csvkit_bad.csv", "column_c", 3, 3, 2),
    ("csvkit_blanks.csv", "d", 1, 6, 0),
    ("csvkit_optional_quote_characters.csv", "b", 1, 3, 0),
    ("csvkit_test_latin1.csv", "c", 2, 3, 0),
    ("csvkit_test_utf16_little.csv", "c", 2, 3, 0),
    ("frictionless_duplicate-headers.csv", "age", 2, 5, 0),
    ("frictionless_leading-zeros.csv", "value", 3, 1, 0),
    ("gbk_people.csv", "姓名", 4, 5, 0),
    ("gbk_people_utf8_twin.csv", "姓名", 4, 5, 0),
    ("long.csv", "foo", 3999, 1, 0),
    ("nycflights13_weather.csv", "wind_gust", 26115, 15, 0),
    ("small_titanic.csv", "home.dest", 38, 14, 0),
    ("spectrum_comma_in_quotes.csv", "city", 1, 5, 0),
    ("spectrum_empty_crlf.csv", "b", 2, 3, 0),
    ("spectrum_escaped_quotes.csv", "b", 2, 2, 0),
    ("spectrum_json.csv", "val", 1, 2, 0),
    ("spectrum_newlines_crlf.csv", "a", 3, 3, 0),
    ("spectrum_quotes_and_newlines.csv", "b", 2, 2, 0),
    ("spectrum_utf8.csv", "c", 2, 3, 0),
    ("titanic_train.csv", "Name", 891, 12, 0),
    ("utf16le_bom.csv", "Organisation_name", 327, 19, 0),
    ("wine-quality_comma.csv", "citric acid", 4898, 12, 0),
    ("winequality-red_semicolon_quotedheader.csv", "pH", 1599, 12, 0),
]
REFUSED = [
    ("csvkit_empty.csv", "x", "The file is empty"),
    ("frictionless_empty.csv", "x", "The file is empty"),
    ("csvkit_no_header_row.csv", "x", "The first line must name the columns; it reads: 1, 2, 3"),
    ("csvkit_no_header_row.csv", "2", "no records below it"),
    ("utf8_bom_tiny.csv", "kitten", "no records below it"),
    ("frictionless_duplicate-headers.csv", "id", "names id 3 times"),
    ("adult_census_4MB.csv", "education-num", 'Did you mean it by "education_num"'),
]
CELLS = [
    ("csvkit_test_latin1.csv", "c", ["3", "©"]),
    ("csvkit_test_utf16_little.csv", "c", ["3", "ʤ"]),
    ("gbk_people.csv", "姓名", ["张三", "lisi", "王五", "秦六"]),
    ("spectrum_escaped_quotes.csv", "b", ['ha "ha" ha', "4"]),
    ("spectrum_newlines_crlf.csv", "a", ["1", "Once upon \na time", "7"]),
    ("spectrum_empty_crlf.csv", "b", [None, "3"]),
    ("frictionless_leading-zeros.csv", "value", ["01", "002", "00003"]),
]


def text(name: str) -> Schema:
    return Schema((Field(name, DataType.STRING, nullable=True),))


@pytest.mark.parametrize(("file", "column", "rows", "columns", "bad"), TABLES)
def test_a_table_by_others_has_the_rows_and_columns_that_a_person_counts(
    file: str, column: str, rows: int, columns: int, bad: int
) -> None:
    source = open_table(MATERIAL / file, "csv", text(column))
    chunks = list(source.chunks(ChunkSize(1000)))
    assert sum(chunk.rows for chunk in chunks) == rows
    assert len(source.names()) == columns
    assert sum(len(chunk.typed.problems) for chunk in chunks) == bad
    assert abs(source.rows - rows) <= max(2, rows // 20)


@pytest.mark.parametrize(("file", "column", "cells"), CELLS)
def test_the_cells_of_a_table_by_others_are_its_own(
    file: str, column: str, cells: list[str | None]
) -> None:
    (chunk,) = open_table(MATERIAL / file, "csv", text(column)).chunks(ChunkSize(1000))
    assert chunk.typed.batch.column(0).to_pylist() == cells


@pytest.mark.parametrize(("file", "column", "sentence"), REFUSED)
def test_a_file_by_others_that_is_no_table_is_refused(
    file: str, column: str, sentence: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        open_table(MATERIAL / file, "csv", text(column))
    assert sentence in refusal.value.message


def test_every_table_by_others_is_in_these_lists() -> None:
    named = {row[0] for row in TABLES} | {row[0] for row in REFUSED}
    assert named == {path.name for path in MATERIAL.iterdir()}
