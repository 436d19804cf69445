"""A scorer that takes the fields of a preprocessing step and makes the model's inputs of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from core.errors import Problem
from core.preparation.engine import Prepared, Steps
from core.preparation.step import Preparation
from core.records import Typed, typed_batch
from core.runtimes.base import Scorer
from core.runtimes.rows import with_problems
from core.schema import Schema

AFTER = "After preprocessing, "


class PreparingScorer(Scorer):
    """A scorer behind a step; what the step gives is typed as if it had come from outside."""

    def __init__(self, scorer: Scorer, preparation: Preparation, steps: Steps) -> None:
        self.in_process = scorer.in_process
        self._scorer = scorer
        self._preparation = preparation
        self._steps = steps

    def score(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Score typed records of the step's fields; a row that the step fails for has an error."""
        prepared = self._steps.run(self._preparation, batch)
        typed = typed_inputs(self._preparation, batch, prepared)
        return with_problems(self._scorer.score(typed.batch), typed.problems)


def typed_inputs(preparation: Preparation, batch: pa.RecordBatch, prepared: Prepared) -> Typed:
    """Return the model's inputs after a step, typed by the one coercion, arrays as they came."""
    typed = typed_batch(preparation.wanted, prepared.columns)
    columns = [
        (batch if field.is_tensor else typed.batch).column(field.name)
        for field in preparation.inputs
    ]
    schema = Schema(preparation.inputs).arrow
    said = {at: tuple(map(_after, found)) for at, found in typed.problems.items()}
    return Typed(pa.RecordBatch.from_arrays(columns, schema=schema), _first(prepared, said))


def _first(
    prepared: Prepared, typed: Mapping[int, Sequence[Problem]]
) -> dict[int, tuple[Problem, ...]]:
    """Return the problems of rows: where the step itself failed, nothing else is worth saying."""
    return {**{at: tuple(found) for at, found in typed.items()}, **prepared.problems}


def _after(problem: Problem) -> Problem:
    return replace(problem, message=f"{AFTER}{problem.message}")
