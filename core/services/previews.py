"""What a file is and what a model makes of its first rows, before all of it is scored (P7)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.errors import Problem
from core.inputs.chunks import Chunk, ChunkSize, Source, sliced
from core.inputs.pictures import decoded_parts
from core.inputs.recognition import recognise
from core.inputs.suggestions import How, Match, match_columns
from core.inputs.tabular import COLUMNS, open_table, takes_columns
from core.runtimes.base import ERROR_COLUMN
from core.schema import Field, Schema
from core.services.accounts import Caller
from core.services.column_maps import ColumnMaps
from core.services.model_views import VersionView
from core.services.predictions import Predictions, Table

PREVIEW_ROWS = 20

Record = dict[str, object]


@dataclass(frozen=True, slots=True)
class Preview:
    """What was found out about a file, and its first rows tried out.

    `rows` is a guess. `columns` is the option that the task takes: the columns of inputs that go by
    other names. `given` are the first rows as typed (as written where a cell could not be), and
    `output` what the model answers; both are empty where required inputs have no column.
    `remembered_by` is the name of whoever chose the columns before, empty if nobody did.
    """

    kind: str
    found: Mapping[str, str]
    rows: int
    headers: tuple[str, ...] = ()
    matches: tuple[Match, ...] = ()
    columns: dict[str, str] = field(default_factory=dict)
    given: tuple[Record, ...] = ()
    output: tuple[Record, ...] = ()
    problems: tuple[Problem, ...] = ()
    remembered_by: str = ""
    latency_ms: float = 0.0

    @property
    def can_run(self) -> bool:
        """Return whether every required input has a column."""
        return all(match.header is not None or not match.required for match in self.matches)


class Previews:
    """Looks at files for the versions of models; nothing is kept but what people choose."""

    def __init__(self, predictions: Predictions, maps: ColumnMaps) -> None:
        self._predictions = predictions
        self._maps = maps

    def look(
        self,
        caller: Caller,
        version: VersionView,
        path: Path,
        name: str,
        *,
        kind: str | None = None,
        options: Mapping[str, object] | None = None,
    ) -> Preview:
        """Return what a file is and its first 20 rows, tried out.

        Without the option `columns` they are those that were chosen before, else those that seem to
        be meant. Nothing is counted as a call. Raises InvalidInput, ModelNotFound.
        """
        kind = kind or recognise(path, name)
        given = dict(options or {})
        if not takes_columns(kind):
            return self._tried(caller, version, path, kind, given)
        chosen = given.pop(COLUMNS, None)
        relaxed = _relaxed(version.info.input_schema)
        source = open_table(path, kind, relaxed, given)
        headers = tuple(source.headers())
        if not headers:  # such as a zip of pictures
            return self._tried(caller, version, path, kind, dict(options or {}))
        if chosen is not None:
            open_table(path, kind, relaxed, {**given, COLUMNS: chosen})
        matches, by = self._matches(caller, version, headers, chosen)
        columns = _to_name(matches)
        known = Preview(
            kind, dict(source.found), source.rows, headers, matches, columns, remembered_by=by
        )
        if not known.can_run:
            return replace(known, problems=tuple(_absent(matches)))
        options = {**given, COLUMNS: columns} if columns else given
        return self._tried(caller, version, path, kind, options, known)

    def _matches(
        self, caller: Caller, version: VersionView, headers: tuple[str, ...], chosen: object
    ) -> tuple[tuple[Match, ...], str]:
        schema = version.info.input_schema
        if isinstance(chosen, Mapping):
            return match_columns(schema, headers, _given_columns(chosen)), ""
        before = self._maps.find(caller, version.model.id, headers) if headers else None
        if before is None:
            return match_columns(schema, headers, {}), ""
        columns = {name: header for name, header in before.columns.items() if name in schema.names}
        return match_columns(schema, headers, columns, How.REMEMBERED), before.by

    def _tried(
        self,
        caller: Caller,
        version: VersionView,
        path: Path,
        kind: str,
        options: Mapping[str, object],
        known: Preview | None = None,
    ) -> Preview:
        schema = version.info.input_schema
        source = open_table(path, kind, schema, options)
        chunks = list(_first(source))
        parts = Table(part for chunk in chunks for part in decoded_parts(schema, chunk.typed))
        answer = self._predictions.test(caller, version.model.id, parts, version=version.number)
        rows = tuple(row for chunk in chunks for row in _rows(chunk, schema, source))
        return replace(
            known or Preview(kind, dict(source.found), source.rows),
            given=rows,
            output=tuple(answer.records),
            problems=tuple(_problems(chunks, answer.records)),
            latency_ms=answer.latency_ms,
        )


def _relaxed(schema: Schema) -> Schema:
    """Return a schema whose columns may all be absent."""
    return Schema(tuple(replace(each, required=False) for each in schema))


def _given_columns(chosen: Mapping[object, object]) -> dict[str, str]:
    return {str(name): header for name, header in chosen.items() if isinstance(header, str)}


def _to_name(matches: tuple[Match, ...]) -> dict[str, str]:
    """Return the columns that must be told: those whose names are not the inputs'."""
    return {
        match.field: match.header
        for match in matches
        if match.header is not None and match.header != match.field
    }


def _absent(matches: tuple[Match, ...]) -> Iterator[Problem]:
    for match in matches:
        if match.required and match.header is None:
            message = f"{match.field} has no column; the model needs it. Choose one."
            yield Problem(message, match.field)


def _first(source: Source) -> Iterator[Chunk]:
    """Yield the chunks with the first rows, cut to as many as are shown."""
    left = PREVIEW_ROWS
    for chunk in source.chunks(ChunkSize(PREVIEW_ROWS)):
        yield chunk if chunk.rows <= left else sliced(chunk, 0, left)
        left -= chunk.rows
        if left <= 0:
            return


def _rows(chunk: Chunk, schema: Schema, source: Source) -> Iterator[Record]:
    """Yield rows as the model gets them, without pictures; arrays in words."""
    typed = chunk.typed.batch.to_pylist()
    for row, values in enumerate(typed):
        record: Record = {
            name: _plain(column[row].as_py(), coded=source.coded)
            for name, column in zip(chunk.others.schema.names, chunk.others.columns, strict=True)
        }
        record.update(
            {
                each.name: _in_words(each, values[each.name])
                for each in schema
                if not isinstance(values[each.name], bytes)
            }
        )
        record.update(chunk.raw.get(row, {}))
        yield record


def _in_words(each: Field, value: object) -> object:
    if isinstance(value, list):
        return f"{each.dimension} numbers"
    return value


def _plain(value: object, *, coded: bool) -> object:
    """Return a cell of another column without the quotation marks of JSON."""
    if coded and isinstance(value, str) and value.startswith('"'):
        return value[1:-1]
    return value


def _problems(chunks: list[Chunk], outputs: list[Record]) -> Iterator[Problem]:
    """Yield what is wrong, row by row, counted from 1 over the preview."""
    first = 1
    named: set[int] = set()
    for chunk in chunks:
        for row, found in sorted(chunk.typed.problems.items()):
            named.add(first + row)
            for each in found:
                yield Problem(each.message, each.field, first + row, each.value)
        first += chunk.rows
    for row, output in enumerate(outputs, start=1):
        if ERROR_COLUMN in output and row not in named:
            yield Problem(str(output[ERROR_COLUMN]), row=row)
