"""What callers of a service will notice when its version changes, in words."""

from dataclasses import replace

import pytest

from core.schema import DataType, Field, Interval, Optype
from core.services.schema_changes import schema_changes
from tests.core.services.conftest import info

AGE, SEX = info().inputs


def told(*inputs: Field) -> list[str]:
    after = replace(info(), inputs=inputs)
    return [change.message for change in schema_changes(info(), after)]


def test_versions_that_take_and_give_the_same_differ_in_nothing() -> None:
    renamed = replace(info(), algorithm="a forest", sample={"age": 5, "sex": "m"})
    assert schema_changes(info(), renamed) == ()


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        ((AGE,), "The input sex is gone."),
        ((AGE, SEX, Field("pay", DataType.DOUBLE)), "The input pay is new and must be given."),
        (
            (AGE, SEX, Field("pay", DataType.DOUBLE, required=False)),
            "The input pay is new and may be left out.",
        ),
        (
            (replace(AGE, type=DataType.DOUBLE), SEX),
            "The input age has the type double, not integer.",
        ),
        ((replace(AGE, shape=(3,)), SEX), "The input age has the dimension 3, not scalar."),
        (
            (replace(AGE, intervals=(Interval(0, 100),)), SEX),
            "The input age has the range [0, 100], not [0, ∞).",
        ),
        (
            (replace(AGE, intervals=()), SEX),
            "The input age may have any value.",
        ),
        (
            (AGE, replace(SEX, categories=("f", "x"))),
            'The input sex may now be "x" and is never "m".',
        ),
        (
            (AGE, replace(SEX, categories=("m", "f"))),
            "The input sex has its categories in another order.",
        ),
        ((AGE, replace(SEX, required=False)), "The input sex may be left out."),
        (
            (SEX, AGE),
            "The inputs stand in another order, which matters where they have no names.",
        ),
    ],
)
def test_each_difference_of_the_inputs_has_a_sentence(
    inputs: tuple[Field, ...], sentence: str
) -> None:
    assert told(*inputs) == [sentence]


def test_outputs_are_told_too_and_long_lists_are_cut() -> None:
    score = Field("score", DataType.DOUBLE)
    classes = tuple(f"c{number}" for number in range(9))
    labels = Field("label", DataType.STRING, Optype.CATEGORICAL, categories=classes)
    before = replace(info(), outputs=(replace(labels, categories=("c0",)),))
    after = replace(info(), outputs=(labels, score))
    assert [(each.side, each.field, each.kind) for each in schema_changes(before, after)] == [
        ("output", "score", "added"),
        ("output", "label", "range"),
    ]
    sentence = schema_changes(before, after)[1].message
    assert sentence == 'The output label may now be "c1", "c2", "c3", "c4", "c5" and 3 more.'
