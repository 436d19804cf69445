"""How a file of delimited text is written: its encoding, delimiter and columns."""

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from core.errors import InvalidInput
from core.inputs.columns import AS_NAMED, ColumnMap
from core.inputs.encodings import detect_encoding, known_encoding
from core.records import require_columns
from core.schema import Schema

_SAMPLE = 1 << 20
_SAMPLE_RECORDS = 50
_DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a reader must know of a file.

    `headers` are the columns from left to right, each different, and `names` what they are called
    once inputs have taken theirs. `blank_lines` come before the first
    record, which is a header or not. `rows` is a guess at the number of records.
    """

    encoding: str
    delimiter: str
    headers: tuple[str, ...]
    names: tuple[str, ...]
    header: bool
    blank_lines: int
    rows: int


def sniff(
    path: Path,
    schema: Schema,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    columns: ColumnMap = AS_NAMED,
) -> Dialect:
    """Find out how a file with a header row is written; the names that a model needs help.

    Raises InvalidInput where the file is empty, has no records below the header, lacks a column
    that the schema requires, or names such a column twice.
    """
    sample = _Sample(path, encoding)
    separator = delimiter or _best_delimiter(sample, schema, columns)
    header = sample.first_record(separator)
    headers = column_names(header)
    names = columns.renamed(headers)
    _require(schema, names)
    _refuse_twice(schema, header, columns)
    if not sample.has_second_record(separator):
        raise InvalidInput("The file has a header row and no records below it.")
    return replace(sample.dialect(separator, headers, header=True), names=names)


def sniff_without_header(
    path: Path, schema: Schema, *, encoding: str | None = None, delimiter: str | None = None
) -> Dialect:
    """Find out how a file is written whose values stand in the schema's order.

    A first line that holds just the schema's names is taken as a header row.
    """
    sample = _Sample(path, encoding)
    separator = delimiter or _commonest_delimiter(sample, len(schema))
    first = [cell.strip() for cell in sample.first_record(separator)]
    if set(first) == set(schema.names):
        return sniff(path, schema, encoding=encoding, delimiter=separator)
    if len(first) != len(schema):
        raise InvalidInput(
            f"Line 1 has {cells_in_words(len(first))}; the model takes {len(schema)}, in this "
            f"order: {', '.join(schema.names)}."
        )
    return sample.dialect(separator, tuple(schema.names), header=False)


def column_names(header: Sequence[str]) -> tuple[str, ...]:
    """Return names that are all different: a repeated one gets _2, a blank one its place."""
    names = [cell.strip() or f"column_{place}" for place, cell in enumerate(header, start=1)]
    taken = set(names)
    seen: Counter[str] = Counter()
    for place, name in enumerate(names):
        seen[name] += 1
        if seen[name] > 1:
            names[place] = _free_name(name, seen[name], taken)
            taken.add(names[place])
    return tuple(names)


def _free_name(name: str, count: int, taken: Iterable[str]) -> str:
    while f"{name}_{count}" in taken:
        count += 1
    return f"{name}_{count}"


def read_cells(text: str, delimiter: str) -> Iterator[list[str]]:
    """Return the records of a text as cells; a blank line is a record without any."""
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


class _Sample:
    """The beginning of a file as text, and what can be told from it."""

    def __init__(self, path: Path, encoding: str | None) -> None:
        self._size = path.stat().st_size
        self._encoding = known_encoding(encoding) if encoding else detect_encoding(path)
        with path.open("rb") as file:
            self._bytes = file.read(_SAMPLE)
        self._text = self._decoded()
        self._blank = len(self._text) - len(self._text.lstrip("\r\n"))
        if not self._text.strip():
            raise InvalidInput("The file is empty; a header row and records are needed.")

    def records(self, delimiter: str, limit: int = _SAMPLE_RECORDS) -> list[list[str]]:
        """Return the first records that are not blank, as cells."""
        try:
            return list(islice(filter(None, read_cells(self._text, delimiter)), limit))
        except csv.Error as error:
            raise InvalidInput(f"The file cannot be read as delimited text: {error}.") from error

    def first_record(self, delimiter: str) -> list[str]:
        return self.records(delimiter, limit=1)[0]

    def has_second_record(self, delimiter: str) -> bool:
        return self._is_cut or len(self.records(delimiter, limit=2)) > 1

    def dialect(self, delimiter: str, names: tuple[str, ...], *, header: bool) -> Dialect:
        body = self._text[self._blank :]
        lines = max(body.count("\n"), body.count("\r"), 1) + (not body.endswith(("\n", "\r")))
        rows = round(lines * self._size / len(self._bytes)) - header
        leading = self._text[: self._blank]
        blank_lines = max(leading.count("\n"), leading.count("\r"))
        return Dialect(self._encoding, delimiter, names, names, header, blank_lines, max(rows, 1))

    @property
    def _is_cut(self) -> bool:
        return self._size > len(self._bytes)

    def _decoded(self) -> str:
        decoder = codecs.getincrementaldecoder(self._encoding)()
        try:
            return decoder.decode(self._bytes, final=not self._is_cut)
        except UnicodeDecodeError as error:
            raise InvalidInput(f"The file is not written in {self._encoding}: {error}.") from error


def _best_delimiter(sample: _Sample, schema: Schema, columns: ColumnMap) -> str:
    """Return the delimiter that finds most of the schema's names, then the steadiest columns."""
    wanted = {*schema.names, *columns.taken.values()}

    def merit(delimiter: str) -> tuple[int, float]:
        header, *others = sample.records(delimiter)
        found = len(wanted.intersection(column_names(header)))
        alike = sum(len(cells) == len(header) for cells in others)
        return found, (alike + 1) / (len(others) + 1) * (len(header) > 1)

    return max(_DELIMITERS, key=merit)


def _commonest_delimiter(sample: _Sample, width: int) -> str:
    def merit(delimiter: str) -> int:
        return sum(len(cells) == width for cells in sample.records(delimiter))

    return max(_DELIMITERS, key=merit)


def _require(schema: Schema, names: Sequence[str]) -> None:
    try:
        require_columns(schema, names)
    except InvalidInput as error:
        shown = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
        raise InvalidInput(
            f"{error.message} The first line must name the columns; it reads: {shown}.",
            details=error.details,
        ) from error


def _refuse_twice(schema: Schema, header: Sequence[str], columns: ColumnMap) -> None:
    counts = Counter(cell.strip() for cell in header)
    for name in (columns.taken.get(name, name) for name in schema.names):
        if counts[name] > 1:
            raise InvalidInput(
                f"The header row names {name} {counts[name]} times; keep the column that the "
                "model should take and rename the others."
            )


def cells_in_words(count: int) -> str:
    """Return a number of cells as a sentence says it."""
    return "1 cell" if count == 1 else f"{count} cells"
