"""Excel workbooks (.xlsx), read row by row: only the current rows and the texts are in memory.

The format is Office Open XML: https://ecma-international.org/publications-and-standards/standards/ecma-376/
Cells come as they were last calculated: numbers, texts, booleans, dates and times by their formats;
an error is its text, such as #DIV/0!.
"""

import datetime as dt
import posixpath
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat

from core.errors import InvalidInput
from core.inputs import zip_members
from core.inputs.zip_members import Member

_MOST_TEXT = 512 << 20
_LAST_DAY = 2_958_465  # 9999-12-31
_DATES = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
_ONLY_TIMES = {18, 19, 20, 21, 45, 47}
_ELAPSED = 46
# What of a number format is not its own letters: texts, escapes, fillers, and conditions.
_ASIDE = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
_COUNTING = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")

Attributes = dict[str, str]
Row = list[object]


class Unsaved:
    """The place of a formula whose value was never calculated."""

    def __str__(self) -> str:
        return "a formula without a stored value (open the workbook in Excel and save it)"


UNSAVED = Unsaved()


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a workbook."""

    name: str
    part: str
    hidden: bool


class Workbook:
    """A workbook that was looked at: its sheets, and how their cells are to be read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with zip_members.opened(path) as archive:
            parts = {member.name: member for member in zip_members.members(archive)}
            self._read_outline(archive, parts)

    def rows(self, sheet: Sheet) -> Iterator[Row]:
        """Yield the rows of a sheet that are not blank; raises InvalidInput if it is damaged."""
        with zip_members.opened(self._path) as archive:
            parts = {member.name: member for member in zip_members.members(archive)}
            texts = _read_texts(archive, parts.get(self._texts))
            reader = _Cells(texts, self._formats, self._epoch)
            for _ in _events(archive, _part(parts, sheet.part), reader.begin, reader.end, reader):
                yield from reader.taken()

    def _read_outline(self, archive: zipfile.ZipFile, parts: Mapping[str, Member]) -> None:
        book = next(iter(_related(archive, parts, "").values()), "xl/workbook.xml")
        by_id, by_type = {}, {}
        for key, target in _related(archive, parts, book, all_types=True).items():
            by_id[key[0]] = target
            by_type[key[1]] = target
        self._texts = by_type.get("sharedStrings", "")
        self._formats = _read_formats(archive, parts.get(by_type.get("styles", "")))
        self._epoch = dt.datetime(1899, 12, 30)  # noqa: DTZ001 - cells have no zone
        self.sheets: tuple[Sheet, ...] = ()
        for tag, given in _elements(archive, _part(parts, book)):
            if tag == "workbookPr" and given.get("date1904") in ("1", "true"):
                self._epoch = dt.datetime(1904, 1, 1)  # noqa: DTZ001
            elif tag == "sheet":
                self._add_sheet(given, by_id)

    def _add_sheet(self, given: Attributes, by_id: Mapping[str, str]) -> None:
        relation = next((text for name, text in given.items() if name.endswith(":id")), "")
        part = by_id.get(relation, "")
        if "/worksheets/" in f"/{part}":  # sheets of charts hold no cells
            sheet = Sheet(given.get("name", ""), part, given.get("state", "visible") != "visible")
            self.sheets = (*self.sheets, sheet)


def _part(parts: Mapping[str, Member], name: str) -> Member:
    if name not in parts:
        raise InvalidInput("The workbook is damaged: a part of it is missing. Save it again.")
    return parts[name]


def _related(
    archive: zipfile.ZipFile, parts: Mapping[str, Member], part: str, *, all_types: bool = False
) -> dict[tuple[str, str], str]:
    """Return what a part refers to, by id and kind; of the root only the workbook."""
    folder, name = posixpath.split(part)
    member = parts.get(posixpath.join(folder, "_rels", f"{name}.rels"))
    found = {}
    for tag, given in _elements(archive, member) if member else ():
        kind = given.get("Type", "").rsplit("/", 1)[-1]
        if tag == "Relationship" and (all_types or kind == "officeDocument"):
            target = posixpath.join("/", folder, given.get("Target", ""))
            found[given.get("Id", ""), kind] = posixpath.normpath(target).lstrip("/")
    return found


def _elements(archive: zipfile.ZipFile, member: Member) -> Iterator[tuple[str, Attributes]]:
    """Yield the elements of a small part as they begin."""
    begun: list[tuple[str, Attributes]] = []

    def begin(tag: str, given: Attributes) -> None:
        begun.append((_local(tag), given))

    for _ in _events(archive, member, begin):
        yield from begun
        begun.clear()


def _local(tag: str) -> str:
    return tag.rpartition(":")[2]


def _events(
    archive: zipfile.ZipFile,
    member: Member,
    begin: Callable[[str, Attributes], None],
    end: Callable[[str], None] | None = None,
    texts: "_Texts | _Cells | None" = None,
) -> Iterator[None]:
    """Parse a part block by block; what the functions collect can be taken after each."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    parser.CharacterDataHandler = texts.text if texts else None
    try:
        for block in zip_members.blocks(archive, member):
            parser.Parse(block)
            yield
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise InvalidInput(f"The workbook is damaged ({error}); save it again.") from error
    yield


def _refuse_doctype(*_: object) -> None:
    raise InvalidInput("The workbook holds a document type, which none has; save it again.")


# --- texts and formats -----------------------------------------------------------------------


class _Texts:
    """Collects the texts that cells share; how characters are pronounced is left out."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._pieces: list[str] | None = None
        self._aside = 0
        self._inside = False

    def begin(self, tag: str, given: Attributes) -> None:
        name = _local(tag)
        if name == "si":
            self._pieces = []
        self._aside += name == "rPh"
        self._inside = name == "t" and not self._aside

    def end(self, tag: str) -> None:
        name = _local(tag)
        self._inside = False
        self._aside -= name == "rPh"
        if name == "si":
            self.found.append(_unescaped("".join(self._pieces or ())))

    def text(self, text: str) -> None:
        if self._inside and self._pieces is not None:
            self._pieces.append(text)


