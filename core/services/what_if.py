"""What if: how a model's answer to a record changes as one or two of its fields do (P5, P7).

Each field is swept over its range with the others as they are, one at a time, which sees nothing of
how fields go together in real data: it tells how this answer comes about, not what is likely.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from core.errors import InvalidInput
from core.records import Typed, batch_of, read_record
from core.runtimes.base import ERROR_COLUMN, PREDICTION, PROBABILITY, ModelInfo
from core.schema import Schema
from core.services.accounts import Caller
from core.services.model_views import VersionView
from core.services.models import Models
from core.services.predictions import Answer, Predictions, Record, Table
from core.services.sweeps import (
    Origin,
    Span,
    Value,
    crossed_batch,
    is_numeric,
    span_of,
    swept_batch,
    why_not,
)

MOST_ROWS = 2_000
_MOST_POINTS, _LEAST_POINTS = 41, 5
_GRID_POINTS = 21
_MOST_NUMBERS = 4_000_000  # of the arrays in a record, over all rows of a batch
_MOST_SERIES = 8


@dataclass(frozen=True, slots=True)
class Curve:
    """The answer as one field goes over its `values`.

    `series` holds what is drawn, by the name of the output: a number for each value, None where the
    model gave none. `answers` are the predictions themselves. `effect` is how far the answer moves:
    from the least to the greatest number followed, or the share of the values that change a label.
    """

    field: str
    label: str
    unit: str
    values: tuple[Value, ...]
    present: Value
    origin: Origin
    is_numeric: bool
    series: dict[str, tuple[float | None, ...]]
    answers: tuple[object, ...]
    effect: float


@dataclass(frozen=True, slots=True)
class Sweeps:
    """Every field's curve, the one that moves the answer most first.

    `answer` is the present prediction; `followed` the output whose movement is the effect, empty
    where the answer is a label without numbers. `left_out` are the fields that cannot be swept,
    with the reason of each.
    """

    answer: object
    followed: str
    curves: tuple[Curve, ...]
    left_out: dict[str, str]
    rows: int
    latency_ms: float


@dataclass(frozen=True, slots=True)
class Grid:
    """The answer at every pair of two fields' values, a row for each value of the first."""

    first: Curve
    second: Curve
    followed: str
    numbers: tuple[tuple[float | None, ...], ...]
    answers: tuple[tuple[object, ...], ...]


@dataclass(frozen=True, slots=True)
class _Reading:
    """What is read off each answer: the prediction, and the numbers that are drawn."""

    headline: str
    series: tuple[str, ...]
    followed: str


class WhatIf:
    """Sweeps the fields of a record, all in one batch; a test, so nothing is counted as a call."""

    def __init__(self, models: Models, predictions: Predictions) -> None:
        self._models = models
        self._predictions = predictions

    def sweep(
        self, caller: Caller, model_id: str, record: object, *, version: int | None = None
    ) -> Sweeps:
        """Return how each field of a record moves a version's answer to it.

        `record` is an object of names and values, or one typed row. Raises ModelNotFound,
        VersionNotFound, Overloaded, and InvalidInput also for a record that the model cannot score.
        """
        view = self._models.get_by_id(caller, model_id, version)
        base = _base(view.info, record)
        spans, left_out = _spans(view.info, base)
        batch = swept_batch(base, spans)
        answer = self._answered(caller, view, batch)
        reading = _reading(view.info, answer.records[0])
        curves, start = [], 1
        for _, span in spans:
            part = answer.records[start : start + len(span.values)]
            curves.append(_curve(span, reading, part, answer.records[0]))
            start += len(part)
        ranked = sorted(curves, key=lambda curve: -curve.effect)
        present = answer.records[0].get(reading.headline)
        return Sweeps(
            present, reading.followed, tuple(ranked), left_out, batch.num_rows, answer.latency_ms
        )

    def cross(
        self,
        caller: Caller,
        model_id: str,
        record: object,
        fields: tuple[str, str],
        *,
        version: int | None = None,
    ) -> Grid:
        """Return a version's answers as two fields of a record change together.

        Raises what `sweep` raises, InvalidInput also for fields that are the same or not swept.
        """
        view = self._models.get_by_id(caller, model_id, version)
        base = _base(view.info, record)
        spans = dict(_spans(view.info, base, points=_GRID_POINTS)[0])
        by_name = {span.field.name: position for position, span in spans.items()}
        if len(set(fields)) != 2 or not by_name.keys() >= set(fields):
            raise InvalidInput(f"Give two different fields of these: {', '.join(by_name)}.")
        chosen = {by_name[name]: spans[by_name[name]] for name in fields}
        present = self._answered(caller, view, base).records[0]
        answers = self._answered(caller, view, crossed_batch(base, chosen)).records
        reading = _reading(view.info, present)
        first, second = (_curve(span, reading, (), present) for span in chosen.values())
        width = len(second.values)
        lines = [answers[at : at + width] for at in range(0, len(answers), width)]
        return Grid(
            first,
            second,
            reading.followed,
            tuple(tuple(_number(each, reading.followed) for each in line) for line in lines),
            tuple(tuple(each.get(reading.headline) for each in line) for line in lines),
        )

    def _answered(self, caller: Caller, view: VersionView, batch: pa.RecordBatch) -> Answer:
        table = Table([Typed(batch, {})])
        answer = self._predictions.test(caller, view.model.id, table, version=view.number)
        if ERROR_COLUMN in answer.records[0] and ERROR_COLUMN not in view.info.output_schema.names:
            raise InvalidInput(str(answer.records[0][ERROR_COLUMN]))
        return answer


