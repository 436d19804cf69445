"""The Open Inference Protocol, version 2, over JSON: HTTP.md, section 2.

Source: https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pyarrow as pa

from core.errors import InvalidInput
from core.records import Typed, require_columns, typed_batch, typed_records
from core.runtimes.base import ERROR_COLUMN
from core.schema import DataType, Field, Schema
from core.services.deployment_views import Live

DATATYPES: dict[DataType, str] = {
    DataType.INTEGER: "INT64",
    DataType.FLOAT: "FP32",
    DataType.DOUBLE: "FP64",
    DataType.BOOLEAN: "BOOL",
    DataType.STRING: "BYTES",
    DataType.DATE: "BYTES",
    DataType.TIME: "BYTES",
    DataType.DATETIME: "BYTES",
}

_FEW = 8  # records that are sooner read value by value than made columns first


class Tensor(msgspec.Struct):
    """An input tensor: its data flat in row-major order, or nested as its shape says."""

    name: str
    shape: list[int]
    datatype: str
    data: list[Any]
    parameters: dict[str, Any] | None = None


class RequestedOutput(msgspec.Struct):
    """An output that the caller asks for."""

    name: str
    parameters: dict[str, Any] | None = None


class InferRequest(msgspec.Struct):
    """The body of an inference call."""

    inputs: list[Tensor]
    id: str | None = None
    outputs: list[RequestedOutput] | None = None
    parameters: dict[str, Any] | None = None


_decoder = msgspec.json.Decoder(InferRequest)


def read_request(body: bytes) -> InferRequest:
    """Return the decoded body; raises InvalidInput with the place of what is wrong."""
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidInput(f"The body is no inference request: {error}.") from error


def typed_of(request: InferRequest, schema: Schema) -> Typed:
    """Return the input tensors typed for a model, by the names of its fields.

    One tensor of shape [n, number of fields] is taken whole, its columns in the schema's order.
    Raises InvalidInput where names, shapes or lengths do not fit.
    """
    if not request.inputs:
        raise InvalidInput("The request has no inputs; give one tensor per field.")
    if len({tensor.name for tensor in request.inputs}) < len(request.inputs):
        raise InvalidInput("Two of the inputs have the same name; give one tensor per field.")
    columns = _columns(request.inputs, schema)
    if _rows(request.inputs) <= _FEW and not _any_lists(columns):
        require_columns(schema, columns)
        rows = zip(*columns.values(), strict=True)
        return typed_records(schema, [dict(zip(columns, row, strict=True)) for row in rows])
    arrays = [_array(name, values) for name, values in columns.items()]
    return typed_batch(schema, pa.RecordBatch.from_arrays(arrays, list(columns)))


def rows_in(request: InferRequest) -> int:
    """Return how many rows the input tensors say they have."""
    return _rows(request.inputs) if request.inputs else 0


def selected(request: InferRequest, outputs: Sequence[Field]) -> tuple[Field, ...]:
    """Return the outputs that the request asks for, all of them where it names none."""
    if not request.outputs:
        return tuple(outputs)
    known = {field.name: field for field in outputs}
    for wanted in request.outputs:
        if wanted.name not in known:
            raise InvalidInput(f'There is no output "{wanted.name}"; there are {", ".join(known)}.')
    return tuple(known[wanted.name] for wanted in request.outputs)


def answer(
    request: InferRequest, live: Live, selection: Sequence[Field], scored: pa.RecordBatch
) -> dict[str, object]:
    """Return the body of an answer.

    Where some rows could not be scored their outputs are null, and a last output `error` says why.
    Raises InvalidInput where none could.
    """
    errors = scored.column(ERROR_COLUMN)
    if scored.num_rows and failed(scored) == scored.num_rows:
        raise InvalidInput(str(errors[0]))
    outputs = [_output(field, scored) for field in selection]
    if failed(scored):
        outputs.append(_tensor(ERROR_COLUMN, "BYTES", [scored.num_rows], errors.to_pylist()))
    body: dict[str, object] = {
        "model_name": live.endpoint,
        "model_version": str(live.version),
        "outputs": outputs,
    }
    return body if request.id is None else {**body, "id": request.id}


def failed(scored: pa.RecordBatch) -> int:
    """Return how many rows of a scored batch have an error."""
    return int(scored.num_rows - scored.column(ERROR_COLUMN).null_count)


def metadata(live: Live) -> dict[str, object]:
    """Return what the protocol calls a model's metadata."""
    return {
        "name": live.endpoint,
        "versions": [str(live.version)],
        "platform": live.info.format,
        "inputs": [_described(field) for field in live.info.inputs],
        "outputs": [_described(field) for field in live.info.outputs],
    }


