"""Which preprocessing steps are fit to be kept: all inputs of the model are made, row by row."""

import difflib
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import duckdb
import pyarrow as pa

from core.coercion import BadValueError, read_value, shown
from core.errors import InvalidInput, Problem
from core.preparation.engine import Lane, Steps, kind_of
from core.preparation.grammar import read_query
from core.preparation.step import Preparation, RawField, Step, as_declared, preparation_of
from core.preparation.syntax import refused, short
from core.records import batch_of
from core.runtimes.base import ModelInfo
from core.runtimes.edits import typed_example
from core.schema import NUMERIC, DataType, Field, Schema

MOST_FIELDS = 2_000
_LONGEST = {"name": 200, "label": 200, "unit": 60, "description": 2_000, "example": 200}
_MOST_CATEGORIES = 10_000
_TRIED = 3

_DATES = frozenset({"DATE", "TIMESTAMP", "VARCHAR"})
_TAKEN: dict[DataType, frozenset[str]] = {
    **dict.fromkeys(NUMERIC, frozenset({"BIGINT", "DOUBLE"})),
    DataType.STRING: frozenset({"VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN", "DATE", "TIME"}),
    DataType.BOOLEAN: frozenset({"BOOLEAN", "BIGINT"}),
    DataType.DATE: _DATES,
    DataType.DATETIME: _DATES,
    DataType.TIME: frozenset({"TIME", "VARCHAR"}),
}
_IN_SQL = {
    DataType.INTEGER: "BIGINT",
    DataType.FLOAT: "DOUBLE",
    DataType.DOUBLE: "DOUBLE",
    DataType.STRING: "VARCHAR",
    DataType.BOOLEAN: "BOOLEAN",
    DataType.DATE: "DATE",
    DataType.TIME: "TIME",
    DataType.DATETIME: "TIMESTAMP",
}


@dataclass(frozen=True, slots=True)
class Made:
    """What a query makes: its columns that are inputs of the model, and those that are not."""

    feeds: tuple[str, ...]
    unused: tuple[str, ...]


def checked_step(info: ModelInfo, step: Step) -> Step:
    """Return a step before the inputs of `info`, trimmed and without what these say anyway.

    Raises InvalidInput, with all that is wrong in its details.
    """
    sql = step.sql.strip()
    fields = tuple(as_declared(_trimmed(each), info.inputs) for each in step.fields)
    if all(field.is_tensor for field in info.inputs):
        raise InvalidInput("The model takes arrays or pictures alone; a query cannot make these.")
    read_query(sql)
    if problems := [*_field_problems(info, fields)]:
        raise refused(problems)
    clean = Step(sql, fields)
    preparation = preparation_of(clean, info.inputs)
    made_by(preparation)
    _require_alone(preparation)
    return clean


def made_by(preparation: Preparation) -> Made:
    """Return what a step's query makes; raises InvalidInput for what it lacks or has twice."""
    kinds = _kinds(preparation)
    names = [name for name, _ in kinds]
    twice = [name for name, n in Counter(map(str.casefold, names)).items() if n > 1]
    problems = [
        Problem(
            f"The query makes {shown(name)} twice; use SELECT * REPLACE (... AS {name}) for a "
            "column that takes the place of another.",
            name,
        )
        for name in twice
    ]
    known = {name.casefold(): kind for name, kind in kinds}
    for field in preparation.wanted:
        problems += _wrong(field, known.get(field.name.casefold()), names)
    if problems:
        raise refused(problems)
    wanted = {field.name.casefold() for field in preparation.wanted}
    return Made(
        tuple(name for name in names if name.casefold() in wanted),
        tuple(name for name in names if name.casefold() not in wanted),
    )


def _kinds(preparation: Preparation) -> list[tuple[str, str]]:
    try:
        with closing(Lane(preparation)) as lane:
            return lane.kinds
    except duckdb.Error as error:
        raise refused(
            [Problem(f"The query cannot be run: {short(str(error))}.", "query")]
        ) from None


def _wrong(field: Field, kind: str | None, made: Sequence[str]) -> Iterator[Problem]:
    if kind is None:
        near = difflib.get_close_matches(field.name, made, n=1, cutoff=0.75)
        hint = f" Did you mean it by {shown(near[0])}?" if near else ""
        if not field.required:
            hint += " It may be empty: NULL will do."
        yield Problem(
            f"The query does not make {field.name}, which the model takes ({field.type}); add "
            f"... AS {field.name}.{hint}",
            field.name,
        )
        return
    given = kind_of(kind)
    if kind == '"NULL"' or (given is not None and given[0] in _TAKEN[field.type]):
        return
    yield Problem(
        f"The query makes {field.name} as {kind}, and the model takes {field.type}; write "
        f"CAST(... AS {_IN_SQL[field.type]}) AS {field.name}.",
        field.name,
    )


