"""How many rows go to an engine in one call, and what becomes of rows that it cannot answer."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from core.errors import InternalError, Overloaded, SlipwayError
from core.runtimes.base import ERROR_COLUMN, Scorer
from core.schema import Schema

_MOST_ROWS = 5_000
_MOST_CELLS = 2_000_000
_FIRST_ROWS = 250
_CALL_SECONDS = 0.25
_GROWTH = 8
_MOST_FAILURES = 40
_TELLING_ROWS = 2


class Stride:
    """Finds the number of rows that an engine answers in about a quarter of a second.

    A task can be stopped between two calls, so it is stopped within a second where one row takes
    no longer than that. The threads of one task share it.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.rows = min(_FIRST_ROWS, most)

    def took(self, rows: int, seconds: float) -> None:
        """Learn from one call."""
        fitting = int(rows * _CALL_SECONDS / max(seconds, 1e-6))
        self.rows = max(1, min(fitting, rows * _GROWTH, self.most))

    def lower(self) -> None:
        """Give the engine an eighth of the rows from now on: it did not answer to so many."""
        self.most = max(1, self.most // _GROWTH)
        self.rows = min(self.rows, self.most)


def rows_at_once(schema: Schema) -> int:
    """Return how many rows go to the engine at most: fewer where a row holds an image."""
    cells = sum(math.prod(size or 1 for size in field.shape) for field in schema)
    return max(1, min(_MOST_ROWS, _MOST_CELLS // max(cells, 1)))


@dataclass(slots=True)
class Doubt:
    """What is known of an engine that fails: whether it ever answered, and how often it did not."""

    proven: bool = False
    failures: int = 0
    alone: int = 0

    def count(self, error: SlipwayError, rows: int) -> None:
        """Take note of a call that failed; raises its error once there is no hope."""
        self.failures += 1
        self.alone += rows == 1
        hopeless = not self.proven and self.alone >= _TELLING_ROWS
        if hopeless or self.failures >= _MOST_FAILURES:
            raise error

    def settle(self, error: SlipwayError | None) -> None:
        """Raise the last error if not one row was ever answered: the rows are not to blame."""
        if error is not None and not self.proven:
            raise error


def score_apart(
    scorer: Scorer, records: pa.RecordBatch, outputs: Schema, doubt: Doubt
) -> Iterator[pa.RecordBatch | None]:
    """Score rows, and halve those that fail until a row that fails alone is found.

    Such a row has the failure for its error. Yields the answers in order, and None after a call
    that failed: it may have taken a minute, and the task may not be wanted any more.
    """
    waiting = [records]
    last: SlipwayError | None = None
    while waiting:
        rows = waiting.pop()
        try:
            scored = scorer.score(rows)
            doubt.proven = True
        except (Overloaded, InternalError) as error:
            last = error
            doubt.count(error, rows.num_rows)
            scored = None if rows.num_rows > 1 else _unanswered(outputs, error.message)
            half = rows.num_rows // 2
            waiting += [rows.slice(half), rows.slice(0, half)] if half else []
        yield scored
    doubt.settle(last)


def _unanswered(outputs: Schema, sentence: str) -> pa.RecordBatch:
    columns = [pa.nulls(1, field.arrow_type) for field in outputs]
    errors = pa.array([sentence], pa.string())
    return pa.RecordBatch.from_arrays([*columns, errors], [*outputs.names, ERROR_COLUMN])
