"""Workbooks that tests write."""

import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import openpyxl


def write_workbook(
    target: Path | io.BytesIO, sheets: Mapping[str, Iterable[Sequence[object]]]
) -> None:
    """Write sheets of rows; the first is the active one."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    book.save(target)


def write_texts(target: Path | io.BytesIO, rows: Iterable[Sequence[str]]) -> None:
    """Write cells as the texts that they are, also where they look like formulas or errors."""
    book = openpyxl.Workbook()
    for number, row in enumerate(rows, start=1):
        for place, text in enumerate(row, start=1):
            cell = book.worksheets[0].cell(number, place)
            cell.value = text
            cell.data_type = "s"
    book.save(target)
