"""How what an ONNX graph gives becomes the output fields of a record."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
import pyarrow as pa

from core.runtimes.base import ERROR_COLUMN, PREDICTION, PROBABILITY, SCORE
from core.runtimes.onnx_graph import Graph, Label
from core.runtimes.onnx_inputs import MOST_SCALARS, unique
from core.runtimes.rows import RefusedRowsError
from core.schema import ARROW_TYPES, DataType, Field, Interval, Optype, nested_lists


class Form(StrEnum):
    """What one output of the graph holds for one record."""

    VALUE = "value"
    VECTOR = "vector"
    MAP = "map"
    TENSOR = "tensor"


@dataclass(frozen=True, slots=True)
class Output:
    """One output of the graph, and the columns that come out of it.

    `shape` is that of one record. `best`: a column with the position (or, from `labels`, the name)
    of the largest number goes before the others.
    """

    index: int
    name: str
    form: Form
    type: DataType
    shape: tuple[int | None, ...]
    batched: bool
    keys: tuple[Label, ...] = ()
    best: bool = False
    labels: tuple[Label, ...] = ()

    @property
    def width(self) -> int:
        """Return how many numbers one record has in a vector or a map."""
        return len(self.keys) if self.form is Form.MAP else (self.shape[0] or 0)

    def columns(self, value: Any, rows: int) -> list[pa.Array]:  # noqa: ANN401
        """Return the columns for the rows of one run; raises RefusedRowsError on a misfit."""
        if self.form is Form.MAP:
            maps = value if isinstance(value, list) else [value]
            return [pa.array([m.get(k) for m in maps], ARROW_TYPES[self.type]) for k in self.keys]
        table = np.asarray(value)
        self._fit(table, rows)
        if self.form is Form.TENSOR:
            return [self._tensor_column(table, rows)]
        table = table.reshape(rows, -1)
        columns = [self._array(table[:, position]) for position in range(table.shape[1])]
        return [self._best(table), *columns] if self.best else columns

    def _fit(self, table: np.ndarray[Any, Any], rows: int) -> None:
        have = table.shape[1:] if self.batched else table.shape
        right = not self.batched or (table.ndim > 0 and table.shape[0] == rows)
        if self.form is Form.TENSOR:
            right = right and len(have) == len(self.shape)
            right = right and all(
                want in (None, n) for want, n in zip(self.shape, have, strict=True)
            )
        else:
            right = right and table.size == rows * (1 if self.form is Form.VALUE else self.width)
        if not right:
            found = "x".join(map(str, have)) or "a single value"
            raise RefusedRowsError(
                f"The model's output {self.name} has the shape {found} for this record, which is "
                "not what the model had when it was inspected."
            )

    def _array(self, values: np.ndarray[Any, Any]) -> pa.Array:
        kind = ARROW_TYPES[self.type]
        if self.type is DataType.STRING:
            return pa.array(list(values), kind)
        return pa.array(np.ascontiguousarray(values).astype(_NUMPY[self.type], copy=False), kind)

    def _tensor_column(self, table: np.ndarray[Any, Any], rows: int) -> pa.Array:
        if None in self.shape:
            shape = table.shape if self.batched else (1, *table.shape)
            return nested_lists(self._array(table.ravel()), shape)
        flat = self._array(table.ravel())
        return pa.FixedSizeListArray.from_arrays(flat, table.size // max(rows, 1))

    def _best(self, table: np.ndarray[Any, Any]) -> pa.Array:
        positions = np.argmax(table, axis=1)
        if not self.labels:
            return pa.array(positions, pa.int64())
        return pa.array(self.labels).take(pa.array(positions))


_NUMPY: dict[DataType, type[np.generic]] = {
    DataType.FLOAT: np.float32,
    DataType.DOUBLE: np.float64,
    DataType.INTEGER: np.int64,
    DataType.BOOLEAN: np.bool_,
}


@dataclass(frozen=True, slots=True)
class Naming:
    """The outputs with their roles, their fields, and what the model does."""

    outputs: tuple[Output, ...]
    fields: tuple[Field, ...]
    function: str
    warnings: tuple[str, ...] = ()


def name_outputs(
    outputs: Sequence[Output], graph: Graph, values: dict[str, np.ndarray[Any, Any]]
) -> Naming:
    """Find the prediction and the probabilities among the outputs.

    `values` are the numbers of trial rows by output name. A vector is taken for probabilities if it
    comes out of a softmax, or if its trial rows are between 0 and 1 and sum to 1; so are columns
    that end with the names of the classes.
    """
    values_only = [o for o in outputs if o.form is Form.VALUE]
    labels = [o for o in values_only if o.type in (DataType.INTEGER, DataType.STRING)]
    scores = [o for o in outputs if o.form is Form.MAP or _is_score_vector(o)]
    if len(labels) == 1 and len(scores) == 1:
        return _classification(outputs, labels[0], scores[0], graph, values)
    if len(labels) == 1 and _are_class_columns(outputs, labels[0], graph):
        return _in_columns(outputs, labels[0], graph, values)
    if not labels and len(outputs) == 1 and len(scores) == 1:
        named = _from_scores_alone(scores[0], graph, values)
        if named is not None:
            return named
    main = labels if len(labels) == 1 else values_only
    return _plain(outputs, main[0] if len(main) == 1 else None)


def _is_score_vector(output: Output) -> bool:
    floating = output.type in (DataType.FLOAT, DataType.DOUBLE)
    return output.form is Form.VECTOR and floating and output.width > 1


def _classification(
    outputs: Sequence[Output],
    label: Output,
    score: Output,
    graph: Graph,
    values: dict[str, np.ndarray[Any, Any]],
) -> Naming:
    classes = _classes(score, graph)
    prefix = PROBABILITY if _are_probabilities(score, graph, values) else SCORE
    fields: list[Field] = []
    for output in outputs:
        if output is label:
            fields.append(_prediction(label.type, classes))
        elif output is score:
            fields += _class_fields(score, classes, prefix)
        else:
            fields += _own_fields(output)
    return Naming(tuple(outputs), _named(fields), "classification")


def _are_class_columns(outputs: Sequence[Output], label: Output, graph: Graph) -> bool:
    """Return whether each class has an output of its own, named after it, beside the label."""
    others = [output for output in outputs if output is not label]
    numbers = all(
        o.form is Form.VALUE and o.type in (DataType.FLOAT, DataType.DOUBLE) for o in others
    )
    return (
        numbers
        and len(others) == len(graph.labels) > 1
        and all(o.name.endswith(str(c)) for o, c in zip(others, graph.labels, strict=True))
    )


def _in_columns(
    outputs: Sequence[Output], label: Output, graph: Graph, values: dict[str, np.ndarray[Any, Any]]
) -> Naming:
    table = np.hstack([values[output.name] for output in outputs if output is not label])
    prefix = PROBABILITY if _sum_to_one(table) else SCORE
    bounds = (Interval(0, 1),) if prefix == PROBABILITY else ()
    classes = iter(graph.labels)
    fields = [
        _prediction(label.type, graph.labels)
        if output is label
        else Field(f"{prefix}{next(classes)}", output.type, intervals=bounds)
        for output in outputs
    ]
    return Naming(tuple(outputs), _named(fields), "classification")


def _from_scores_alone(
    score: Output, graph: Graph, values: dict[str, np.ndarray[Any, Any]]
) -> Naming | None:
    """Name a single vector as a classifier's, if it is one: the best class is its prediction."""
    probable = _are_probabilities(score, graph, values)
    if not probable and not graph.convolves:
        return None
    classes = _classes(score, graph)
    told = bool(graph.names(_CLASS_KEYS, score.width) or graph.labels)
    output = replace(score, best=True, labels=classes if told else ())
    kind = DataType.STRING if told and isinstance(classes[0], str) else DataType.INTEGER
    prefix = PROBABILITY if probable else SCORE
    fields = [_prediction(kind, classes), *_class_fields(score, classes, prefix)]
    unnamed = (
        f"The file does not name its {score.width} classes: the prediction is the position of the "
        f"largest of {score.name}, counted from 0.",
    )
    return Naming((output,), _named(fields), "classification", () if told else unnamed)


