"""Versions that come and go in turn leave no memory behind, neither here nor in Java."""

import gc
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import skops.io
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from core.runtimes.base import Runtime, Scorer
from core.runtimes.cache import ScorerCache
from core.runtimes.onnx import OnnxRuntime
from core.runtimes.pmml import PmmlRuntime
from core.runtimes.scikit import ScikitRuntime
from tests.core.runtimes import onnx_models, pmml_models
from tests.core.runtimes.opened import open_model

_VERSIONS = 200
_FIRST = 20
_AT_ONCE = 3
_ROWS = 300  # so many that Java works on them with all its cores, and compiles what it does
_FLAT = 150 << 20

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="reads the memory of processes as Linux shows it"
)


def _pmml(folder: Path) -> tuple[Runtime, Path]:
    return PmmlRuntime(heap_mb=1024), pmml_models.write(folder, pmml_models.logistic(20))


def _onnx(folder: Path) -> tuple[Runtime, Path]:
    return OnnxRuntime(), onnx_models.write(onnx_models.linear_classifier(), folder / "m.onnx")


def _sklearn(folder: Path) -> tuple[Runtime, Path]:
    model = LogisticRegression(max_iter=1000).fit(*load_iris(return_X_y=True))
    skops.io.dump(model, folder / "model.skops")
    return ScikitRuntime(), folder / "model.skops"


@pytest.mark.parametrize("made", [_pmml, _onnx, _sklearn])
def test_200_versions_in_turn_leave_memory_flat(
    made: Callable[[Path], tuple[Runtime, Path]], tmp_path: Path
) -> None:
    runtime, path = made(tmp_path)
    opened = open_model(runtime, path, tmp_path)
    kept = next(tmp_path.glob("*.converted"), path)
    batch = opened.typed([opened.info.sample] * _ROWS)
    lent: list[weakref.ref[Scorer]] = []
    cache: ScorerCache[int] = ScorerCache(lambda _: runtime.load(kept, opened.info), _AT_ONCE)
    for version in range(_VERSIONS):
        with cache.get(version) as scorer:
            assert scorer.score(batch).column("error").null_count == _ROWS
            lent.append(weakref.ref(scorer))
        del scorer
        if version == _FIRST:
            after_the_first = _resident()
    assert _resident() - after_the_first < _FLAT
    assert sum(scorer() is not None for scorer in lent) == _AT_ONCE
    cache.close()
    runtime.close()


def _resident() -> int:
    """Return the bytes of memory that this process and its children hold."""
    gc.collect()
    return sum(_resident_of(pid) for pid in ("self", *_children()))


def _children() -> Iterator[str]:
    for thread in Path("/proc/self/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread may end meanwhile
            yield from (thread / "children").read_text().split()


def _resident_of(pid: str) -> int:
    (line,) = (
        line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmRSS" in line
    )
    return int(line.split()[1]) << 10
