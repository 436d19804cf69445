"""What people add to a model's information where its file is silent.

Edits lie over what the file says and never change it: scorers take their columns by position and
so don't notice a field's new name, and ranges can only become narrower.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.coercion import BadValueError, read_value
from core.preparation.step import Step, example_of, preparation_of
from core.runtimes.base import PREDICTION, PROBABILITY, SCORE, ModelInfo
from core.schema import DataType, Field, Interval, Optype


@dataclass(frozen=True, slots=True)
class FieldEdit:
    """What is added to one input; an empty text, None or () leaves what the file says.

    `low` and `high` are in the field's own unit and belong to the range themselves. `default` is
    what the form starts with, written as in a CSV; a missing value is not filled in with it.
    """

    name: str = ""
    label: str = ""
    unit: str = ""
    description: str = ""
    low: float | None = None
    high: float | None = None
    categories: tuple[str, ...] = ()
    default: str = ""


@dataclass(frozen=True, slots=True)
class SchemaEdits:
    """What is added to a model's schema: to its inputs, by position, and names for its classes.

    Either is empty where nothing is added. `classes` are in the order of the categories of the
    field `prediction`. `step` makes the inputs, as they are then named, of other fields.
    """

    inputs: tuple[FieldEdit, ...] = ()
    classes: tuple[str, ...] = ()
    step: Step | None = None


def edited(info: ModelInfo, edits: SchemaEdits) -> ModelInfo:
    """Return a model's information with the edits laid over it."""
    if edits == SchemaEdits():
        return info
    inputs = info.inputs
    if edits.inputs:
        inputs = tuple(map(edited_field, info.inputs, edits.inputs))
    outputs = tuple(_named_output(field, info, edits.classes) for field in info.outputs)
    sample = {
        new.name: _sample_value(new, info.sample[old.name], is_given=bool(edit.default))
        for old, new, edit in zip(info.inputs, inputs, edits.inputs, strict=False)
        if old.name in info.sample
    }
    named = replace(info, inputs=inputs, outputs=outputs, sample=sample or info.sample)
    return named if edits.step is None else _prepared(named, edits.step)


def _prepared(info: ModelInfo, step: Step) -> ModelInfo:
    """Return a model's information with a step before it: its inputs are those of the step."""
    preparation = preparation_of(step, info.inputs)
    own = {each.name for each in step.fields if each.type is None}
    sample = {
        field.name: info.sample[field.name]
        if field.name in info.sample and (field.name in own or field.is_tensor)
        else typed_example(field)
        for field in preparation.raw
    }
    return replace(info, inputs=preparation.raw, sample=sample, preparation=preparation)


def typed_example(field: Field) -> object:
    """Return a value that a field takes where nobody has named one, as JSON holds it."""
    example = example_of(field)
    try:
        typed = read_value(field, example)
    except BadValueError:
        return example
    return typed if isinstance(typed, int | float | str) else example


def edited_field(field: Field, edit: FieldEdit) -> Field:
    """Return an input field with an edit laid over it."""
    ordinal = field.optype is Optype.ORDINAL
    return replace(
        field,
        name=edit.name or field.name,
        label=edit.label or field.label,
        unit=edit.unit or field.unit,
        description=edit.description or field.description,
        intervals=narrowed(field.intervals, edit.low, edit.high),
        categories=edit.categories or field.categories,
        optype=Optype.CATEGORICAL if edit.categories and not ordinal else field.optype,
        default=edit.default or field.default,
    )


def narrowed(
    intervals: Sequence[Interval], low: float | None, high: float | None
) -> tuple[Interval, ...]:
    """Return what of the intervals lies from `low` to `high`; no intervals are all numbers."""
    if low is None and high is None:
        return tuple(intervals)
    cut = (_cut(interval, low, high) for interval in intervals or (Interval(),))
    return tuple(interval for interval in cut if not _is_empty(interval))


def hull(intervals: Sequence[Interval]) -> tuple[float | None, float | None]:
    """Return the least and the greatest bound of intervals, None for an open end."""
    lows = [each.low for each in intervals if each.low is not None]
    highs = [each.high for each in intervals if each.high is not None]
    low = min(lows) if lows and len(lows) == len(intervals) else None
    return low, max(highs) if highs and len(highs) == len(intervals) else None


def nameable_classes(info: ModelInfo) -> tuple[str, ...]:
    """Return the classes that the file numbers rather than names, as the engine writes them."""
    for field in info.outputs:
        if field.name == PREDICTION and all(map(_is_number, field.categories)):
            return field.categories
    return ()


def _cut(interval: Interval, low: float | None, high: float | None) -> Interval:
    own_low = low is None or (interval.low is not None and interval.low >= low)
    own_high = high is None or (interval.high is not None and interval.high <= high)
    return Interval(
        interval.low if own_low else low,
        interval.high if own_high else high,
        own_low and interval.low_open,
        own_high and interval.high_open,
    )


def _is_empty(interval: Interval) -> bool:
    if interval.low is None or interval.high is None:
        return False
    is_point = interval.low == interval.high
    return interval.low > interval.high or (is_point and (interval.low_open or interval.high_open))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _named_output(field: Field, info: ModelInfo, classes: Sequence[str]) -> Field:
    """Return an output with the names of the classes in the places of their numbers."""
    if not classes:
        return field
    codes = nameable_classes(info)
    if field.name == PREDICTION:
        return replace(
            field,
            type=DataType.STRING,
            optype=Optype.CATEGORICAL,
            categories=tuple(classes),
            codes=codes,
        )
    names = {
        f"{prefix}{code}": f"{prefix}{name}"
        for prefix in (PROBABILITY, SCORE)
        for code, name in zip(codes, classes, strict=True)
    }
    return replace(field, name=names.get(field.name, field.name))


def _sample_value(field: Field, value: object, *, is_given: bool) -> object:
    """Return a value that the field takes: the default that was given, else the old, else one."""
    ends = [end for each in field.intervals for end in (each.low, each.high)]
    for candidate in ([field.default] if is_given else []) + [value, *field.categories[:1], *ends]:
        try:
            typed = read_value(field, candidate)
        except BadValueError:
            continue
        return typed if isinstance(typed, int | float | str) else candidate
    return value
