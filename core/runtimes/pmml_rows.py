"""Numbers and cells into the rows of PMML4S, and rows into its results, all inside the JVM."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from jpype import JArray, JClass

from core.runtimes.pmml_java import Handles, JavaObject, primitive

PARALLEL_FROM = 256
SERIES = "org.pmml4s.data.Series"
_DATA = "org.pmml4s.data.DataVal"


class RowPrograms:
    """The Java programs that every PMML model uses; one per JVM.

    A row is an array of cells or of doubles, one for each field in the engine's order.
    """

    def __init__(self) -> None:
        self.handles = Handles()
        self.cells = JArray(JClass(_DATA))
        self.null = getattr(JClass("org.pmml4s.data.NullVal$"), "MODULE$")
        self._no_result = getattr(JClass("org.pmml4s.data.NullSeries$"), "MODULE$")
        steps = self.handles
        self._wrap = self._cells_of("DoubleVal", "Double")
        self._doubles = steps.function("Function", self._wrap)
        self._longs = steps.function("Function", self._cells_of("LongVal", "Long"))
        cell_at = steps.all.arrayElementGetter(self.cells.class_)
        self._pick = steps.function("BiFunction", steps.each(steps.each(cell_at)))
        self._arrays = JClass("java.util.Arrays")
        self._system = JClass("java.lang.System")

    def _cells_of(self, cell: str, kind: str) -> JavaObject:
        """Return the handle from an array of numbers to an array of cells."""
        steps, number = self.handles, primitive(kind)
        wrap = steps.static(_DATA, "from", steps.type(f"org.pmml4s.data.{cell}"), number)
        return steps.each(wrap.asType(steps.signature(steps.type(_DATA), number)))

    def doubles(self, values: npt.NDArray[np.float64]) -> JavaObject:
        """Return one cell for each number; NaN becomes missing."""
        return self._doubles.apply(java_array(values))

    def longs(self, values: npt.NDArray[np.int64]) -> JavaObject:
        """Return one cell for each whole number."""
        return self._longs.apply(java_array(values))

    def pick(self, pools: Sequence[JavaObject], index: npt.NDArray[np.int32]) -> JavaObject:
        """Return rows of the cells at these places (rows x fields) of the pools end to end."""
        return self._pick.apply(self._join(pools), java_array(index))

    def _join(self, pools: Sequence[JavaObject]) -> JavaObject:
        joined = self.cells(sum(map(len, pools)))
        start = 0
        for pool in pools:
            self._system.arraycopy(pool, 0, joined, start, len(pool))
            start += len(pool)
        return joined

    def scorers(self, model: JavaObject) -> tuple[JavaObject, JavaObject]:
        """Return the handles from one row to a result: from cells, and from doubles.

        They never throw: what the engine throws becomes a result without values.
        """
        steps = self.handles
        series = steps.type(SERIES)
        schema = steps.type("org.pmml4s.common.StructType")
        make = steps.constructor(
            "org.pmml4s.data.GenericSeriesWithSchema", self.cells.class_, schema
        )
        predict = steps.method("org.pmml4s.model.Model", "predict", series, series)
        row = steps.bind(make, 1, model.usedSchema())
        score = steps.instead(steps.then(row, steps.bind(predict, 0, model)), self._no_result)
        return score, steps.then(self._wrap, score)

    def results(self, score: JavaObject, rows: JavaObject, *, serial: bool) -> JavaObject:
        """Return an array of what a function from a row to a result gives for these rows."""
        stream = self._arrays.stream(rows)
        if len(rows) >= PARALLEL_FROM and not serial:
            stream = stream.parallel()
        return stream.map(score).toArray()


def java_array(values: npt.NDArray[np.generic]) -> JavaObject:
    """Return a Java array of the same type and as many dimensions as NumPy's."""
    return JArray.of(np.ascontiguousarray(values))
