"""A model file opened as the platform opens it, for the tests of every runtime."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest

from core.records import sentence, typed_records
from core.runtimes.base import ERROR_COLUMN, ModelInfo, Runtime, Scorer

MATERIAL = Path(__file__).resolve().parents[4] / "shared" / "material"

Record = dict[str, object]


@dataclass(frozen=True)
class Opened:
    info: ModelInfo
    scorer: Scorer

    def typed(self, records: Sequence[object]) -> pa.RecordBatch:
        """Return records as the columns that the scorer takes; bad cells are null."""
        return typed_records(self.info.input_schema, records).batch

    def answers(self, records: Sequence[object]) -> list[Record]:
        """Return what a caller gets: of a record with a bad value its problem."""
        typed = typed_records(self.info.input_schema, records)
        answers: list[Record] = self.scorer.score(typed.batch).to_pylist()
        for row, problems in typed.problems.items():
            answers[row] = dict.fromkeys(answers[row]) | {ERROR_COLUMN: sentence(problems)}
        return answers

    def answer(self, record: object) -> Record:
        return self.answers([record])[0]


def open_model(runtime: Runtime, path: Path, folder: Path) -> Opened:
    """Inspect a file in this process and load what the platform would keep of it."""
    converted = folder / f"{path.name}.converted"
    info = runtime.inspect(path, converted)
    return Opened(info, runtime.load(converted if converted.exists() else path, info))


def assert_same(answers: Sequence[Record], others: Sequence[Record]) -> None:
    """Hold answers against others; numbers may differ by the rounding of a float32."""
    assert len(answers) == len(others)
    for answer, other in zip(answers, others, strict=True):
        assert list(answer) == list(other)
        for name, value in answer.items():
            expected = other[name]
            assert value == (
                pytest.approx(expected, rel=1e-5) if isinstance(expected, float) else expected
            )
