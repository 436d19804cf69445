"""The answer to a query as a file for spreadsheets."""

import io

import pyarrow as pa
import pyarrow.csv as pa_csv

from core.services.job_sheets import without_formulas


def as_csv(table: pa.Table) -> bytes:
    """Return a table as CSV; no cell is run as a formula by a spreadsheet."""
    sink = io.BytesIO()
    pa_csv.write_csv(without_formulas(table), sink)
    return sink.getvalue()
