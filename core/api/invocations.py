"""MLflow's scoring call: `POST /invocations/{endpoint}`: HTTP.md, section 3.

Source: https://mlflow.org/docs/latest/genai/serving/ (the input formats of the scoring server).
"""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import msgspec
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.api.edge import Handler, guarded, json_answer, read_body
from core.api.online import SMALL_BODY, Lanes
from core.api.protocol import bearer
from core.errors import InvalidInput
from core.files import Files
from core.inputs.chunks import ChunkSize
from core.inputs.tabular import open_table
from core.records import Typed, typed_batch
from core.runtimes.base import ERROR_COLUMN
from core.schema import Schema
from core.services.deployment_views import Live
from core.services.predictions import Answer, Measure, Record, Table

if TYPE_CHECKING:
    from core.platform import Platform

KEYS = ("dataframe_split", "dataframe_records", "instances", "inputs")
_PARQUET = ("application/vnd.apache.parquet", "application/x-parquet", "application/parquet")
_CHUNK = ChunkSize(10_000)


def route(platform: Callable[[], "Platform"], lanes: Lanes) -> Route:
    """Return the route of the call."""
    return Route("/invocations/{endpoint}", guarded(_invoke(platform, lanes)), methods=["POST"])


def _invoke(platform: Callable[[], "Platform"], lanes: Lanes) -> Handler:
    async def invoke(request: Request) -> Response:
        here = platform()
        caller = bearer(request, here)
        live = here.deployments.live_for(caller, request.path_params["endpoint"])
        body = await read_body(request, here.settings.max_call_bytes)
        with here.predictions.measured(caller, live) as measure:
            read = partial(_records, request, body, here, live)
            score = partial(_scored, request, here, live, measure)
            if len(body) > SMALL_BODY:
                return await lanes.run(False, live.deployment_id, lambda: score(read()))
            records = read()
            fast = isinstance(records, list) and here.predictions.is_fast(live, len(records))
            return await lanes.run(fast, live.deployment_id, lambda: score(records))

    return invoke


def _scored(
    request: Request,
    platform: "Platform",
    live: Live,
    measure: Measure,
    records: list[Record] | Table,
) -> Response:
    answer = platform.predictions.answer(live, records, measure)
    _require_some(answer)
    return _answer(request, answer, live)


def _records(
    request: Request, body: bytes, platform: "Platform", live: Live
) -> list[Record] | Table:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    schema = live.info.input_schema
    if kind == "application/json":
        return records_in(body, schema)
    if kind == "text/csv":
        return Table(_csv_parts(platform.files, body, schema))
    if kind in _PARQUET:
        return Table(_parquet_parts(body, schema))
    raise InvalidInput(
        f'The content type is "{kind[:60]}"; send application/json, text/csv or {_PARQUET[0]}.'
    )


def records_in(body: bytes, schema: Schema) -> list[Record]:
    """Return the records of a JSON body; raises InvalidInput where it is none of the formats."""
    try:
        sent = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidInput(f"The body is not JSON: {error}.") from error
    given = [key for key in KEYS if isinstance(sent, dict) and key in sent]
    if len(given) != 1:
        raise InvalidInput(f"The body must be an object with exactly one of {', '.join(KEYS)}.")
    records = _READERS[given[0]](sent[given[0]], schema)
    if not records:
        raise InvalidInput(f"{given[0]} holds no records; give at least one.")
    return records


def _split(sent: object, _: Schema) -> list[Record]:
    if not isinstance(sent, dict) or not {"columns", "data"} <= sent.keys():
        raise InvalidInput('dataframe_split must be {"columns": [...], "data": [[...], ...]}.')
    columns, data = sent["columns"], sent["data"]
    if not isinstance(columns, list) or not isinstance(data, list):
        raise InvalidInput("columns and data of dataframe_split must be lists.")
    return [_row("data", columns, values, at) for at, values in enumerate(data, start=1)]


def _listed(sent: object, _: Schema) -> list[Record]:
    if not isinstance(sent, list) or not all(isinstance(record, dict) for record in sent):
        raise InvalidInput("dataframe_records must be a list of objects.")
    return sent


def _instances(sent: object, schema: Schema) -> list[Record]:
    """Objects by field name, lists in the schema's order, or values for a model of one field."""
    if not isinstance(sent, list):
        raise InvalidInput("instances must be a list.")
    return [_instance(value, schema, at) for at, value in enumerate(sent, start=1)]


def _instance(value: object, schema: Schema, at: int) -> Record:
    if isinstance(value, dict):
        return value
    alone = len(schema) == 1 and (schema.fields[0].is_tensor or not isinstance(value, list))
    return _row("instances", schema.names, [value] if alone else value, at)


def _inputs(sent: object, schema: Schema) -> list[Record]:
    """Columns by field name, or what `instances` holds."""
    if not isinstance(sent, Mapping):
        return _instances(sent, schema)
    columns = {str(k): v if isinstance(v, list) else [v] for k, v in sent.items()}
    lengths = {len(column) for column in columns.values()}
    if len(lengths) > 1:
        raise InvalidInput("The columns of inputs are not all of the same length.")
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


_READERS: dict[str, Callable[[object, Schema], list[Record]]] = {
    "dataframe_split": _split,
    "dataframe_records": _listed,
    "instances": _instances,
    "inputs": _inputs,
}


def _row(what: str, names: Sequence[str], values: object, at: int) -> Record:
    if not isinstance(values, list) or len(values) != len(names):
        raise InvalidInput(
            f"Row {at} of {what} is no list of {len(names)} values ({', '.join(map(str, names))})."
        )
    return dict(zip(names, values, strict=True))


def _csv_parts(files: Files, body: bytes, schema: Schema) -> Iterator[Typed]:
    staged = files.stage(io.BytesIO(body), "rows.csv", len(body))
    try:
        for chunk in open_table(staged.path, "csv", schema).chunks(_CHUNK):
            yield chunk.typed
    finally:
        staged.path.unlink(missing_ok=True)


def _parquet_parts(body: bytes, schema: Schema) -> Iterator[Typed]:
    try:
        file = pq.ParquetFile(io.BytesIO(body))
    except pa.ArrowInvalid as error:
        raise InvalidInput(f"The body is no Parquet file: {error}.") from error
    row = 1
    for batch in file.iter_batches(_CHUNK.rows):
        yield typed_batch(schema, batch, row)
        row += batch.num_rows


def _require_some(answer: Answer) -> None:
    """Raise InvalidInput where no record could be scored: the whole call failed."""
    errors = [record.get(ERROR_COLUMN) for record in answer.records]
    if errors and all(error is not None for error in errors):
        raise InvalidInput(str(errors[0]))


def _answer(request: Request, answer: Answer, live: Live) -> Response:
    if "text/csv" not in request.headers.get("accept", ""):
        return json_answer({"predictions": answer.records})
    names = [*live.info.output_schema.names, ERROR_COLUMN]
    table = pa.Table.from_pylist([{n: r.get(n) for n in names} for r in answer.records])
    sink = io.BytesIO()
    pa_csv.write_csv(table, sink)
    return Response(sink.getvalue(), media_type="text/csv; charset=utf-8")
