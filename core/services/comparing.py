"""Two versions of a model on the same rows: which answers change, and by how much."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from core.runtimes.base import ModelInfo
from core.schema import Field
from core.services.agreement import (
    Mask,
    as_numbers,
    floor_of,
    is_label,
    labels_agree,
    numbers_agree,
)
from core.services.match_runs import MOST_EXAMPLES, Scored, brief
from core.services.match_views import Cell, Difference, OutputChange, Transition

NOTHING = "(nothing)"

_MOST_TRANSITIONS = 2_500


class _Labels:
    """What becomes of the labels of one output; past 2,500 pairs, new ones are not listed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._changed = 0
        self._pairs: Counter[tuple[str, str]] = Counter()

    def add(self, first: pa.Array, second: pa.Array) -> Mask:
        """Count some rows; return in which of them the labels are the same."""
        texts = [column.cast(pa.string()) for column in (first, second)]
        same = labels_agree(*texts)
        self._changed += int((~same).sum())
        before, after = (column.fill_null(NOTHING).to_pylist() for column in texts)
        # Labels that are the same may be written in two ways.
        pairs = Counter(zip(before, np.where(same, before, after).tolist(), strict=True))
        for pair, rows in pairs.items():
            if pair in self._pairs or len(self._pairs) < _MOST_TRANSITIONS:
                self._pairs[pair] += rows
        return same

    @property
    def change(self) -> OutputChange:
        """Return what was counted."""
        found = [Transition(*pair, rows) for pair, rows in self._pairs.most_common()]
        return OutputChange(self.name, self._changed, transitions=tuple(found))


class _Numbers:
    """How far the numbers of one output move."""

    def __init__(self, field: Field, tolerance: float) -> None:
        self.name = field.name
        self._tolerance = tolerance
        self._floor = floor_of(field, tolerance)
        self._changed = 0
        self._known = 0
        self._sum = 0.0
        self._largest = 0.0

    def add(self, first: pa.Array, second: pa.Array) -> Mask:
        """Count some rows; return in which of them the numbers are the same."""
        before, after = as_numbers(first), as_numbers(second)
        same = numbers_agree(before, after, self._tolerance, self._floor)
        known = np.isfinite(before) & np.isfinite(after)
        apart = np.abs(after[known] - before[known])
        self._changed += int((~same).sum())
        self._known += len(apart)
        self._sum += float(apart.sum())
        self._largest = max(self._largest, float(apart.max(initial=0.0)))
        return same

    @property
    def change(self) -> OutputChange:
        """Return what was counted."""
        if not self._known:
            return OutputChange(self.name, self._changed)
        return OutputChange(self.name, self._changed, self._largest, self._sum / self._known)


class Changes:
    """Counts what changes between two versions, in the outputs that both have."""

    def __init__(self, first: ModelInfo, second: ModelInfo, tolerance: float) -> None:
        self._outputs = [
            _Labels(one.name) if is_label(one) or is_label(two) else _Numbers(one, tolerance)
            for one, two in shared_outputs(first, second)
        ]
        self._examples: list[Difference] = []
        self.rows = 0
        self.changed = 0

    def add(self, first: Scored, second: Scored) -> None:
        """Hold what two versions say of the same rows against each other."""
        masks = [
            output.add(first.answer.column(output.name), second.answer.column(output.name))
            for output in self._outputs
        ]
        same = np.logical_and.reduce(masks)
        self.rows += len(same)
        self.changed += int((~same).sum())
        for position in np.flatnonzero(~same)[: MOST_EXAMPLES - len(self._examples)].tolist():
            cells = self._cells(first, second, masks, position)
            self._examples.append(second.difference(position, cells))

    @property
    def outputs(self) -> tuple[OutputChange, ...]:
        """Return what became of each output."""
        return tuple(output.change for output in self._outputs)

    @property
    def examples(self) -> tuple[Difference, ...]:
        """Return the first rows that change."""
        return tuple(self._examples)

    def _cells(
        self, first: Scored, second: Scored, masks: Sequence[Mask], position: int
    ) -> tuple[Cell, ...]:
        return tuple(
            Cell(
                output.name,
                brief(first.answer.column(output.name)[position]),
                brief(second.answer.column(output.name)[position]),
            )
            for output, mask in zip(self._outputs, masks, strict=True)
            if not mask[position]
        )


def shared_outputs(first: ModelInfo, second: ModelInfo) -> list[tuple[Field, Field]]:
    """Return the outputs that both versions have and that are no arrays."""
    others = {field.name: field for field in second.outputs if not field.is_tensor}
    return [
        (field, others[field.name])
        for field in first.outputs
        if field.name in others and not field.is_tensor
    ]
