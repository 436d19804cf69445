"""How what a model takes and gives differs between two versions, in words for those who call it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from core.runtimes.base import ModelInfo
from core.schema import Field

_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """One difference: on which `side` (input or output), of which field, and a sentence.

    `kind` is added, removed, type, optype, dimension, range, missing, order or preprocessing.
    `field` is empty for the last two, which are of all.
    """

    side: str
    field: str
    kind: str
    message: str


def schema_changes(before: ModelInfo, after: ModelInfo) -> tuple[SchemaChange, ...]:
    """Return how the inputs and outputs differ; empty where callers need not change anything."""
    inputs = (*_changes("input", before.inputs, after.inputs), *_step_changes(before, after))
    return (*inputs, *_changes("output", before.outputs, after.outputs))


def _step_changes(before: ModelInfo, after: ModelInfo) -> Iterator[SchemaChange]:
    was, now = (info.preparation and info.preparation.sql for info in (before, after))
    if was != now:
        message = "The inputs are preprocessed in another way, so answers may differ."
        yield SchemaChange("input", "", "preprocessing", message)


def _changes(side: str, before: Sequence[Field], after: Sequence[Field]) -> Iterator[SchemaChange]:
    old = {field.name: field for field in before}
    new = {field.name: field for field in after}
    for name in old:
        if name not in new:
            yield _change(side, name, "removed", "is gone")
    for name, field in new.items():
        if name not in old:
            yield _change(side, name, "added", f"is new{_needed(side, field)}")
    both = [name for name in old if name in new]
    for name in both:
        yield from _field_changes(side, old[name], new[name])
    if both != [name for name in new if name in old]:
        message = f"The {side}s stand in another order, which matters where they have no names."
        yield SchemaChange(side, "", "order", message)


def _field_changes(side: str, before: Field, after: Field) -> Iterator[SchemaChange]:
    for kind, of in _ASPECTS.items():
        was, now = of(before), of(after)
        if was != now:
            yield _change(side, after.name, kind, f"has the {kind} {now}, not {was}")
    if before.range != after.range:
        yield _change(side, after.name, "range", _range_words(before, after))
    if side == "input" and _may_lack(before) != _may_lack(after):
        yield _change(side, after.name, "missing", _may_lack(after))


_ASPECTS: dict[str, Callable[[Field], str]] = {
    "type": lambda field: field.type.value,
    "optype": lambda field: field.optype.value,
    "dimension": lambda field: field.dimension,
}


def _change(side: str, name: str, kind: str, words: str) -> SchemaChange:
    return SchemaChange(side, name, kind, f"The {side} {name} {words}.")


def _needed(side: str, field: Field) -> str:
    if side == "output":
        return ""
    return " and must be given" if field.required else " and may be left out"


def _may_lack(field: Field) -> str:
    if field.required:
        return "must be given, and may be empty" if field.nullable else "must have a value"
    return "may be left out"


def _range_words(before: Field, after: Field) -> str:
    if not after.range:
        return "may have any value"
    if not (before.categories and after.categories):
        if not before.range:
            return f"has the range {_shown(after)}, and none before"
        return f"has the range {_shown(after)}, not {_shown(before)}"
    new = [name for name in after.categories if name not in before.categories]
    gone = [name for name in before.categories if name not in after.categories]
    parts = [
        f"may now be {_listed(new)}" if new else "",
        f"is never {_listed(gone)}" if gone else "",
    ]
    return " and ".join(filter(None, parts)) or "has its categories in another order"


def _shown(field: Field) -> str:
    return _listed(field.categories) if field.categories else field.range


def _listed(names: Sequence[str]) -> str:
    rest = len(names) - _MOST_NAMED
    listed = ", ".join(f'"{name}"' for name in names[:_MOST_NAMED])
    return f"{listed} and {rest} more" if rest > 0 else listed
