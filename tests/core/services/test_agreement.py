"""When two answers are the same, and which column is held against which output."""

import math
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from core.errors import InvalidInput
from core.schema import DataType, Field, Optype
from core.services.agreement import labels_agree, meets, numbers_agree
from core.services.expected import find_pairs

AMOUNT = Field("prediction", DataType.DOUBLE)
CHANCE = Field("probability_a", DataType.DOUBLE)
LABEL = Field("prediction", DataType.STRING, Optype.CATEGORICAL)
WHOLE_LABEL = Field("prediction", DataType.INTEGER, Optype.CATEGORICAL, categories=("0", "1"))


def met(field: Field, given: object, expected: str | None, tolerance: float = 1e-6) -> bool:
    column = pa.array([given], field.arrow_type)
    return bool(meets(field, column, pa.array([expected], pa.string()), tolerance)[0])


@pytest.mark.parametrize(
    ("given", "expected", "same"),
    [
        (1_000_000.0, "1000000.9", True),
        (1_000_000.0, "1000002", False),
        (1e-9, "1.0000001e-9", True),
        (1e-9, "2e-9", False),
        (0.0, "1e-13", True),
        (5.0, " +5. ", True),
        (0.5, ".5", True),
        (None, "", True),
        (None, None, True),
        (None, "NA", True),
        (None, "0", False),
        (0.0, None, False),
        (0.0, "zero", False),
        (None, "zero", False),
        (math.inf, "1e999", True),
    ],
)
def test_a_number_is_held_to_a_relative_tolerance(
    given: float | None, expected: str | None, same: bool
) -> None:
    assert met(AMOUNT, given, expected) is same


def test_a_probability_is_held_to_the_tolerance_as_it_stands() -> None:
    assert met(CHANCE, 1e-20, "1e-30")
    assert met(CHANCE, 0.333333, "0.3333335")
    assert not met(CHANCE, 0.333333, "0.333336")
    assert met(replace(CHANCE, name="Probability_a"), 1e-20, "1e-30")


def test_a_tolerance_of_nothing_wants_the_very_number() -> None:
    assert met(AMOUNT, 0.1, "0.1", 0.0)
    assert not met(AMOUNT, 0.1, "0.1000001", 0.0)


@pytest.mark.parametrize(
    ("given", "expected", "same"),
    [
        ("a", " a ", True),
        ("a", "A", False),
        ("3", "3.0", True),
        ("3", "3.0000001", False),
        ("true", "TRUE", True),
        ("true", "1", True),
        (None, "", True),
        (None, "NA", True),
        ("NA", "NA", True),
        ("None", None, True),
        ("a", None, False),
        (None, "a", False),
    ],
)
def test_a_label_is_the_same_as_text_or_as_a_number(
    given: str | None, expected: str | None, same: bool
) -> None:
    assert met(LABEL, given, expected) is same


def test_a_whole_number_that_is_a_class_has_no_tolerance() -> None:
    assert met(WHOLE_LABEL, 1, "1.0")
    assert not met(WHOLE_LABEL, 1, "1.000001", 0.1)


def test_numbers_of_two_versions_agree_where_both_are_missing() -> None:
    first = np.array([1.0, np.nan, np.nan, np.inf, np.inf])
    second = np.array([1.0, np.nan, 1.0, np.inf, 1.0])
    agree = numbers_agree(first, second, 1e-6, 1e-12)
    assert agree.tolist() == [True, True, False, True, False]


def test_a_column_in_which_nothing_stands_agrees_with_another() -> None:
    nothing = pa.nulls(2, pa.string())
    assert labels_agree(nothing, nothing).tolist() == [True, True]


def outputs(*classes: str) -> list[Field]:
    chances = [Field(f"probability_{name}", DataType.DOUBLE) for name in classes]
    return [Field("prediction", DataType.STRING, Optype.CATEGORICAL), *chances]


IRIS = outputs("Iris-setosa", "Iris-virginica")


