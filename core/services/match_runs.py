"""One reading of a file through a version: scored in chunks, held against what is expected."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from core.errors import InvalidInput, TooLarge
from core.inputs.chunks import Chunk, ChunkSize, Source
from core.inputs.tabular import open_table
from core.runtimes.base import ERROR_COLUMN, ModelInfo, Scorer
from core.runtimes.rows import with_problems
from core.services.agreement import Mask, meets
from core.services.match_views import Cell, Count, Difference, Pair, Report

Lease = Callable[[str, ModelInfo], AbstractContextManager[Scorer]]

MOST_ROWS = 200_000
MOST_EXAMPLES = 50

_AT_ONCE = ChunkSize(1_000)
_MOST_INPUTS = 30
_LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True)
class Scored:
    """Some rows of a file, the first of them with this number, and what a version says of them."""

    first_row: int
    chunk: Chunk
    answer: pa.RecordBatch

    def other(self, column: str) -> pa.Array:
        """Return a column that the model does not take, as text."""
        return self.chunk.others.column(column)

    def difference(self, position: int, cells: tuple[Cell, ...]) -> Difference:
        """Return the row at a position as an example."""
        inputs = self.chunk.typed.batch
        shown = range(min(_MOST_INPUTS, inputs.num_columns))
        record = {inputs.schema.names[i]: brief(inputs.column(i)[position]) for i in shown}
        error = self.answer.column(ERROR_COLUMN)[position].as_py() or ""
        return Difference(self.first_row + position, record, cells, error)


class Tally:
    """Counts the rows that are as expected, and keeps the first that are not.

    `columns` are those of the expected values by the names of their outputs; raises InvalidInput
    for an output that the version has not.
    """

    def __init__(self, info: ModelInfo, columns: Mapping[str, str], tolerance: float) -> None:
        fields = {field.name: field for field in info.outputs}
        if lost := [output for output in columns if output not in fields]:
            raise InvalidInput(f"The version has no output named {', '.join(lost)} any more.")
        self._compared = [(fields[output], column) for output, column in columns.items()]
        self._tolerance = tolerance
        self._agreeing = dict.fromkeys(columns, 0)
        self._examples: list[Difference] = []
        self._rows = 0
        self._rows_agreeing = 0

    def add(self, scored: Scored) -> None:
        """Hold some rows against what is expected of them."""
        masks = [
            meets(field, scored.answer.column(field.name), scored.other(column), self._tolerance)
            for field, column in self._compared
        ]
        for (field, _), mask in zip(self._compared, masks, strict=True):
            self._agreeing[field.name] += int(mask.sum())
        same = np.logical_and.reduce(masks)
        self._rows += len(same)
        self._rows_agreeing += int(same.sum())
        self._keep_examples(scored, masks, same)

    @property
    def count(self) -> Count:
        """Return what was counted, for each output and in all, and the examples."""
        pairs = [
            Pair(field.name, column, self._agreeing[field.name]) for field, column in self._compared
        ]
        report = Report(tuple(pairs), tuple(self._examples))
        return Count(self._tolerance, report, self._rows, self._rows_agreeing)

    def _keep_examples(self, scored: Scored, masks: Sequence[Mask], same: Mask) -> None:
        for position in np.flatnonzero(~same)[: MOST_EXAMPLES - len(self._examples)].tolist():
            cells = tuple(
                Cell(
                    field.name,
                    brief(scored.other(column)[position]),
                    brief(scored.answer.column(field.name)[position]),
                )
                for (field, column), mask in zip(self._compared, masks, strict=True)
                if not mask[position]
            )
            self._examples.append(scored.difference(position, cells))


def open_rows(path: Path, info: ModelInfo) -> Source:
    """Look at a CSV that has a version's inputs; raises InvalidInput."""
    return open_table(path, "csv", info.input_schema)


def scored_rows(source: Source, scorer: Scorer) -> Iterator[Scored]:
    """Score a file a thousand rows at a time.

    Raises InvalidInput where the file is no table, TooLarge after 200,000 rows.
    """
    done = 0
    for chunk in source.chunks(_AT_ONCE):
        if done + chunk.rows > MOST_ROWS:
            raise TooLarge(
                f"The file has more than {MOST_ROWS:,} rows, the most that are compared at once; "
                "leave some out."
            )
        answer = scorer.score(chunk.typed.batch)
        yield Scored(done + 1, chunk, with_problems(answer, chunk.typed.problems))
        done += chunk.rows


def brief(value: pa.Scalar) -> object:
    """Return a value as an example keeps it: numbers and truths as they are, the rest as text."""
    plain = value.as_py()
    if plain is None or isinstance(plain, bool | int):
        return plain
    if isinstance(plain, float):
        return plain if math.isfinite(plain) else str(plain)
    text = str(plain)
    return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…"
