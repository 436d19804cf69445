"""How many rows an engine is given at once, and how one bad row is told from the others."""

from collections.abc import Callable

import pyarrow as pa
import pytest

from core.errors import InternalError, Overloaded
from core.schema import DataType, Field, Schema
from core.services.accounts import Caller
from core.services.job_runner import JobRunner
from core.services.job_stride import Doubt, Stride, rows_at_once, score_apart
from core.services.jobs import Jobs
from tests.core.services.conftest import info
from tests.core.services.greeting import Greeter

SLOW = "The model gave no answer within 60 seconds and was stopped."


class Hanging(Greeter):
    """Never answers where one of these ages is among the rows; `calls` are all it was asked."""

    def __init__(self, *ages: int) -> None:
        super().__init__()
        self.ages = set(ages)
        self.calls: list[int] = []

    def score(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        self.calls.append(batch.num_rows)
        if self.ages.intersection(batch.column(0).to_pylist()):
            raise Overloaded(SLOW)
        return super().score(batch)


def people(rows: int) -> pa.RecordBatch:
    return pa.record_batch(
        [pa.array(range(100, 100 + rows), pa.int64()), pa.array(["f"] * rows)],
        schema=info().input_schema.arrow,
    )


def apart(scorer: Greeter, rows: int, doubt: Doubt) -> pa.Table:
    answers = score_apart(scorer, people(rows), info().output_schema, doubt)
    return pa.Table.from_batches([each for each in answers if each is not None])


def test_a_call_is_made_as_long_as_a_task_may_have_to_wait_for_it() -> None:
    stride = Stride(5000)
    assert stride.rows == 250
    stride.took(250, 0.001)
    assert stride.rows == 2000
    stride.took(2000, 0.01)
    assert stride.rows == 5000
    stride.took(5000, 2.5)
    assert stride.rows == 500
    stride.took(500, 1000)
    assert stride.rows == 1


def test_an_engine_that_did_not_answer_is_given_an_eighth() -> None:
    stride = Stride(5000)
    stride.lower()
    assert (stride.most, stride.rows) == (625, 250)
    stride.lower()
    stride.took(78, 0)
    assert (stride.most, stride.rows) == (78, 78)


def test_fewer_rows_go_at_once_where_each_holds_a_picture() -> None:
    assert rows_at_once(info().input_schema) == 5000
    picture = Field("image", DataType.FLOAT, shape=(3, 224, 224))
    assert rows_at_once(Schema((picture,))) == 13


def test_the_one_row_that_hangs_is_found_by_halving() -> None:
    scorer = Hanging(137)
    found = apart(scorer, 64, Doubt())
    assert found.column("error").to_pylist() == [SLOW if n == 37 else None for n in range(64)]
    assert found.column("prediction").to_pylist()[36:39] == ["f136", None, "f138"]
    assert len(scorer.calls) == 13


def test_an_engine_that_answers_nothing_is_given_up_after_two_rows() -> None:
    scorer = Hanging(*range(100, 164))
    with pytest.raises(Overloaded, match="gave no answer"):
        apart(scorer, 64, Doubt())
    assert len(scorer.calls) == 8


def test_rows_are_not_searched_for_ever() -> None:
    scorer = Hanging(*range(100, 164, 2))
    with pytest.raises(Overloaded):
        apart(scorer, 64, Doubt(proven=True))
    assert len(scorer.calls) < 80


def test_a_row_that_hangs_the_engine_fails_alone(
    jobs: Jobs, runner: JobRunner, ann: Caller, submit: Callable[..., str], scorer: Greeter
) -> None:
    """I19: the other rows of the task have their answers."""
    task = submit("age,sex\n" + "".join(f"{age},f\n" for age in range(1, 11)))
    hanging = Hanging(5)
    scorer.score = hanging.score  # type: ignore[method-assign]
    runner.run_until_idle()
    assert jobs.get(ann, task).message == "Scored 9 of 10 rows; 1 has an error."
    rows = jobs.result(ann, task).rows
    assert rows[4] == {"age": 5, "sex": "f", "error": SLOW}
    assert [row.get("prediction") for row in rows[3:6]] == ["f4", None, "f6"]


def test_a_row_that_breaks_the_engine_fails_alone(
    jobs: Jobs, runner: JobRunner, ann: Caller, submit: Callable[..., str], scorer: Greeter
) -> None:
    score = scorer.score

    def breaking(batch: pa.RecordBatch) -> pa.RecordBatch:
        if 2 in batch.column(0).to_pylist():
            raise InternalError("The engine ended.")
        return score(batch)

    scorer.score = breaking  # type: ignore[method-assign]
    task = submit("age,sex\n1,f\n2,f\n3,m\n")
    runner.run_until_idle()
    assert [row.get("error") for row in jobs.result(ann, task).rows] == [
        None,
        "The engine ended.",
        None,
    ]
