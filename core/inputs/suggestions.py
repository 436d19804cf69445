"""Which column is meant by which input, where a file does not use the model's names."""

import difflib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.schema import Field, Schema

_CLOSE = 0.8
_SHORTEST = 4
_MOST_COMPARED = 300


class How(StrEnum):
    """Why an input takes a column."""

    NAME = "same name"
    SPELLING = "same but for spelling"
    NEAR = "nearly the same"
    CHOSEN = "chosen"
    REMEMBERED = "remembered"
    NONE = "no column"


@dataclass(frozen=True, slots=True)
class Match:
    """The column that an input takes, if one was found, and why."""

    field: str
    header: str | None
    how: How
    required: bool


def match_columns(
    schema: Schema, headers: Sequence[str], chosen: Mapping[str, str], how: How = How.CHOSEN
) -> tuple[Match, ...]:
    """Return for each input which column it takes.

    What was chosen comes first, then equal names, then names that differ in case, accents, spaces
    and signs alone, then names that are close. No column is taken twice, and none for its place.
    """
    found: dict[str, tuple[str, How]] = {
        name: (header, how) for name, header in chosen.items() if header in headers
    }
    for find in (_equal, _spelt, _near):
        taken = {header for header, _ in found.values()}
        open_names = [name for name in schema.names if name not in found]
        free = [header for header in headers if header not in taken]
        found.update(find(open_names, free))
    return tuple(_match(field, found.get(field.name)) for field in schema)


def _match(field: Field, found: tuple[str, How] | None) -> Match:
    header, how = found or (None, How.NONE)
    return Match(field.name, header, how, field.required)


def in_order(schema: Schema, headers: Sequence[str]) -> dict[str, str]:
    """Return the columns by their places, where there are as many as inputs; for people to ask."""
    return dict(zip(schema.names, headers, strict=True)) if len(headers) == len(schema) else {}


def _equal(names: Sequence[str], headers: Sequence[str]) -> dict[str, tuple[str, How]]:
    free = set(headers)
    return {name: (name, How.NAME) for name in names if name in free}


def _spelt(names: Sequence[str], headers: Sequence[str]) -> dict[str, tuple[str, How]]:
    """Match names whose letters are the same, if no other name has the same letters."""
    ours, theirs = _by_letters(names), _by_letters(headers)
    return {
        same[0]: (theirs[letters][0], How.SPELLING)
        for letters, same in ours.items()
        if letters and len(same) == 1 and len(theirs.get(letters, ())) == 1
    }


def _near(names: Sequence[str], headers: Sequence[str]) -> dict[str, tuple[str, How]]:
    """Match names that are close, the closest first."""
    if len(names) > _MOST_COMPARED or len(headers) > _MOST_COMPARED:
        return {}
    pairs = [
        (_likeness(_letters(name), _letters(header)), name, header)
        for name in names
        for header in headers
    ]
    found: dict[str, tuple[str, How]] = {}
    taken: set[str] = set()
    for likeness, name, header in sorted(pairs, reverse=True):
        if likeness >= _CLOSE and name not in found and header not in taken:
            found[name] = (header, How.NEAR)
            taken.add(header)
    return found


def _likeness(ours: str, theirs: str) -> float:
    """Return how alike two names are, from 0 to 1; short names and other numbers never are."""
    if min(len(ours), len(theirs)) < _SHORTEST or _digits(ours) != _digits(theirs):
        return 0.0
    return difflib.SequenceMatcher(None, ours, theirs).ratio()


def _digits(letters: str) -> str:
    return "".join(letter for letter in letters if letter.isdigit())


def _by_letters(names: Sequence[str]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name in names:
        grouped.setdefault(_letters(name), []).append(name)
    return grouped


def _letters(name: str) -> str:
    """Return a name's letters and digits in lower case, without accents."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(letter for letter in plain if letter.isalnum())