def _base(info: ModelInfo, record: object) -> pa.RecordBatch:
    if isinstance(record, Typed):
        return record.batch
    if not isinstance(record, Mapping):
        raise InvalidInput("What if takes one record: an object of field names and values.")
    schema = info.input_schema
    return batch_of(schema, [read_record(schema, record)])


def _spans(
    info: ModelInfo, base: pa.RecordBatch, points: int = _MOST_POINTS
) -> tuple[list[tuple[int, Span]], dict[str, str]]:
    """Return the spans of the fields by position, and why the others have none."""
    [present] = base.to_pylist() if len(info.inputs) else [{}]
    left_out = {field.name: why_not(field, present[field.name]) for field in info.inputs}
    wanted = [at for at, field in enumerate(info.inputs) if not left_out[field.name]]
    rows = _affordable(info.input_schema, base)
    for at in wanted[rows // _LEAST_POINTS :]:
        left_out[info.inputs[at].name] = "more fields than are swept at once"
    wanted = wanted[: rows // _LEAST_POINTS]
    points = max(_LEAST_POINTS, min(points, rows // max(len(wanted), 1)))
    spans = [
        (at, span_of(field, present[field.name], info.sample.get(field.name), points))
        for at, field in ((at, info.inputs[at]) for at in wanted)
    ]
    return spans, {name: why for name, why in left_out.items() if why}


def _affordable(schema: Schema, base: pa.RecordBatch) -> int:
    """Return how many rows a batch may have: arrays in the record are repeated in each."""
    tensors = [at for at, field in enumerate(schema) if field.is_tensor]
    width = sum(base.column(at).nbytes // 4 for at in tensors)
    return min(MOST_ROWS, _MOST_NUMBERS // width) if width else MOST_ROWS


def _reading(info: ModelInfo, present: Record) -> _Reading:
    """Choose what to read: the probabilities, else the prediction if it is a number."""
    scalars = [field for field in info.outputs if not field.is_tensor]
    headline = next((f for f in scalars if f.name == PREDICTION), scalars[0] if scalars else None)
    if headline is None:
        raise InvalidInput("The model answers with arrays alone; there is nothing to follow.")
    chances = [field.name for field in scalars if field.name.startswith(PROBABILITY)]
    if chances:
        own = f"{PROBABILITY}{present.get(headline.name)}"
        likely = sorted(chances, key=lambda name: -(_number(present, name) or 0.0))
        first = own if own in chances else likely[0]
        rest = [name for name in likely if name != first]
        return _Reading(headline.name, (first, *rest[: _MOST_SERIES - 1]), first)
    if is_numeric(headline):
        return _Reading(headline.name, (headline.name,), headline.name)
    return _Reading(headline.name, (), "")


def _curve(span: Span, reading: _Reading, part: Sequence[Record], present: Record) -> Curve:
    series = {name: tuple(_number(each, name) for each in part) for name in reading.series}
    answers = tuple(each.get(reading.headline) for each in part)
    return Curve(
        field=span.field.name,
        label=span.field.label or span.field.name,
        unit=span.field.unit,
        values=span.values,
        present=span.present,
        origin=span.origin,
        is_numeric=span.is_numeric,
        series=series,
        answers=answers,
        effect=_effect(series.get(reading.followed), answers, present.get(reading.headline)),
    )


def _effect(
    followed: Sequence[float | None] | None, answers: Sequence[object], present: object
) -> float:
    if followed is None:
        return sum(answer != present for answer in answers) / max(len(answers), 1)
    known = [value for value in followed if value is not None]
    return max(known) - min(known) if known else 0.0


def _number(record: Record, name: str) -> float | None:
    value = record.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)
