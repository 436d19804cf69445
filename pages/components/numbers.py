"""Where a number widget begins, ends and starts, worked out from what a field allows."""

import math

from core.schema import DataType, Field, Invalid

SAFE_INTEGER = 2**53 - 1  # beyond it a browser can't tell whole numbers apart


def bounds(field: Field) -> tuple[float | None, float | None]:
    """Return the least and the greatest number that the widget lets through, None for open ends.

    Only a field that refuses what is outside has bounds. A bound that is itself excluded is let
    through here for fractions; the coercion then says so.
    """
    if field.invalid is not Invalid.REFUSE or not field.intervals:
        return None, None
    low = min(-math.inf if each.low is None else each.low for each in field.intervals)
    high = max(math.inf if each.high is None else each.high for each in field.intervals)
    if field.type is DataType.INTEGER:
        low, high = _whole(field, low, 1), _whole(field, high, -1)
    return _within_reach(low), _within_reach(high)


def _whole(field: Field, bound: float, inward: int) -> float:
    """Return the outermost whole number that the field allows at this end."""
    if math.isinf(bound):
        return bound
    whole = math.ceil(bound) if inward > 0 else math.floor(bound)
    return float(whole if field.allows(whole) else whole + inward)


def _within_reach(bound: float) -> float | None:
    return bound if abs(bound) <= SAFE_INTEGER else None


def start_number(field: Field, example: object) -> float | None:
    """Return what the widget starts with: the example, else the default, else the middle.

    None, an empty widget, where the value may be missing and nothing else is known.
    """
    low, high = bounds(field)
    for known in (example, field.default):
        number = _number(known)
        if (
            number is not None
            and (low is None or low <= number)
            and (high is None or number <= high)
        ):
            return number
    if low is not None and high is not None:
        middle = (low + high) / 2
        return float(math.floor(middle)) if field.type is DataType.INTEGER else middle
    if field.nullable:
        return None
    return next((bound for bound in (low, high) if bound is not None), 0.0)


def _number(value: object) -> float | None:
    """Return a number that a widget can hold, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:  # a default may be any text
        return None
    return number if abs(number) <= SAFE_INTEGER else None


def step_of(low: float | None, high: float | None, start: float | None) -> float:
    """Return how far one click goes: a power of ten, about a hundredth of what is likely."""
    reach = high - low if low is not None and high is not None else abs(start or 1.0)
    return float(10.0 ** max(-9, math.floor(math.log10(reach)) - 1)) if reach > 0 else 1.0
