"""What a sample of the data suggests."""

from pathlib import Path

import pytest

from core.errors import InvalidInput
from core.runtimes.base import ModelInfo
from core.runtimes.edits import FieldEdit, SchemaEdits
from core.schema import DataType, Field, Interval, Optype
from core.services.schema_checks import checked_edits
from core.services.schema_samples import sample_columns, suggested_edits

INFO = ModelInfo(
    "onnx",
    "regression",
    "tree",
    "engine",
    (Field("x_0", DataType.FLOAT), Field("x_1", DataType.STRING), Field("x_2", DataType.INTEGER)),
    (Field("prediction", DataType.DOUBLE),),
)
ROWS = [("1.1", "red", "10"), ("2.7", "blue", "20"), ("9.3", "red", "30"), ("", "red", "40")]


def table(path: Path, header: str, tail: str = "") -> Path:
    lines = [",".join(row) + tail for row in ROWS * 3]
    path.write_text("\n".join([header, *lines, ""]))
    return path


def test_a_sample_names_the_inputs_in_order_and_says_what_they_hold(tmp_path: Path) -> None:
    edits = suggested_edits(INFO, table(tmp_path / "a.csv", "size,colour,age"))
    assert edits.inputs == (
        FieldEdit("size", low=1.1, high=9.3, default="2.7"),
        FieldEdit("colour", categories=("blue", "red"), default="red"),
        FieldEdit("age", categories=("10", "20", "30", "40"), default="10"),
    )
    assert checked_edits(INFO, edits) == edits


def test_columns_that_have_the_inputs_names_are_found_in_any_order(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("target;x_2;x_0;x_1\n1;5;0.5;a\n2;6;1.5;b\n")
    edits = suggested_edits(INFO, path)
    assert [edit.name for edit in edits.inputs] == ["x_0", "x_1", "x_2"]
    assert (edits.inputs[0].low, edits.inputs[0].high) == (0.5, 1.5)


def test_a_target_is_left_out_by_choice(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", "size,colour,age,price", ",7")
    assert sample_columns(path) == ("size", "colour", "age", "price")
    with pytest.raises(InvalidInput, match=r"4 columns to take .* 3 inputs; leave out the 1"):
        suggested_edits(INFO, path)
    edits = suggested_edits(INFO, path, ["price"])
    assert [edit.name for edit in edits.inputs] == ["size", "colour", "age"]


def test_a_file_with_too_few_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(InvalidInput, match="2 columns to take and the model 3 inputs; give a file"):
        suggested_edits(INFO, path)


def test_what_the_file_declares_is_not_suggested_away(tmp_path: Path) -> None:
    said = ModelInfo(
        "pmml",
        "regression",
        "tree",
        "engine",
        (
            Field("sex", DataType.STRING, Optype.CATEGORICAL, categories=("f", "m")),
            Field("age", DataType.DOUBLE, intervals=(Interval(0, 120),)),
        ),
        INFO.outputs,
    )
    path = tmp_path / "a.csv"
    path.write_text("sex,age\nf,0\nx,500\nm,120\nm,30\n")
    edits = suggested_edits(said, path)
    assert edits == SchemaEdits((FieldEdit("sex", default="m"), FieldEdit("age", default="30")))


def test_records_of_another_length_and_cells_that_are_no_values_are_passed_over(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b,c\n1,u,5\n2,v\nbad,w,6\n3,u,7\n")
    first = suggested_edits(INFO, path).inputs[0]
    assert (first.low, first.high) == (1, 3)
