"""A zip of 2,000 small JPEGs through an ONNX model: a task, beside a loop that one would write.

The loop opens each JPEG of the zip with Pillow, resizes it, and gives 32 at a time to onnxruntime.
Both run in turns, the median of three rounds; the task counts from `jobs.submit` to its end.

Wanted: at least 0.8 of the speed of the loop.
"""

import io
import statistics
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper
from PIL import Image

from core.platform import Platform, open_platform
from core.services.accounts import Caller
from core.services.model_views import VersionView
from core.settings import Settings

PICTURES = 2_000
SIDE = 224
BATCH = 32
ROUNDS = 3
WIDTH, HEIGHT = 320, 240


def main() -> None:
    """Print pictures a second of both ways, and their ratio."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_model(folder / "net.onnx")
        _write_zip(folder / "pictures.zip")
        platform = open_platform(Settings(storage=folder / "storage"))
        try:
            _compare(folder, platform)
        finally:
            platform.close()


def _compare(folder: Path, platform: Platform) -> None:
    caller = platform.accounts.register("bench", "a long password")
    version = _uploaded(platform, caller, folder / "net.onnx")
    loops, tasks = [], []
    for _ in range(ROUNDS):
        loops.append(_timed_loop(folder))
        tasks.append(_timed_task(platform, caller, version, folder / "pictures.zip"))
    loop, task = statistics.median(loops), statistics.median(tasks)
    print(f"{PICTURES:,} JPEGs of {WIDTH} x {HEIGHT} in a zip, to {SIDE} x {SIDE}")
    print(f"  loop    {PICTURES / loop:8.0f} pictures/s  {loop:6.2f} s")
    print(f"  slipway {PICTURES / task:8.0f} pictures/s  {task:6.2f} s")
    print(f"  speed of slipway / loop: {loop / task:.2f} (wanted: 0.80 or more)")


def _timed_loop(folder: Path) -> float:
    started = time.perf_counter()
    session = ort.InferenceSession(str(folder / "net.onnx"), providers=["CPUExecutionProvider"])
    outputs = []
    with zipfile.ZipFile(folder / "pictures.zip") as archive:
        names = archive.namelist()
        for start in range(0, len(names), BATCH):
            batch = [_tensor(archive.read(name)) for name in names[start : start + BATCH]]
            outputs.append(session.run(None, {"photo": np.stack(batch)})[0])
    assert len(np.concatenate(outputs)) == PICTURES
    return time.perf_counter() - started


def _tensor(content: bytes) -> np.ndarray:
    image = Image.open(io.BytesIO(content)).convert("RGB")
    image = image.resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return np.asarray(image, dtype=np.float32).transpose(2, 0, 1) / 255


def _timed_task(platform: Platform, caller: Caller, version: VersionView, path: Path) -> float:
    with path.open("rb") as file:
        staged = platform.files.stage(file, path.name, 1 << 30)
    started = time.perf_counter()
    task = platform.jobs.submit(caller, version, staged, kind="zip")
    while platform.jobs.get(caller, task.id).state in ("queued", "running"):
        time.sleep(0.02)
    taken = time.perf_counter() - started
    done = platform.jobs.get(caller, task.id)
    assert (done.state, done.rows_done, done.rows_failed) == ("succeeded", PICTURES, 0), done
    return taken


def _uploaded(platform: Platform, caller: Caller, path: Path) -> VersionView:
    with path.open("rb") as file:
        staged = platform.files.stage(file, path.name, 1 << 30)
    return platform.models.add(caller, "net", staged)


def _write_zip(path: Path) -> None:
    random = np.random.default_rng(0)
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(PICTURES):
            small = random.integers(0, 255, (15, 20, 3), dtype=np.uint8)
            image = Image.fromarray(small).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
            file = io.BytesIO()
            image.save(file, "JPEG", quality=85)
            archive.writestr(f"{number % 10}/{number:05}.jpg", file.getvalue())


def _write_model(path: Path) -> None:
    """Write a small net: a convolution in strides, a pooling, a few outputs."""
    random = np.random.default_rng(0)
    kernel = random.normal(0, 0.1, (16, 3, 7, 7)).astype(np.float32)
    nodes = [
        helper.make_node("Conv", ["photo", "kernel"], ["edges"], strides=[4, 4]),
        helper.make_node("Relu", ["edges"], ["positive"]),
        helper.make_node("GlobalAveragePool", ["positive"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["features"]),
    ]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("photo", TensorProto.FLOAT, ["N", 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["N", 16])],
        [helper.make_tensor("kernel", TensorProto.FLOAT, kernel.shape, kernel.ravel())],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, path)
