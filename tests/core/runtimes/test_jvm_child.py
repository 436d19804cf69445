"""The desk that answers inside the Java process; here inside the tests' own."""

from pathlib import Path

import pyarrow as pa
import pytest
from jpype import JClass

from core.runtimes.jvm_child import Desk
from core.runtimes.jvm_lane import (
    Drop,
    Failed,
    Load,
    Loaded,
    Score,
    ScoredRow,
    ScoreMatrix,
    Unknown,
)
from core.runtimes.pmml_engine import PmmlEngine
from tests.core.runtimes.pmml_models import logistic, write

_ROUNDS = 100


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk(PmmlEngine(512))


def _batch(value: float) -> bytes:
    batch = pa.RecordBatch.from_pydict({"x0": [value]})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as stream:
        stream.write_batch(batch)
    return bytes(sink.getvalue().to_pybytes())


def test_numbers_get_the_same_answer_as_a_matrix_and_as_arrow(desk: Desk, tmp_path: Path) -> None:
    loaded = desk.answer(Load(1, str(write(tmp_path, logistic(1))), ["x0"]))
    assert isinstance(loaded, Loaded)
    assert loaded.takes_matrix
    matrix = desk.answer(ScoreMatrix(1, pa.array([2.5]).to_numpy().tobytes()))
    assert isinstance(matrix, ScoredRow)
    assert desk.answer(Score(1, _batch(2.5))) == matrix


def test_a_model_that_was_dropped_is_unknown(desk: Desk, tmp_path: Path) -> None:
    desk.answer(Load(2, str(write(tmp_path, logistic(1))), ["x0"]))
    desk.answer(Drop(2))
    assert desk.answer(Score(2, _batch(1.0))) == Unknown()


def test_a_file_that_the_engine_refuses_is_to_blame(desk: Desk, tmp_path: Path) -> None:
    answer = desk.answer(Load(3, str(write(tmp_path, "<PMML/>")), []))
    assert isinstance(answer, Failed)
    assert answer.refused


def test_what_breaks_for_another_reason_is_not_the_file_s_fault(desk: Desk, tmp_path: Path) -> None:
    desk.answer(Load(4, str(write(tmp_path, logistic(1))), ["x0"]))
    answer = desk.answer(Score(4, b"no arrow"))
    assert isinstance(answer, Failed)
    assert not answer.refused


def test_models_that_come_and_go_leave_the_heap_and_the_classes_as_they_were(
    desk: Desk, tmp_path: Path
) -> None:
    path = str(write(tmp_path, logistic(50)))
    _come_and_go(desk, path)
    heap, classes = _java_state()
    _come_and_go(desk, path)
    assert _java_state()[0] - heap < 1 << 20
    assert _java_state()[1] - classes < _ROUNDS


def _come_and_go(desk: Desk, path: str) -> None:
    for key in range(100, 100 + _ROUNDS):
        assert isinstance(desk.answer(Load(key, path, [f"x{i}" for i in range(50)])), Loaded)
        desk.answer(ScoreMatrix(key, bytes(8 * 50)))
        desk.answer(Drop(key))


def _java_state() -> tuple[int, int]:
    """Return the bytes in use after a collection, and how many classes are loaded."""
    runtime = JClass("java.lang.Runtime").getRuntime()
    runtime.gc()
    used = int(runtime.totalMemory()) - int(runtime.freeMemory())
    beans = JClass("java.lang.management.ManagementFactory")
    return used, int(beans.getClassLoadingMXBean().getLoadedClassCount())
