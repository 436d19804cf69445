"""Which edits of a schema are refused, and with which sentence."""

from dataclasses import replace

import pytest

from core.errors import InvalidInput
from core.runtimes.base import ModelInfo
from core.runtimes.edits import FieldEdit, SchemaEdits
from core.schema import DataType, Field, Interval, Optype
from core.services.schema_checks import checked_edits

SEX = Field("sex", DataType.STRING, Optype.CATEGORICAL, categories=("f", "m"))
AGE = Field("age", DataType.INTEGER, intervals=(Interval(0, 120),))
FREE = Field("x", DataType.DOUBLE)
IMAGE = Field("image", DataType.FLOAT, shape=(2, 2))
NUMBERED = Field("prediction", DataType.INTEGER, Optype.CATEGORICAL, categories=("0", "1"))
NAMED = replace(NUMBERED, type=DataType.STRING, categories=("a", "b"))


def info(*inputs: Field, output: Field = NUMBERED) -> ModelInfo:
    return ModelInfo("onnx", "classification", "tree", "engine", inputs, (output,))


@pytest.mark.parametrize(
    ("field", "edit", "sentence"),
    [
        (SEX, FieldEdit(categories=("f", "x")), 'sex: the file allows f, m, and "x" is none'),
        (AGE, FieldEdit(high=130), r"age: the file allows \[0, 120\]; .* only become narrower"),
        (AGE, FieldEdit(low=-1), r"age: the file allows \[0, 120\]"),
        (AGE, FieldEdit(low=9, high=3), "age: the range begins at 9 and ends before it, at 3"),
        (AGE, FieldEdit(low=float("nan")), "not a finite number"),
        (AGE, FieldEdit(categories=("1", "old")), '"old" cannot be a category'),
        (AGE, FieldEdit(categories=("1", "200")), '"200" cannot be a category'),
        (AGE, FieldEdit(default="121"), "age: the default cannot be used"),
        (AGE, FieldEdit(high=50, default="60"), "age: the default cannot be used"),
        (SEX, FieldEdit(low=1), "a range is for numbers"),
        (FREE, FieldEdit(low=1, categories=("1", "2")), "it has categories"),
        (FREE, FieldEdit(categories=("1", "1")), 'the category "1" is named twice'),
        (IMAGE, FieldEdit(low=0), "image: it is an array"),
        (FREE, FieldEdit(name="a\x00b"), r"the name contains the control character U\+0000"),
        (FREE, FieldEdit(name="\u200d"), "the name is invisible"),
        (FREE, FieldEdit(unit="m" * 61), "the unit has 61 characters"),
    ],
)
def test_an_edit_that_cannot_be_is_refused_with_the_field_and_why(
    field: Field, edit: FieldEdit, sentence: str
) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        checked_edits(info(field), SchemaEdits((edit,)))


def test_every_wrong_field_is_in_the_details() -> None:
    with pytest.raises(InvalidInput, match="1 more in details") as caught:
        checked_edits(info(AGE, SEX), SchemaEdits((FieldEdit(high=999), FieldEdit(low=1))))
    assert [problem.field for problem in caught.value.details] == ["age", "sex"]


def test_two_fields_cannot_have_one_name() -> None:
    with pytest.raises(InvalidInput, match='2 inputs would be named "age"'):
        checked_edits(info(AGE, SEX), SchemaEdits((FieldEdit(), FieldEdit("age"))))
    swapped = checked_edits(info(AGE, SEX), SchemaEdits((FieldEdit("sex"), FieldEdit("age"))))
    assert [edit.name for edit in swapped.inputs] == ["sex", "age"]


def test_what_the_file_says_anyway_is_no_edit() -> None:
    same = FieldEdit(name=" age ", low=0, high=120)
    assert checked_edits(info(AGE), SchemaEdits((same,), ("0", "1"))) == SchemaEdits()


def test_texts_are_trimmed() -> None:
    edits = SchemaEdits((FieldEdit(name=" size\n", unit=" m² "),), (" no ", "yes"))
    clean = checked_edits(info(FREE), edits)
    assert (clean.inputs[0].name, clean.inputs[0].unit) == ("size", "m²")
    assert clean.classes == ("no", "yes")


def test_what_the_file_allows_may_become_less() -> None:
    edits = SchemaEdits((FieldEdit(high=99, default="40"), FieldEdit(categories=("m",))))
    assert checked_edits(info(AGE, SEX), edits) == edits


@pytest.mark.parametrize(
    ("output", "names", "sentence"),
    [
        (NAMED, ("c", "d"), "The file names its classes itself: a, b"),
        (Field("prediction", DataType.DOUBLE), ("c",), "The file tells of no classes"),
        (NUMBERED, ("a", "b", "c"), r"The model has 2 classes \(0, 1\) and there are 3 names"),
        (NUMBERED, ("a", " "), "The name of class 1 is empty"),
        (NUMBERED, ("a", "a"), '2 classes would be named "a"'),
    ],
)
def test_classes_are_named_only_where_the_file_numbers_them(
    output: Field, names: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        checked_edits(info(FREE, output=output), SchemaEdits(classes=names))


def test_edits_of_another_model_are_refused() -> None:
    with pytest.raises(InvalidInput, match="takes 1 fields and the edits are of 2"):
        checked_edits(info(FREE), SchemaEdits((FieldEdit(), FieldEdit())))
