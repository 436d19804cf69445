"""Which edits of a schema are fit to be kept: nothing that the file itself declares is loosened."""

import math
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from core.coercion import BadValueError, read_value, shown
from core.errors import InvalidInput, Problem
from core.runtimes.base import PREDICTION, ModelInfo
from core.runtimes.edits import (
    FieldEdit,
    SchemaEdits,
    edited,
    edited_field,
    hull,
    nameable_classes,
    narrowed,
)
from core.schema import NUMERIC, Field, Invalid
from core.services.names import name_key
from core.services.step_checks import checked_step

LONGEST_FIELD_NAME = 200
_LONGEST = {"name": LONGEST_FIELD_NAME, "label": 200, "unit": 60, "description": 2_000}
_MOST_CATEGORIES = 10_000

Check = Callable[[Field, FieldEdit], Iterator[str]]


def checked_edits(info: ModelInfo, edits: SchemaEdits) -> SchemaEdits:
    """Return edits of what a file says, trimmed and without what the file says anyway.

    Raises InvalidInput, with each field that is wrong in its details, for what cannot be a name,
    for what contradicts itself, and for what would loosen the file's own ranges and categories.
    """
    if edits.inputs and len(edits.inputs) != len(info.inputs):
        raise InvalidInput(
            f"The model takes {len(info.inputs)} fields and the edits are of {len(edits.inputs)}."
        )
    inputs = tuple(map(_trimmed, info.inputs, edits.inputs))
    if all(edit == FieldEdit() for edit in inputs):
        inputs = ()
    clean = SchemaEdits(inputs, _checked_classes(info, edits.classes))
    problems = [
        Problem(f"{field.name}: {sentence}", field.name)
        for field, edit in zip(info.inputs, clean.inputs, strict=False)
        for sentence in _faults(field, edit)
    ]
    problems += _repeated(info, clean)
    if problems:
        more = f" ({len(problems) - 1} more in details.)" if len(problems) > 1 else ""
        raise InvalidInput(problems[0].message + more, details=problems)
    if edits.step is None:
        return clean
    return replace(clean, step=checked_step(edited(info, clean), edits.step))


def _trimmed(field: Field, edit: FieldEdit) -> FieldEdit:
    least, most = hull(field.intervals)
    categories = tuple(
        each if each in field.categories else _clean(each) for each in edit.categories
    )
    return FieldEdit(
        name=_added(edit.name, field.name),
        label=_added(edit.label, field.label),
        unit=_added(edit.unit, field.unit),
        description=_added(edit.description, field.description),
        low=None if edit.low == least else edit.low,
        high=None if edit.high == most else edit.high,
        categories=() if categories == field.categories else categories,
        default=_added(edit.default, field.default or ""),
    )


def _added(text: str, said: str) -> str:
    clean = _clean(text)
    return "" if clean == said else clean


