"""Fifty kills (-9) at random moments over tasks of all kinds: nothing is lost, nothing done twice.

`python -m benchmarks kills`, or `python -m benchmarks.kills <kills> <seed>`. A child opens the
platform, submits one task of each kind and works; it is killed at a random moment, and the next
child goes on with what it finds. The last one finishes, and every task is read.

Wanted: each task has succeeded with every row exactly once, in order and with the right answer,
and no temporary file remains.
"""

import io
import json
import random
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from core.platform import Platform, open_platform
from core.services.accounts import Caller
from core.services.job_views import TaskFilter
from core.services.model_views import VersionView
from core.settings import Settings

KILLS = 50
ROWS = 1_500
PART_ROWS = 100
PASSWORD = "a long password"
LONGEST_LIFE = 3.0
MOST_UNFINISHED = 12


def main(kills: int = KILLS, seed: int = 0) -> None:
    """Kill, look at what is left, and print what there is to say of it."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        storage = Path(name)
        for number in range(kills):
            _live_and_die(storage, chance.uniform(0, LONGEST_LIFE))
            print(f"  killed {number + 1} of {kills}", end="\r", flush=True)
        print(_finish(storage))


def _live_and_die(storage: Path, seconds: float) -> None:
    command = [sys.executable, "-m", "benchmarks.kills", "work", str(storage)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"at work\n"
        time.sleep(seconds)
        child.kill()


def _work(storage: Path) -> None:
    """Be a server until somebody kills it."""
    platform = open_platform(Settings(storage=storage, part_rows=PART_ROWS))
    caller, version = _model(platform)
    print("at work", flush=True)
    for kind in random.sample(list(KINDS), len(KINDS)):
        if _unfinished(platform, caller) < MOST_UNFINISHED:
            staged = platform.files.stage(io.BytesIO(KINDS[kind]()), f"rows.{kind}", 1 << 30)
            platform.jobs.submit(caller, version, staged, kind=kind)
    time.sleep(600)


def _finish(storage: Path) -> str:
    platform = open_platform(Settings(storage=storage, part_rows=PART_ROWS))
    try:
        caller, _ = _model(platform)
        while _unfinished(platform, caller):
            time.sleep(0.05)
        tasks = platform.jobs.list_(caller, limit=10_000).tasks
        kinds = sorted({task.kind for task in tasks})
        rows = sum(_checked(platform, caller, task.id, task.message) for task in tasks)
    finally:
        platform.close()
    left = [path.name for path in storage.rglob(".*.tmp")]
    assert left == [], left
    return f"{len(tasks)} tasks ({', '.join(kinds)}): {rows:,} rows, each once and in its place"


def _checked(platform: Platform, caller: Caller, task_id: str, message: str) -> int:
    """Return the number of a task's rows, which are as they must be."""
    assert platform.jobs.get(caller, task_id).state == "succeeded", message
    table = platform.jobs.table(caller, task_id, 0, 2 * ROWS).table
    given = table.column("x").to_pylist()
    assert given == [float(row) for row in range(ROWS)], task_id
    answers = table.column("prediction").to_numpy()
    assert np.allclose(answers, 2 * np.arange(ROWS) + 1), task_id
    return len(given)


def _unfinished(platform: Platform, caller: Caller) -> int:
    states = (TaskFilter(state=state) for state in ("queued", "running"))
    return sum(platform.jobs.list_(caller, wanted, limit=1).total for wanted in states)


def _model(platform: Platform) -> tuple[Caller, VersionView]:
    """Return the one account and the one model, made by whoever comes first."""
    if not platform.accounts.credentials():
        platform.accounts.register("ann", PASSWORD)
    caller = platform.accounts.sign_in("ann", PASSWORD)
    for model in platform.models.list_(caller):
        return caller, platform.models.get_by_id(caller, model.id)
    staged = platform.files.stage(io.BytesIO(_line()), "line.skops", 1 << 20)
    return caller, platform.models.add(caller, "line", staged)


def _line() -> bytes:
    """Return a model that answers 2 x + 1."""
    import pandas as pd
    import skops.io
    from sklearn.linear_model import LinearRegression

    table = pd.DataFrame({"x": np.arange(10.0)})
    return bytes(skops.io.dumps(LinearRegression().fit(table, 2 * table["x"] + 1)))


def _csv(first: int = 0, last: int = ROWS) -> bytes:
    return ("id,x\n" + "".join(f"row {n},{n}\n" for n in range(first, last))).encode()


def _txt() -> bytes:
    return "".join(f"{n}\n" for n in range(ROWS)).encode()


def _json() -> bytes:
    return json.dumps([{"x": n, "id": f"row {n}"} for n in range(ROWS)]).encode()


def _parquet() -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"x": [float(n) for n in range(ROWS)]}), sink)
    return sink.getvalue()


def _xlsx() -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(["x"])
    for number in range(ROWS):
        sheet.append([number])
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


def _zip() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for first in range(0, ROWS, 500):
            archive.writestr(f"{first:05}.csv", _csv(first, first + 500))
    return sink.getvalue()


KINDS: dict[str, Callable[[], bytes]] = {
    "csv": _csv,
    "txt": _txt,
    "json": _json,
    "parquet": _parquet,
    "xlsx": _xlsx,
    "zip": _zip,
}


if __name__ == "__main__":
    if sys.argv[1] == "work":
        _work(Path(sys.argv[2]))
    else:
        main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
