from pathlib import Path

import pytest

from core.errors import InvalidModel
from core.runtimes.pmml_document import read_document
from core.runtimes.pmml_fields import input_fields
from core.schema import DataType, Field, Interval, Invalid, Optype
from tests.core.runtimes.pmml_models import TARGET, linear, write

_Y = '<DataField name="y" optype="continuous" dataType="double"/>'


def _field(folder: Path, data: str, mining: str = '<MiningField name="x"/>') -> Field:
    path = write(folder, linear(data + _Y, mining + TARGET))
    return input_fields(read_document(path))[0]


def test_a_number_has_its_intervals_with_their_closures(tmp_path: Path) -> None:
    field = _field(
        tmp_path,
        '<DataField name="x" optype="continuous" dataType="double" displayName="the x">'
        '<Interval closure="openClosed" leftMargin="0" rightMargin="1"/>'
        '<Interval closure="closedOpen" leftMargin="5"/></DataField>',
    )
    assert field.intervals == (Interval(0, 1, low_open=True), Interval(5, None, high_open=True))
    assert (field.type, field.optype, field.label) == (
        DataType.DOUBLE,
        Optype.CONTINUOUS,
        "the x",
    )


def test_categories_are_as_the_file_writes_them_without_the_invalid(tmp_path: Path) -> None:
    field = _field(
        tmp_path,
        '<DataField name="x" optype="categorical" dataType="integer"><Value value="08"/>'
        '<Value value="9"/><Value value="7" property="invalid"/></DataField>',
    )
    assert field.categories == ("08", "9")
    assert field.type is DataType.INTEGER


def test_a_mark_for_a_missing_value_may_be_given(tmp_path: Path) -> None:
    field = _field(
        tmp_path,
        '<DataField name="x" optype="continuous" dataType="double">'
        '<Interval closure="closedClosed" leftMargin="0" rightMargin="9"/>'
        '<Value value="-999" property="missing"/></DataField>',
    )
    assert field.allows(-999)
    assert not field.allows(-998)


@pytest.mark.parametrize(
    ("treatment", "expected"),
    [
        ("returnInvalid", Invalid.REFUSE),
        ("asMissing", Invalid.AS_MISSING),
        ("asIs", Invalid.AS_IS),
        ("asValue", Invalid.AS_IS),
    ],
)
def test_the_treatment_of_invalid_values_is_the_file_s(
    tmp_path: Path, treatment: str, expected: Invalid
) -> None:
    data = '<DataField name="x" optype="continuous" dataType="double"/>'
    mining = f'<MiningField name="x" invalidValueTreatment="{treatment}"/>'
    assert _field(tmp_path, data, mining).invalid is expected


def test_a_replaced_missing_value_needs_not_be_given(tmp_path: Path) -> None:
    field = _field(
        tmp_path,
        '<DataField name="x" optype="continuous" dataType="double"/>',
        '<MiningField name="x" missingValueReplacement="3" missingValueTreatment="asMean"/>',
    )
    assert (field.required, field.nullable, field.default) == (False, True, "3")
    assert field.missing == "replaced by 3 (the mean)"


def test_a_missing_value_that_the_file_forbids_may_not_be_missing(tmp_path: Path) -> None:
    field = _field(
        tmp_path,
        '<DataField name="x" optype="continuous" dataType="double"/>',
        '<MiningField name="x" missingValueTreatment="returnInvalid"/>',
    )
    assert not field.nullable


def test_a_field_that_the_model_does_not_use_needs_not_be_given(tmp_path: Path) -> None:
    data = (
        '<DataField name="x" optype="continuous" dataType="double"/>'
        '<DataField name="z" optype="continuous" dataType="double"/>' + _Y
    )
    schema = '<MiningField name="x"/><MiningField name="z"/>' + TARGET
    path = write(tmp_path, linear(data, schema))
    fields = input_fields(read_document(path))
    assert [(field.name, field.required) for field in fields] == [("x", True), ("z", False)]


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("float", DataType.FLOAT),
        ("boolean", DataType.BOOLEAN),
        ("date", DataType.DATE),
        ("timeSeconds", DataType.TIME),
        ("dateTime", DataType.DATETIME),
        ("dateDaysSince[1960]", DataType.DATE),
        ("dateTimeSecondsSince[0]", DataType.DATETIME),
    ],
)
def test_every_type_of_the_standard_is_known(tmp_path: Path, written: str, kind: DataType) -> None:
    data = f'<DataField name="x" optype="continuous" dataType="{written}"/>'
    assert _field(tmp_path, data).type is kind


def test_an_unknown_type_is_refused_by_name(tmp_path: Path) -> None:
    data = '<DataField name="x" optype="continuous" dataType="quaternion"/>'
    with pytest.raises(InvalidModel, match=r"x has the type quaternion"):
        _field(tmp_path, data)


def test_a_field_that_is_nowhere_defined_is_refused_by_name(tmp_path: Path) -> None:
    data = '<DataField name="z" optype="continuous" dataType="double"/>'
    with pytest.raises(InvalidModel, match="takes x, which the DataDictionary does not define"):
        _field(tmp_path, data)