def _clean(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


def _faults(field: Field, edit: FieldEdit) -> Iterator[str]:
    """Yield what is wrong with one edit; what builds on something wrong is not looked at."""
    for check in _CHECKS:
        found = list(check(field, edit))
        yield from found
        if found:
            return


def _check_texts(_: Field, edit: FieldEdit) -> Iterator[str]:
    for name, longest in _LONGEST.items():
        text: str = getattr(edit, name)
        if len(text) > longest:
            yield f"the {name} has {len(text)} characters; at most {longest} are allowed."
        if text and not name_key(text):
            yield f"the {name} is invisible; give it at least one visible character."
        for letter in _unusable(text, name):
            yield f"the {name} contains the control character U+{ord(letter):04X}; remove it."


def _unusable(text: str, name: str) -> list[str]:
    allowed = "\n\t" if name == "description" else ""
    return [
        letter
        for letter in text
        if letter not in allowed and unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"}
    ][:1]


def _check_tensor(field: Field, edit: FieldEdit) -> Iterator[str]:
    if field.is_tensor and (edit.low, edit.high, edit.categories, edit.default) != (
        None,
        None,
        (),
        "",
    ):
        yield "it is an array; a range, categories and a default are for single values."


def _check_categories(field: Field, edit: FieldEdit) -> Iterator[str]:
    """Check that the categories are values of the field, and some of those that the file names."""
    if len(edit.categories) > _MOST_CATEGORIES:
        yield f"there are {len(edit.categories):,} categories; {_MOST_CATEGORIES:,} are allowed."
    twice = [text for text, count in Counter(edit.categories).items() if count > 1]
    if twice:
        yield f"the category {shown(twice[0])} is named twice."
    plain = replace(field, categories=(), intervals=field.intervals, nullable=False)
    for category in edit.categories:
        if field.categories and category not in field.categories:
            yield (
                f"the file allows {_some(field.categories)}, and {shown(category)} is none of "
                "them; the model was made for the file's categories, so they can only become fewer."
            )
            return
        try:
            read_value(plain, category)
        except BadValueError as error:
            yield f"{shown(category)} cannot be a category. {error}"
            return


def _check_range(field: Field, edit: FieldEdit) -> Iterator[str]:
    low, high = edit.low, edit.high
    if low is None and high is None:
        return
    if field.type not in NUMERIC:
        yield f"it holds values of the type {field.type}; a range is for numbers."
    elif edit.categories or field.categories:
        yield "it has categories; a range is for numbers that are measured."
    elif not all(math.isfinite(bound) for bound in (low, high) if bound is not None):
        yield "a bound of the range is not a finite number; leave an open end empty."
    elif low is not None and high is not None and low > high:
        yield f"the range begins at {low:.15g} and ends before it, at {high:.15g}."
    elif field.intervals and _loosens(field, edit):
        yield (
            f"the file allows {field.range}; the model was made for these values, so the range can "
            "only become narrower."
        )
    elif not narrowed(field.intervals, low, high):
        yield f"no value that the file allows ({field.range}) is in this range."


def _loosens(field: Field, edit: FieldEdit) -> bool:
    least, most = hull(field.intervals)
    too_low = edit.low is not None and least is not None and edit.low < least
    return too_low or (edit.high is not None and most is not None and edit.high > most)


def _check_default(field: Field, edit: FieldEdit) -> Iterator[str]:
    if not edit.default:
        return
    wanted = replace(edited_field(field, edit), invalid=Invalid.REFUSE, nullable=False)
    try:
        read_value(wanted, edit.default)
    except BadValueError as error:
        yield f"the default cannot be used. {error}"


_CHECKS: tuple[Check, ...] = (
    _check_texts,
    _check_tensor,
    _check_categories,
    _check_range,
    _check_default,
)


def _checked_classes(info: ModelInfo, classes: Sequence[str]) -> tuple[str, ...]:
    """Return names for the classes that the file only numbers, or () where they are the same."""
    names = tuple(map(_clean, classes))
    codes = nameable_classes(info)
    if names in ((), codes):
        return ()
    if not codes:
        raise InvalidInput(_why_not_nameable(info))
    if len(names) != len(codes):
        raise InvalidInput(
            f"The model has {len(codes)} classes ({_some(codes)}) and there are {len(names)} names."
        )
    for code, name in zip(codes, names, strict=True):
        if not name_key(name) or len(name) > LONGEST_FIELD_NAME or _unusable(name, "class"):
            raise InvalidInput(
                f"The name of class {code} is empty, longer than {LONGEST_FIELD_NAME} characters "
                "or has a control character; write it again."
            )
    return names


def _why_not_nameable(info: ModelInfo) -> str:
    named = next((field.categories for field in info.outputs if field.name == PREDICTION), ())
    if named:
        return f"The file names its classes itself: {_some(named)}; they stay as they are."
    return f"The file tells of no classes that could be named; its function is {info.function}."


def _repeated(info: ModelInfo, edits: SchemaEdits) -> Iterator[Problem]:
    """Yield the names that two things of one kind would have."""
    after = edited(info, edits)
    kinds = {
        "inputs": after.input_schema.names,
        "classes": edits.classes,
        "outputs": after.output_schema.names
        if len(set(edits.classes)) == len(edits.classes)
        else [],
    }
    for kind, names in kinds.items():
        for name, count in Counter(names).items():
            if count > 1:
                sentence = f"{count} {kind} would be named {shown(name)}; names must differ."
                yield Problem(sentence, name)


def _some(names: Sequence[str]) -> str:
    first = ", ".join(names[:8])
    return first + (f" and {len(names) - 8} more" if len(names) > 8 else "")
