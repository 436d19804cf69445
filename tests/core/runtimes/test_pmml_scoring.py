"""What a PMML model answers, asked the way the platform asks it."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from core.runtimes.pmml import PmmlRuntime
from core.schema import DataType, Optype
from tests.core.runtimes.opened import Opened, Record, open_model
from tests.core.runtimes.pmml_models import (
    LABEL,
    NUMBERS,
    TARGET,
    linear,
    logistic,
    node,
    pmml,
    tree,
    write,
)

Open = Callable[[str], Opened]
_Y = '<DataField name="y" optype="continuous" dataType="double"/>'
_NO_RESULT = "The model gives no result for this row."


@pytest.fixture
def opened(pmml_runtime: PmmlRuntime, tmp_path: Path) -> Open:
    return lambda text: open_model(pmml_runtime, write(tmp_path, text), tmp_path)


def _predictions(opened: Opened, records: list[Record]) -> list[object]:
    together = [answer["prediction"] for answer in opened.answers(records)]
    alone = [opened.answer(record)["prediction"] for record in records]
    many = opened.answers(records * 300)[-len(records) :]
    assert together == alone == [answer["prediction"] for answer in many]
    return together


def _input(kind: str, optype: str = "continuous", values: str = "") -> str:
    return f'<DataField name="x" optype="{optype}" dataType="{kind}">{values}</DataField>'


def _says_yes_if(predicate: str, field: str) -> str:
    return tree(field, '<MiningField name="x"/>', node("yes", predicate) + node("no", "<True/>"))


def test_a_regression_has_one_number_as_its_prediction(opened: Open) -> None:
    model = opened(linear())
    assert _predictions(model, [{"x": 2.0}, {"x": -1.5}]) == [5.0, -2.0]
    assert [f.optype for f in model.info.outputs] == [Optype.CONTINUOUS]


@pytest.mark.parametrize("kind", ["integer", "double", "float"])
def test_a_missing_number_is_never_taken_for_zero(opened: Open, kind: str) -> None:
    model = opened(linear(_input(kind) + _Y))
    answers = model.answers([{"x": 0}, {"x": None}, {"x": 3}])
    assert [answer["prediction"] for answer in answers] == [1.0, None, 7.0]
    assert answers[1]["error"] == "x is missing; the model needs a value."


def test_a_missing_integer_is_replaced_as_the_file_says(opened: Open) -> None:
    schema = f'<MiningField name="x" missingValueReplacement="10"/>{TARGET}'
    model = opened(linear(_input("integer") + _Y, schema))
    assert _predictions(model, [{"x": 0}, {"x": None}, {}]) == [1.0, 21.0, 21.0]


def test_a_missing_number_takes_the_branch_for_the_missing(opened: Open) -> None:
    is_missing = '<SimplePredicate field="x" operator="isMissing"/>'
    model = opened(_says_yes_if(is_missing, _input("integer")))
    assert _predictions(model, [{"x": None}, {"x": 0}]) == ["yes", "no"]


def test_integer_categories_keep_their_value_beside_gaps(opened: Open) -> None:
    values = '<Value value="7"/><Value value="8"/>'
    equal = '<SimplePredicate field="x" operator="equal" value="8"/>'
    model = opened(_says_yes_if(equal, _input("integer", "categorical", values)))
    records: list[Record] = [{"x": 8}, {"x": 7}, {"x": "8.0"}, {"x": 8.0}]
    assert _predictions(model, records) == ["yes", "no", "yes", "yes"]


def test_numbers_in_text_categories_stay_as_they_are_written(opened: Open) -> None:
    values = '<Value value="08"/><Value value="9"/>'
    equal = '<SimplePredicate field="x" operator="equal" value="08"/>'
    model = opened(_says_yes_if(equal, _input("string", "categorical", values)))
    assert _predictions(model, [{"x": "08"}, {"x": "9"}]) == ["yes", "no"]


def test_booleans_are_compared_as_booleans(opened: Open) -> None:
    equal = '<SimplePredicate field="x" operator="equal" value="true"/>'
    values = '<Value value="true"/><Value value="false"/>'
    model = opened(_says_yes_if(equal, _input("boolean", "categorical", values)))
    assert _predictions(model, [{"x": True}, {"x": False}, {"x": "yes"}]) == ["yes", "no", "yes"]


@pytest.mark.parametrize(
    ("kind", "value", "number"),
    [
        ("dateDaysSince[1960]", "1960-01-31", 30),
        ("dateDaysSince[1970]", "1969-12-31", -1),
        ("dateDaysSince[0]", "0001-01-01", 366),
        ("timeSeconds", "01:00:05", 3605),
        ("dateTimeSecondsSince[1980]", "1980-01-02T00:00:01", 86401),
    ],
)
def test_dates_count_from_the_start_that_their_type_names(
    opened: Open, kind: str, value: str, number: int
) -> None:
    model = opened(linear(_input(kind) + _Y))
    assert _predictions(model, [{"x": value}]) == [1 + 2 * number]


def test_a_date_reaches_the_functions_of_dates(opened: Open) -> None:
    derived = (
        '<LocalTransformations><DerivedField name="d" optype="continuous" dataType="double">'
        '<Apply function="dateSecondsSinceMidnight"><FieldRef field="x"/></Apply>'
        "</DerivedField></LocalTransformations>"
    )
    term = '<NumericPredictor name="d" coefficient="1"/>'
    model = opened(linear(_input("dateTime") + _Y, output=derived, terms=term))
    assert _predictions(model, [{"x": "2026-03-01T01:01:01"}]) == [3662.0]
    assert any("dates" in warning for warning in model.info.warnings)


def test_texts_of_any_script_come_through(opened: Open) -> None:
    values = '<Value value="上海"/><Value value="naïve 🙂"/>'
    equal = '<SimplePredicate field="x" operator="equal" value="naïve 🙂"/>'
    model = opened(_says_yes_if(equal, _input("string", "categorical", values)))
    assert _predictions(model, [{"x": "naïve 🙂"}, {"x": "上海"}]) == ["yes", "no"]


def test_a_row_without_a_result_says_so_and_has_no_outputs(opened: Open) -> None:
    high = '<SimplePredicate field="x" operator="greaterThan" value="0"/>'
    text = tree(
        NUMBERS,
        '<MiningField name="x"/>',
        node("yes", high),
        'noTrueChildStrategy="returnNullPrediction"',
    )
    answers = opened(text).answers([{"x": 1.0}, {"x": -1.0}])
    assert answers[0]["error"] is None
    assert answers[1]["error"] == _NO_RESULT
    assert {v for k, v in answers[1].items() if k != "error"} == {None}


def test_a_classifier_s_own_outputs_stand_beside_the_promised_ones(opened: Open) -> None:
    output = (
        '<Output><OutputField name="chance" optype="continuous" dataType="double" '
        'feature="probability" value="yes"/></Output>'
    )
    model = opened(logistic(1, output))
    answer = model.answer({"x0": 1.0})
    assert model.info.output_schema.names == [
        "prediction",
        "probability_yes",
        "probability_no",
        "chance",
    ]
    assert answer["prediction"] == "no"
    assert answer["chance"] == answer["probability_yes"] == pytest.approx(1 / (1 + math.exp(0.45)))


def test_an_output_named_like_the_prediction_is_not_given_twice(opened: Open) -> None:
    output = (
        '<Output><OutputField name="prediction" optype="continuous" dataType="double" '
        'feature="predictedValue"/></Output>'
    )
    assert opened(linear(output=output)).info.output_schema.names == ["prediction"]


def test_an_output_that_is_not_final_is_not_given(opened: Open) -> None:
    output = (
        '<Output><OutputField name="raw" optype="continuous" dataType="double" '
        'feature="predictedValue" isFinalResult="false"/>'
        '<OutputField name="twice" optype="continuous" dataType="double" '
        'feature="transformedValue"><Apply function="*"><FieldRef field="raw"/>'
        "<Constant>2</Constant></Apply></OutputField></Output>"
    )
    model = opened(linear(output=output))
    assert model.answer({"x": 2.0}) == {"prediction": 5.0, "twice": 10.0, "error": None}


def test_integer_labels_are_whole_numbers(opened: Open) -> None:
    label = LABEL.replace('"string"', '"integer"').replace('"no"', '"0"').replace('"yes"', '"1"')
    text = tree(NUMBERS, '<MiningField name="x"/>', node("1", "<True/>")).replace(LABEL, label)
    model = opened(text)
    assert model.answer({"x": 1.0})["prediction"] == 1
    assert model.info.outputs[0].type is DataType.INTEGER
    assert model.info.outputs[0].categories == ("0", "1")


def test_a_field_without_listed_categories_takes_new_ones_from_many_rows(opened: Open) -> None:
    equal = '<SimplePredicate field="x" operator="equal" value="city 7"/>'
    model = opened(_says_yes_if(equal, _input("string", "categorical")))
    records: list[Record] = [{"x": f"city {row % 1000}"} for row in range(20_000)]
    found = [answer["prediction"] == "yes" for answer in model.answers(records)]
    assert [row for row, yes in enumerate(found) if yes] == list(range(7, 20_000, 1000))


def test_a_model_of_500_columns_is_scored(opened: Open) -> None:
    model = opened(logistic(500))
    record: Record = {f"x{i}": 0.0 for i in range(500)}
    answers = model.answers([record] * 300)
    assert {answer["prediction"] for answer in answers} == {"yes"}


def test_the_first_of_several_segments_that_fits_answers(opened: Open) -> None:
    def segment(predicate: str, score: str) -> str:
        return (
            f'<Segment>{predicate}<TreeModel functionName="classification"><MiningSchema>'
            f'<MiningField name="x"/>{TARGET}</MiningSchema>'
            f'<Node score="{score}"><True/></Node></TreeModel></Segment>'
        )

    high = '<SimplePredicate field="x" operator="greaterThan" value="0"/>'
    model = opened(
        pmml(
            NUMBERS + LABEL,
            '<MiningModel functionName="classification"><MiningSchema><MiningField name="x"/>'
            f'{TARGET}</MiningSchema><Segmentation multipleModelMethod="selectFirst">'
            f"{segment(high, 'yes')}{segment('<True/>', 'no')}</Segmentation></MiningModel>",
        )
    )
    assert _predictions(model, [{"x": 1.0}, {"x": -1.0}]) == ["yes", "no"]
    assert model.info.algorithm == "First that fits of 2 × decision tree"


def test_calls_do_not_see_the_items_of_one_another(opened: Open) -> None:
    items = "".join(f'<Item id="{i}" value="{v}"/>' for i, v in enumerate(["bread", "milk", "jam"]))
    sets = "".join(
        f'<Itemset id="{i}" support="1" numberOfItems="1"><ItemRef itemRef="{i}"/></Itemset>'
        for i in range(3)
    )
    rules = "".join(
        f'<AssociationRule antecedent="{a}" consequent="{c}" support="1" confidence="1"/>'
        for a, c in [(0, 2), (1, 2)]
    )
    output = (
        '<Output><OutputField name="why" optype="categorical" dataType="string" rank="2" '
        'feature="ruleValue" ruleFeature="antecedent" algorithm="recommendation"/></Output>'
    )
    model = opened(
        pmml(
            '<DataField name="basket" optype="categorical" dataType="string"/>'
            '<DataField name="item" optype="categorical" dataType="string"/>',
            '<AssociationModel functionName="associationRules" numberOfTransactions="9" '
            'minimumSupport="0.1" minimumConfidence="0.1" numberOfItems="3" numberOfItemsets="3" '
            'numberOfRules="2"><MiningSchema><MiningField name="basket" usageType="group"/>'
            f'<MiningField name="item"/></MiningSchema>{output}{items}{sets}{rules}'
            "</AssociationModel>",
        )
    )
    bread: Record = {"basket": "1", "item": "bread"}
    milk: Record = {"basket": "1", "item": "milk"}
    assert model.answers([bread, milk])[1]["why"] is not None
    assert model.answer(milk)["why"] is None
    assert any("one item" in warning for warning in model.info.warnings)


def test_a_record_has_all_outputs_of_a_model_of_more_classes_than_a_java_call_takes_values(
    opened: Open,
) -> None:
    classes = "".join(f'<Value value="c{i}"/>' for i in range(300))
    tables = "".join(
        f'<RegressionTable intercept="{i % 7}" targetCategory="c{i}"/>' for i in range(300)
    )
    model = opened(
        pmml(
            f'{NUMBERS}<DataField name="y" optype="categorical" dataType="string">{classes}'
            "</DataField>",
            '<RegressionModel functionName="classification" normalizationMethod="softmax">'
            f'<MiningSchema><MiningField name="x"/>{TARGET}</MiningSchema>{tables}'
            "</RegressionModel>",
        )
    )
    alone, beside = model.answer({"x": 1.0}), model.answers([{"x": 1.0}, {"x": 2.0}])[0]
    assert alone == beside
    assert len(alone) == len(["prediction", "probability", "error"]) + 300
    assert math.fsum(float(str(alone[f"probability_c{i}"])) for i in range(300)) == pytest.approx(1)


def test_a_character_that_xml_cannot_hold_does_not_shift_the_outputs(opened: Open) -> None:
    output = (
        '<Output><OutputField name="label" feature="predictedValue" dataType="string" '
        'optype="categorical"/><OutputField name="given" optype="categorical" dataType="string" '
        'feature="transformedValue"><FieldRef field="x"/></OutputField></Output>'
    )
    text = _says_yes_if('<SimplePredicate field="x" operator="equal" value="a"/>', _input("string"))
    model = opened(text.replace("</MiningSchema>", f"</MiningSchema>{output}"))
    records: list[Record] = [{"x": "a\0b"}, {"x": "a"}]
    assert [answer["given"] for answer in model.answers(records)] == ["a\ufffdb", "a"]
    assert [model.answer(record)["given"] for record in records] == ["a\ufffdb", "a"]
