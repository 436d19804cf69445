"""PMML4S in this process: a PMML file as something that scores columns."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from threading import Lock

import jpype
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from jpype import JClass, JObject

from core.runtimes.base import ERROR_COLUMN
from core.runtimes.pmml_cells import CellMaker
from core.runtimes.pmml_java import JavaObject, start_java
from core.runtimes.pmml_outputs import Output, outputs_of, supplement
from core.runtimes.pmml_rows import NO_LONG, RowPrograms
from core.schema import DataType, Field, Schema

NO_RESULT = "The model gives no result for this row."
_PART_ROWS = 32_768
_PART_CELLS = 1_000_000
_KINDS = {DataType.INTEGER: "long", DataType.DOUBLE: "double"}


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
        self._score = programs.scorer(model)
        self._readers = [
            programs.reader(output.place, _KINDS.get(output.field.type, "text"))
            for output in self.outputs
        ]
        self._gathers = str(model.modelElement()) == "AssociationModel"
        self._serial = self._gathers or _collects_values(model)
        self._lock: AbstractContextManager[object] = Lock() if self._serial else nullcontext()

    @property
    def takes_matrix(self) -> bool:
        """Return whether `score_matrix` may be used."""
        return self._cells.takes_matrix

    def score(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Score a batch of the inputs' columns, as `Scorer.score` says."""
        with self._lock:
            if self._gathers:
                self._forget()
            return self._in_parts(
                batch.num_rows, lambda start, rows: self._cells.from_batch(batch.slice(start, rows))
            )

    def score_matrix(self, matrix: npt.NDArray[np.float64]) -> pa.RecordBatch:
        """Score records x inputs of plain numbers; NaN is missing."""
        with self._lock:
            return self._in_parts(
                len(matrix),
                lambda start, rows: self._cells.from_matrix(matrix[start : start + rows]),
            )

    def _forget(self) -> None:
        """Score a row without a transaction, so that no call goes on with another's items."""
        self._score.apply(self._programs.cells([self._programs.null] * self._cells.width))

    def reason(self, record: pa.RecordBatch) -> str:
        """Return what the engine throws for one record, or nothing if it throws nothing."""
        cells = self._cells.from_batch(record)
        row = JClass("org.pmml4s.data.GenericSeriesWithSchema")(cells, self.java.usedSchema())
        try:
            self.java.predict(JObject(row, JClass("org.pmml4s.data.Series")))
        except jpype.JException as error:
            return reason_of(error)
        return ""

    def _in_parts(self, rows: int, cells: Callable[[int, int], JavaObject]) -> pa.RecordBatch:
        """Score so many rows at a time that the cells of wide models fit into the heap."""
        most = max(1, min(_PART_ROWS, _PART_CELLS // self._cells.width))
        starts = range(0, rows, most)
        parts = [self._results(cells(start, min(most, rows - start))) for start in starts]
        if not parts:
            return pa.RecordBatch.from_pylist([], schema=self.schema)
        return parts[0] if len(parts) == 1 else pa.concat_batches(parts)

    def _results(self, cells: JavaObject) -> pa.RecordBatch:
        width = self._cells.width
        if len(cells) == width:
            return self._one(self._score.apply(cells))
        results = self._programs.results(self._score, cells, width, serial=self._serial)
        return self._many(results)

    def _one(self, result: JavaObject) -> pa.RecordBatch:
        values = [reader.one(result) for reader in self._readers]
        known = [
            value
            for output, value in zip(self.outputs, values, strict=True)
            if output.answers and value is not None
        ]
        row = (*values, None) if known else (*(None for _ in values), NO_RESULT)
        return self._record(row)

    def _record(self, row: tuple[object, ...]) -> pa.RecordBatch:
        typed = tuple(
            value == "true" if field.type == pa.bool_() and value is not None else value
            for field, value in zip(self.schema, row, strict=True)
        )
        return pa.RecordBatch.from_struct_array(pa.array([typed], pa.struct(list(self.schema))))

    def _many(self, results: JavaObject) -> pa.RecordBatch:
        columns = [
            _arrow(output, reader.all(results))
            for output, reader in zip(self.outputs, self._readers, strict=True)
        ]
        answers = [
            column.is_valid()
            for output, column in zip(self.outputs, columns, strict=True)
            if output.answers
        ]
        known = answers[0]
        for more in answers[1:]:
            known = pc.or_(known, more)
        error = pc.if_else(known, pa.scalar(None, pa.string()), NO_RESULT)
        if not pc.all(known).as_py():
            columns = [pc.if_else(known, column, None) for column in columns]
        return pa.RecordBatch.from_arrays([*columns, error], schema=self.schema)


_ERROR = Field(ERROR_COLUMN, DataType.STRING)


def _arrow(output: Output, values: JavaObject) -> pa.Array:
    kind = output.field.type
    if kind is DataType.INTEGER:
        return pa.array(values, mask=values == NO_LONG)
    if kind is DataType.DOUBLE:
        return pa.array(values, from_pandas=True)
    texts = pa.array(values, pa.string())
    return pc.equal(texts, "true") if kind is DataType.BOOLEAN else texts


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
