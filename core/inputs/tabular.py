"""Inputs by kind: what a user may give as a file of records, and its options."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.coercion import shown
from core.errors import InvalidInput
from core.inputs.archive import ArchiveSource
from core.inputs.by_field import FieldsSource, PictureAsItCame
from core.inputs.chunks import Source
from core.inputs.columns import ColumnMap, read_columns
from core.inputs.delimited import DelimitedSource
from core.inputs.dialects import sniff, sniff_without_header
from core.inputs.excel import ExcelSource
from core.inputs.image import PictureSource
from core.inputs.json_records import JsonSource
from core.inputs.parquet import ParquetSource
from core.inputs.text_lines import TextSource
from core.inputs.video import MOST_FPS, VideoSource
from core.schema import DataType, Field, Schema

Options = Mapping[str, object]

COLUMNS = "columns"
BY_FIELD = "fields"  # what the API makes of a kind for each input
OPTIONS_IN_WORDS = (
    "encoding and delimiter (csv, txt), encoding (json, jsonl), sheet (xlsx: its name, or its "
    "number from 1), fps (mp4: frames taken a second, 1 by default), columns (which column goes "
    'to which input: {"age": "Age in years"}); a zip takes all of them'
)
_FPS = 1


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of input: how a file of it is looked at, and the options that it knows."""

    open: Callable[[Path, Schema, Options], Source]
    options: tuple[str, ...] = ()


def open_table(path: Path, kind: str, schema: Schema, options: Options | None = None) -> Source:
    """Look at a file of records and return how to read it.

    `kind` is one of `TABLE_KINDS`. Options take the place of what would be found out; `columns`
    says which column goes to which input. Raises InvalidInput with what is wrong and what is
    allowed.
    """
    if kind not in TABLE_KINDS:
        raise InvalidInput(f'"{kind[:40]}" is no table; give {", ".join(TABLE_KINDS)}.')
    known = TABLE_KINDS[kind].options
    for name in options or {}:
        if name not in known:
            there = f"there are {_in_words(known)}" if known else f"{kind} has none"
            raise InvalidInput(f"There is no option {shown(name)}; {there}.")
    return TABLE_KINDS[kind].open(path, schema, options or {})


def takes_columns(kind: str) -> bool:
    """Return whether files of a kind have columns whose names may differ from the inputs'."""
    return kind in TABLE_KINDS and COLUMNS in TABLE_KINDS[kind].options


def _csv(path: Path, schema: Schema, options: Options) -> Source:
    dialect = sniff(
        path,
        schema,
        encoding=_text_option(options, "encoding"),
        delimiter=_delimiter(options),
        columns=_columns(schema, options),
    )
    return DelimitedSource(path, dialect, schema)


def _txt(path: Path, schema: Schema, options: Options) -> Source:
    """One record a line: a text for a model of one text, else values in the schema's order."""
    encoding = _text_option(options, "encoding")
    only = schema.fields[0] if len(schema) == 1 else None
    if only and only.type is DataType.STRING and not only.is_tensor:
        return TextSource(path, schema, encoding)
    dialect = sniff_without_header(path, schema, encoding=encoding, delimiter=_delimiter(options))
    return DelimitedSource(path, dialect, schema)


def _json(path: Path, schema: Schema, options: Options) -> Source:
    encoding = _text_option(options, "encoding")
    return JsonSource(path, schema, encoding, _columns(schema, options))


def _parquet(path: Path, schema: Schema, options: Options) -> Source:
    return ParquetSource(path, schema, _columns(schema, options))


def _xlsx(path: Path, schema: Schema, options: Options) -> Source:
    sheet = options.get("sheet")
    if isinstance(sheet, bool) or not isinstance(sheet, str | int | None):
        raise InvalidInput("sheet: give the name of a sheet, or its number from 1.")
    return ExcelSource(path, schema, sheet or None, _columns(schema, options))


def _jpg(path: Path, schema: Schema, options: Options) -> Source:
    return PictureSource(path, schema)


def _mp4(path: Path, schema: Schema, options: Options) -> Source:
    fps = options.get("fps", _FPS)
    if isinstance(fps, bool) or not isinstance(fps, int | float) or not 0 < fps <= MOST_FPS:
        raise InvalidInput(
            f"fps: {shown(fps)} is no rate; give the frames a second, above 0 and at most "
            f"{MOST_FPS:g}."
        )
    return VideoSource(path, schema, fps)


def _zip(path: Path, schema: Schema, options: Options) -> Source:
    """Every member takes of the options what its kind knows."""

    def open_member(member: Path, kind: str, schema: Schema) -> Source:
        known = TABLE_KINDS[kind].options
        return open_table(member, kind, schema, {k: v for k, v in options.items() if k in known})

    return ArchiveSource(path, schema, open_member)


def _fields(path: Path, schema: Schema, options: Options) -> Source:
    """Every input takes of the options what its kind knows, and of `columns` its own."""

    def open_member(member: Path, kind: str, field: Field) -> Source:
        if kind == "jpg":
            return PictureAsItCame(member, field)
        known = {k: v for k, v in options.items() if k in TABLE_KINDS[kind].options}
        columns = known.get(COLUMNS)
        if isinstance(columns, Mapping):
            known[COLUMNS] = {k: v for k, v in columns.items() if k == field.name}
        return open_table(member, kind, Schema((field,)), known)

    return FieldsSource(path, schema, open_member)


TABLE_KINDS: dict[str, Kind] = {
    "csv": Kind(_csv, ("encoding", "delimiter", COLUMNS)),
    "txt": Kind(_txt, ("encoding", "delimiter")),
    "json": Kind(_json, ("encoding", COLUMNS)),
    "jsonl": Kind(_json, ("encoding", COLUMNS)),
    "parquet": Kind(_parquet, (COLUMNS,)),
    "xlsx": Kind(_xlsx, ("sheet", COLUMNS)),
    "jpg": Kind(_jpg),
    "mp4": Kind(_mp4, ("fps",)),
    "zip": Kind(_zip, ("encoding", "delimiter", "sheet", "fps", COLUMNS)),
    BY_FIELD: Kind(_fields, ("encoding", "delimiter", "sheet", "fps", COLUMNS)),
}


def _columns(schema: Schema, options: Options) -> ColumnMap:
    return read_columns(schema, options.get(COLUMNS))


def _in_words(names: tuple[str, ...]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _text_option(options: Options, name: str) -> str | None:
    value = options.get(name)
    if value is None or isinstance(value, str):
        return value or None
    raise InvalidInput(f"{name}: {str(value)[:40]} is not a text.")


def _delimiter(options: Options) -> str | None:
    delimiter = _text_option(options, "delimiter")
    if delimiter is None or (len(delimiter) == 1 and delimiter not in '"\r\n'):
        return delimiter
    raise InvalidInput(
        f'delimiter: "{delimiter[:40]}" cannot be one; give a single character such as ; or a tab.'
    )