def _require_alone(preparation: Preparation) -> None:
    """Try the query on a few rows: each must give alone what it gives among the others."""
    batch = trial_rows(preparation.raw)
    steps = Steps()
    try:
        whole = steps.run(preparation, batch)
        for row in range(batch.num_rows):
            alone = steps.run(preparation, batch.slice(row, 1))
            if not _same(alone.columns, whole.columns.slice(row, 1)):
                raise InvalidInput(
                    "The query gives a row another answer alone than among others; make each row "
                    "of itself alone."
                )
    finally:
        steps.close()


def _same(one: pa.RecordBatch, other: pa.RecordBatch) -> bool:
    return repr(one.to_pylist()) == repr(other.to_pylist())


def trial_rows(fields: Sequence[Field]) -> pa.RecordBatch:
    """Return a few rows of what fields may hold, their examples first; arrays are empty."""
    rows = [{field.name: _tried(field, place) for field in fields} for place in range(_TRIED)]
    return batch_of(Schema(tuple(fields)), rows)


def _tried(field: Field, place: int) -> object:
    if field.is_tensor:
        return None
    values = [typed_example(field), *field.categories[1:_TRIED]]
    if field.type in NUMERIC:
        values += [2, 5]
    for value in values[place % len(values) :]:
        try:
            return read_value(field, value)
        except BadValueError:
            continue
    return None


def _trimmed(raw: RawField) -> RawField:
    texts = {name: str(getattr(raw, name)).strip() for name in _LONGEST}
    categories = tuple(text for each in raw.categories if (text := each.strip()))
    return replace(
        raw,
        name=texts["name"],
        label=texts["label"],
        unit=texts["unit"],
        description=texts["description"],
        example=texts["example"],
        categories=tuple(dict.fromkeys(categories)),
    )


def _field_problems(info: ModelInfo, fields: Sequence[RawField]) -> Iterator[Problem]:
    own = {field.name: field for field in info.inputs}
    counts = Counter(raw.name.casefold() for raw in fields)
    if not fields or len(fields) > MOST_FIELDS:
        yield Problem(
            f"There are {len(fields)} fields; name those that callers send, {MOST_FIELDS:,} at "
            "most.",
            "fields",
        )
    for raw in fields:
        if counts[raw.name.casefold()] > 1:
            yield Problem(
                f"Two fields are named {shown(raw.name)}, as far as SQL can tell; names must "
                "differ in more than capital letters.",
                raw.name,
            )
        for sentence in _faults(raw, own):
            yield Problem(f"{shown(raw.name)}: {sentence}", raw.name)


def _faults(raw: RawField, own: dict[str, Field]) -> Iterator[str]:
    for name, longest in _LONGEST.items():
        text = getattr(raw, name)
        if len(text) > longest or not text.isprintable():
            yield f"the {name} is longer than {longest} characters or has a control character."
    if not raw.name:
        yield "it has no name."
    elif raw.type is None and raw.name not in own:
        yield "it is no input of the model, so say its type."
    elif raw.name in own and own[raw.name].is_tensor and raw.type is not None:
        yield "it is an array of the model, which goes to it as it is."
    if raw.type is not None:
        yield from _contradictions(raw, raw.type)


def _contradictions(raw: RawField, type_: DataType) -> Iterator[str]:
    bounds = [bound for bound in (raw.low, raw.high) if bound is not None]
    if len(raw.categories) > _MOST_CATEGORIES:
        yield f"it has more than {_MOST_CATEGORIES:,} categories."
    if bounds and (type_ not in NUMERIC or raw.categories):
        yield "a range is for numbers without categories."
    elif not all(map(math.isfinite, bounds)) or bounds != sorted(bounds):
        yield "the range must begin with a finite number and not end before it."
    elif raw.example or raw.categories:
        yield from _unreadable(raw)


def _unreadable(raw: RawField) -> Iterator[str]:
    [field] = preparation_of(Step("", (raw,)), ()).raw
    bare = replace(field, categories=(), nullable=False)
    for target, values in ((bare, raw.categories), (field, [raw.example])):
        for value in filter(None, values):
            try:
                read_value(target, value)
            except BadValueError as error:
                yield f"{shown(value)} cannot be used. {error}"


def unread(step: Step) -> tuple[str, ...]:
    """Return the fields of a step that its query does not read."""
    reading = read_query(step.sql)
    if reading.star:
        return ()
    read = {name.casefold() for name in reading.reads}
    return tuple(each.name for each in step.fields if each.name.casefold() not in read)