def _read_texts(archive: zipfile.ZipFile, member: Member | None) -> Sequence[str]:
    if member is None:
        return ()
    if member.size > _MOST_TEXT:
        raise InvalidInput("The workbook holds too much text; save the sheet as CSV.")
    texts = _Texts()
    for _ in _events(archive, member, texts.begin, texts.end, texts):
        pass
    return texts.found


def _unescaped(text: str) -> str:
    if "_x" not in text:
        return text
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)


def _read_formats(archive: zipfile.ZipFile, member: Member | None) -> Sequence[str]:
    """Return for each style what its numbers are: "" (numbers), "date" or "time"."""
    own: dict[int, str] = {}
    styles: list[str] = []
    inside = False
    for tag, given in _elements(archive, member) if member else ():
        if tag == "numFmt":
            own[int(given.get("numFmtId", 0))] = given.get("formatCode", "")
        if tag == "xf" and inside:
            number = int(given.get("numFmtId", 0))
            styles.append(_meaning(own[number]) if number in own else _standard(number))
        inside = tag == "cellXfs" or (inside and tag != "cellStyles")
    return styles


def _standard(number: int) -> str:
    if number not in _DATES or number == _ELAPSED:
        return ""
    return "time" if number in _ONLY_TIMES else "date"


def _meaning(code: str) -> str:
    """Return what a format of the workbook's own shows; what counts hours is a number of days."""
    if _COUNTING.search(code) or code.lower() == "general":
        return ""
    letters = set(_ASIDE.sub("", code.partition(";")[0]).lower())
    if letters & set("dy") or ("e" in letters and not letters & set("0#?")):
        return "date"
    if letters & set("hs"):
        return "time"
    return "date" if "m" in letters else ""


# --- cells -----------------------------------------------------------------------------------


class _Cells:
    """Turns the events of one sheet into rows of values."""

    def __init__(self, texts: Sequence[str], formats: Sequence[str], epoch: dt.datetime) -> None:
        self._texts = texts
        self._formats = formats
        self._epoch = epoch
        self._rows: list[Row] = []
        self._row: dict[int, object] = {}
        self._places: dict[str, int] = {}
        self._place = -1
        self._kind = ""
        self._style = ""
        self._formula = False
        self._value: list[str] = []
        self._reading = False

    def taken(self) -> Iterable[Row]:
        """Return the rows since the last time."""
        rows, self._rows = self._rows, []
        return rows

    def begin(self, tag: str, given: Attributes) -> None:
        """Take note of where an element begins."""
        name = _local(tag)
        if name == "c":
            self._place = self._place_of(given.get("r"))
            self._kind = given.get("t", "n")
            self._style = given.get("s", "")
            self._formula = False
            self._value = []
        elif name == "row":
            self._row = {}
            self._place = -1
        elif name == "f":
            self._formula = True
        self._reading = name == "v" or (name == "t" and self._kind == "inlineStr")

    def end(self, tag: str) -> None:
        """Take a cell or a row that is complete."""
        name = _local(tag)
        self._reading = False
        if name == "c":
            value = self._cell("".join(self._value))
            if value is not None:
                self._row[self._place] = value
        elif name == "row" and self._row:
            self._rows.append([self._row.get(place) for place in range(max(self._row) + 1)])

    def text(self, text: str) -> None:
        """Take a piece of a cell's content."""
        if self._reading:
            self._value.append(text)

    def _place_of(self, reference: str | None) -> int:
        if reference is None:
            return self._place + 1
        letters = reference.rstrip("0123456789")
        if letters not in self._places:
            self._places[letters] = _column(letters)
        return self._places[letters]

    def _cell(self, written: str) -> object:
        if not written:
            return UNSAVED if self._formula and self._kind != "str" else None
        try:
            return self._typed(written)
        except (ValueError, IndexError):
            raise InvalidInput(
                f'The workbook is damaged: a cell holds "{written[:40]}". Save it again.'
            ) from None

    def _typed(self, written: str) -> object:
        if self._kind == "s":
            return self._texts[int(written)]
        if self._kind == "n":
            return self._number(float(written))
        if self._kind == "b":
            return written.strip() == "1"
        if self._kind == "d":
            return _plain(dt.datetime.fromisoformat(written))
        return _unescaped(written)

    def _number(self, number: float) -> object:
        meaning = self._formats[int(self._style)] if self._style else ""
        if not meaning or not 0 <= number <= _LAST_DAY:
            return int(number) if number.is_integer() and abs(number) < 2**53 else number
        if number < 1 and meaning == "time":
            return _moment(self._epoch, number).time()
        # Before 1 March 1900 the count is one day ahead: it has a 29 February that never was.
        ahead = self._epoch.year == 1899 and number < 60
        return _plain(_moment(self._epoch, number + ahead))


def _column(letters: str) -> int:
    place = 0
    for letter in letters.upper():
        place = place * 26 + ord(letter) - 64
    if not 1 <= place <= 16_384:
        raise InvalidInput(f'The workbook is damaged: there is no column "{letters[:10]}".')
    return place - 1


def _moment(epoch: dt.datetime, days: float) -> dt.datetime:
    """Return a moment to the millisecond, as exact as a cell can hold it."""
    return epoch + dt.timedelta(milliseconds=round(days * 86_400_000))


def _plain(moment: dt.datetime) -> dt.date | dt.datetime:
    return moment.date() if moment.time() == dt.time() else moment
