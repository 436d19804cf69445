"""Records to try a model with: rows of the data that a sample brings, or that checks were made of.

Nobody has to think of values: whatever files Slipway holds for a model are the first place to look.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import select

from core.db.engine import Database
from core.db.tables import Verdict
from core.files import Files
from core.inputs.chunks import Chunk, ChunkSize
from core.inputs.recognition import recognise
from core.inputs.tabular import open_table
from core.schema import Schema
from core.services.accounts import Caller
from core.services.artifacts import consuming
from core.services.model_views import VersionView
from core.services.models import Models
from core.services.samples import Samples

MOST_ROWS = 5
_LARGEST = 1 << 24


@dataclass(frozen=True, slots=True)
class Example:
    """A row of a file, counted from 1, as values of the model's inputs; pictures are bytes."""

    file_name: str
    row: int
    record: dict[str, object]


class Examples:
    """Reads the first rows of the files that belong to a version; nothing is kept or counted."""

    def __init__(self, database: Database, files: Files, models: Models, samples: Samples) -> None:
        self._database = database
        self._files = files
        self._models = models
        self._samples = samples

    def list_(
        self, caller: Caller, model_id: str, *, version: int | None = None
    ) -> tuple[Example, ...]:
        """Return up to five whole rows of a sample's data, or else of the file of the last check.

        Raises ModelNotFound, VersionNotFound.
        """
        view = self._models.get_by_id(caller, model_id, version)
        return tuple(self._of_sample(view) or self._of_check(view))

    def _of_sample(self, view: VersionView) -> list[Example]:
        data = self._samples.data(view)
        if data is None:
            return []
        staged = self._files.stage(io.BytesIO(data.write()), data.name, _LARGEST)
        with consuming(staged):
            kind = recognise(staged.path, staged.name)
            return _first_rows(staged.path, staged.name, kind, view.info.input_schema)

    def _of_check(self, view: VersionView) -> list[Example]:
        """Return rows of the last check whose file has the names that the inputs have now."""
        query = select(Verdict).where(Verdict.version_id == view.id, Verdict.failure == "")
        with self._database.reading() as session:
            made = list(session.scalars(query.order_by(Verdict.made.desc())))
        last = next((each for each in made if (each.revision or 0) == view.revision), None)
        if last is None:
            return []
        path = self._files.artifact(last.file)
        return _first_rows(path, last.file_name, "csv", view.info.input_schema)


def _first_rows(path: Path, name: str, kind: str, schema: Schema) -> list[Example]:
    if not _fits(path, kind, schema):
        return []
    found: list[Example] = []
    first = 1
    for chunk in open_table(path, kind, schema).chunks(ChunkSize(4 * MOST_ROWS)):
        found += [Example(name, first + at, record) for at, record in _whole_rows(chunk)]
        first += chunk.rows
        if len(found) >= MOST_ROWS:
            break
    return found[:MOST_ROWS]


def _fits(path: Path, kind: str, schema: Schema) -> bool:
    """Return whether a table has the required inputs; people may have renamed them since."""
    open_schema = Schema(tuple(replace(field, required=False) for field in schema))
    headers = open_table(path, kind, open_schema).headers()
    # A zip of pictures has no headers.
    return not headers or {field.name for field in schema if field.required} <= set(headers)


def _whole_rows(chunk: Chunk) -> Iterator[tuple[int, dict[str, object]]]:
    for row, record in enumerate(chunk.typed.batch.to_pylist()):
        if row not in chunk.typed.problems:
            yield row, record
