"""What Slipway adds to calling onnxruntime and scikit-learn oneself, on the same Arrow columns.

Run it with `python -m benchmarks.onnx_scikit`. Each line gives microseconds per call, ours and
theirs, and their ratio; the two take turns, and the median of the turns is shown. Aim: 1.15 at most
for one record and for batches alike.
"""

import pickle
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pyarrow as pa
from onnx import TensorProto, helper
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from core.runtimes.base import ModelInfo, Runtime, Scorer
from core.runtimes.onnx import OnnxRuntime
from core.runtimes.scikit import ScikitRuntime

FEATURES = 20
ROWS = (1, 100, 50_000)
SECONDS_PER_LINE = 2.0

Direct = Callable[[pa.RecordBatch], object]


def main() -> None:
    random = np.random.default_rng(0)
    table = random.uniform(0, 1, (5000, FEATURES))
    classes = (table.sum(axis=1) > FEATURES / 2).astype(int)
    with tempfile.TemporaryDirectory() as folder:
        for name, runtime, path, direct in _models(Path(folder), table, classes):
            info, scorer = _opened(runtime, path)
            for rows in ROWS:
                ours, theirs = _turns(scorer, direct, _batch(info, random, rows))
                print(f"{name:38}{rows:7} rows {ours:12.1f} {theirs:12.1f} {ours / theirs:8.2f}")


def _models(
    folder: Path, table: np.ndarray, classes: np.ndarray
) -> list[tuple[str, Runtime, Path, Direct]]:
    regression = folder / "regression.onnx"
    regression.write_bytes(_onnx_regression().SerializeToString())
    plain = LogisticRegression().fit(table, classes)
    frame = pd.DataFrame(table, columns=[f"f{i}" for i in range(FEATURES)])
    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(frame, classes)
    forest = RandomForestClassifier(100, random_state=0).fit(table, classes)
    listed: list[tuple[str, Runtime, Path, Direct]] = [
        ("onnx logistic regression", OnnxRuntime(), regression, _direct_onnx(regression))
    ]
    for name, estimator, direct in (
        ("scikit-learn logistic regression", plain, _direct_array(plain)),
        ("scikit-learn pipeline with names", pipeline, _direct_frame(pipeline)),
        ("scikit-learn forest of 100 trees", forest, _direct_array(forest)),
    ):
        path = folder / f"{len(listed)}.pkl"
        path.write_bytes(pickle.dumps(estimator))
        listed.append((name, ScikitRuntime(), path, direct))
    return listed


def _onnx_regression() -> onnx.ModelProto:
    classifier = helper.make_node(
        "LinearClassifier",
        ["x"],
        ["label", "probabilities"],
        domain="ai.onnx.ml",
        coefficients=np.linspace(-1, 1, 2 * FEATURES).tolist(),
        intercepts=[0.1, -0.1],
        classlabels_ints=[0, 1],
        post_transform="SOFTMAX",
    )
    graph = helper.make_graph(
        [classifier],
        "regression",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", FEATURES])],
        [
            helper.make_tensor_value_info("label", TensorProto.INT64, ["N"]),
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", 2]),
        ],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def _direct_onnx(path: Path) -> Direct:
    session = onnxruntime.InferenceSession(path)

    def call(batch: pa.RecordBatch) -> object:
        table = np.stack([column.to_numpy() for column in batch.columns], axis=1)
        label, probabilities = session.run(None, {"x": table})
        return pa.record_batch({"l": label, "p0": probabilities[:, 0], "p1": probabilities[:, 1]})

    return call


def _direct_array(estimator: LogisticRegression | RandomForestClassifier) -> Direct:
    def call(batch: pa.RecordBatch) -> object:
        table = np.stack([column.to_numpy() for column in batch.columns], axis=1)
        probabilities = estimator.predict_proba(table)
        label = estimator.predict(table)
        return pa.record_batch({"l": label, "p0": probabilities[:, 0], "p1": probabilities[:, 1]})

    return call


def _direct_frame(estimator: LogisticRegression) -> Direct:
    def call(batch: pa.RecordBatch) -> object:
        frame = batch.to_pandas()
        probabilities = estimator.predict_proba(frame)
        label = estimator.predict(frame)
        return pa.record_batch({"l": label, "p0": probabilities[:, 0], "p1": probabilities[:, 1]})

    return call


def _opened(runtime: Runtime, path: Path) -> tuple[ModelInfo, Scorer]:
    converted = path.with_suffix(".converted")
    info = runtime.inspect(path, converted)
    return info, runtime.load(converted if converted.exists() else path, info)


def _batch(info: ModelInfo, random: np.random.Generator, rows: int) -> pa.RecordBatch:
    columns = [pa.array(random.uniform(0, 1, rows), f.arrow_type) for f in info.inputs]
    return pa.RecordBatch.from_arrays(columns, schema=info.input_schema.arrow)


def _turns(scorer: Scorer, direct: Direct, batch: pa.RecordBatch) -> tuple[float, float]:
    """Return the median microseconds of our call and of theirs."""
    taken: tuple[list[float], list[float]] = ([], [])
    calls: tuple[Direct, Direct] = (scorer.score, direct)
    for call in calls:
        call(batch)
    end = time.perf_counter() + SECONDS_PER_LINE
    while time.perf_counter() < end or len(taken[0]) < 3:
        for call, times in zip(calls, taken, strict=True):
            start = time.perf_counter()
            call(batch)
            times.append((time.perf_counter() - start) * 1e6)
    return statistics.median(taken[0]), statistics.median(taken[1])


if __name__ == "__main__":
    main()
