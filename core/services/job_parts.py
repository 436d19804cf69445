"""The two steps of a task: an upload becomes typed parts, a part becomes outputs.

Both are generators that stop where they may be interrupted: after a part, after a few thousand
rows. What was not renamed into place by then is done again.
"""

import json
import math
from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core.inputs.chunks import Chunk, ChunkSize, without_rows
from core.inputs.tabular import open_table
from core.records import sentence
from core.runtimes.base import ERROR_COLUMN, ModelInfo, Scorer
from core.schema import Schema
from core.services.job_files import Ingested, JobFiles, write_part

PROBLEM = "problem"
RAW = "raw"
OTHERS = b"slipway.others"

_MOST_ROWS_AT_ONCE = 5_000
_CELLS_AT_ONCE = 2_000_000


def ingest(files: JobFiles, schema: Schema) -> Iterator[tuple[int, int]]:
    """Read an upload to typed parts; yield the number and the rows of each that is there.

    Raises InvalidInput where the upload turns out to be no table.
    """
    plan = files.plan
    source = open_table(files.source, plan.kind, schema, plan.options)
    parts: list[int] = []
    for part, chunk in enumerate(source.chunks(ChunkSize(plan.part_rows))):
        if not files.ingest_part(part).exists():
            write_part(files.ingest_part(part), _table(chunk))
        parts.append(chunk.rows)
        yield part, chunk.rows
    files.write_ingested(Ingested(parts, list(source.names()), source.coded))


def score(
    files: JobFiles, part: int, info: ModelInfo, scorer: Scorer, attempt: int = 0
) -> Iterator[int]:
    """Score a part; yield how many rows of it were scored so far.

    A row with a problem has that for its error, and no outputs. Each further attempt gives the
    engine fewer rows at a time: a slow model may have passed the deadline of one call.
    """
    at_once = max(1, _rows_at_once(info.input_schema) // 8**attempt)
    scored: list[pa.RecordBatch] = []
    done = 0
    for records, problems in _records(files, part, info.input_schema, at_once):
        scored.append(_answers(info.output_schema, scorer.score(records), problems))
        done += records.num_rows
        yield done
    table = pa.Table.from_batches(scored)
    failed = table.num_rows - table.column(ERROR_COLUMN).null_count
    write_part(files.score_part(part), table, failed=failed)


def input_column(position: int) -> str:
    """Return the name that a part gives to the model's input at a position."""
    return f"in{position}"


def other_column(position: int) -> str:
    """Return the name that a part gives to a column which the model does not take."""
    return f"other{position}"


def _table(chunk: Chunk) -> pa.Table:
    problems = {at: sentence(found) for at, found in chunk.typed.problems.items()}
    raw = {at: json.dumps(cells) for at, cells in chunk.raw.items()}
    named = {
        **{input_column(i): column for i, column in enumerate(chunk.typed.batch.columns)},
        **{other_column(i): column for i, column in enumerate(chunk.others.columns)},
        PROBLEM: _sparse(problems, chunk.rows),
        RAW: _sparse(raw, chunk.rows),
    }
    return pa.table(named, metadata={OTHERS: json.dumps(chunk.others.schema.names)})


def _sparse(texts: Mapping[int, str], rows: int) -> pa.Array:
    return (
        pa.array(map(texts.get, range(rows)), pa.string()) if texts else pa.nulls(rows, pa.string())
    )


def _records(
    files: JobFiles, part: int, schema: Schema, at_once: int
) -> Iterator[tuple[pa.RecordBatch, pa.Array]]:
    names = [input_column(position) for position in range(len(schema))]
    with pq.ParquetFile(files.ingest_part(part)) as file:
        for batch in file.iter_batches(at_once, columns=[*names, PROBLEM]):
            columns = [batch.column(name) for name in names]
            yield pa.RecordBatch.from_arrays(columns, schema=schema.arrow), batch.column(PROBLEM)


def _rows_at_once(schema: Schema) -> int:
    """Return how many rows go to the engine at a time: fewer where a row holds an image."""
    cells = sum(math.prod(size or 1 for size in field.shape) for field in schema)
    return max(1, min(_MOST_ROWS_AT_ONCE, _CELLS_AT_ONCE // max(cells, 1)))


def _answers(outputs: Schema, scored: pa.RecordBatch, problems: pa.Array) -> pa.RecordBatch:
    columns = [scored.column(field.name).cast(field.arrow_type) for field in outputs]
    errors = scored.column(ERROR_COLUMN)
    if problems.null_count < len(problems):
        bad = np.flatnonzero(problems.is_valid().to_numpy(zero_copy_only=False)).tolist()
        columns = [without_rows(column, bad) for column in columns]
        errors = pc.coalesce(problems, errors)
    return pa.RecordBatch.from_arrays([*columns, errors], [*outputs.names, ERROR_COLUMN])
