"""Numbers and cells into the rows of PMML4S, and rows into its results, all inside the JVM."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from jpype import JArray, JClass, JInt

from core.runtimes.pmml_java import Handles, JavaObject, integer, primitive

PARALLEL_FROM = 256
SERIES = "org.pmml4s.data.Series"
_DATA = "org.pmml4s.data.DataVal"


class RowPrograms:
    """The Java programs that every PMML model uses; one per JVM."""

    def __init__(self) -> None:
        self.handles = Handles()
        self.cells = JArray(JClass(_DATA))
        self.null = getattr(JClass("org.pmml4s.data.NullVal$"), "MODULE$")
        self._no_result = getattr(JClass("org.pmml4s.data.NullSeries$"), "MODULE$")
        self._objects = _class("[Ljava.lang.Object;")
        self._new_cells = self.handles.function(
            "IntFunction", self.handles.all.arrayConstructor(self.cells.class_)
        )
        self._cell_at = self.handles.all.arrayElementGetter(self.cells.class_)
        self._one_row = self._cells_from("Double", "DoubleVal", "[D", parallel=False)
        self._doubles = self._functions("Double", "DoubleVal", "[D")
        self._longs = self._functions("Long", "LongVal", "[J")
        self._ints = JClass("java.util.stream.IntStream")
        self._system = JClass("java.lang.System")

    def _functions(self, kind: str, cell: str, array: str) -> dict[bool, JavaObject]:
        """Return the functions from an array of numbers to cells, by whether it is large."""
        return {
            large: self.handles.function(
                "Function", self._cells_from(kind, cell, array, parallel=large)
            )
            for large in (False, True)
        }

    def _cells_from(self, kind: str, cell: str, array: str, *, parallel: bool) -> JavaObject:
        steps = self.handles
        stream, boxed = f"java.util.stream.{kind}Stream", "java.util.stream.Stream"
        function, maker = f"{kind}Function", steps.type("java.util.function.IntFunction")
        wrap = steps.static(_DATA, "from", steps.type(f"org.pmml4s.data.{cell}"), primitive(kind))
        to_object = steps.method(
            stream, "mapToObj", steps.type(boxed), steps.type(f"java.util.function.{function}")
        )
        to_array = steps.method(boxed, "toArray", self._objects, maker)
        on_all_cores = [steps.method(stream, "parallel", steps.type(stream))] if parallel else []
        return steps.then(
            steps.static(stream, "of", steps.type(stream), _class(array)),
            *on_all_cores,
            steps.bind(to_object, 1, steps.function(function, wrap)),
            steps.bind(to_array, 1, self._new_cells),
        )

    def doubles(self, values: npt.NDArray[np.float64]) -> JavaObject:
        """Return one cell for each number; NaN becomes missing."""
        return self._doubles[len(values) >= PARALLEL_FROM].apply(java_array(values))

    def longs(self, values: npt.NDArray[np.int64]) -> JavaObject:
        """Return one cell for each whole number."""
        return self._longs[len(values) >= PARALLEL_FROM].apply(java_array(values))

    def pick(self, pools: Sequence[JavaObject], index: npt.NDArray[np.int32]) -> JavaObject:
        """Return the cells at these places of the pools laid end to end."""
        pool = self._join(pools)
        cell_at = self.handles.function("IntFunction", self.handles.bind(self._cell_at, 0, pool))
        places = self._ints.of(java_array(index))
        return places.mapToObj(cell_at).toArray(self._new_cells)

    def _join(self, pools: Sequence[JavaObject]) -> JavaObject:
        joined = self.cells(sum(map(len, pools)))
        start = 0
        for pool in pools:
            self._system.arraycopy(pool, 0, joined, start, len(pool))
            start += len(pool)
        return joined

    def scorers(self, model: JavaObject) -> tuple[JavaObject, JavaObject]:
        """Return functions from one row to a result: from its cells, and from plain numbers.

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
        numbers = steps.then(self._one_row, score)
        return steps.function("Function", score), steps.function("Function", numbers)

    def results(
        self, score: JavaObject, cells: JavaObject, width: int, *, serial: bool
    ) -> JavaObject:
        """Score rows of so many cells each, and return an array of results."""
        starts = np.arange(0, len(cells), width, dtype=np.int32)
        stream = self._ints.of(java_array(starts))
        if len(starts) >= PARALLEL_FROM and not serial:
            stream = stream.parallel()
        return stream.mapToObj(self._slices(cells, width)).map(score).toArray()

    def _slices(self, cells: JavaObject, width: int) -> JavaObject:
        """Return the function from a start to the `width` cells from there on."""
        steps = self.handles
        whole, number = self.cells.class_, primitive("Integer")
        copy = steps.static(
            "java.util.Arrays", "copyOfRange", self._objects, self._objects, number, number
        )
        plus = steps.static("java.lang.Math", "addExact", number, number, number)
        ends = JArray(JClass("java.lang.invoke.MethodHandle"))(
            [steps.bind(plus, 1, integer(width))]
        )
        typed = copy.asType(steps.signature(whole, whole, number, number))
        from_start = steps.all.permuteArguments(
            steps.all.filterArguments(typed, 2, ends),
            steps.signature(whole, whole, number),
            JArray(JInt)([0, 1, 1]),
        )
        return steps.function("IntFunction", steps.bind(from_start, 0, cells))


def _class(name: str) -> JavaObject:
    return JClass("java.lang.Class").forName(name)


def java_array(values: npt.NDArray[np.generic]) -> JavaObject:
    """Return a Java array of the same type as NumPy's."""
    return JArray.of(np.ascontiguousarray(values))
