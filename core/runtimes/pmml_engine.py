"""PMML4S in this process: a PMML file as something that scores columns."""

import functools
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from threading import Lock
from typing import TypeAlias

import jpype
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jpype import JClass, JObject

from core.runtimes.base import ERROR_COLUMN
from core.runtimes.jvm_row import Value
from core.runtimes.pmml_cells import CellMaker, Records
from core.runtimes.pmml_java import Handles, JavaObject, start_java
from core.runtimes.pmml_outputs import outputs_of, supplement
from core.runtimes.pmml_readers import ColumnReader, RowReader
from core.runtimes.pmml_rows import RowPrograms
from core.schema import DataType, Field, Schema

NO_RESULT = "The model gives no result for this row."
_PART_ROWS = 2048
_PART_CELLS = 1_000_000
_KINDS = {
    DataType.INTEGER: "long",
    DataType.DOUBLE: "double",
    DataType.BOOLEAN: "truth",
    DataType.STRING: "text",
}
_ERROR = Field(ERROR_COLUMN, DataType.STRING)

Row: TypeAlias = tuple[Value | None, ...]


class EngineError(Exception):
    """The engine refuses a file; the message is the engine's own."""


class PmmlEngine:
    """The engine of one process: starts the JVM and opens models."""

    def __init__(self, heap_mb: int) -> None:
        start_java(heap_mb)
        self._programs = RowPrograms()

    def open(self, path: Path, inputs: Sequence[str]) -> "PmmlModel":
        """Open a file whose batches will have these columns; raises EngineError."""
        try:
            model = JClass("org.pmml4s.model.Model").fromFile(str(path))
            supplement(model)
            return PmmlModel(self._programs, model, inputs)
        except jpype.JException as error:
            raise EngineError(reason_of(error)) from error


def reason_of(error: JavaObject) -> str:
    """Return what a Java exception says, in one line."""
    message = error.getMessage()
    name = str(error.getClass().getSimpleName())
    return name if message is None else " ".join(str(message).split())


class PmmlModel:
    """A loaded model of PMML4S; threads may share it.

    A categorical field without a list of values collects the values that it sees, in a map that
    is not made for threads, and an association model gathers the items of a transaction from one
    row to the next: such models are scored one row after the other.
    """

    def __init__(self, programs: RowPrograms, model: JavaObject, inputs: Sequence[str]) -> None:
        self.java = model
        self.inputs = list(inputs)
        self.outputs = outputs_of(model)
        self.schema = Schema((*(output.field for output in self.outputs), _ERROR)).arrow
        self._programs = programs
        self._cells = _cell_maker(programs, model, inputs)
        self._readers = [
            ColumnReader(programs.handles, output.place, _KINDS[output.field.type])
            for output in self.outputs
        ]
        self._row = RowReader(programs.handles, self._readers)
        cells, numbers = programs.scorers(model)
        self._of_cells = _Scorer(programs.handles, cells, self._row.text)
        self._of_numbers = _Scorer(programs.handles, numbers, self._row.text)
        self._answers = [place for place, output in enumerate(self.outputs) if output.answers]
        self._gathers = str(model.modelElement()) == "AssociationModel"
        self._serial = self._gathers or _collects_values(model)
        self._lock: AbstractContextManager[object] = Lock() if self._serial else nullcontext()

    @property
    def takes_matrix(self) -> bool:
        """Return whether records may be a matrix of plain numbers."""
        return self._cells.takes_matrix

    def score(self, records: Records) -> pa.RecordBatch:
        """Score records, as `Scorer.score` says."""
        with self._lock:
            if self._gathers:
                self._forget()
            return self._in_parts(records)

    def score_one(self, record: Records) -> Row:
        """Score one record; return what `score` would, as a value for each column."""
        with self._lock:
            if self._gathers:
                self._forget()
            text = self._scorer(record).text(self._cells.row(record))
        values = self._row.values(text)
        if any(values[place] is not None for place in self._answers):
            return (*values, None)
        return (*(None for _ in values), NO_RESULT)

    def _scorer(self, records: Records) -> "_Scorer":
        return self._of_numbers if isinstance(records, np.ndarray) else self._of_cells

    def _forget(self) -> None:
        """Score a row without a transaction, so that no call goes on with another's items."""
        self._of_cells.text(self._programs.cells([self._programs.null] * self._cells.width))

    def reason(self, record: pa.RecordBatch) -> str:
        """Return what the engine throws for one record, or nothing if it throws nothing."""
        cells = self._cells.row(record)
        row = JClass("org.pmml4s.data.GenericSeriesWithSchema")(cells, self.java.usedSchema())
        try:
            self.java.predict(JObject(row, JClass("org.pmml4s.data.Series")))
        except jpype.JException as error:
            return reason_of(error)
        return ""

    def _in_parts(self, records: Records) -> pa.RecordBatch:
        """Score so few records at a time that Java's collections find little that is in use."""
        most = max(1, min(_PART_ROWS, _PART_CELLS // self._cells.width))
        parts = [
            self._part(records[start : start + most]) for start in range(0, len(records), most)
        ]
        if not parts:
            return pa.RecordBatch.from_pylist([], schema=self.schema)
        return parts[0] if len(parts) == 1 else pa.concat_batches(parts)

    def _part(self, records: Records) -> pa.RecordBatch:
        rows, score = self._cells.rows(records), self._scorer(records).result
        results = self._programs.results(score, rows, serial=self._serial)
        columns = [reader.column(results) for reader in self._readers]
        known = functools.reduce(pc.or_, [columns[place].is_valid() for place in self._answers])
        error = pc.if_else(known, pa.scalar(None, pa.string()), NO_RESULT)
        if not pc.all(known).as_py():
            columns = [pc.if_else(known, column, None) for column in columns]
        return pa.RecordBatch.from_arrays([*columns, error], schema=self.schema)


class _Scorer:
    """What scores one row: to a result, and to the text of all its outputs."""

    def __init__(self, steps: Handles, score: JavaObject, text: JavaObject) -> None:
        self.result = steps.function("Function", score)
        self.text = steps.function("Function", steps.then(score, text)).apply


def _cell_maker(programs: RowPrograms, model: JavaObject, inputs: Sequence[str]) -> CellMaker:
    position = {name: index for index, name in enumerate(inputs)}
    fields = list(model.usedSchema().fields())
    return CellMaker(
        programs,
        [str(field.dataType()) for field in fields],
        [position.get(str(field.name())) for field in fields],
    )


def _collects_values(model: JavaObject) -> bool:
    fields = [*model.usedFields(), *model.inputDerivedFields()]
    return any(field.attribute().isMutable() for field in fields)
