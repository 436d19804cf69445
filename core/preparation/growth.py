"""How long the texts of a query can get: DuckDB's memory limit does not count them.

A text is at most `factor` times as long as all texts of its row, and `more` characters. What a
SELECT reads from another counts as the longest text made before, whatever its name: a bound may be
too large, never too small.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.preparation.functions import words

MOST_TIMES = 64
MOST_MORE = 20_000
LONGEST_PADDED = 1_000
_NUMBER = 400  # the digits of the longest number
_DIRECTIVE = 30  # what one % of a date's format may become

Literals = Sequence[str | None]


class TooLongError(ValueError):
    """A text that could become too long; the message is the sentence for the user."""


@dataclass(frozen=True, slots=True)
class Bound:
    """At most `factor` times the texts of the row, and `more` characters."""

    factor: int = 0
    more: int = _NUMBER


ROW = Bound(1, _NUMBER)
NUMBER = Bound()

Rule = Callable[[str, Sequence[Bound], Literals], Bound]


def text_bound(name: str, bounds: Sequence[Bound], literals: Literals) -> Bound:
    """Return the bound of what a function makes of texts; raises TooLongError.

    `literals` are the arguments that stand in the query itself, as text, None for all others.
    """
    found = _RULES.get(name, _sum)(name, bounds, literals)
    if found.factor > MOST_TIMES or found.more > MOST_MORE:
        raise TooLongError(
            f"{name} could make a text of more than {MOST_TIMES} times what came in; a step keeps "
            "texts short."
        )
    return found


def largest(bounds: Sequence[Bound]) -> Bound:
    """Return a bound of whichever of several texts."""
    return Bound(
        max((each.factor for each in bounds), default=0),
        max((each.more for each in bounds), default=_NUMBER),
    )


def _sum(_: str, bounds: Sequence[Bound], __: Literals) -> Bound:
    return Bound(sum(each.factor for each in bounds), sum(each.more for each in bounds))


def _largest(_: str, bounds: Sequence[Bound], __: Literals) -> Bound:
    return largest(bounds)


def _joined(name: str, bounds: Sequence[Bound], literals: Literals) -> Bound:
    separators = [bounds[0]] * max(0, len(bounds) - 2) if bounds else []
    return _sum(name, [*bounds, *separators], literals)


def _replaced(name: str, bounds: Sequence[Bound], literals: Literals) -> Bound:
    """Bound a replacement of a text by another, which must both stand in the query."""
    if len(literals) < 3 or literals[1] is None or literals[2] is None:
        raise TooLongError(f"{name} takes what to look for and what to put in its place in quotes.")
    least = max(1, len(literals[1])) if name == "replace" else 1
    times = max(1, math.ceil(len(literals[2]) / least))
    if name == "regexp_replace":
        times = 1 + len(literals[2])  # an empty match, and what \0 brings back
    return Bound(bounds[0].factor * times, (bounds[0].more + 1) * times)


def _padded(name: str, bounds: Sequence[Bound], literals: Literals) -> Bound:
    width = literals[1] if len(literals) > 1 else None
    if width is None or not width.isdigit() or int(width) > LONGEST_PADDED:
        raise TooLongError(
            f"{name} takes the length as a number of up to {LONGEST_PADDED:,}, written "
            "in the query."
        )
    return _sum(name, [bounds[0], Bound(0, int(width))], literals)


def _formatted(name: str, bounds: Sequence[Bound], literals: Literals) -> Bound:
    form = next((each for each in literals if each is not None), None)
    if form is None:
        raise TooLongError(f"{name} takes the format in quotes.")
    return Bound(0, len(form) + _DIRECTIVE * form.count("%"))


_RULES: dict[str, Rule] = {
    "concat_ws": _joined,
    "replace": _replaced,
    "regexp_replace": _replaced,
    "lpad": _padded,
    "rpad": _padded,
    "strftime": _formatted,
    **dict.fromkeys(
        words(
            "array_extract coalesce element_at greatest if ifnull least list_extract map_extract "
            "map_extract_value nullif"
        ),
        _largest,
    ),
}
