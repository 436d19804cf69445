"""The results of PMML4S back into columns and values."""

import math
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jpype import JArray, JClass, JInt, JObject

from core.runtimes.jvm_row import Value
from core.runtimes.pmml_java import Handles, JavaObject, integer, primitive
from core.runtimes.pmml_rows import PARALLEL_FROM, SERIES

_NO_LONG = -(2**63)
_BETWEEN = "\0"  # neither of these two can occur in XML
_NO_TEXT = "\1"
_TEXT = "java.lang.String"
_MOST_JOINED = 100  # a handle takes 255 arguments at most


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
        self._read, self.text = self._programs()

    def _programs(self) -> tuple[JavaObject, JavaObject]:
        """Return the function from a result to its value, and the handle to that as text."""
        if self._kind == "double":
            none = JObject(float("nan"), JClass("java.lang.Double"))
            return self._number("Double", none)
        if self._kind == "long":
            none = JObject(_NO_LONG, JClass("java.lang.Long"))
            return self._number("Long", none)
        text = self._value("getString", self._steps.type(_TEXT), JClass(_TEXT)(_NO_TEXT))
        whole = self._steps.then(text, self._without_separator())
        return self._steps.function("Function", whole), whole

    def _without_separator(self) -> JavaObject:
        """Return the handle that puts the sign for no character where a text has the separator."""
        steps, part = self._steps, self._steps.type("java.lang.CharSequence")
        replace = steps.method(_TEXT, "replace", steps.type(_TEXT), part, part)
        return steps.bind(replace, 1, JClass(_TEXT)(_BETWEEN), JClass(_TEXT)("\ufffd"))

    def _number(self, name: str, none: JavaObject) -> tuple[JavaObject, JavaObject]:
        steps, kind = self._steps, primitive(name)
        value = self._value(f"get{name}", kind, none)
        written = steps.static(f"java.lang.{name}", "toString", steps.type(_TEXT), kind)
        return steps.function(f"To{name}Function", value), steps.then(value, written)

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
        text, number = steps.type(_TEXT), primitive("Integer")
        find = steps.method(SERIES, "fieldIndex", number, text)
        index = steps.bind(find, 1, JClass(_TEXT)(self._place))
        swapped = steps.all.permuteArguments(
            getter,
            steps.signature(getter.type().returnType(), number, steps.type(SERIES)),
            JArray(JInt)([1, 0]),
        )
        return steps.all.foldArguments(swapped, index)

    def value(self, text: str) -> Value | None:
        """Return the value that the handle `text` wrote."""
        if self._kind == "double":
            number = float(text)
            return None if math.isnan(number) else number
        if self._kind == "long":
            whole = int(text)
            return None if whole == _NO_LONG else whole
        if text == _NO_TEXT:
            return None
        return text == "true" if self._kind == "truth" else text

    def column(self, results: JavaObject) -> pa.Array:
        """Return the values of all results."""
        stream = self._arrays.stream(results)
        if len(results) >= PARALLEL_FROM:
            stream = stream.parallel()
        if self._kind == "double":
            numbers = np.asarray(stream.mapToDouble(self._read).toArray(), dtype=np.float64)
            return pa.array(numbers, from_pandas=True)
        if self._kind == "long":
            wholes = np.asarray(stream.mapToLong(self._read).toArray(), dtype=np.int64)
            return pa.array(wholes, mask=wholes == _NO_LONG)
        return self._texts(str(stream.map(self._read).collect(self._joining)))

    def _texts(self, joined: str) -> pa.Array:
        texts = pc.split_pattern(pa.array([joined]), _BETWEEN).flatten()
        if _NO_TEXT in joined:
            texts = pc.if_else(pc.equal(texts, _NO_TEXT), None, texts)
        return pc.equal(texts, "true") if self._kind == "truth" else texts


class RowReader:
    """Takes all outputs out of one result with one call into Java, as one text."""

    def __init__(self, handles: Handles, readers: Sequence[ColumnReader]) -> None:
        self._readers = readers
        self.text = _joined(handles, [reader.text for reader in readers])

    def values(self, text: object) -> list[Value | None]:
        """Return the values in what the handle `text` wrote."""
        parts = str(text).split(_BETWEEN)
        return [reader.value(part) for reader, part in zip(self._readers, parts, strict=True)]


def _joined(steps: Handles, texts: Sequence[JavaObject]) -> JavaObject:
    """Return the handle from a result to its texts in one."""
    if len(texts) > _MOST_JOINED:
        starts = range(0, len(texts), _MOST_JOINED)
        return _joined(steps, [_joined(steps, texts[at : at + _MOST_JOINED]) for at in starts])
    part = steps.type("java.lang.CharSequence")
    join = steps.static(_TEXT, "join", steps.type(_TEXT), part, part.arrayType())
    collect = steps.bind(join, 0, JClass(_TEXT)(_BETWEEN)).asCollector(part.arrayType(), len(texts))
    read = [text.asType(text.type().changeReturnType(part)) for text in texts]
    return steps.on_same(steps.all.filterArguments(collect, 0, steps.handles(read)))
