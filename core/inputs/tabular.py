"""Tables by kind: what a user may give as a file of records."""

from collections.abc import Callable, Mapping
from pathlib import Path

from core.errors import InvalidInput
from core.inputs.chunks import Source
from core.inputs.delimited import DelimitedSource
from core.inputs.dialects import sniff, sniff_without_header
from core.inputs.image import PictureSource
from core.inputs.json_records import JsonSource
from core.inputs.text_lines import TextSource
from core.schema import DataType, Schema

Options = Mapping[str, object]

_OPTIONS = ("encoding", "delimiter")
_OPTIONS_IN_WORDS = " and ".join(_OPTIONS)


def open_table(path: Path, kind: str, schema: Schema, options: Options | None = None) -> Source:
    """Look at a file of records and return how to read it.

    `kind` is one of `TABLE_KINDS`. The options `encoding` and `delimiter` take the place of what
    would be found out. Raises InvalidInput with what is wrong and what is allowed.
    """
    if kind not in TABLE_KINDS:
        raise InvalidInput(f'"{kind[:40]}" is no table; give {", ".join(TABLE_KINDS)}.')
    for name in options or {}:
        if name not in _OPTIONS:
            raise InvalidInput(f'There is no option "{name[:40]}"; there are {_OPTIONS_IN_WORDS}.')
    return TABLE_KINDS[kind](path, schema, options or {})


def _csv(path: Path, schema: Schema, options: Options) -> Source:
    dialect = sniff(
        path,
        schema,
        encoding=_text_option(options, "encoding"),
        delimiter=_delimiter(options),
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
    return JsonSource(path, schema, _text_option(options, "encoding"))


def _jpg(path: Path, schema: Schema, options: Options) -> Source:
    for name in options:
        raise InvalidInput(f'"{name}" is for texts; a picture has no options.')
    return PictureSource(path, schema)


TABLE_KINDS: dict[str, Callable[[Path, Schema, Options], Source]] = {
    "csv": _csv,
    "txt": _txt,
    "json": _json,
    "jpg": _jpg,
}


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
