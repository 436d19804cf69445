"""What every engine needs around its own call, with an engine that is a few lines of NumPy."""

import numpy as np
import pyarrow as pa
import pytest

from core.runtimes.base import ModelInfo
from core.runtimes.rows import Columns, Deadline, RefusedRowsError, Rows, matrix
from core.schema import DataType, Field

INFO = ModelInfo(
    format="numpy",
    function="regression",
    algorithm="sum",
    engine="numpy 2",
    inputs=(Field("a", DataType.DOUBLE), Field("b", DataType.DOUBLE, nullable=True)),
    outputs=(Field("prediction", DataType.DOUBLE),),
)


def _sum(batch: pa.RecordBatch, _: Deadline) -> Columns:
    table = matrix(batch, np.float64)
    if (table[:, 0] < 0).any():
        raise RefusedRowsError("a is negative.")
    return [pa.array(np.nan_to_num(table).sum(axis=1))]


def _batch(rows: int, **cells: dict[int, float | None]) -> pa.RecordBatch:
    columns: dict[str, list[float | None]] = {name: [1.0] * rows for name in ("a", "b")}
    for name, changed in cells.items():
        for row, value in changed.items():
            columns[name][row] = value
    return pa.record_batch({n: pa.array(v, pa.float64()) for n, v in columns.items()})


@pytest.mark.parametrize("rows", [3, 5000])
@pytest.mark.parametrize("at_once", [2, 4096])
def test_rows_with_gaps_or_refused_fail_alone_in_batches_of_any_size(
    rows: int, at_once: int
) -> None:
    batch = _batch(rows, a={0: None, rows - 1: -1.0}, b={1: None})
    scored = Rows(INFO, _sum, at_once).score(batch, Deadline(60)).to_pylist()
    assert scored[0]["error"] == "a is missing; the model needs a value."
    assert scored[1] == {"prediction": 1.0, "error": None}
    assert scored[-1] == {"prediction": None, "error": "a is negative."}
    assert {row["prediction"] for row in scored[2:-1]} <= {2.0}


@pytest.mark.parametrize("kind", [pa.float64(), pa.float32(), pa.int64()])
def test_a_table_of_numbers_has_each_value_in_its_place(kind: pa.DataType) -> None:
    columns = [pa.array([1, None, 3, 4], kind), pa.array([5, 6, 7, None], kind)]
    table = matrix(pa.RecordBatch.from_arrays(columns, ["a", "b"]).slice(1, 3), np.float32)
    assert table.flags.c_contiguous
    assert table.dtype == np.float32
    np.testing.assert_array_equal(table, [[np.nan, 6], [3, 7], [4, np.nan]])


def test_a_table_without_rows_keeps_its_columns() -> None:
    assert matrix(_batch(0), np.float64).shape == (0, 2)
