"""ONNX models as Slipway's users meet them: inspected, and loaded for scoring."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import onnxruntime as ort
import pyarrow as pa

from core.errors import InvalidModel, Overloaded
from core.records import batch_of
from core.runtimes.base import ERROR_COLUMN, ModelInfo, Scorer
from core.runtimes.onnx_inputs import Batching, Kind
from core.runtimes.onnx_trial import Discovery, Record, discover, flat_tensors
from core.runtimes.rows import Columns, Deadline, Rows
from core.schema import DataType, Field

ROWS_PER_RUN = "rows per run"
_ELEMENTS_AT_ONCE = 4_000_000
_ROWS_AT_ONCE = 4096  # what a run of more rows writes does not stay in the processor's cache
_LARGEST_SAMPLE = 10_000
_FLOATING = frozenset({DataType.FLOAT, DataType.DOUBLE})


class OnnxScorer(Scorer):
    """A loaded ONNX model; its session is shared by all threads."""

    def __init__(self, found: Discovery, info: ModelInfo, seconds: float) -> None:
        self._found = found
        self._seconds = seconds
        self._rows = Rows(info, self._run, _at_once(found, info.inputs))
        self._one_by_one = Rows(info, self._run, 1)
        self._defaulted = [p for p in found.reading.inputs if p.kind is Kind.DEFAULTED]

    def score(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Score typed rows; see `Scorer.score`."""
        rows = self._rows if self._alike(batch) else self._one_by_one
        return rows.score(batch, Deadline(self._seconds))

    def _alike(self, batch: pa.RecordBatch) -> bool:
        """Return whether no row sets an input that holds for all rows of a run."""
        columns = [batch.column(port.first) for port in self._defaulted]
        return all(column.null_count == len(column) for column in columns)

    def _run(self, part: pa.RecordBatch, deadline: Deadline) -> Columns:
        values = self._found.reading.run(part, deadline)
        rows = max(part.num_rows, self._found.reading.fixed)
        columns: Columns = []
        for output in self._found.naming.outputs:
            columns += output.columns(values[output.index], rows)
        return columns if rows == part.num_rows else [c.slice(0, part.num_rows) for c in columns]


def inspect_onnx(path: Path, seconds: float) -> ModelInfo:
    """Return what a model file is; raises InvalidModel."""
    try:
        found = discover(path, Deadline(seconds))
        return _described(found, seconds)
    except Overloaded as error:
        raise InvalidModel(
            f"The model did not score a few trial records within {seconds:g} seconds."
        ) from error


def _described(found: Discovery, seconds: float) -> ModelInfo:
    info = ModelInfo(
        format="onnx",
        function=found.naming.function,
        algorithm=found.graph.algorithm,
        engine=f"onnxruntime {ort.__version__}",
        inputs=found.reading.fields,
        outputs=found.naming.fields,
        warnings=_warnings(found),
        details={**found.graph.details, ROWS_PER_RUN: _rows_per_run(found)},
    )
    info = _with_nullable(found, info, seconds)
    return replace(info, sample=_sample(found, info, seconds))


def load_onnx(path: Path, info: ModelInfo, seconds: float) -> OnnxScorer:
    """Load an inspected file; raises InvalidModel if it is another than was inspected."""
    found = discover(path, Deadline(seconds))
    read = [field.name for field in (*found.reading.fields, *found.naming.fields)]
    if read != [field.name for field in (*info.inputs, *info.outputs)]:
        raise InvalidModel(
            f"onnxruntime {ort.__version__} reads the file otherwise than {info.engine} did when "
            "it was uploaded; upload it again as a new version."
        )
    return OnnxScorer(found, info, seconds)


def _at_once(found: Discovery, fields: Sequence[Field]) -> int:
    if found.reading.batching is not Batching.ANY or any(None in f.shape for f in fields):
        return found.reading.fixed
    elements = sum(math.prod(n or 0 for n in field.shape) for field in fields)
    return max(1, min(_ROWS_AT_ONCE, _ELEMENTS_AT_ONCE // max(elements, 1)))


def _rows_per_run(found: Discovery) -> str:
    if found.reading.batching is Batching.FIXED:
        return str(found.reading.fixed)
    return found.reading.batching.value


def _warnings(found: Discovery) -> tuple[str, ...]:
    left_out = tuple(
        f"The output {name} is neither a tensor nor a map of classes; it is left out."
        for name in found.left_out
    )
    return found.naming.warnings + left_out + tuple(_guessed_widths(found))


def _guessed_widths(found: Discovery) -> Iterator[str]:
    for port, node in zip(found.reading.inputs, found.reading.session.get_inputs(), strict=False):
        if port.kind is Kind.SCALARS and port.count > 1 and not isinstance(node.shape[-1], int):
            yield (
                f"The file does not say how many features {port.name} has; {port.count} are taken, "
                "as many as its operators look at."
            )


def _with_nullable(found: Discovery, info: ModelInfo, seconds: float) -> ModelInfo:
    """Mark the fields whose values may be missing: a trial with each of them missing gives numbers.

    That an engine gives some number for NaN proves nothing, so the graph must also hold an operator
    that is made for missing values.
    """
    asked = [f for f in info.inputs if f.type in _FLOATING and not f.is_tensor and not f.nullable]
    if not found.graph.replaces_missing or not asked:
        return info
    all_nullable = replace(info, inputs=tuple(_nullable(f, f in asked) for f in info.inputs))
    rows = [found.rows[0] | {field.name: None} for field in asked]
    errors = _errors(found, all_nullable, rows, seconds)
    able = {field.name for field, error in zip(asked, errors, strict=True) if error is None}
    said = found.graph.replaces_missing
    return replace(info, inputs=tuple(_nullable(f, f.name in able, said) for f in info.inputs))


def _nullable(field: Field, able: bool, said: str = "") -> Field:
    return replace(field, nullable=True, missing=said) if able else field


def _errors(
    found: Discovery, info: ModelInfo, rows: Sequence[Record], seconds: float
) -> list[str | None]:
    batch = batch_of(info.input_schema, flat_tensors(info.inputs, rows))
    scored = OnnxScorer(found, info, seconds).score(batch)
    return list(scored.column(ERROR_COLUMN).to_pylist())


def _sample(found: Discovery, info: ModelInfo, seconds: float) -> Record:
    """Return a trial record that was scored; none if it would be too long to show."""
    size = sum(math.prod(n or 8 for n in field.shape) for field in info.inputs)
    if size > _LARGEST_SAMPLE:
        return {}
    errors = _errors(found, info, found.rows, seconds)
    scored = [row for row, error in zip(found.rows, errors, strict=True) if error is None]
    if scored:
        return {name: value for name, value in scored[0].items() if value is not None}
    return {}