def _plain(outputs: Sequence[Output], main: Output | None) -> Naming:
    fields: list[Field] = []
    for output in outputs:
        fields += [_prediction(output.type, ())] if output is main else _own_fields(output)
    function = "transformation"
    if main is not None:
        numeric = main.type in (DataType.FLOAT, DataType.DOUBLE)
        function = "regression" if numeric else "classification"
    return Naming(tuple(outputs), _named(fields), function)


_CLASS_KEYS = ("classes", "class_names", "class_labels", "labels", "names", "categories")


def _classes(score: Output, graph: Graph) -> tuple[Label, ...]:
    if score.form is Form.MAP:
        return score.keys
    if len(graph.labels) == score.width:
        return graph.labels
    return graph.names(_CLASS_KEYS, score.width) or tuple(range(score.width))


def _are_probabilities(
    score: Output, graph: Graph, values: dict[str, np.ndarray[Any, Any]]
) -> bool:
    if score.name in graph.softmax:
        return True
    table = values.get(score.name)
    return table is not None and _sum_to_one(table)


def _sum_to_one(table: np.ndarray[Any, Any]) -> bool:
    """Return whether the rows of a table are probabilities."""
    if not table.size:
        return False
    within = bool(np.all((table >= -1e-6) & (table <= 1 + 1e-6)))
    return within and bool(np.allclose(table.sum(axis=1), 1, atol=1e-3))


def _prediction(type_: DataType, classes: Sequence[Label]) -> Field:
    numeric = type_ in (DataType.FLOAT, DataType.DOUBLE)
    return Field(
        name=PREDICTION,
        type=type_,
        optype=Optype.CONTINUOUS if numeric else Optype.CATEGORICAL,
        categories=() if numeric else tuple(map(str, classes)),
    )


def _class_fields(score: Output, classes: Sequence[Label], prefix: str) -> list[Field]:
    bounds = (Interval(0, 1),) if prefix == PROBABILITY else ()
    return [Field(f"{prefix}{label}", score.type, intervals=bounds) for label in classes]


def _own_fields(output: Output) -> list[Field]:
    plain = output.type in (DataType.STRING, DataType.BOOLEAN)
    optype = Optype.CATEGORICAL if plain else Optype.CONTINUOUS
    if output.form is Form.TENSOR:
        return [Field(output.name, output.type, optype, shape=output.shape)]
    if output.form is Form.VALUE:
        return [Field(output.name, output.type, optype)]
    ends = output.keys if output.form is Form.MAP else range(output.width)
    return [Field(f"{output.name}_{end}", output.type, optype) for end in ends]


def _named(fields: Sequence[Field]) -> tuple[Field, ...]:
    return unique(fields, frozenset({ERROR_COLUMN}))


def form_of(shape: Sequence[int | None]) -> tuple[Form, tuple[int | None, ...]]:
    """Return the form of a record's output of this shape; ones at its end do not count."""
    trimmed = list(shape)
    while trimmed and trimmed[-1] == 1:
        trimmed.pop()
    if not trimmed:
        return Form.VALUE, ()
    if len(trimmed) == 1 and trimmed[0] is not None and 0 < trimmed[0] <= MOST_SCALARS:
        return Form.VECTOR, (trimmed[0],)
    return Form.TENSOR, tuple(shape)
