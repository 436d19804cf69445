"""Fields become widgets, and what the widgets hold goes through the coercion."""

import datetime as dt

import pytest
from streamlit.testing.v1 import AppTest

from core.errors import InvalidInput
from core.records import read_record
from core.runtimes.base import ModelInfo
from core.schema import DataType, Field, Interval, Invalid, Optype, Schema
from pages.components import schema_form
from pages.components.numbers import bounds, start_number, step_of

AGE = Field("age", DataType.INTEGER, intervals=(Interval(17, 90),))
FIELDS = (
    AGE,
    Field("income", DataType.DOUBLE, nullable=True),
    Field("job", DataType.STRING, Optype.CATEGORICAL, ("Private", "Self"), nullable=True),
    Field("code", DataType.INTEGER, Optype.CATEGORICAL, ("8", "9")),
    Field("member", DataType.BOOLEAN),
    Field("married", DataType.BOOLEAN, nullable=True),
    Field("since", DataType.DATE),
    Field("at", DataType.TIME, nullable=True),
    Field("moment", DataType.DATETIME),
    Field("note", DataType.STRING, default="none"),
    Field("pair", DataType.DOUBLE, shape=(2,)),
)
SAMPLE = {"code": 9.0, "since": "2024-02-29", "moment": "2024-02-29T12:30:00", "pair": [1.0, 2.0]}


def info_of(*fields: Field, sample: dict[str, object] | None = None) -> ModelInfo:
    return ModelInfo("onnx", "regression", "a", "b", fields, (), sample or {})


def drawn(info: ModelInfo) -> AppTest:
    """Draw a form of the fields; what it holds is in the session afterwards."""

    def page(info: "ModelInfo") -> None:
        import streamlit as st

        from pages.components import schema_form

        st.session_state["record"] = schema_form.draw_fields(info, "f")

    app = AppTest.from_function(page, args=(info,), default_timeout=30).run()
    assert not app.exception
    return app


def test_a_new_form_holds_a_record_that_the_model_takes() -> None:
    app = drawn(info_of(*FIELDS, sample=dict(SAMPLE)))
    typed = read_record(Schema(FIELDS), app.session_state["record"])
    assert typed == {
        "age": 53,
        "income": None,
        "job": "Private",
        "code": 9,
        "member": False,
        "married": None,
        "since": dt.date(2024, 2, 29),
        "at": None,
        "moment": dt.datetime(2024, 2, 29, 12, 30),  # noqa: DTZ001 - models know no zones
        "note": "none",
        "pair": [1.0, 2.0],
    }


def test_what_is_chosen_is_what_the_record_holds() -> None:
    app = drawn(info_of(*FIELDS, sample=dict(SAMPLE)))
    app.number_input(key="f_0").set_value(20)
    app.selectbox(key="f_2").set_value("(missing)")
    app.toggle(key="f_4").set_value(True)
    app.selectbox(key="f_5").set_value("false")
    app.text_input(key="f_9").set_value("")
    record = app.run().session_state["record"]
    assert (record["age"], record["job"], record["member"]) == (20, None, True)
    assert (record["married"], record["note"]) == (False, None)


def test_a_category_called_missing_is_not_taken_for_nothing() -> None:
    field = Field("f", DataType.STRING, Optype.CATEGORICAL, ("(missing)", "b"))
    assert drawn(info_of(field)).session_state["record"] == {"f": "(missing)"}


def test_other_categories_may_be_typed_where_the_model_takes_them() -> None:
    strict = Field("a", DataType.STRING, Optype.CATEGORICAL, ("x",))
    open_ = Field("b", DataType.STRING, Optype.CATEGORICAL, ("x",), invalid=Invalid.AS_IS)
    boxes = drawn(info_of(strict, open_)).selectbox
    assert [box.proto.accept_new_options for box in boxes] == [False, True]


def test_a_tensor_that_is_no_json_reaches_the_coercion_as_it_was_typed() -> None:
    field = Field("pair", DataType.DOUBLE, shape=(2,))
    app = drawn(info_of(field))
    app.text_area(key="f_0").set_value("1, 2")
    record = app.run().session_state["record"]
    with pytest.raises(InvalidInput, match="pair"):
        read_record(Schema((field,)), record)


def test_many_fields_are_folded_away_in_sections() -> None:
    fields = [Field(f"x{number}", DataType.DOUBLE) for number in range(60)]
    app = drawn(info_of(*fields))
    assert [each.label for each in app.expander] == ["Fields 25 to 48", "Fields 49 to 60"]
    assert len(app.session_state["record"]) == 60


def test_too_many_fields_make_no_form() -> None:
    fields = tuple(Field(f"x{number}", DataType.DOUBLE) for number in range(121))
    assert not schema_form.fits(Schema(fields))
    assert schema_form.fits(Schema(fields[:120]))
    assert not schema_form.fits(Schema(()))


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (AGE, (17, 90)),
        (Field("f", DataType.DOUBLE), (None, None)),
        (Field("f", DataType.DOUBLE, intervals=(Interval(0, None),)), (0, None)),
        (Field("f", DataType.DOUBLE, intervals=(Interval(5, 6), Interval(0, 1))), (0, 6)),
        (Field("f", DataType.INTEGER, intervals=(Interval(0.5, 9, high_open=True),)), (1, 8)),
        (Field("f", DataType.INTEGER, intervals=(Interval(0, 1e300),)), (0, None)),
        (
            Field("f", DataType.DOUBLE, intervals=(Interval(0, 1),), invalid=Invalid.AS_IS),
            (None,) * 2,
        ),
    ],
)
def test_the_widget_stops_where_the_field_does(
    field: Field, expected: tuple[float | None, float | None]
) -> None:
    assert bounds(field) == expected


@pytest.mark.parametrize(
    ("field", "example", "expected"),
    [
        (AGE, 30, 30),
        (AGE, 300, 53),
        (AGE, "abc", 53),
        (Field("f", DataType.DOUBLE, default="2.5"), None, 2.5),
        (Field("f", DataType.DOUBLE, nullable=True), None, None),
        (Field("f", DataType.DOUBLE, intervals=(Interval(3, None),)), None, 3),
        (Field("f", DataType.DOUBLE), None, 0),
        (Field("f", DataType.INTEGER), 2**60, 0),
        (Field("f", DataType.DOUBLE), float("nan"), 0),
    ],
)
def test_the_widget_starts_with_a_number_that_it_may_hold(
    field: Field, example: object, expected: float | None
) -> None:
    assert start_number(field, example) == expected


@pytest.mark.parametrize(
    ("low", "high", "start", "step"),
    [
        (0, 1, 0.5, 0.1),
        (0, 100, 50, 10),
        (None, None, 0.0, 0.1),
        (None, None, 81838, 1000),
        (1, 1, 1, 1),
    ],
)
def test_a_click_goes_a_fitting_way(
    low: float | None, high: float | None, start: float, step: float
) -> None:
    assert step_of(low, high, start) == step
