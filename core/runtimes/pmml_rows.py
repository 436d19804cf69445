"""Columns into the rows of PMML4S and its results back into columns, all inside the JVM."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from jpype import JArray, JClass, JInt, JObject

from core.runtimes.pmml_java import Handles, JavaObject, integer, primitive

NO_LONG = -(2**63)
PARALLEL_FROM = 256
_DATA = "org.pmml4s.data.DataVal"
_SERIES = "org.pmml4s.data.Series"
_BETWEEN = "\0"  # neither of these two can occur in XML
_NO_TEXT = "\1"


class RowPrograms:
    """The Java programs that every PMML model uses; one per JVM."""

    def __init__(self) -> None:
        self.handles = Handles()
        self.data = JClass(_DATA)
        self.cells = JArray(self.data)
        self.null = getattr(JClass("org.pmml4s.data.NullVal$"), "MODULE$")
        self.no_result = getattr(JClass("org.pmml4s.data.NullSeries$"), "MODULE$")
        self._new_cells = self.handles.function(
            "IntFunction", self.handles.all.arrayConstructor(self.cells.class_)
        )
        self._cell_at = self.handles.all.arrayElementGetter(self.cells.class_)
        self._doubles = self._cells_from("Double", "DoubleVal", "[D")
        self._longs = self._cells_from("Long", "LongVal", "[J")
        self._ints = JClass("java.util.stream.IntStream")
        self._arrays = JClass("java.util.Arrays")
        self._joining = JClass("java.util.stream.Collectors").joining(_BETWEEN)

    def _cells_from(self, kind: str, cell: str, array: str) -> Callable[[bool], JavaObject]:
        """Return functions from an array of numbers to cells, in turn or on all cores."""
        steps = self.handles
        stream, boxed = f"java.util.stream.{kind}Stream", "java.util.stream.Stream"
        interface = f"java.util.function.{kind}Function"
        wrap = steps.static(_DATA, "from", steps.type(f"org.pmml4s.data.{cell}"), primitive(kind))
        to_object = steps.method(stream, "mapToObj", steps.type(boxed), steps.type(interface))
        objects = JClass("java.lang.Class").forName("[Ljava.lang.Object;")
        to_array = steps.method(
            boxed, "toArray", objects, steps.type("java.util.function.IntFunction")
        )
        start = steps.static(
            stream, "of", steps.type(stream), JClass("java.lang.Class").forName(array)
        )
        ends = (
            steps.bind(to_object, 1, steps.function(f"{kind}Function", wrap)),
            steps.bind(to_array, 1, self._new_cells),
        )
        parallel = steps.method(stream, "parallel", steps.type(stream))
        one = steps.function("Function", steps.then(start, *ends))
        many = steps.function("Function", steps.then(start, parallel, *ends))
        return lambda large: many if large else one

    def doubles(self, values: npt.NDArray[np.float64]) -> JavaObject:
        """Return one cell for each number; NaN becomes missing."""
        return self._doubles(len(values) >= PARALLEL_FROM).apply(_java_array(values))

    def longs(self, values: npt.NDArray[np.int64]) -> JavaObject:
        """Return one cell for each whole number."""
        return self._longs(len(values) >= PARALLEL_FROM).apply(_java_array(values))

    def pick(self, pools: Sequence[JavaObject], index: npt.NDArray[np.int32]) -> JavaObject:
        """Return the cells at these places of the pools laid end to end."""
        pool = self._join(pools)
        cell_at = self.handles.function("IntFunction", self.handles.bind(self._cell_at, 0, pool))
        places = self._ints.of(_java_array(index))
        return places.mapToObj(cell_at).toArray(self._new_cells)

    def _join(self, pools: Sequence[JavaObject]) -> JavaObject:
        joined = self.cells(sum(map(len, pools)))
        start = 0
        for pool in pools:
            JClass("java.lang.System").arraycopy(pool, 0, joined, start, len(pool))
            start += len(pool)
        return joined

    def scorer(self, model: JavaObject) -> JavaObject:
        """Return the function from the cells of one row to a result; it never throws."""
        steps = self.handles
        series = steps.type(_SERIES)
        schema = steps.type("org.pmml4s.common.StructType")
        make = steps.constructor(
            "org.pmml4s.data.GenericSeriesWithSchema", self.cells.class_, schema
        )
        predict = steps.method("org.pmml4s.model.Model", "predict", series, series)
        row = steps.bind(make, 1, model.usedSchema())
        score = steps.then(row, steps.bind(predict, 0, model))
        return steps.function("Function", steps.instead(score, self.no_result))

    def results(
        self, score: JavaObject, cells: JavaObject, width: int, *, serial: bool
    ) -> JavaObject:
        """Score rows of so many cells each, and return an array of results."""
        rows = len(cells) // width
        starts = np.arange(0, len(cells), width, dtype=np.int32)
        stream = self._ints.of(_java_array(starts))
        if rows >= PARALLEL_FROM and not serial:
            stream = stream.parallel()
        return stream.mapToObj(self._slices(cells, width)).map(score).toArray()

    def _slices(self, cells: JavaObject, width: int) -> JavaObject:
        steps = self.handles
        whole, number = self.cells.class_, primitive("Integer")
        objects = JClass("java.lang.Class").forName("[Ljava.lang.Object;")
        copy = steps.static("java.util.Arrays", "copyOfRange", objects, objects, number, number)
        plus = steps.static("java.lang.Math", "addExact", number, number, number)
        piece = steps.all.filterArguments(
            copy.asType(steps.signature(whole, whole, number, number)),
            2,
            JArray(JClass("java.lang.invoke.MethodHandle"))([steps.bind(plus, 1, integer(width))]),
        )
        twice = steps.all.permuteArguments(
            piece, steps.signature(whole, whole, number), JArray(JInt)([0, 1, 1])
        )
        return steps.function("IntFunction", steps.bind(twice, 0, cells))

    def reader(self, place: int | str, kind: str) -> "ColumnReader":
        """Return what takes one output, by its place or its name, out of results."""
        return ColumnReader(self, place, kind)

    def stream(self, results: JavaObject) -> JavaObject:
        """Return a stream over an array of results."""
        stream = self._arrays.stream(results)
        return stream.parallel() if len(results) >= PARALLEL_FROM else stream

    def joined(self, texts: JavaObject) -> list[str | None]:
        """Return a stream of texts as a list, in one crossing."""
        whole = str(texts.collect(self._joining))
        return [None if text == _NO_TEXT else text for text in whole.split(_BETWEEN)]


class ColumnReader:
    """Takes one output of results as a column: `text`, `long` or `double`."""

    def __init__(self, programs: RowPrograms, place: int | str, kind: str) -> None:
        self._programs = programs
        self._kind = kind
        self._read = {"text": self._texts, "long": self._longs, "double": self._doubles}[kind](
            place
        )

    def _texts(self, place: int | str) -> JavaObject:
        steps = self._programs.handles
        text = steps.type("java.lang.String")
        return steps.function(
            "Function", self._value(place, "getString", text, JClass("java.lang.String")(_NO_TEXT))
        )

    def _longs(self, place: int | str) -> JavaObject:
        none = JObject(NO_LONG, JClass("java.lang.Long"))
        value = self._value(place, "getLong", primitive("Long"), none)
        return self._programs.handles.function("ToLongFunction", value)

    def _doubles(self, place: int | str) -> JavaObject:
        none = JObject(float("nan"), JClass("java.lang.Double"))
        value = self._value(place, "getDouble", primitive("Double"), none)
        return self._programs.handles.function("ToDoubleFunction", value)

    def _value(
        self, place: int | str, getter: str, kind: JavaObject, none: JavaObject
    ) -> JavaObject:
        steps = self._programs.handles
        missing = self._at(
            place, steps.method(_SERIES, "isMissingAt", primitive("Boolean"), primitive("Integer"))
        )
        value = self._at(place, steps.method(_SERIES, getter, kind, primitive("Integer")))
        return steps.instead(steps.unless(missing, none, value), none)

    def _at(self, place: int | str, getter: JavaObject) -> JavaObject:
        """Return a getter of results fixed to one output; a name is looked up in each result."""
        steps = self._programs.handles
        if isinstance(place, int):
            return steps.bind(getter, 1, integer(place))
        text = steps.type("java.lang.String")
        find = steps.method(_SERIES, "fieldIndex", primitive("Integer"), text)
        named = steps.bind(find, 1, JClass("java.lang.String")(place))
        number, series = primitive("Integer"), steps.type(_SERIES)
        swapped = steps.all.permuteArguments(
            getter,
            steps.signature(getter.type().returnType(), number, series),
            JArray(JInt)([1, 0]),
        )
        return steps.all.foldArguments(swapped, named)

    def one(self, result: JavaObject) -> str | int | float | None:
        """Return the value of one result."""
        if self._kind == "text":
            text = str(self._read.apply(result))
            return None if text == _NO_TEXT else text
        if self._kind == "long":
            whole = int(self._read.applyAsLong(result))
            return None if whole == NO_LONG else whole
        number = float(self._read.applyAsDouble(result))
        return None if number != number else number

    def all(self, results: JavaObject) -> list[str | None] | npt.NDArray[Any]:
        """Return the column of all results; missing is None, `NO_LONG` or NaN."""
        stream = self._programs.stream(results)
        if self._kind == "text":
            return self._programs.joined(stream.map(self._read))
        if self._kind == "long":
            return np.asarray(stream.mapToLong(self._read).toArray(), dtype=np.int64)
        return np.asarray(stream.mapToDouble(self._read).toArray(), dtype=np.float64)


def _java_array(values: npt.NDArray[Any]) -> JavaObject:
    """Return a Java array of the same type as NumPy's."""
    return JArray.of(np.ascontiguousarray(values))
