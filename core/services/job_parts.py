"""The two steps of a task: an upload becomes typed parts, a part becomes outputs.

Both are generators that stop where they may be interrupted: after a part, after a few thousand
rows. What was not renamed into place by then is done again.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core.errors import Problem
from core.inputs.chunks import Chunk, ChunkSize
from core.inputs.pictures import read_pictures
from core.inputs.tabular import open_table
from core.records import sentence, without_rows
from core.runtimes.base import ERROR_COLUMN, ModelInfo, Scorer
from core.schema import Schema
from core.services.job_files import Ingested, JobFiles, write_part
from core.services.job_stride import Doubt, Stride, score_apart

PROBLEM = "problem"
RAW = "raw"
OTHERS = b"slipway.others"


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
    files: JobFiles,
    part: int,
    info: ModelInfo,
    scorer: Scorer,
    stride: Stride,
    doubt: Doubt | None = None,
) -> Iterator[int]:
    """Score a part; yield how many rows of it were scored so far.

    A row with a problem has that for its error, and no outputs. With a `doubt`, rows that the
    engine cannot answer are told apart from the others; without, what it raises is passed on.
    """
    scored: list[pa.RecordBatch] = []
    done = 0
    for records, problems in _records(files, part, info.input_schema, stride):
        began = time.monotonic()
        answered: list[pa.RecordBatch] = []
        for answer in _asked(scorer, records, info.output_schema, doubt):
            answered += [answer] if answer is not None else []
            yield done + sum(each.num_rows for each in answered)
        stride.took(records.num_rows, time.monotonic() - began)
        scored.append(_answers(info.output_schema, answered, problems))
        done += records.num_rows
    table = pa.Table.from_batches(scored)
    failed = table.num_rows - table.column(ERROR_COLUMN).null_count
    write_part(files.score_part(part), table, failed=failed)


def _asked(
    scorer: Scorer, records: pa.RecordBatch, outputs: Schema, doubt: Doubt | None
) -> Iterator[pa.RecordBatch | None]:
    if doubt is None:
        yield scorer.score(records)
    else:
        yield from score_apart(scorer, records, outputs, doubt)


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
    files: JobFiles, part: int, schema: Schema, stride: Stride
) -> Iterator[tuple[pa.RecordBatch, pa.Array]]:
    names = [input_column(position) for position in range(len(schema))]
    with pq.ParquetFile(files.ingest_part(part)) as file:
        for batch in file.iter_batches(stride.most, columns=[*names, PROBLEM]):
            columns = [batch.column(name) for name in names]
            records = pa.RecordBatch.from_arrays(columns, schema.names)
            start = 0
            while start < batch.num_rows:
                rows = stride.rows
                typed = read_pictures(schema, records.slice(start, rows))
                problems = batch.column(PROBLEM).slice(start, rows)
                yield typed.batch, _joined(problems, typed.problems)
                start += rows


def _joined(problems: pa.Array, found: Mapping[int, Sequence[Problem]]) -> pa.Array:
    """Return what was wrong with rows before, and what turned out only now."""
    if not found:
        return problems
    texts = {at: sentence(each) for at, each in found.items()}
    return pc.coalesce(problems, _sparse(texts, len(problems)))


def _answers(
    outputs: Schema, answered: Sequence[pa.RecordBatch], problems: pa.Array
) -> pa.RecordBatch:
    scored = pa.Table.from_batches(answered).combine_chunks()
    columns = [_whole(scored.column(each.name)).cast(each.arrow_type) for each in outputs]
    errors = _whole(scored.column(ERROR_COLUMN))
    if problems.null_count < len(problems):
        bad = np.flatnonzero(problems.is_valid().to_numpy(zero_copy_only=False)).tolist()
        columns = [without_rows(column, bad) for column in columns]
        errors = pc.coalesce(problems, errors)
    return pa.RecordBatch.from_arrays([*columns, errors], [*outputs.names, ERROR_COLUMN])


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
