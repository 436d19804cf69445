"""Parquet files: I9, whatever types their columns have."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import InvalidInput
from core.inputs.chunks import ChunkSize
from core.inputs.tabular import open_table
from core.schema import DataType, Field, Schema

X = Schema((Field("x", DataType.DOUBLE, nullable=True),))
DAY = dt.date(2026, 1, 31)
NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "table.parquet"


@pytest.mark.parametrize(
    ("column", "type_", "expected"),
    [
        (pa.array(["1.5", None, "x"]), DataType.DOUBLE, [1.5, None, None]),
        (pa.array([Decimal("1.5"), None]), DataType.DOUBLE, [1.5, None]),
        (pa.array([1, 2], pa.uint64()), DataType.INTEGER, [1, 2]),
        (pa.array([1.0, None], pa.float16()), DataType.DOUBLE, [1.0, None]),
        (pa.array(["a", "b", "a"]).dictionary_encode(), DataType.STRING, ["a", "b", "a"]),
        (pa.array(["a"], pa.large_string()), DataType.STRING, ["a"]),
        (pa.array([NOON], pa.timestamp("ns", "UTC")), DataType.DATE, [DAY]),
        (
            pa.array([NOON], pa.timestamp("s", "UTC")),
            DataType.DATETIME,
            [NOON.replace(tzinfo=None)],
        ),
        (pa.array([DAY], pa.date64()), DataType.DATE, [DAY]),
        (pa.array([dt.time(1, 2)], pa.time32("s")), DataType.TIME, [dt.time(1, 2)]),
        (pa.array([True, False]), DataType.BOOLEAN, [True, False]),
        (pa.nulls(2), DataType.DOUBLE, [None, None]),
    ],
)
def test_a_column_of_any_type_is_read_by_its_values(
    file: Path, column: pa.Array, type_: DataType, expected: list[object]
) -> None:
    pq.write_table(pa.table({"x": column}), file)
    schema = Schema((Field("x", type_, nullable=True),))
    (chunk,) = open_table(file, "parquet", schema).chunks(ChunkSize(10))
    assert chunk.typed.batch.column(0).to_pylist() == expected


def test_a_tensor_comes_as_a_list(file: Path) -> None:
    pq.write_table(pa.table({"x": [[1, 2], [3, 4]]}), file)
    schema = Schema((Field("x", DataType.FLOAT, shape=(2,)),))
    (chunk,) = open_table(file, "parquet", schema).chunks(ChunkSize(10))
    assert chunk.typed.batch.column(0).to_pylist() == [[1.0, 2.0], [3.0, 4.0]]


def test_other_columns_are_kept_by_their_types_and_bytes_as_text(file: Path) -> None:
    pq.write_table(pa.table({"id": [7], "x": [1.0], "raw": [b"\x00"], "at": [NOON]}), file)
    source = open_table(file, "parquet", X)
    (chunk,) = source.chunks(ChunkSize(10))
    kinds = {field.name: str(field.type) for field in chunk.others.schema}
    assert kinds == {"id": "int64", "raw": "string", "at": "timestamp[us]"}
    assert source.names() == ("id", "x", "raw", "at")


def test_rows_are_counted_before_they_are_read_and_come_in_chunks(file: Path) -> None:
    pq.write_table(pa.table({"x": pa.array(range(10))}), file, row_group_size=4)
    source = open_table(file, "parquet", X)
    assert source.rows == 10
    values = [v for c in source.chunks(ChunkSize(3)) for v in c.typed.batch[0].to_pylist()]
    assert values == [float(n) for n in range(10)]


def test_what_is_no_whole_parquet_is_refused(file: Path) -> None:
    file.write_bytes(b"PAR1 and then nothing")
    with pytest.raises(InvalidInput, match="no whole Parquet"):
        open_table(file, "parquet", X)
    pq.write_table(pa.table({"y": [1.0]}), file)
    with pytest.raises(InvalidInput, match="x is not given") as refusal:
        open_table(file, "parquet", Schema((Field("x", DataType.DOUBLE),)))
    assert refusal.value.details[0].field == "x"
    pq.write_table(pa.table({"x": pa.nulls(0, pa.float64())}), file)
    with pytest.raises(InvalidInput, match="no records"):
        open_table(file, "parquet", X)
    pq.write_table(pa.table({"x": pa.array(range(10_000))}), file)
    content = bytearray(file.read_bytes())
    content[8:64] = bytes(56)
    file.write_bytes(content)
    with pytest.raises(InvalidInput, match="The file is damaged"):
        list(open_table(file, "parquet", X).chunks(ChunkSize(10)))
