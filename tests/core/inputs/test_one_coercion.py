"""The same values give the same typed columns from every kind of table and as records (I8, I9)."""

import csv
import json
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from core.inputs.chunks import ChunkSize
from core.inputs.tabular import open_table
from core.records import Typed, typed_records
from core.schema import DataType, Field, Interval, Schema
from tests.core.inputs.media import zipped
from tests.core.inputs.workbooks import write_texts

SCHEMA = Schema(
    (
        Field("number", DataType.DOUBLE, intervals=(Interval(-100, 1e6),)),
        Field("count", DataType.INTEGER, nullable=True),
        Field("single", DataType.FLOAT, nullable=True),
        Field("kind", DataType.STRING, categories=("A", "b", "8")),
        Field("note", DataType.STRING, nullable=True),
        Field("flag", DataType.BOOLEAN, nullable=True),
        Field("day", DataType.DATE, nullable=True),
    )
)
CELLS = st.one_of(
    st.sampled_from(["", " ", "NA", "1", "-3.5", "1e3", "+7", "0x1F", "inf", "A", " b", "8.0"]),
    st.sampled_from(["true", "no", "2026-01-31", "a,b", 'he said "no"', "two\nlines", "1;2", "é"]),
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=5),
    st.floats(allow_nan=False).map(repr),
    st.integers(-(2**64), 2**64).map(str),
)
ROWS = st.lists(st.lists(CELLS, min_size=7, max_size=7), min_size=1, max_size=6)


def whole(
    path: Path, kind: str, rows: int, options: dict[str, object] | None = None
) -> list[tuple[list[object], list[str]]]:
    source = open_table(path, kind, SCHEMA, options)
    return [line for chunk in source.chunks(ChunkSize(rows)) for line in lines(chunk.typed)]


def lines(typed: Typed) -> list[tuple[list[object], list[str]]]:
    """Return each record's values and sentences; repr tells -0.0 from 0.0."""
    columns: list[pa.Array] = typed.batch.columns
    return [
        (
            [repr(column[row].as_py()) for column in columns],
            [problem.message for problem in typed.problems.get(row, ())],
        )
        for row in range(typed.batch.num_rows)
    ]


@settings(max_examples=150, deadline=None)
@given(rows=ROWS, part=st.integers(1, 4))
def test_csv_json_and_records_are_typed_alike(rows: list[list[str]], part: int) -> None:
    records = [dict(zip(SCHEMA.names, row, strict=True)) for row in rows]
    expected = lines(typed_records(SCHEMA, records))
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder, "rows.csv")
        with table.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([SCHEMA.names, *rows])
        assert whole(table, "csv", part) == expected
        objects = Path(folder, "rows.json")
        objects.write_text(json.dumps(records), encoding="utf-8")
        assert whole(objects, "json", part) == expected
        lined = Path(folder, "rows.jsonl")
        lined.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
        assert whole(lined, "jsonl", part) == expected
        columnar = Path(folder, "rows.parquet")
        pq.write_table(pa.Table.from_pylist(records), columnar)
        assert whole(columnar, "parquet", part) == expected
        packed = Path(folder, "rows.zip")
        packed.write_bytes(zipped({"rows.jsonl": lined.read_bytes()}))
        assert whole(packed, "zip", part) == expected


# What the fields of the form give: values, not texts, and None for what was left empty.
FORM = st.fixed_dictionaries(
    {
        "number": st.floats(-200, 2e6),
        "count": st.none() | st.integers(-(2**53), 2**53),
        "single": st.none() | st.floats(width=32, allow_nan=False, allow_infinity=False),
        "kind": st.none() | st.sampled_from(["A", "b", "8"]),
        "note": st.none() | st.sampled_from(["a,b", 'he said "no"', "é", "1;2"]),
        "flag": st.none() | st.booleans(),
        "day": st.none() | st.dates().map(lambda day: day.isoformat()),
    }
)


@settings(max_examples=60, deadline=None)
@given(record=FORM)
def test_a_form_gives_what_its_values_written_in_a_table_give(record: dict[str, object]) -> None:
    expected = lines(typed_records(SCHEMA, [record]))
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder, "rows.csv")
        with table.open("w", encoding="utf-8", newline="") as file:
            cells = ["" if record[name] is None else str(record[name]) for name in SCHEMA.names]
            csv.writer(file).writerows([SCHEMA.names, cells])
        found = whole(table, "csv", 1)
    assert [values for values, _ in found] == [values for values, _ in expected]
    assert [len(wrong) for _, wrong in found] == [len(wrong) for _, wrong in expected]


@settings(max_examples=40, deadline=None)
@given(rows=ROWS, part=st.integers(1, 4))
def test_a_workbook_is_typed_as_records_of_its_cells_are(rows: list[list[str]], part: int) -> None:
    # XML holds neither: it reads a carriage return as the end of a line.
    kept = [[ILLEGAL_CHARACTERS_RE.sub("", cell).replace("\r", "") for cell in r] for r in rows]
    records = [dict(zip(SCHEMA.names, row, strict=True)) for row in kept if any(row)]
    assume(records)
    with tempfile.TemporaryDirectory() as folder:
        book = Path(folder, "rows.xlsx")
        write_texts(book, [SCHEMA.names, *kept])
        assert whole(book, "xlsx", part) == lines(typed_records(SCHEMA, records))


@settings(max_examples=25, deadline=None)
@given(rows=ROWS, codec=st.sampled_from(["utf-8-sig", "utf-16", "gb18030"]))
def test_an_encoding_changes_nothing(rows: list[list[str]], codec: str) -> None:
    records = [dict(zip(SCHEMA.names, row, strict=True)) for row in rows]
    expected = lines(typed_records(SCHEMA, records))
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder, "rows.csv")
        with table.open("w", encoding=codec, newline="") as file:
            csv.writer(file, delimiter=";").writerows([SCHEMA.names, *rows])
        assert whole(table, "csv", 100, {"encoding": codec}) == expected
