"""What spreadsheets ask for: workbooks in a stream, and CSV without formulas.

A workbook is a zip of XML; its one sheet is written row by row, so it needs no more memory than the
rows at hand and no temporary file. Texts are inline strings, which no spreadsheet runs as formulas.
The format: ECMA-376, part 1, chapter 18 (SpreadsheetML).
"""

from collections.abc import Iterable, Iterator, Mapping
from io import SEEK_SET, BytesIO, UnsupportedOperation
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

import pyarrow as pa
import pyarrow.compute as pc

from core.coercion import NUMBER_PATTERN
from core.errors import InvalidInput

MOST_ROWS = 1_048_575
MOST_COLUMNS = 16_384
_MOST_LETTERS = 32_767
_MOST_PLAIN_BYTES = 1 << 31  # a longer file in a zip needs an extension that Excel seldom reads
_EXACT = 2**53
_FORMULA = r"^[=+\-@\t\r]"
_NUMBER = rf"^{NUMBER_PATTERN}$"
_NO_XML = r"[\x00-\x08\x0B\x0C\x0E-\x1F\x{FFFE}\x{FFFF}]"

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_FRAME = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/>'
        "</Types>"
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="Result" sheetId="1" r:id="rId1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
    ),
}
_SHEET_BEGINS = (
    f'<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    "</sheetView></sheetViews><sheetData>"
)
_SHEET_ENDS = "</sheetData></worksheet>"

Group = tuple[pa.Table, Mapping[int, Mapping[str, str]]]
"""Some rows, and by their position the texts of cells that could not be typed."""


class Drain(BytesIO):
    """A file that keeps its position and forgets its content once that was taken out."""

    def __init__(self) -> None:
        super().__init__()
        self._gone = 0

    def seekable(self) -> bool:
        """Return False: what was taken out cannot be gone back to."""
        return False

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        """Raise: see `seekable`."""
        raise UnsupportedOperation(f"{offset} from {whence}")

    def tell(self) -> int:
        """Return how much was written, with what was taken out."""
        return self._gone + super().tell()

    def drained(self) -> bytes:
        """Return what was written since this was last called."""
        content = self.getvalue()
        self._gone += len(content)
        super().seek(0)
        self.truncate()
        return content

    def close(self) -> None:
        """Stay open: the last bytes are taken out after the writer has closed its file."""


def workbook(groups: Iterable[Group], names: list[str], rows: int) -> Iterator[bytes]:
    """Yield a workbook of one sheet, the names above the rows of the groups.

    Cells of text are cut at the 32,767 letters that a cell holds; whole numbers of more than 15
    digits are texts, for a spreadsheet would round them. Raises InvalidInput, with the first bytes,
    for more rows or columns than a sheet has.
    """
    require_sheet(rows, len(names))
    sink = Drain()
    large = rows * len(names) * 48 > _MOST_PLAIN_BYTES
    with ZipFile(sink, "w", ZIP_DEFLATED, compresslevel=1) as archive:
        for path, xml in _FRAME.items():
            archive.writestr(path, _XML + xml)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=large) as sheet:
            head = "".join(_inline(escape(name)) for name in names)
            sheet.write(f"{_XML}{_SHEET_BEGINS}<row>{head}</row>".encode())
            for table, raw in groups:
                sheet.write(_rows(table, raw))
                yield sink.drained()
            sheet.write(_SHEET_ENDS.encode())
    yield sink.drained()


def require_sheet(rows: int, columns: int) -> None:
    """Raise InvalidInput for more rows or columns than an Excel sheet has."""
    if rows > MOST_ROWS:
        raise InvalidInput(
            f"An Excel sheet holds {MOST_ROWS:,} rows below its header, and these are {rows:,}; "
            "take CSV or Parquet, or fewer rows."
        )
    if columns > MOST_COLUMNS:
        raise InvalidInput(
            f"An Excel sheet holds {MOST_COLUMNS:,} columns, and these are {columns:,}; take CSV "
            "or Parquet."
        )


def without_formulas(table: pa.Table) -> pa.Table:
    """Return a table in which no text, and no name, would be run as a formula.

    Texts that begin with =, +, -, @, a tab or a carriage return get an apostrophe before them, but
    for those that are numbers: https://owasp.org/www-community/attacks/CSV_Injection
    """
    columns = [
        _quoted(column) if pa.types.is_string(column.type) else column for column in table.columns
    ]
    names = _quoted(pa.chunked_array([pa.array(table.column_names, pa.string())])).to_pylist()
    return pa.Table.from_arrays(columns, names=names)


def _quoted(column: pa.ChunkedArray) -> pa.ChunkedArray:
    runs = pc.match_substring_regex(column, _FORMULA)
    number = pc.match_substring_regex(column, _NUMBER)
    quoted = pc.binary_join_element_wise("'", column, "")
    return pc.if_else(pc.and_(runs, pc.invert(number)), quoted, column)


def _rows(table: pa.Table, raw: Mapping[int, Mapping[str, str]]) -> bytes:
    """Return rows as XML; Arrow joins the cells, which Python would take ten times as long for."""
    if not table.num_rows:
        return b""
    columns = {
        name: _cells(column.combine_chunks())
        for name, column in zip(table.column_names, table.columns, strict=True)
    }
    for name in {name for cells in raw.values() for name in cells}:
        columns[name] = _put_back(columns[name], name, raw)
    rows = pc.binary_join_element_wise("<row>", *columns.values(), "</row>", "")
    return b"".join(text.as_buffer() for text in rows.cast(pa.binary()))


def _put_back(column: pa.Array, name: str, raw: Mapping[int, Mapping[str, str]]) -> pa.Array:
    found = {position: cells[name] for position, cells in raw.items() if name in cells}
    written = _texts(pa.array(found.values(), pa.string()))
    cells = column.to_pylist()
    for position, cell in zip(found, written.to_pylist(), strict=True):
        cells[position] = cell
    return pa.array(cells, pa.string())


def _cells(column: pa.Array) -> pa.Array:
    if pa.types.is_boolean(column.type):
        return _wrapped('<c t="b"><v>', column.cast(pa.int8()).cast(pa.string()), "</v></c>")
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), None, column)
        if pc.all(pc.is_finite(column)).as_py() is not False:
            return _wrapped("<c><v>", column.cast(pa.string()), "</v></c>")
    if pa.types.is_integer(column.type):
        low, high = pc.min_max(column).values()
        if not low.is_valid or (low.as_py() >= -_EXACT and high.as_py() <= _EXACT):
            return _wrapped("<c><v>", column.cast(pa.string()), "</v></c>")
    return _texts(column.cast(pa.string()))


def _texts(column: pa.Array) -> pa.Array:
    column = pc.utf8_slice_codeunits(column, 0, _MOST_LETTERS)
    column = pc.replace_substring_regex(column, _NO_XML, "")
    for letter, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        column = pc.replace_substring(column, letter, entity)
    return _wrapped('<c t="inlineStr"><is><t xml:space="preserve">', column, "</t></is></c>")


def _wrapped(before: str, column: pa.Array, after: str) -> pa.Array:
    return pc.coalesce(pc.binary_join_element_wise(before, column, after, ""), "<c/>")


def _inline(text: str) -> str:
    return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