@pytest.mark.parametrize(
    ("columns", "pairs"),
    [
        (["prediction"], {"prediction": "prediction"}),
        (["Prediction", "true"], {"prediction": "Prediction"}),
        (["class", "prediction"], {"prediction": "prediction"}),
        (["class", "y_pred"], {"prediction": "y_pred"}),
        (["id", "Species"], {"prediction": "Species"}),
        (["Species", "prediction(Species)"], {"prediction": "prediction(Species)"}),
        (["Predicted_Species", "Species"], {"prediction": "Predicted_Species"}),
        (["Probability_Iris-setosa"], {"probability_Iris-setosa": "Probability_Iris-setosa"}),
        (["probability iris setosa"], {"probability_Iris-setosa": "probability iris setosa"}),
        (["confidence(Iris-setosa)"], {"probability_Iris-setosa": "confidence(Iris-setosa)"}),
        (
            ["predict_proba_0", "predict_proba_1"],
            {
                "probability_Iris-setosa": "predict_proba_0",
                "probability_Iris-virginica": "predict_proba_1",
            },
        ),
        (
            ["prediction", "Probability_Iris-setosa", "weight"],
            {"prediction": "prediction", "probability_Iris-setosa": "Probability_Iris-setosa"},
        ),
        (
            ["Probability_Iris-setosa", "weight"],
            {"probability_Iris-setosa": "Probability_Iris-setosa"},
        ),
    ],
)
def test_the_columns_of_expected_outputs_are_found_by_name(
    columns: list[str], pairs: dict[str, str]
) -> None:
    assert find_pairs(IRIS, columns) == pairs


def test_of_two_columns_of_one_name_the_later_holds_the_predictions() -> None:
    fields = [*IRIS, Field("class", DataType.STRING)]
    found = find_pairs(fields, ["class", "class_2", "prediction"])
    assert found == {"prediction": "prediction", "class": "class_2"}
    fields.append(Field("class_2", DataType.STRING))
    found = find_pairs(fields, ["class", "class_2"], only=["class", "class_2"])
    assert found == {"class": "class", "class_2": "class_2"}


def test_an_output_of_the_file_tells_what_its_target_is_called() -> None:
    fields = [*IRIS, Field("Predicted_Kind", DataType.STRING)]
    found = find_pairs(fields, ["weight", "Kind"])
    assert found == {"prediction": "Kind", "Predicted_Kind": "Kind"}


def test_numbered_columns_are_of_classes_that_have_numbers_for_names() -> None:
    columns = ["predict_proba_0", "predict_proba_1"]
    found = find_pairs(outputs("1", "0"), columns)
    assert found == {"probability_1": "predict_proba_1", "probability_0": "predict_proba_0"}
    found = find_pairs(outputs("1", "2"), columns)
    assert found == {"probability_1": "predict_proba_0", "probability_2": "predict_proba_1"}


def test_classes_that_only_a_sign_tells_apart_are_found_by_their_exact_names_alone() -> None:
    fields = outputs("-1", "1")
    exact = ["probability_-1", "probability_1"]
    assert find_pairs(fields, exact) == dict(zip(exact, exact, strict=True))
    with pytest.raises(InvalidInput):
        find_pairs(fields, ["Prob_1", "Prob_-1"])


def test_a_column_that_the_user_names_goes_before_one_that_is_found() -> None:
    columns = ["prediction", "checked"]
    assert find_pairs(IRIS, columns, named={"prediction": "checked"}) == {"prediction": "checked"}


def test_only_the_outputs_that_are_asked_for_are_compared() -> None:
    columns = ["prediction", "Probability_Iris-setosa"]
    assert find_pairs(IRIS, columns, only=["prediction"]) == {"prediction": "prediction"}


def test_a_model_with_one_output_of_any_name_takes_the_only_column() -> None:
    assert find_pairs([Field("height", DataType.DOUBLE)], ["id", "metres"]) == {"height": "metres"}


@pytest.mark.parametrize(
    ("columns", "named", "only", "sentence"),
    [
        ([], {}, [], "are: none"),
        (["id"], {}, [], "are: id"),
        (["a", "b"], {}, [], "No column holds expected values of prediction"),
        (["a"], {"prediction": "b"}, [], 'no column of expected values named "b"; there are: a'),
        (["a"], {"x": "a"}, [], 'no output named "x"; there are: prediction'),
        (["prediction"], {}, ["y"], 'no output named "y"'),
    ],
)
def test_what_cannot_be_found_is_said_with_what_there_is(
    columns: list[str], named: dict[str, str], only: list[str], sentence: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        find_pairs(IRIS, columns, named=named, only=only)
    assert sentence in refused.value.message


def test_arrays_are_not_compared() -> None:
    with pytest.raises(InvalidInput, match="No column holds"):
        find_pairs([Field("vector", DataType.FLOAT, shape=(3,))], ["vector"])
