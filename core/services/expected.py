"""Which column of a file holds what is expected of which output."""

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
    exact = {field.name: field.name for field in outputs if field.name in columns}
    free = [column for column in columns if column not in exact]
    rest = [field for field in outputs if field.name not in exact]
    places = _unique(free)
    keys = _unique([field.name for field in rest])
    for key, name in keys.items():
        if key in places:
            exact[name] = places.pop(key)
    # The prediction last: it may take a column because no other output does.
    for field in sorted(rest, key=lambda field: field.name == PREDICTION):
        customs = _customs(field, outputs, places, alone=not exact)
        column = next((places[name] for name in customs if name in places), None)
        if column is not None and field.name not in exact:
            exact[field.name] = column
    return {field.name: exact[field.name] for field in outputs if field.name in exact}


def _customs(
    field: Field, outputs: Sequence[Field], places: Mapping[str, str], *, alone: bool
) -> Iterator[str]:
    """Return the usual names of an output; `alone` tells that nothing else was found by name."""
    if field.name.startswith(PROBABILITY):
        return _probability_names(field, outputs, places)
    if field.name == PREDICTION or len(outputs) == 1:
        return _prediction_names(places, alone=alone)
    return iter(())


def _prediction_names(places: Mapping[str, str], *, alone: bool) -> Iterator[str]:
    """Yield the usual names, those that say so themselves, and the only column there is."""
    yield from _PREDICTION_NAMES
    yield from (name for name in places if name.startswith(_PREDICTION_MARKS))
    yield from _TARGET_NAMES
    others = [name for name in places if name not in _NOT_EXPECTED]
    if alone and len(others) == 1:
        yield others[0]


def _probability_names(
    field: Field, outputs: Sequence[Field], places: Mapping[str, str]
) -> Iterator[str]:
    """Yield the usual names of a class, and its place where columns are numbered from 0."""
    classes = [each.name for each in outputs if each.name.startswith(PROBABILITY)]
    labels = [_key(name.removeprefix(PROBABILITY)) for name in classes]
    place = classes.index(field.name)
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