def _rows(tensors: Sequence[Tensor]) -> int:
    counts = {tensor.shape[0] if tensor.shape else 1 for tensor in tensors}
    if len(counts) > 1:
        raise InvalidInput("The tensors have different numbers of rows (the first of each shape).")
    (rows,) = counts
    return rows


def _is_whole(tensors: Sequence[Tensor], schema: Schema) -> bool:
    scalars = all(not field.is_tensor for field in schema)
    if len(tensors) != 1 or not scalars or len(tensors[0].shape) != 2:
        return False
    tensor = tensors[0]
    return tensor.shape[1] == len(schema) and (len(schema) > 1 or tensor.name not in schema.names)


def _columns(tensors: Sequence[Tensor], schema: Schema) -> dict[str, list[Any]]:
    """Return the values of each column: a list for each record where a field is a tensor."""
    rows = _rows(tensors)
    if _is_whole(tensors, schema):
        flat, width = _flat(tensors[0]), len(schema)
        return {name: flat[place::width] for place, name in enumerate(schema.names)}
    shaped = {field.name for field in schema if field.is_tensor}
    return {
        tensor.name: _records(tensor, rows) if tensor.name in shaped else _scalars(tensor, rows)
        for tensor in tensors
    }


def _scalars(tensor: Tensor, rows: int) -> list[Any]:
    flat = _flat(tensor)
    if len(flat) != rows:
        raise InvalidInput(
            f"{tensor.name}: the shape is {tensor.shape}, not [{rows}] or [{rows}, 1]."
        )
    return flat


def _records(tensor: Tensor, rows: int) -> list[Any]:
    flat, shape = _flat(tensor), tensor.shape[1:]
    size = math.prod(shape)
    return [_nested(flat[at * size : (at + 1) * size], shape) for at in range(rows)]


def _any_lists(columns: Mapping[str, list[Any]]) -> bool:
    return any(isinstance(value, list | dict) for values in columns.values() for value in values)


def _flat(tensor: Tensor) -> list[Any]:
    flat = tensor.data
    while flat and isinstance(flat[0], list):
        if not all(isinstance(item, list) for item in flat):
            raise InvalidInput(f"{tensor.name}: the lists of data are not all equally deep.")
        flat = [item for part in flat for item in part]
    wanted = math.prod(tensor.shape)
    if min(tensor.shape, default=1) < 0 or len(flat) != wanted:
        raise InvalidInput(
            f"{tensor.name}: the shape {tensor.shape} wants {wanted} values; there are {len(flat)}."
        )
    return flat


def _nested(flat: list[Any], shape: Sequence[int]) -> list[Any]:
    if len(shape) <= 1:
        return flat
    step = math.prod(shape[1:])
    return [_nested(flat[at * step : (at + 1) * step], shape[1:]) for at in range(shape[0])]


def _array(name: str, values: list[Any]) -> pa.Array:
    """Return values as a column; kinds that Arrow does not mix go as text, which is read alike."""
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
        if any(isinstance(value, list | dict) for value in values):
            raise InvalidInput(f"{name}: the data mix lists and single values.") from error
        return pa.array([None if value is None else str(value) for value in values])


def _output(field: Field, scored: pa.RecordBatch) -> dict[str, object]:
    values = scored.column(field.name).to_pylist()
    if not field.is_tensor:
        return _tensor(field.name, DATATYPES[field.type], [len(values)], values)
    shape = [length or 0 for length in field.shape]
    flat = [item for value in values for item in _leaves(value)]
    if None in field.shape and values:
        shape = _shape_of(values[0])
    return _tensor(field.name, DATATYPES[field.type], [len(values), *shape], flat)


def _leaves(value: object) -> list[object]:
    if not isinstance(value, list):
        return [value]
    return [leaf for item in value for leaf in _leaves(item)]


def _shape_of(value: object) -> list[int]:
    if not isinstance(value, list):
        return []
    return [len(value), *(_shape_of(value[0]) if value else [])]


def _tensor(name: str, datatype: str, shape: list[int], data: list[Any]) -> dict[str, object]:
    finite = [None if isinstance(x, float) and not math.isfinite(x) else x for x in data]
    return {"name": name, "datatype": datatype, "shape": shape, "data": finite}


def _described(field: Field) -> dict[str, object]:
    shape = [-1, *(-1 if length is None else length for length in field.shape)]
    return {"name": field.name, "datatype": DATATYPES[field.type], "shape": shape}
