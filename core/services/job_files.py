"""What lies in the folder of one task, and what each file there says.

source               the upload as it came
plan.json            how it is read and cut: a `Plan`
ingest/part-*        the records, typed, and what is wrong with them
ingest.json          written when the last record is in: an `Ingested`
score/part-*         the outputs for the records of the part of that number

A part that is there is whole (it was renamed into place), so a restart goes on after those that
are there.
"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import InternalError
from core.files import replacing, write_atomically

Rows = range | npt.NDArray[np.uint32]
"""Positions of rows, from 0, in the order in which they are wanted; a range is of step 1."""

_FAILED = b"slipway.failed"
_COMPRESSION = "lz4"
_GROUP_ROWS = 10_000  # a page of a result reads some rows here and there


@dataclass(frozen=True, slots=True)
class Plan:
    """How a task's upload is read; it never changes, so that a restart cuts the same parts.

    `revision` is that of the version's schema by which the records are typed and the outputs named.
    """

    kind: str
    options: dict[str, object]
    part_rows: int
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Ingested:
    """What is known once an upload was read to its end.

    `parts` has the number of rows of each part, `columns` the names in the upload's order. Where
    `coded` is true the columns that the model does not take hold JSON, else they are as they came.
    """

    parts: list[int]
    columns: list[str]
    coded: bool

    @property
    def rows(self) -> int:
        """Return the number of records."""
        return sum(self.parts)


class JobFiles:
    """The files of one task."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ingest = folder / "ingest"
        self._score = folder / "score"

    @property
    def source(self) -> Path:
        """Return where the upload lies."""
        return self._folder / "source"

    @property
    def plan(self) -> Plan:
        """Return how the upload is read; raises InternalError if the folder is gone."""
        return Plan(**self._read("plan.json"))

    def write_plan(self, plan: Plan) -> None:
        """Set down how the upload is read."""
        write_atomically(self._folder / "plan.json", json.dumps(asdict(plan)).encode())

    def find_ingested(self) -> Ingested | None:
        """Return what the upload holds, or None while it is being read."""
        if not (self._folder / "ingest.json").exists():
            return None
        return Ingested(**self._read("ingest.json"))

    def write_ingested(self, ingested: Ingested) -> None:
        """Say that the upload was read to its end."""
        write_atomically(self._folder / "ingest.json", json.dumps(asdict(ingested)).encode())

    def ingest_part(self, part: int) -> Path:
        """Return where the typed records of a part lie, or will."""
        return self._ingest / f"part-{part:05}.parquet"

    def score_part(self, part: int) -> Path:
        """Return where the outputs of a part lie, or will."""
        return self._score / f"part-{part:05}.parquet"

    def scored(self) -> dict[int, tuple[int, int]]:
        """Return the rows, and how many of them failed, of each part that was scored."""
        parts = (int(path.stem[5:]) for path in sorted(self._score.glob("part-*")))
        return {part: self.counts(part) for part in parts}

    def counts(self, part: int) -> tuple[int, int]:
        """Return the rows of a part that was scored, and how many of them failed."""
        metadata = pq.read_metadata(self.score_part(part))
        return metadata.num_rows, int(metadata.metadata[_FAILED])

    def drop_unfinished(self) -> None:
        """Remove what a process that was killed was writing."""
        for path in self._folder.rglob(".*.tmp"):
            path.unlink()

    def take_source(self, path: Path) -> None:
        """Move an upload here."""
        path.replace(self.source)

    def share_source(self, other: "JobFiles") -> None:
        """Give another task the same upload: the same bytes on disk where the system allows."""
        try:
            other.source.hardlink_to(self.source)
        except OSError:
            shutil.copyfile(self.source, other.source)

    def _read(self, name: str) -> dict[str, Any]:
        try:
            content: dict[str, Any] = json.loads((self._folder / name).read_bytes())
        except FileNotFoundError:
            raise InternalError("The task's files are gone; submit it again.") from None
        return content


def read_rows(path: Path, rows: Rows, columns: Sequence[str] | None = None) -> pa.Table:
    """Return some rows of a part, reading no more than the groups that hold them."""
    with pq.ParquetFile(path) as file:
        sizes = [file.metadata.row_group(at).num_rows for at in range(file.num_row_groups)]
        starts = np.cumsum([0, *sizes])
        ordered = np.asarray(rows, dtype=np.int64)
        groups = np.unique(np.searchsorted(starts, ordered, side="right") - 1)
        table = file.read_row_groups(groups.tolist(), columns=columns)
    skipped = np.zeros(len(starts), dtype=np.int64)
    skipped[groups] = starts[groups] - np.cumsum([0, *np.diff(starts)[groups]])[:-1]
    places = ordered - skipped[np.searchsorted(starts, ordered, side="right") - 1]
    if isinstance(rows, range):
        return table.slice(int(places[0]) if len(rows) else 0, len(rows))
    return table.take(pa.array(places))


def write_part(path: Path, table: pa.Table, *, failed: int | None = None) -> None:
    """Write a part so that it is there whole or not at all; `failed` is how many rows failed."""
    metadata = dict(table.schema.metadata or {})
    if failed is not None:
        metadata[_FAILED] = str(failed).encode()
    texts = [field.name for field in table.schema if pa.types.is_string(field.type)]
    with replacing(path) as temporary:
        pq.write_table(
            table.replace_schema_metadata(metadata),
            temporary,
            row_group_size=_GROUP_ROWS,
            compression=_COMPRESSION,
            use_dictionary=texts,  # numbers seldom repeat, and looking for it takes long
            write_statistics=False,
        )
