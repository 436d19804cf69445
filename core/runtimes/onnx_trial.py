"""Finds by trial what an ONNX file leaves open: which axis is that of the rows, what comes out.

A file declares shapes; whether rows are scored apart from one another it does not say. So a few
made-up rows are scored together and alone, and only where both agree are rows scored together.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pyarrow as pa

from core.errors import InvalidModel
from core.records import batch_of
from core.runtimes.onnx_graph import Graph, portable, read_graph
from core.runtimes.onnx_inputs import ELEMENT_TYPES, Batching, Input, Kind, fields_of, inputs_of
from core.runtimes.onnx_outputs import Form, Naming, Output, form_of, name_outputs
from core.runtimes.onnx_session import open_session, run
from core.runtimes.rows import Deadline, RefusedRowsError
from core.schema import DataType, Field, Schema

Record = dict[str, object]

_ROWS = 3
_FREE_LENGTHS = (8, 32, 224, 1)
_SEED = 20_240_501


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read the axes of a graph: what fills its inputs, and how many rows at once."""

    session: ort.InferenceSession
    batching: Batching
    inputs: tuple[Input, ...]
    fields: tuple[Field, ...]
    fixed: int = 1

    def run(self, batch: pa.RecordBatch, deadline: Deadline) -> Sequence[Any]:
        """Return the graph's outputs for rows that fit into one run."""
        padded = self._padded(batch)
        feed = {
            port.name: port.feed(padded)
            for port in self.inputs
            if port.kind is not Kind.DEFAULTED or padded.column(port.first).null_count == 0
        }
        outputs = run(self.session, feed, deadline)
        if self.batching is not Batching.ANY or batch.num_rows == 1:
            return outputs
        return [_upright(value, batch.num_rows) for value in outputs]

    def _padded(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        lacking = self.fixed - batch.num_rows
        if self.batching is not Batching.FIXED or lacking <= 0:
            return batch
        last = batch.num_rows - 1
        return batch.take(pa.array([*range(last + 1), *[last] * lacking]))


def _upright(value: Any, rows: int) -> Any:  # noqa: ANN401 - an output of any kind
    """Return an output that lies as one row of `rows` labels as a column: converters make such."""
    lies = isinstance(value, np.ndarray) and value.shape == (1, rows)
    return value.T if lies else value


@dataclass(frozen=True, slots=True)
class Discovery:
    """What is known of a model after the trial; `rows` are the records that were scored."""

    graph: Graph
    reading: Reading
    naming: Naming
    rows: tuple[Record, ...]
    left_out: tuple[str, ...]


def discover(path: Path, deadline: Deadline) -> Discovery:
    """Open a model file and find out how it is fed; the same file always gives the same answer.

    Raises InvalidModel where it cannot be opened, or no trial record can be scored.
    """
    graph = read_graph(path)
    session = open_session(portable(path) if graph.changes_case else path)
    refusals: list[str] = []
    for reading in _readings(session, graph):
        for rows in _trials(reading):
            try:
                found = _try(reading, rows, deadline)
            except RefusedRowsError as refusal:
                refusals.append(str(refusal))
                continue
            if found is not None:
                naming = name_outputs(found.outputs, graph, found.vectors)
                return Discovery(graph, found.reading, naming, rows, found.left_out)
    why = refusals[0] if refusals else "its outputs are of no type that can be shown."
    raise InvalidModel(f"The model could not score a trial record: {why}")


def _readings(session: ort.InferenceSession, graph: Graph) -> Iterator[Reading]:
    """Yield the ways to read the axes that the declared shapes admit, the most likely first."""
    for batching in _batchings(session, graph):
        inputs = inputs_of(session, batching, graph)
        fixed = _fixed(session) if batching is Batching.FIXED else 1
        yield Reading(session, batching, inputs, fields_of(inputs, graph), fixed)


def _batchings(session: ort.InferenceSession, graph: Graph) -> tuple[Batching, ...]:
    firsts = {
        (node.shape[0] if isinstance(node.shape[0], int) else None) if node.shape else 1
        for node in session.get_inputs()
    }
    flat = [node for node in session.get_inputs() if not node.shape]
    if firsts == {None}:
        mixed = (Batching.ONE, Batching.WHOLE)
        return mixed if graph.rows_mix else (Batching.ANY, Batching.WHOLE, Batching.ONE)
    if len(firsts) == 1 and not flat:
        return (Batching.FIXED, Batching.WHOLE)
    return (Batching.ONE, Batching.WHOLE) if firsts <= {None, 1} else (Batching.WHOLE,)


def _fixed(session: ort.InferenceSession) -> int:
    return int(session.get_inputs()[0].shape[0])


def _trials(reading: Reading) -> Iterator[tuple[Record, ...]]:
    """Yield made-up records: small values, then the same with nothing but ones for whole numbers.

    Where axes are free, several lengths are tried; networks have a smallest one.
    """
    free = any(None in field.shape for field in reading.fields)
    for length in _FREE_LENGTHS if free else _FREE_LENGTHS[:1]:
        for highest in (1, 0):
            random = np.random.default_rng(_SEED)
            yield tuple(
                {f.name: _made_up(f, row, length, 1 - highest, random) for f in reading.fields}
                for row in range(_ROWS)
            )


def _made_up(
    field: Field, row: int, length: int, lowest: int, random: np.random.Generator
) -> object:
    """Return a value for a field; `lowest` is the smallest whole number to be made up."""
    if field.nullable:
        return None
    shape = tuple(length if n is None else n for n in field.shape)
    if field.categories:
        chosen = field.categories[row % len(field.categories)]
        return np.full(shape, _typed(field, chosen)).tolist() if shape else _typed(field, chosen)
    values: dict[DataType, Any] = {
        DataType.STRING: np.full(shape, "abc"[row], dtype=object),
        DataType.BOOLEAN: random.integers(0, 2, shape).astype(bool),
        DataType.INTEGER: random.integers(1 if row == 0 else lowest, 2, shape),
    }
    made = values.get(field.type, np.round(random.uniform(0, 1, shape), 2))
    return np.asarray(made).tolist()


def _typed(field: Field, category: str) -> object:
    return int(category) if field.type is DataType.INTEGER else category


@dataclass(frozen=True, slots=True)
class Found:
    """The outputs that can be shown, the names of the others, and the vectors of the trial."""

    reading: Reading
    outputs: tuple[Output, ...]
    left_out: tuple[str, ...]
    vectors: dict[str, np.ndarray[Any, Any]]


def _try(reading: Reading, rows: Sequence[Record], deadline: Deadline) -> Found | None:
    """Score the rows under a reading; None where it turns out to be the wrong one.

    Raises RefusedRowsError where a single record cannot be scored.
    """
    batch = batch_of(Schema(reading.fields), flat_tensors(reading.fields, rows))
    together = {Batching.ANY: len(rows), Batching.FIXED: reading.fixed}.get(reading.batching, 1)
    alone = [_alone(reading, batch.slice(row, 1), deadline) for row in range(len(rows))]
    found = _outputs(reading, alone)
    if found is None or together == 1:
        return found
    rows_of_run = batch.take(pa.array([row % batch.num_rows for row in range(together)]))
    try:
        apart = _apart(found.outputs, reading.run(rows_of_run, deadline), alone, together)
    except RefusedRowsError:
        if reading.batching is Batching.FIXED:
            raise
        return replace(found, reading=replace(reading, batching=Batching.ONE))
    return found if apart else None


def _alone(reading: Reading, row: pa.RecordBatch, deadline: Deadline) -> list[Any]:
    """Return the outputs for one row, without those of the rows that pad a fixed batch."""
    outputs = reading.run(row, deadline)
    padded = reading.fixed > 1
    return [value[:1] if padded and np.ndim(value) > 0 else value for value in outputs]


def flat_tensors(fields: Sequence[Field], rows: Sequence[Record]) -> list[Record]:
    """Return the records with tensors of known shape as flat lists, as their columns hold them."""
    known = {f.name for f in fields if f.is_tensor and None not in f.shape}
    return [
        {
            name: np.ravel(np.asarray(value)).tolist() if name in known else value
            for name, value in row.items()
        }
        for row in rows
    ]


def _apart(
    outputs: Sequence[Output],
    together: Sequence[Any],
    alone: Sequence[Sequence[Any]],
    rows: int,
) -> bool:
    """Return whether rows scored together come out as they do alone (padded where need be)."""
    for output in outputs:
        values = together[output.index]
        if np.ndim(values) == 0 or len(values) != rows:
            return False
        singles = [alone[row % len(alone)][output.index] for row in range(rows)]
        if not all(_same(value, one[0]) for value, one in zip(values, singles, strict=True)):
            return False
    return True


def _same(one: Any, other: Any) -> bool:  # noqa: ANN401 - values of any element type, or maps
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and _same(list(one.values()), list(other.values()))
    left, right = np.asarray(one), np.asarray(other)
    if left.shape != right.shape or left.dtype.kind not in "fc":
        return left.shape == right.shape and bool(np.all(left == right))
    return bool(np.allclose(left, right, rtol=1e-3, atol=1e-5, equal_nan=True))


def _outputs(reading: Reading, alone: Sequence[Sequence[Any]]) -> Found | None:
    """Return what came out for rows that were scored alone; None if nothing of it can be shown."""
    outputs: list[Output] = []
    left_out: list[str] = []
    vectors: dict[str, np.ndarray[Any, Any]] = {}
    for index, node in enumerate(reading.session.get_outputs()):
        values = [row[index] for row in alone]
        output = _output(reading, index, node, values)
        if output is None:
            left_out.append(node.name)
            continue
        outputs.append(output)
        if output.form is Form.MAP:
            maps = [value[0] if isinstance(value, list) else value for value in values]
            vectors[node.name] = np.array([[m[key] for key in output.keys] for m in maps])
        elif output.form is not Form.TENSOR and output.type is not DataType.STRING:
            vectors[node.name] = np.stack([np.ravel(value) for value in values])
    return Found(reading, tuple(outputs), tuple(left_out), vectors) if outputs else None


def _output(
    reading: Reading,
    index: int,
    node: Any,  # noqa: ANN401
    values: Sequence[Any],
) -> Output | None:
    first = values[0]
    maps = first if isinstance(first, list) else [first]
    if len(maps) == 1 and isinstance(maps[0], dict) and maps[0]:
        return _map_output(index, node, maps[0], batched=isinstance(first, list))
    kind = node.type.removeprefix("tensor(").removesuffix(")")
    if not isinstance(first, np.ndarray) or kind not in ELEMENT_TYPES:
        return None
    batched = reading.batching is not Batching.WHOLE and first.ndim > 0 and first.shape[0] == 1
    shapes = [value.shape[1:] if batched else value.shape for value in values]
    form, shape = form_of(_lasting(reading, node, shapes, batched=batched))
    return Output(index, node.name, form, ELEMENT_TYPES[kind][0], shape, batched)


def _map_output(index: int, node: Any, first: dict[Any, Any], *, batched: bool) -> Output:  # noqa: ANN401
    element = node.type.split("tensor(")[-1].rstrip(")")
    type_ = ELEMENT_TYPES.get(element, (DataType.DOUBLE,))[0]
    return Output(index, node.name, Form.MAP, type_, (), batched, keys=tuple(first))


def _lasting(
    reading: Reading,
    node: Any,  # noqa: ANN401
    shapes: Sequence[tuple[int, ...]],
    *,
    batched: bool,
) -> tuple[int | None, ...]:
    """Return the shape of a record's output; None where it may change from record to record."""
    free = any(None in field.shape for field in reading.fields)
    declared = list(node.shape)[1 if batched else 0 :]
    if len(declared) != len(shapes[0]):
        declared = [None] * len(shapes[0])
    sizes: list[int | None] = []
    for axis, want in enumerate(declared):
        seen = {shape[axis] for shape in shapes if len(shape) == len(declared)}
        settled = isinstance(want, int) or not free
        sizes.append(seen.pop() if settled and len(seen) == 1 else None)
    return tuple(sizes)
