"""Which column seems to be meant by which input (P7)."""

import pytest

from core.inputs.suggestions import How, in_order, match_columns
from core.schema import DataType, Field, Schema


def schema(*names: str, required: bool = True) -> Schema:
    return Schema(tuple(Field(name, DataType.DOUBLE, required=required) for name in names))


def found(names: list[str], headers: list[str]) -> dict[str, tuple[str | None, str]]:
    return {m.field: (m.header, m.how) for m in match_columns(schema(*names), headers, {})}


@pytest.mark.parametrize(
    ("name", "header", "how"),
    [
        ("age", "age", How.NAME),
        ("sepal_length", "Sepal Length", How.SPELLING),
        ("sepal_length", "sepalLength", How.SPELLING),
        ("prénom", "PRENOM", How.SPELLING),
        ("größe", "GRÖSSE", How.SPELLING),
        ("年龄", "年 龄", How.SPELLING),
        ("sepal_length", "sepal length (cm)", How.NEAR),
        ("education_num", "educaton-num", How.NEAR),
    ],
)
def test_a_column_is_found_by_what_it_is_called(name: str, header: str, how: How) -> None:
    assert found([name], ["other", header]) == {name: (header, how)}


@pytest.mark.parametrize(
    ("name", "header"),
    [("age", "ago"), ("x1", "x2"), ("feature_1", "feature_2"), ("income", "outcome"), ("a", "z")],
)
def test_names_that_mean_something_else_are_not_taken_for_each_other(
    name: str, header: str
) -> None:
    assert found([name], [header]) == {name: (None, How.NONE)}


def test_an_equal_name_comes_first_and_no_column_is_taken_twice() -> None:
    assert found(["Age", "age"], ["age", "AGE"]) == {
        "age": ("age", How.NAME),
        "Age": ("AGE", How.SPELLING),
    }
    assert found(["length", "lengths"], ["lenght"])["lengths"][0] is None


def test_names_with_the_same_letters_are_not_guessed() -> None:
    assert found(["first_name"], ["First Name", "first-name"])["first_name"] == (
        "first-name",
        How.NEAR,
    )
    assert found(["a_b", "ab"], ["A B"]) == {"a_b": (None, How.NONE), "ab": (None, How.NONE)}


def test_what_was_chosen_comes_before_what_is_called_the_same() -> None:
    matches = match_columns(schema("age"), ["age", "years"], {"age": "years"})
    assert [(match.header, match.how) for match in matches] == [("years", How.CHOSEN)]
    gone = match_columns(schema("age"), ["age"], {"age": "years"}, How.REMEMBERED)
    assert [(match.header, match.how) for match in gone] == [("age", How.NAME)]


def test_columns_by_their_places_are_there_only_for_who_asks() -> None:
    assert found(["x", "y"], ["p", "q"]) == {"x": (None, How.NONE), "y": (None, How.NONE)}
    assert in_order(schema("x", "y"), ["p", "q"]) == {"x": "p", "y": "q"}
    assert in_order(schema("x", "y"), ["p"]) == {}


def test_thousands_of_columns_are_matched_by_name_without_delay() -> None:
    names = [f"f_{n}" for n in range(7_000)]
    assert all(
        match.how is How.SPELLING
        for match in match_columns(schema(*names), [f"F {n}" for n in range(7_000)], {})
    )
