"""What checks and comparisons tell: frozen views, and how a verdict lies in its row."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from core.db.tables import Verdict as VerdictRow
from core.db.tables import new_id, utc_now
from core.runtimes.engines import engine_of
from core.services.model_views import VersionView
from core.version import VERSION


@dataclass(frozen=True, slots=True)
class Pair:
    """An output, the column that says what is expected of it, and in how many rows it is that."""

    output: str
    column: str
    agreeing: int = 0


@dataclass(frozen=True, slots=True)
class Cell:
    """One output of one row twice: as it should be or was, and as it is."""

    output: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class Difference:
    """A row in which two answers differ, counted from 1.

    `record` has the first of the model's inputs; `error` says why the row was not scored.
    """

    row: int
    record: dict[str, object]
    cells: tuple[Cell, ...]
    error: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What a verdict keeps beside its numbers: the outputs compared, and rows that differ."""

    pairs: tuple[Pair, ...]
    examples: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check of a version against expected outputs came to.

    `version` is the version's number. `tolerance` is relative for numbers and absolute for
    probabilities; `made` is in UTC. `made_by` is a name, empty where Slipway checked again by
    itself. `engine` and `slipway` are the versions it was made with. `failure` says why the file
    could not be scored; then nothing was compared.
    `examples` are the first of the rows that differ.
    """

    id: str
    version_id: str
    version: int
    file_name: str
    tolerance: float
    rows: int
    agreeing: int
    pairs: tuple[Pair, ...]
    examples: tuple[Difference, ...]
    failure: str
    engine: str
    slipway: str
    made: datetime
    made_by: str

    @property
    def agrees(self) -> bool:
        """Return whether every row is as expected."""
        return not self.failure and self.agreeing == self.rows

    @property
    def sentence(self) -> str:
        """Return the verdict in words, for example `1,899 of 1,899 rows agree to 1e-6.`"""
        if self.failure:
            return f"The check could not be made: {self.failure}"
        rows = "1 row agrees" if self.rows == 1 == self.agreeing else f"{self.rows:,} rows agree"
        return f"{self.agreeing:,} of {rows} to {in_digits(self.tolerance)}."


@dataclass(frozen=True, slots=True)
class Transition:
    """How many rows had one label and have another, or the same."""

    before: str
    after: str
    rows: int


@dataclass(frozen=True, slots=True)
class OutputChange:
    """What became of one output.

    `largest` and `mean` are absolute differences over the rows in which both versions give a
    number, None where it is a label or there are none. `transitions` are of labels, the most
    frequent first.
    """

    output: str
    changed: int
    largest: float | None = None
    mean: float | None = None
    transitions: tuple[Transition, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two versions of a model answer the same rows.

    `changed` counts the rows in which any output differs by more than the tolerance.
    `only_first` and `only_second` name outputs that the other version does not have.
    """

    first: int
    second: int
    file_name: str
    tolerance: float
    rows: int
    changed: int
    outputs: tuple[OutputChange, ...]
    examples: tuple[Difference, ...]
    only_first: tuple[str, ...] = ()
    only_second: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """Return the outcome in words."""
        return (
            f"{self.changed:,} of {self.rows:,} rows change by more than "
            f"{in_digits(self.tolerance)} from version {self.first} to version {self.second}."
        )


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows were read, how many of them are as expected, and what a verdict keeps."""

    tolerance: float
    report: Report
    rows: int = 0
    agreeing: int = 0


_REPORT = msgspec.json.Decoder(Report)


def encoded_report(report: Report) -> str:
    """Return a report as the JSON that its row holds."""
    return msgspec.json.encode(report).decode()


def decoded_report(text: str) -> Report:
    """Return the report that a row holds as JSON."""
    return _REPORT.decode(text)


def verdict_row(
    view: VersionView, file: str, file_name: str, count: Count, made_by: str, failure: str = ""
) -> VerdictRow:
    """Return the row of a verdict that is made now, by the engines that are installed."""
    return VerdictRow(
        id=new_id(),
        model_id=view.model.id,
        version_id=view.id,
        file=file,
        file_name=file_name,
        tolerance=count.tolerance,
        rows=count.rows,
        agreeing=count.agreeing,
        report=encoded_report(count.report),
        failure=failure,
        revision=view.revision,
        engine=engine_of(view.info.format),
        slipway=VERSION,
        made=utc_now(),
        made_by=made_by,
    )


def verdict_view(row: VerdictRow, version: int) -> Verdict:
    """Return the row of a verdict on the version of a number as a view."""
    report = decoded_report(row.report)
    return Verdict(
        id=row.id,
        version_id=row.version_id,
        version=version,
        file_name=row.file_name,
        tolerance=row.tolerance,
        rows=row.rows,
        agreeing=row.agreeing,
        pairs=report.pairs,
        examples=report.examples,
        failure=row.failure,
        engine=row.engine,
        slipway=row.slipway,
        made=row.made,
        made_by=row.made_by,
    )


def in_digits(tolerance: float) -> str:
    """Return a tolerance as people write it: 1e-6, 0.01."""
    if not 0 < tolerance < 0.01:
        return f"{tolerance:g}"
    digits, exponent = f"{tolerance:e}".split("e")
    return f"{float(digits):g}e{int(exponent)}"
