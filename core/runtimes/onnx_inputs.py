"""How the fields of a record become the tensors that an ONNX graph takes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
import pyarrow as pa

from core.errors import InvalidModel
from core.runtimes.onnx_graph import Graph, Label
from core.runtimes.rows import matrix
from core.schema import DataType, Field, Interval, Invalid, Optype

MOST_SCALARS = 2000
ELEMENT_TYPES: dict[str, tuple[DataType, np.dtype[Any]]] = {
    "float": (DataType.FLOAT, np.dtype(np.float32)),
    "double": (DataType.DOUBLE, np.dtype(np.float64)),
    "float16": (DataType.FLOAT, np.dtype(np.float16)),
    "bool": (DataType.BOOLEAN, np.dtype(np.bool_)),
    "string": (DataType.STRING, np.dtype(object)),
    **{
        f"{sign}int{bits}": (DataType.INTEGER, np.dtype(f"{sign}int{bits}"))
        for sign in ("", "u")
        for bits in (8, 16, 32, 64)
    },
}
_WIDEST = 2**63 - 1


class Batching(StrEnum):
    """How many records one run of the graph takes."""

    ANY = "any number of rows"
    FIXED = "a fixed number of rows"
    ONE = "one row"
    WHOLE = "one record, without an axis for rows"


class Kind(StrEnum):
    """What of a record goes into one input of the graph."""

    SCALARS = "scalars"
    TENSOR = "tensor"
    MAP = "map"
    DEFAULTED = "defaulted"


@dataclass(frozen=True, slots=True)
class Input:
    """One input of the graph, and the `count` columns of a batch that fill it.

    `shape` is that of one record; `batched` tells whether the axis of rows comes before it.
    """

    name: str
    kind: Kind
    type: DataType
    dtype: np.dtype[Any]
    shape: tuple[int | None, ...]
    batched: bool
    first: int
    count: int
    keys: tuple[Label, ...] = ()

    def feed(self, batch: pa.RecordBatch) -> Any:  # noqa: ANN401 - a tensor, or a map
        """Return the tensor for the rows of a batch (one row where no axis is for rows)."""
        if self.kind is Kind.TENSOR:
            return self._tensor(batch.column(self.first))
        places = range(self.first, self.first + self.count)
        own = batch if len(places) == batch.num_columns else batch.select(places)
        if self.kind is Kind.MAP:
            return self._map(own)
        table = self._table(own)
        return table.reshape((len(own), *self.shape) if self.batched else self.shape)

    def _table(self, own: pa.RecordBatch) -> np.ndarray[Any, Any]:
        if self.type in (DataType.FLOAT, DataType.DOUBLE):
            return matrix(own, self.dtype)
        table = np.empty((len(own), self.count), dtype=self.dtype)
        for position, column in enumerate(own.columns):
            table[:, position] = column.to_numpy(zero_copy_only=False)
        return table

    def _tensor(self, column: pa.Array) -> np.ndarray[Any, Any]:
        if None in self.shape:
            rows = [_dense(column[row].values) for row in range(len(column))]
            return np.asarray(rows if self.batched else rows[0], dtype=self.dtype)
        known = tuple(n or 0 for n in self.shape)
        flat = column.flatten().to_numpy(zero_copy_only=False)
        table: np.ndarray[Any, Any] = flat.astype(self.dtype, copy=False)
        return table.reshape((len(column), *known) if self.batched else known)

    def _map(self, own: pa.RecordBatch) -> dict[Label, object]:
        values = (column[0].as_py() for column in own.columns)
        empty: object = "" if self.type is DataType.STRING else 0.0
        return {
            key: empty if value is None else value
            for key, value in zip(self.keys, values, strict=True)
        }


def _dense(lists: pa.Array) -> np.ndarray[Any, Any]:
    """Return lists in lists, all of one length on each level, as an array."""
    shape = [len(lists)]
    while pa.types.is_list(lists.type):
        outer, lists = len(lists), lists.flatten()
        shape.append(len(lists) // max(outer, 1))
    table: np.ndarray[Any, Any] = lists.to_numpy(zero_copy_only=False)
    return table.reshape(shape)


def inputs_of(session: Any, batching: Batching, graph: Graph) -> tuple[Input, ...]:  # noqa: ANN401
    """Return the inputs of a session under one reading of its axes.

    Raises InvalidModel for an input that no field can fill.
    """
    plan: list[Input] = []
    first = 0
    for node in session.get_inputs():
        made = _input(node, batching, graph, first)
        plan.append(made)
        first += made.count
    for node in session.get_overridable_initializers():
        made = _input(node, Batching.WHOLE, graph, first)
        if math.prod(n or 0 for n in made.shape) == 1:
            plan.append(replace(made, kind=Kind.DEFAULTED, count=1))
            first += 1
    return tuple(plan)


def _input(node: Any, batching: Batching, graph: Graph, first: int) -> Input:  # noqa: ANN401
    if node.type.startswith("map("):
        return _map_input(node, graph, first)
    type_, dtype = _element(node)
    sizes = tuple(n if isinstance(n, int) else None for n in node.shape)
    batched = batching is not Batching.WHOLE and len(sizes) > 0
    shape = sizes[1:] if batched else sizes
    if len(shape) == 1 and shape[0] is None and graph.width:
        shape = (graph.width,)
    count = math.prod(n or 0 for n in shape)
    scalars = None not in shape and (count == 1 or (len(shape) == 1 and count <= MOST_SCALARS))
    return Input(
        name=node.name,
        kind=Kind.SCALARS if scalars else Kind.TENSOR,
        type=type_,
        dtype=dtype,
        shape=shape,
        batched=batched,
        first=first,
        count=count if scalars else 1,
    )


def _element(node: Any) -> tuple[DataType, np.dtype[Any]]:  # noqa: ANN401
    element = node.type.removeprefix("tensor(").removesuffix(")")
    if not node.type.startswith("tensor(") or element not in ELEMENT_TYPES:
        raise InvalidModel(
            f"The input {node.name} is of the type {node.type}; Slipway fills tensors of numbers, "
            "texts and booleans, and maps of known keys."
        )
    return ELEMENT_TYPES[element]


def _map_input(node: Any, graph: Graph, first: int) -> Input:  # noqa: ANN401
    keys = graph.keys.get(node.name, ())
    if not keys:
        raise InvalidModel(
            f"The input {node.name} is a map, and the file does not say which keys it may have."
        )
    text = node.type.endswith("tensor(string))")
    type_, dtype = ELEMENT_TYPES["string" if text else "float"]
    return Input(node.name, Kind.MAP, type_, dtype, (), False, first, len(keys), keys)


def fields_of(plan: Sequence[Input], graph: Graph) -> tuple[Field, ...]:
    """Return the fields that fill the inputs, in the order of their columns."""
    fields: list[Field] = []
    for port in plan:
        names = _names(port, graph, only=len(plan) == 1)
        shape = port.shape if port.kind is Kind.TENSOR else ()
        fields += [_field(port, name, shape, graph) for name in names]
    return unique(fields)


def _names(port: Input, graph: Graph, *, only: bool) -> Sequence[str]:
    if port.kind is Kind.MAP:
        return list(map(str, port.keys))
    if port.count == 1:
        return [port.name]
    keys = ("feature_names", "features", "input_feature_names", "columns", "feature_columns")
    named = graph.names(keys, port.count) if only else ()
    return named or [f"{port.name}_{position}" for position in range(port.count)]


def _field(port: Input, name: str, shape: tuple[int | None, ...], graph: Graph) -> Field:
    optional = port.kind in (Kind.DEFAULTED, Kind.MAP)
    plain = port.type in (DataType.STRING, DataType.BOOLEAN)
    labels = graph.categories.get(port.name, ()) if port.count == 1 and not shape else ()
    return Field(
        name=name,
        type=port.type,
        optype=Optype.CATEGORICAL if plain or labels else Optype.CONTINUOUS,
        categories=tuple(map(str, labels)),
        intervals=_bounds(port.dtype),
        shape=shape,
        required=not optional,
        nullable=optional,
        invalid=Invalid.AS_IS if labels else Invalid.REFUSE,
        missing=_MISSING.get(port.kind, ""),
    )


_MISSING = {
    Kind.DEFAULTED: "the default in the file is used",
    Kind.MAP: "left out of the record",
}


def _bounds(dtype: np.dtype[Any]) -> tuple[Interval, ...]:
    """Return the range of a whole-number type that is narrower than Slipway's own."""
    if dtype.kind not in "iu" or dtype == np.dtype(np.int64):
        return ()
    limits = np.iinfo(dtype)
    return (Interval(float(limits.min), float(limits.max) if limits.max < _WIDEST else None),)


def unique(fields: Sequence[Field], taken: frozenset[str] = frozenset()) -> tuple[Field, ...]:
    """Return the fields with names that differ from one another and from those taken."""
    used = set(taken)
    named: list[Field] = []
    for field in fields:
        name, number = field.name, 1
        while name in used:
            number += 1
            name = f"{field.name}_{number}"
        used.add(name)
        named.append(replace(field, name=name))
    return tuple(named)
