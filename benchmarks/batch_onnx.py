"""A CSV through a random forest of 100 trees in ONNX: a task, beside what one would write oneself.

Three ways, each in a process of its own, in turns, the median of three rounds:

- notebook: `pandas.read_csv`, `onnxruntime`, `DataFrame.to_csv`
- script: DuckDB's CSV reader, `onnxruntime`, Parquet, a batch of 50,000 rows at a time
- slipway: from `jobs.submit` to the task's end, on a platform of its own

A million rows are 390 MB. `python -m benchmarks.batch_onnx 4000000` takes another number of rows,
and the notebook is left out of those above a million: it would hold all of them.

Wanted: at 200,000 rows at most 1/2 of the notebook's time and less than 400 MB of memory; at a
million at most 1/3 of the notebook's, 1.5 times the script's, and less than 500 MB; at four million
no more memory than at one.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.csv as pa_csv

if TYPE_CHECKING:
    from core.platform import Platform

COLUMNS = 20
MOST_IN_A_NOTEBOOK = 1_000_000
SIZES = (200_000, 1_000_000)
ROUNDS = 3
NAMES = [f"X_{column}" for column in range(COLUMNS)]


def main(sizes: Sequence[int] = SIZES) -> None:
    """Print times, memory and ratios for each size."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_model(folder / "forest.onnx")
        for rows in sizes:
            _write_table(folder / "table.csv", rows)
            _compare(folder, rows)


def _compare(folder: Path, rows: int) -> None:
    ways = [way for way in WAYS if way != "notebook" or rows <= MOST_IN_A_NOTEBOOK]
    found: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    for _ in range(ROUNDS):
        for way in ways:
            command = [sys.executable, "-m", "benchmarks.batch_onnx", way, str(folder)]
            lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            found[way].append(tuple(json.loads(lines.splitlines()[-1])))
    print(f"{rows:,} rows of {COLUMNS} columns")
    seconds = {}
    for way, runs in found.items():
        seconds[way] = statistics.median(run[0] for run in runs)
        memory = max(run[1] for run in runs)
        print(f"  {way:9} {seconds[way]:6.2f} s   {memory:6.0f} MB")
    for way in ways[:-1]:
        print(f"  slipway / {way}: {seconds['slipway'] / seconds[way]:.2f}")


def _write_model(path: Path) -> None:
    from skl2onnx import to_onnx  # type: ignore[import-untyped]
    from sklearn.ensemble import RandomForestClassifier

    random = np.random.default_rng(0)
    table = random.normal(size=(4_000, COLUMNS)).astype(np.float32)
    noise = random.normal(size=len(table)) / 2
    classes = (table[:, 0] + table[:, 1] * table[:, 2] + noise > 0).astype(int)
    forest = RandomForestClassifier(100, random_state=0, max_depth=10).fit(table, classes)
    model = to_onnx(forest, table[:1], options={"zipmap": False})
    path.write_bytes(model.SerializeToString())


def _write_table(path: Path, rows: int) -> None:
    random = np.random.default_rng(1)
    schema = pa.schema([(name, pa.float64()) for name in NAMES])
    with pa_csv.CSVWriter(path, schema) as writer:
        for start in range(0, rows, 200_000):
            numbers = random.normal(size=(min(200_000, rows - start), COLUMNS))
            writer.write_table(pa.table(list(numbers.T), names=NAMES))


@contextmanager
def _notebook(folder: Path) -> Iterator[Callable[[], None]]:
    import onnxruntime
    import pandas as pd

    def run() -> None:
        session = onnxruntime.InferenceSession(folder / "forest.onnx")
        table = pd.read_csv(folder / "table.csv")
        labels, probabilities = session.run(None, {"X": table.to_numpy(np.float32)})
        table["prediction"] = labels
        for column in range(probabilities.shape[1]):
            table[f"probability_{column}"] = probabilities[:, column]
        table.to_csv(folder / "notebook.csv", index=False)

    yield run


@contextmanager
def _script(folder: Path) -> Iterator[Callable[[], None]]:
    import duckdb
    import onnxruntime
    import pyarrow.parquet as pq

    def run() -> None:
        session = onnxruntime.InferenceSession(folder / "forest.onnx")
        table = duckdb.read_csv(folder / "table.csv")
        writer = None
        for batch in table.to_arrow_reader(50_000):
            values = np.column_stack([column.to_numpy() for column in batch.columns])
            labels, probabilities = session.run(None, {"X": values.astype(np.float32)})
            outputs = {"prediction": labels, "p0": probabilities[:, 0], "p1": probabilities[:, 1]}
            scored = pa.Table.from_batches([batch])
            for name, values in outputs.items():
                scored = scored.append_column(name, pa.array(values))
            writer = writer or pq.ParquetWriter(folder / "script.parquet", scored.schema)
            writer.write_table(scored)
        assert writer is not None
        writer.close()

    yield run


@contextmanager
def _slipway(folder: Path) -> Iterator[Callable[[], None]]:
    with slipway_task(folder, "forest.onnx") as run:
        yield run


@contextmanager
def slipway_task(folder: Path, model: str) -> Iterator[Callable[[], None]]:
    """Yield what submits `table.csv` to a model on a new platform, and waits for the end."""
    from core.platform import open_platform
    from core.settings import Settings

    with tempfile.TemporaryDirectory(dir=folder) as storage:
        platform = open_platform(Settings(storage=Path(storage)))
        try:
            yield _task(platform, folder, model)
        finally:
            platform.close()


def _task(platform: "Platform", folder: Path, model: str) -> Callable[[], None]:
    caller = platform.accounts.register("bench", "a long password")
    with (folder / model).open("rb") as file:
        version = platform.models.add(caller, "forest", platform.files.stage(file, model, 1 << 30))
    with (folder / "table.csv").open("rb") as file:
        table = platform.files.stage(file, "table.csv", 4 << 30)
    # A deployed model is loaded before it is called, and so are the other ways' before they start.
    platform.predictions.test(caller, version.model.id, [version.info.sample] * 10)

    def run() -> None:
        task = platform.jobs.submit(caller, version, table, kind="csv")
        while task.finished is None:
            time.sleep(0.005)
            task = platform.jobs.get(caller, task.id)
        assert task.state == "succeeded", task.message
        assert task.rows_failed == 0, task.message

    return run


WAYS: dict[str, Callable[[Path], AbstractContextManager[Callable[[], None]]]] = {
    "notebook": _notebook,
    "script": _script,
    "slipway": _slipway,
}


@contextmanager
def _memory() -> Iterator[Callable[[], float]]:
    """Watch the process; the function tells by how many MB it grew at most."""
    process = psutil.Process()
    before = peak = process.memory_info().rss
    over = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not over.wait(0.01):
            peak = max(peak, process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    yield lambda: (peak - before) / 1e6
    over.set()
    watcher.join()


def _measure(way: str, folder: Path) -> None:
    with WAYS[way](folder) as run, _memory() as growth:
        start = time.perf_counter()
        run()
        print(json.dumps([time.perf_counter() - start, growth()]))


if __name__ == "__main__":
    if sys.argv[1].isdecimal():
        main([int(size) for size in sys.argv[1:]])
    else:
        _measure(sys.argv[1], Path(sys.argv[2]))
