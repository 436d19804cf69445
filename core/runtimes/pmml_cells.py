"""Typed columns as the cells (`DataVal`) of PMML4S; what is missing is a real null, never zero."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from jpype import JClass

from core.runtimes.pmml_java import JavaObject
from core.runtimes.pmml_rows import RowPrograms, java_array

_EPOCH = dt.date(1970, 1, 1)
Converter = Callable[[Any], Any]
Records: TypeAlias = pa.RecordBatch | npt.NDArray[np.float64]


class CellMaker:
    """Makes the rows of a model from records; NaN and null are missing.

    `types` are the engine's names of its fields' types; `places` says which column of a batch
    belongs to a field, None where the batch has no such column; both are in the engine's order.
    """

    def __init__(self, programs: RowPrograms, types: list[str], places: list[int | None]) -> None:
        self._programs = programs
        self._types = types
        self._places = places
        self._converters = [_converter(kind) for kind in types]
        self._null = programs.cells([programs.null])
        self._order = [place for place in places if place is not None]
        self._in_order = self._order == list(range(len(places)))
        self._plain = all(kind in ("double", "float") for kind in types) and None not in places

    @property
    def width(self) -> int:
        """Return how many cells a row has."""
        return len(self._types)

    @property
    def takes_matrix(self) -> bool:
        """Return whether the rows are plain numbers, so that a matrix holds them."""
        return self._plain

    def row(self, record: Records) -> JavaObject:
        """Return the one row of a record: its doubles where it is a matrix, else its cells."""
        if isinstance(record, np.ndarray):
            return java_array(self._ordered(record)[0])
        values = [column[0].as_py() for column in record.columns]
        return self._programs.cells(
            [
                self._cell(position, None if place is None else values[place])
                for position, place in enumerate(self._places)
            ]
        )

    def rows(self, records: Records) -> JavaObject:
        """Return the rows of records: their doubles in a matrix, else their cells."""
        if isinstance(records, np.ndarray):
            return java_array(self._ordered(records))
        pools = [self._null]
        size = 1
        index = np.zeros((records.num_rows, self.width), dtype=np.int32)
        for position, place in enumerate(self._places):
            if place is not None:
                pool, codes = self._column(position, records.column(place))
                index[:, position] = np.where(codes < 0, 0, codes + size)
                pools.append(pool)
                size += len(pool)
        return self._programs.pick(pools, index)

    def _ordered(self, matrix: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return matrix if self._in_order else matrix[:, self._order]

    def _cell(self, position: int, value: object) -> JavaObject:
        return self._programs.null if value is None else self._converters[position](value)

    def _column(self, position: int, column: pa.Array) -> tuple[JavaObject, npt.NDArray[np.int32]]:
        """Return the cells of a column's values, and which of them each row has (-1: missing)."""
        kind = self._types[position]
        if kind in ("double", "float") and pa.types.is_floating(column.type):
            values = column.to_numpy(zero_copy_only=False).astype(np.float64)
            return self._programs.doubles(values), _numbered(column)
        if kind == "integer" and pa.types.is_integer(column.type):
            values = column.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
            return self._programs.longs(values), _numbered(column)
        encoded = column.dictionary_encode()
        cells = [self._cell(position, value) for value in encoded.dictionary.to_pylist()]
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        return self._programs.cells(cells), codes


def _numbered(column: pa.Array) -> npt.NDArray[np.int32]:
    numbers = np.arange(len(column), dtype=np.int32)
    if column.null_count:
        numbers[column.is_null().to_numpy(zero_copy_only=False)] = -1
    return numbers


def _converter(kind: str) -> Converter:
    """Return how a Python value becomes a cell of a type of the engine.

    Dates become Java dates in UTC, but numbers in the types that count from a year or midnight
    (`dateDaysSince[1960]`, `timeSeconds`), as the engine computes with them.
    """
    since = re.fullmatch(r"(dateDaysSince|dateTimeSecondsSince)(\d+)", kind)
    if since is None:
        return _CONVERTERS.get(kind, _CONVERTERS["string"])()
    first = _first_day(int(since[2]))
    if since[1] == "dateDaysSince":
        return _wrapped("DoubleVal", lambda value: float(value.toordinal() - first))
    return _wrapped("DoubleVal", lambda value: _seconds_since(first, value))


def _first_day(year: int) -> int:
    """Return the ordinal of a year's first day; Python's dates begin a year after the year 0."""
    return dt.date(year, 1, 1).toordinal() if year else dt.date(1, 1, 1).toordinal() - 366


def _seconds_since(first: int, value: dt.datetime) -> float:
    return (value.toordinal() - first) * 86_400.0 + _seconds_of_day(value.time())


def _wrapped(cell: str, convert: Converter) -> Converter:
    make = JClass(f"org.pmml4s.data.{cell}")
    return lambda value: make(convert(value))


def _as_date(seconds: Converter) -> Converter:
    date = JClass("java.util.Date")
    return _wrapped("DateVal", lambda value: date(int(seconds(value) * 1000)))


def _seconds_of_day(value: dt.time) -> float:
    return value.hour * 3600 + value.minute * 60 + value.second + value.microsecond / 1e6


_CONVERTERS: dict[str, Callable[[], Converter]] = {
    "double": lambda: _wrapped("DoubleVal", float),
    "float": lambda: _wrapped("DoubleVal", float),
    "integer": lambda: _wrapped("LongVal", int),
    "boolean": lambda: _wrapped("BoolVal", bool),
    "string": lambda: _wrapped("StringVal", str),
    "date": lambda: _as_date(lambda value: (value - _EPOCH).days * 86_400),
    "dateTime": lambda: _as_date(lambda value: value.replace(tzinfo=dt.UTC).timestamp()),
    "time": lambda: _as_date(_seconds_of_day),
    "timeSeconds": lambda: _wrapped("DoubleVal", _seconds_of_day),
}
