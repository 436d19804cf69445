"""The results of PMML4S back into columns and values."""

import math

import numpy as np
import numpy.typing as npt
from jpype import JArray, JClass, JInt, JObject

from core.runtimes.jvm_row import Value
from core.runtimes.pmml_java import Handles, JavaObject, integer, primitive
from core.runtimes.pmml_rows import PARALLEL_FROM, SERIES

NO_LONG = -(2**63)
_BETWEEN = "\0"  # neither of these two can occur in XML
_NO_TEXT = "\1"


class ColumnReader:
    """Takes one output out of results, by its index or its name.

    `kind` is `text`, `truth`, `long` or `double`.
    """

    def __init__(self, handles: Handles, place: int | str, kind: str) -> None:
        self._steps = handles
        self._place = place
        self._kind = kind
        self._arrays = JClass("java.util.Arrays")
        self._joining = JClass("java.util.stream.Collectors").joining(_BETWEEN)
        self._read = self._function()

    def _function(self) -> JavaObject:
        if self._kind == "double":
            none = JObject(float("nan"), JClass("java.lang.Double"))
            value = self._value("getDouble", primitive("Double"), none)
            return self._steps.function("ToDoubleFunction", value)
        if self._kind == "long":
            none = JObject(NO_LONG, JClass("java.lang.Long"))
            value = self._value("getLong", primitive("Long"), none)
            return self._steps.function("ToLongFunction", value)
        none = JClass("java.lang.String")(_NO_TEXT)
        value = self._value("getString", self._steps.type("java.lang.String"), none)
        return self._steps.function("Function", value)

    def _value(self, getter: str, kind: JavaObject, none: JavaObject) -> JavaObject:
        """Return the handle from a result to its value, or `none` where it has none."""
        steps, index = self._steps, primitive("Integer")
        missing = self._at(steps.method(SERIES, "isMissingAt", primitive("Boolean"), index))
        value = self._at(steps.method(SERIES, getter, kind, index))
        return steps.instead(steps.unless(missing, none, value), none)

    def _at(self, getter: JavaObject) -> JavaObject:
        """Return a getter of results fixed to the output; a name is looked up in each result."""
        steps = self._steps
        if isinstance(self._place, int):
            return steps.bind(getter, 1, integer(self._place))
        text, number = steps.type("java.lang.String"), primitive("Integer")
        find = steps.method(SERIES, "fieldIndex", number, text)
        index = steps.bind(find, 1, JClass("java.lang.String")(self._place))
        swapped = steps.all.permuteArguments(
            getter,
            steps.signature(getter.type().returnType(), number, steps.type(SERIES)),
            JArray(JInt)([1, 0]),
        )
        return steps.all.foldArguments(swapped, index)

    def one(self, result: JavaObject) -> Value | None:
        """Return the value of one result."""
        if self._kind == "double":
            number = float(self._read.applyAsDouble(result))
            return None if math.isnan(number) else number
        if self._kind == "long":
            whole = int(self._read.applyAsLong(result))
            return None if whole == NO_LONG else whole
        return self._plain(str(self._read.apply(result)))

    def all(self, results: JavaObject) -> list[Value | None] | npt.NDArray[np.generic]:
        """Return the column of all results; missing is None, `NO_LONG` or NaN."""
        stream = self._arrays.stream(results)
        if len(results) >= PARALLEL_FROM:
            stream = stream.parallel()
        if self._kind == "double":
            return np.asarray(stream.mapToDouble(self._read).toArray(), dtype=np.float64)
        if self._kind == "long":
            return np.asarray(stream.mapToLong(self._read).toArray(), dtype=np.int64)
        joined = str(stream.map(self._read).collect(self._joining))
        return [self._plain(text) for text in joined.split(_BETWEEN)]

    def _plain(self, text: str) -> Value | None:
        if text == _NO_TEXT:
            return None
        return text == "true" if self._kind == "truth" else text
