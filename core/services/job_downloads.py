"""A result as a file: which kinds there are, which of its rows, streamed part after part."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pyarrow as pa

from core.errors import InvalidInput
from core.services.job_exports import Piece, csv, json_list, parquet
from core.services.job_files import Rows
from core.services.job_results import Result
from core.services.job_sheets import require_sheet, workbook

_EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of file that a result can be had as."""

    label: str
    media: str


FILE_KINDS = {
    "csv": FileKind("CSV", "text/csv; charset=utf-8"),
    "parquet": FileKind("Parquet", "application/vnd.apache.parquet"),
    "json": FileKind("JSON", "application/json"),
    "xlsx": FileKind("Excel", _EXCEL),
}


@dataclass(frozen=True, slots=True)
class Download:
    """How a result is wanted as a file.

    `rejects` gives only the columns of the upload and `error`. `neutralised` keeps spreadsheets
    from running cells of a CSV as formulas; the other kinds have none that would be run.
    """

    kind: str = "csv"
    rejects: bool = False
    neutralised: bool = False


def require_kind(kind: str) -> None:
    """Raise InvalidInput for a kind of file that there is not."""
    if kind not in FILE_KINDS:
        raise InvalidInput(f'format is "{kind[:40]}"; it must be one of {", ".join(FILE_KINDS)}.')


def download(result: Result, rows: Rows, wanted: Download) -> Iterator[bytes]:
    """Return rows of a result, in the order of the upload, as the bytes of a file.

    Raises InvalidInput at once where an Excel sheet has no room for them.
    """
    pieces = result.pieces(rows)
    schema = result.schema
    if wanted.rejects:
        pieces = (piece.rejects() for piece in pieces)
        outputs = set(result.info.output_schema.names)
        schema = pa.schema([field for field in schema if field.name not in outputs])
    if wanted.kind == "xlsx":
        require_sheet(len(rows), len(schema))
        groups = ((piece.flat().table, piece.raw) for piece in pieces)
        return workbook(groups, schema.names, len(rows))
    if wanted.kind == "csv":
        return csv(pieces, schema, neutralised=wanted.neutralised)
    return _PLAIN[wanted.kind](pieces, schema)


_PLAIN: dict[str, Callable[[Iterator[Piece], pa.Schema], Iterator[bytes]]] = {
    "parquet": parquet,
    "json": json_list,
}
