"""Inputs and outputs that were kept, as a file for spreadsheets."""

import io

import msgspec
import pyarrow as pa
import pyarrow.csv as pa_csv

from core.services.call_logs import LoggedRow, LogPage
from core.services.job_sheets import without_formulas


def as_csv(page: LogPage) -> bytes:
    """Return a page of a log as CSV, a column for each field that went in or came out.

    No cell is run as a formula by a spreadsheet.
    """
    rows = [_cells(row) for row in page.rows]
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = [pa.array([row.get(name) for row in rows], pa.string()) for name in names]
    sink = io.BytesIO()
    pa_csv.write_csv(without_formulas(pa.table(columns, names=names)), sink)
    return sink.getvalue()


def _cells(row: LoggedRow) -> dict[str, str | None]:
    return {
        "time": f"{row.at.isoformat(timespec='milliseconds')}Z",
        "version": str(row.version),
        "caller": row.caller,
        "row": str(row.row),
        "code": row.code,
        "message": row.message,
        **_named("input", row.input),
        **_named("output", row.output),
    }


def _named(side: str, record: dict[str, object] | None) -> dict[str, str | None]:
    return {f"{side}.{name}": _text(value) for name, value in (record or {}).items()}


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()
