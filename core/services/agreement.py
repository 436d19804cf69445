"""When two answers of models are the same: numbers to a tolerance, labels as text or as numbers."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from core.coercion import MISSING_TEXTS, NUMBER_PATTERN, number_of
from core.runtimes.base import PROBABILITY
from core.schema import NUMERIC, DataType, Field, Optype

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.float64]

_LEAST = 1e-12  # what is nearer to zero than this is noise of the arithmetic


def is_label(field: Field) -> bool:
    """Return whether an output tells things apart, rather than measures them."""
    if field.type not in NUMERIC or field.categories:
        return True
    return field.type is DataType.INTEGER and field.optype is not Optype.CONTINUOUS


def floor_of(field: Field, tolerance: float) -> float:
    """Return the difference that never counts.

    Probabilities are held to the tolerance as it stands, for it makes no difference whether a
    class has one chance in 10^20 or in 10^30; other numbers relatively, however small they are.
    """
    return tolerance if field.name.casefold().startswith(PROBABILITY) else _LEAST


def meets(field: Field, given: pa.Array, expected: pa.Array, tolerance: float) -> Mask:
    """Return in which rows an output is what a column of text expects."""
    if is_label(field):
        return labels_agree(given.cast(pa.string()), expected)
    wanted, unreadable = _read_numbers(expected)
    same = numbers_agree(as_numbers(given), wanted, tolerance, floor_of(field, tolerance))
    return same & ~unreadable


def labels_agree(first: pa.Array, second: pa.Array) -> Mask:
    """Return in which rows two columns of text are the same: "3" is 3.0, missing is missing."""
    first, second = pc.utf8_trim_whitespace(first), pc.utf8_trim_whitespace(second)
    same = _mask(pc.fill_null(pc.equal(first, second), False))
    same |= _missing(first) & _missing(second)
    apart = np.flatnonzero(~same)
    pairs = zip(*(each.take(pa.array(apart)).to_pylist() for each in (first, second)), strict=True)
    same[apart] = [None not in pair and number_of(pair[0]) == number_of(pair[1]) for pair in pairs]
    return same


def numbers_agree(first: Numbers, second: Numbers, tolerance: float, floor: float) -> Mask:
    """Return in which rows two columns are the same relative to the larger; NaN is missing."""
    with np.errstate(invalid="ignore"):
        allowed = np.maximum(tolerance * np.maximum(np.abs(first), np.abs(second)), floor)
        near = np.isfinite(allowed) & (np.abs(first - second) <= allowed)
    return np.asarray(near | (first == second) | (np.isnan(first) & np.isnan(second)))


def as_numbers(column: pa.Array) -> Numbers:
    """Return a column of numbers as doubles, NaN where nothing is."""
    numbers = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return np.asarray(numbers, dtype=np.float64)


def _read_numbers(texts: pa.Array) -> tuple[Numbers, Mask]:
    """Return texts as numbers, and where something is written that is none."""
    trimmed = pc.utf8_trim_whitespace(texts)
    plain = pc.match_substring_regex(trimmed, f"^{NUMBER_PATTERN}$")
    bare = pc.utf8_ltrim(pc.if_else(plain, trimmed, None), "+")
    readable = _mask(pc.fill_null(plain, False))
    return as_numbers(bare.cast(pa.float64())), ~readable & ~_missing(trimmed)


def _missing(texts: pa.Array) -> Mask:
    absent = pc.is_in(texts, pa.array(sorted(MISSING_TEXTS)))
    return _mask(pc.or_(pc.is_null(texts), absent))


def _mask(column: pa.Array) -> Mask:
    return np.array(column.to_numpy(zero_copy_only=False), dtype=bool)
