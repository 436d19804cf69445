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
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
import onnx
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
from onnx import helper
from PIL import Image

from core.platform import Platform, open_platform
from core.services.accounts import Caller
from core.services.job_views import TaskFilter, TaskView
from core.services.model_views import VersionView
from core.settings import Settings

KILLS = 50
ROWS = 1_500
PICTURES = 300
FRAMES = 250
FPS = 25
PART_ROWS = 100
PASSWORD = "a long password"
LONGEST_LIFE = 3.0
MOST_UNFINISHED = 14
NUMBERS, COLOURS = "line", "colours"
_LEVELS, _STEP = 25, 10  # what is seen tells neighbours apart, whatever JPEG and MPEG-4 leave of it


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
    caller, models = _models(platform)
    print("at work", flush=True)
    for name in random.sample(list(FEEDS), len(FEEDS)):
        if _unfinished(platform, caller) < MOST_UNFINISHED:
            feed = FEEDS[name]
            staged = platform.files.stage(io.BytesIO(feed.make()), name, 1 << 30)
            platform.jobs.submit(
                caller, models[feed.model], staged, kind=feed.kind, options=feed.options
            )
    time.sleep(600)


def _finish(storage: Path) -> str:
    platform = open_platform(Settings(storage=storage, part_rows=PART_ROWS))
    try:
        caller, _ = _models(platform)
        while _unfinished(platform, caller):
            time.sleep(0.05)
        tasks = platform.jobs.list_(caller, limit=10_000).tasks
        names = sorted({task.file_name for task in tasks})
        rows = sum(_checked(platform, caller, task) for task in tasks)
    finally:
        platform.close()
    left = [path.name for path in storage.rglob(".*.tmp")]
    assert left == [], left
    return f"{len(tasks)} tasks ({', '.join(names)}): {rows:,} rows, each once and in its place"


def _checked(platform: Platform, caller: Caller, task: TaskView) -> int:
    """Return the number of a task's rows, which are as they must be."""
    now = platform.jobs.get(caller, task.id)
    assert now.state == "succeeded", now.message
    table = platform.jobs.table(caller, task.id, 0, 2 * ROWS).table
    FEEDS[task.file_name].check(table)
    return int(table.num_rows)


def _check_numbers(table: pa.Table) -> None:
    assert table.column("x").to_pylist() == [float(row) for row in range(ROWS)]
    assert np.allclose(table.column("prediction").to_numpy(), 2 * np.arange(ROWS) + 1)


def _check_pictures(table: pa.Table) -> None:
    names = [f'"{at % 3}/{at:04}.jpg"' for at in range(PICTURES)]
    assert table.column("member").to_pylist() == names
    _check_reds(table)


def _check_frames(table: pa.Table) -> None:
    assert np.allclose(table.column("time").to_numpy(), np.arange(FRAMES) / FPS)
    _check_reds(table)


def _check_reds(table: pa.Table) -> None:
    found = table.column("mean_0").to_numpy() * 255
    assert np.allclose(found, [_red(at) for at in range(len(found))], atol=_STEP / 2 - 0.1)


def _unfinished(platform: Platform, caller: Caller) -> int:
    states = (TaskFilter(state=state) for state in ("queued", "running"))
    return sum(platform.jobs.list_(caller, wanted, limit=1).total for wanted in states)


def _models(platform: Platform) -> tuple[Caller, dict[str, VersionView]]:
    """Return the one account and its two models, made by whoever comes first."""
    if not platform.accounts.credentials():
        platform.accounts.register("ann", PASSWORD)
    caller = platform.accounts.sign_in("ann", PASSWORD)
    names = {model.name: model.id for model in platform.models.list_(caller)}
    for name, file, make in ((NUMBERS, "line.skops", _line), (COLOURS, "colours.onnx", _colours)):
        if name not in names:
            staged = platform.files.stage(io.BytesIO(make()), file, 1 << 20)
            names[name] = platform.models.add(caller, name, staged).model.id
    return caller, {name: platform.models.get_by_id(caller, id_) for name, id_ in names.items()}


def _line() -> bytes:
    """Return a model that answers 2 x + 1."""
    import pandas as pd
    import skops.io
    from sklearn.linear_model import LinearRegression

    table = pd.DataFrame({"x": np.arange(10.0)})
    return bytes(skops.io.dumps(LinearRegression().fit(table, 2 * table["x"] + 1)))


def _colours() -> bytes:
    """Return a model that gives the mean of each channel of a picture of 8 x 8."""
    node = helper.make_node("ReduceMean", ["photo"], ["mean"], axes=[2, 3], keepdims=0)
    takes = helper.make_tensor_value_info("photo", onnx.TensorProto.FLOAT, ["N", 3, 8, 8])
    gives = helper.make_tensor_value_info("mean", onnx.TensorProto.FLOAT, ["N", 3])
    graph = helper.make_graph([node], "colours", [takes], [gives])
    opset = helper.make_opsetid("", 17)
    made = helper.make_model(graph, opset_imports=[opset], ir_version=8)
    return bytes(made.SerializeToString())


def _red(at: int) -> int:
    return at % _LEVELS * _STEP


def _csv(first: int = 0, last: int = ROWS) -> bytes:
    return ("id,x\n" + "".join(f"row {n},{n}\n" for n in range(first, last))).encode()


def _txt() -> bytes:
    return "".join(f"{n}\n" for n in range(ROWS)).encode()


def _json() -> bytes:
    return json.dumps([{"x": n, "id": f"row {n}"} for n in range(ROWS)]).encode()


def _jsonl() -> bytes:
    return "".join(f'{{"x": {n}, "id": "row {n}"}}\n' for n in range(ROWS)).encode()


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


def _pictures() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for at in range(PICTURES):
            picture = io.BytesIO()
            Image.new("RGB", (64, 48), (_red(at), 0, 0)).save(picture, "JPEG", quality=95)
            archive.writestr(f"{at % 3}/{at:04}.jpg", picture.getvalue())
    return sink.getvalue()


def _video() -> bytes:
    sink = io.BytesIO()
    with av.open(sink, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=FPS)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 64, 48, "yuv420p", 4_000_000
        for at in range(FRAMES):
            pixels = np.zeros((48, 64, 3), np.uint8)
            pixels[..., 0] = _red(at)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
        container.mux(stream.encode(None))
    return sink.getvalue()


@dataclass(frozen=True, slots=True)
class Feed:
    """What a task is given, and how its result must be."""

    kind: str
    make: Callable[[], bytes]
    model: str = NUMBERS
    check: Callable[[pa.Table], None] = _check_numbers
    options: dict[str, object] = field(default_factory=dict)


FEEDS = {
    "rows.csv": Feed("csv", _csv),
    "rows.txt": Feed("txt", _txt),
    "rows.json": Feed("json", _json),
    "rows.jsonl": Feed("jsonl", _jsonl),
    "rows.parquet": Feed("parquet", _parquet),
    "rows.xlsx": Feed("xlsx", _xlsx),
    "tables.zip": Feed("zip", _zip),
    "pictures.zip": Feed("zip", _pictures, COLOURS, _check_pictures),
    "video.mp4": Feed("mp4", _video, COLOURS, _check_frames, {"fps": FPS}),
}


if __name__ == "__main__":
    if sys.argv[1] == "work":
        _work(Path(sys.argv[2]))
    else:
        main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
