"""Which column of a file holds what is expected of which output."""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from core.errors import InvalidInput
from core.runtimes.base import PREDICTION, PROBABILITY
from core.schema import Field

_PREDICTION_NAMES = (
    *("prediction", "predicted", "predict", "expected", "y_pred", "yhat"),
    *("predictedvalue", "predictedclass", "predictedlabel"),
)
# The target's usual names: a file that has no predictions may expect the model to be right.
_TARGET_NAMES = ("label", "class", "target", "result", "output", "cluster", "y")
_PREDICTION_MARKS = ("prediction_", "predicted_", "expected_")
_PROBABILITY_NAMES = ("probability", "prob", "proba", "p", "predict_proba", "confidence")
_NOT_EXPECTED = frozenset({"id", "index", "row", "row_id", "key", "name", "column_1", "unnamed_0"})
_SHOWN = 8


def find_pairs(
    outputs: Sequence[Field],
    columns: Sequence[str],
    *,
    named: Mapping[str, str] | None = None,
    only: Sequence[str] | None = None,
) -> dict[str, str]:
    """Return the column of each output that can be compared.

    `columns` are those that the model does not take; they are found by name. `named` tells the
    column of an output where its name does not; `only` the outputs to compare, by default all.
    Arrays are never compared. Raises InvalidInput for names that are not there, and where nothing
    is left.
    """
    scalars = [field for field in outputs if not field.is_tensor]
    named = dict(named or {})
    _require([*named, *(only or ())], [field.name for field in scalars], "output")
    _require(named.values(), columns, "column of expected values")
    found = {**_by_name(scalars, columns), **named}
    pairs = {name: column for name, column in found.items() if not only or name in only}
    if not pairs:
        raise _nothing_found(only or [field.name for field in scalars], columns)
    return pairs


def _by_name(outputs: Sequence[Field], columns: Sequence[str]) -> dict[str, str]:
    names = [field.name for field in outputs]
    found = {name: _last_of(name, names, columns) for name in names if name in columns}
    places = _unique([column for column in columns if column not in found])
    for key, name in _unique([name for name in names if name not in found]).items():
        if key in places:
            found[name] = places.pop(key)
    # The prediction last: it may take a column because no other output does.
    for name in sorted(names, key=PREDICTION.__eq__):
        if name not in found:
            customs = _customs(name, names, places, alone=not found)
            column = next((places[custom] for custom in customs if custom in places), None)
            if column is not None:
                found[name] = column
    return {name: found[name] for name in names if name in found}


def _last_of(name: str, outputs: Sequence[str], columns: Sequence[str]) -> str:
    """Return the last column of a name, of which a reader numbers the second and later ones.

    The truth stands before the predictions in the files that have both under one name.
    """
    numbered = (f"{name}_{number}" for number in itertools.count(2))
    again = itertools.takewhile(lambda each: each in columns and each not in outputs, numbered)
    return [name, *again][-1]


def _customs(
    name: str, outputs: Sequence[str], places: Mapping[str, str], *, alone: bool
) -> Iterator[str]:
    """Return the usual names of an output; `alone` tells that nothing else was found by name."""
    if name.startswith(PROBABILITY):
        return _probability_names(name, outputs, places)
    if name == PREDICTION or len(outputs) == 1:
        return _prediction_names(outputs, places, alone=alone)
    return _marked([name])


def _prediction_names(
    outputs: Sequence[str], places: Mapping[str, str], *, alone: bool
) -> Iterator[str]:
    """Yield the usual names, those that say so themselves, and the only column there is."""
    yield from _PREDICTION_NAMES
    yield from (name for name in places if name.startswith(_PREDICTION_MARKS))
    yield from _marked(outputs)
    yield from _TARGET_NAMES
    others = [name for name in places if name not in _NOT_EXPECTED]
    if alone and len(others) == 1:
        yield others[0]


def _marked(outputs: Iterable[str]) -> Iterator[str]:
    """Yield the names of targets that outputs tell: Predicted_Species is of Species."""
    for key in map(_key, outputs):
        for mark in _PREDICTION_MARKS:
            if key.startswith(mark):
                yield key.removeprefix(mark)


def _probability_names(
    name: str, outputs: Sequence[str], places: Mapping[str, str]
) -> Iterator[str]:
    """Yield the usual names of a class, and its place where columns are numbered from 0."""
    classes = [each for each in outputs if each.startswith(PROBABILITY)]
    labels = [_key(each.removeprefix(PROBABILITY)) for each in classes]
    place = classes.index(name)
    if labels.count(labels[place]) > 1:
        return
    in_words = set(labels) != {str(number) for number in range(len(classes))}
    for custom in _PROBABILITY_NAMES:
        numbered = [f"{custom}_{number}" for number in range(len(classes))]
        if in_words and all(name in places for name in numbered):
            yield numbered[place]
        else:
            yield f"{custom}_{labels[place]}"


def _unique(names: Sequence[str]) -> dict[str, str]:
    """Return names by their keys, without those that only their signs and case tell apart."""
    keys = [_key(name) for name in names]
    counts = Counter(keys)
    return {key: name for key, name in zip(keys, names, strict=True) if counts[key] == 1}


def _key(name: str) -> str:
    """Return a name in small letters, with one underscore for whatever is no letter or digit."""
    spaced = "".join(letter if letter.isalnum() else " " for letter in name.casefold())
    return "_".join(spaced.split())


def _require(names: Iterable[str], known: Sequence[str], what: str) -> None:
    for name in names:
        if name not in known:
            raise InvalidInput(
                f'There is no {what} named "{name[:100]}"; there are: {_listed(known)}.'
            )


def _nothing_found(outputs: Sequence[str], columns: Sequence[str]) -> InvalidInput:
    return InvalidInput(
        f"No column holds expected values of {_listed(outputs)}. Name a column like the output, "
        f"or say which it is; the columns that the model does not take are: {_listed(columns)}."
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "") or "none"
