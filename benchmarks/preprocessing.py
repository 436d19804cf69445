"""What a preprocessing step costs: one record, and a million rows in parts of 50,000.

From typed raw fields to the model's typed inputs, without the model. Three fields are made of three
others by `SQL`; twenty go through with one of them replaced.

Wanted: one record at most 1 ms; a million rows of 20 fields at most 3 s, with memory that does not
grow with the rows.
"""

import datetime as dt
import statistics
import time

import numpy as np
import psutil
import pyarrow as pa

from core.preparation.engine import Steps
from core.preparation.step import Preparation, RawField, Step, preparation_of
from core.runtimes.preparing import typed_inputs
from core.schema import DataType, Field

SQL = """
SELECT 2026 - birth_year AS age, ln(income) AS income_log,
       CASE WHEN isodow(day) >= 6 THEN 1 ELSE 0 END AS is_weekend
FROM input
"""
PART = 50_000
PARTS = 20
CALLS = 2_000


def main() -> None:
    """Print what both steps cost."""
    steps = Steps()
    try:
        for name, preparation, part in (("3 fields", *_three()), ("20 fields", *_twenty())):
            _measure(steps, name, preparation, part)
    finally:
        steps.close()


def _measure(steps: Steps, name: str, preparation: Preparation, part: pa.RecordBatch) -> None:
    one = part.slice(0, 1)
    times = [_timed(steps, preparation, one) for _ in range(CALLS)]
    print(f"{name}, one record: {statistics.median(times) * 1e6:.0f} us")
    before = _megabytes()
    seconds = sum(_timed(steps, preparation, part) for _ in range(PARTS))
    grown = _megabytes() - before
    print(f"{name}, {PART * PARTS:,} rows: {seconds:.2f} s, {grown:.0f} MB more")


def _timed(steps: Steps, preparation: Preparation, batch: pa.RecordBatch) -> float:
    began = time.perf_counter()
    typed_inputs(preparation, batch, steps.run(preparation, batch))
    return time.perf_counter() - began


def _three() -> tuple[Preparation, pa.RecordBatch]:
    inputs = tuple(Field(n, DataType.DOUBLE) for n in ("age", "income_log", "is_weekend"))
    raw = (
        RawField("birth_year", DataType.INTEGER),
        RawField("income", DataType.DOUBLE),
        RawField("day", DataType.DATE),
    )
    columns = [
        pa.array(np.full(PART, 1986)),
        pa.array(np.random.default_rng(0).random(PART) + 1),
        pa.array([dt.date(2026, 1, 31)] * PART),
    ]
    batch = pa.RecordBatch.from_arrays(columns, [field.name for field in raw])
    return preparation_of(Step(SQL, raw), inputs), batch


def _twenty() -> tuple[Preparation, pa.RecordBatch]:
    names = [f"x{number}" for number in range(20)]
    inputs = tuple(Field(name, DataType.DOUBLE) for name in names)
    sql = "SELECT * REPLACE (ln(x0) AS x0) FROM input"
    random = np.random.default_rng(0)
    columns = [pa.array(random.random(PART) + 1) for _ in names]
    step = Step(sql, tuple(map(RawField, names)))
    return preparation_of(step, inputs), pa.RecordBatch.from_arrays(columns, names)


def _megabytes() -> float:
    return float(psutil.Process().memory_info().rss) / 1e6


if __name__ == "__main__":
    main()
