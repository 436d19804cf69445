"""Lends the scorers of versions so that they give what the edited schema of a version says."""

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.compute as pc

from core.preparation.engine import Steps
from core.runtimes.base import ERROR_COLUMN, ModelInfo, Scorer
from core.runtimes.cache import ScorerCache
from core.runtimes.preparing import PreparingScorer
from core.schema import Field, Schema


class NamingScorer(Scorer):
    """A scorer whose classes have the names that people gave them."""

    def __init__(self, scorer: Scorer, outputs: Schema) -> None:
        self.in_process = scorer.in_process
        self._scorer = scorer
        self._outputs = outputs

    def score(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Score typed records; the columns are those of the edited schema, by position."""
        *columns, errors = self._scorer.score(batch).columns
        named = list(map(_named, self._outputs, columns))
        return pa.RecordBatch.from_arrays([*named, errors], [*self._outputs.names, ERROR_COLUMN])


class Scorers:
    """The loaded scorers, by the id of a version, as `cache` holds them.

    The cache knows what the files say; what people named, and the step that they wrote, lie over it
    for as long as a scorer is lent, so that tasks that began before a change go on as they began.
    """

    def __init__(self, cache: ScorerCache[str], steps: Steps) -> None:
        self._cache = cache
        self._steps = steps

    @contextmanager
    def get(self, version_id: str, info: ModelInfo) -> Iterator[Scorer]:
        """Lend a version's scorer, which takes the inputs of `info` and gives its outputs.

        Raises what loading does.
        """
        with self._cache.get(version_id) as scorer:
            if any(field.codes for field in info.outputs):
                scorer = NamingScorer(scorer, info.output_schema)
            if info.preparation is not None:
                scorer = PreparingScorer(scorer, info.preparation, self._steps)
            yield scorer

    def is_loaded(self, version_id: str) -> bool:
        """Return whether lending the scorer would not have to wait for its loading."""
        return self._cache.is_loaded(version_id)


def _named(field: Field, column: pa.Array) -> pa.Array:
    """Return the names of the classes in a column; what is none of them stays as it is."""
    if not field.codes:
        return column
    codes = pa.array(field.codes).cast(column.type)
    names = pa.array(field.categories).take(pc.index_in(column, value_set=codes))
    return pc.coalesce(names, column.cast(pa.string()))
