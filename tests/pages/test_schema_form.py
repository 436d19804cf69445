"""Fields become widgets, and what the widgets hold goes through the coercion."""

import datetime as dt
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from core.errors import InvalidInput
from core.records import read_record
from core.runtimes.base import ModelInfo
from core.schema import DataType, Field, Interval, Invalid, Optype, Schema
from pages.components import schema_form
from pages.components.field_values import held, notice_of, range_in_words, value_of
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
    labels = ["Fields 25 to 48: x24 … x47", "Fields 49 to 60: x48 … x59"]
    assert [each.label for each in app.expander] == labels
    assert len(app.number_input) == 24
    assert len(app.session_state["record"]) == 60


def test_a_search_draws_the_fields_that_have_its_words_and_the_others_keep_their_values() -> None:
    fields = [Field(f"x{number}", DataType.DOUBLE) for number in range(200)]
    fields[150] = replace(fields[150], label="Income", description="before tax")
    app = drawn(info_of(*fields))
    app.number_input(key="f_0").set_value(7.0)
    app.text_input(key="f_search").set_value("tax inc")
    app.run()
    assert [each.label for each in app.number_input] == ["Income"]
    app.number_input(key="f_150").set_value(3.0)
    app.text_input(key="f_search").set_value("")
    record = app.run().session_state["record"]
    assert (record["x0"], record["x150"], record["x199"]) == (7.0, 3.0, 0.0)
    assert [each.key for each in app.number_input] == [f"f_{place}" for place in range(24)]


def test_a_folded_section_says_how_many_of_its_fields_are_amber() -> None:
    fields = [Field(f"x{number}", DataType.DOUBLE) for number in range(30)]
    fields[25] = replace(fields[25], intervals=(Interval(0, 1),))
    app = drawn(info_of(*fields, sample={"x25": 1.0}))
    assert ":orange" not in app.expander[0].label
    app.text_input(key="f_search").set_value("x25")
    app.run().number_input(key="f_25").set_value(5.0)
    app.text_input(key="f_search").set_value("")
    assert ":orange[:material/warning: 1]" in app.run().expander[0].label


def test_a_value_that_may_be_missing_can_be_cleared() -> None:
    app = drawn(info_of(Field("f", DataType.DOUBLE, nullable=True), sample={"f": 2.0}))
    assert app.session_state["record"] == {"f": 2.0}
    app.number_input(key="f_0").set_value(None)
    assert app.run().session_state["record"] == {"f": None}
    assert "needs" not in "".join(each.value for each in app.markdown)


REFUSED = replace(AGE, name="f")
COUNTS_AS_MISSING = replace(REFUSED, nullable=True, invalid=Invalid.AS_MISSING)
WORD = Field("f", DataType.STRING, Optype.CATEGORICAL, ("a", "b"))


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        (REFUSED, 20, ""),
        (REFUSED, 300, "The model takes 17 to 90; this will be refused."),
        (REFUSED, None, "The model needs a value."),
        (REFUSED, 20.5, "f: 20.5 is not a whole number."),
        (COUNTS_AS_MISSING, 300, "The model takes 17 to 90; this counts as missing."),
        (COUNTS_AS_MISSING, None, ""),
        (replace(REFUSED, invalid=Invalid.AS_IS), 300, "The model was made for 17 to 90."),
        (replace(WORD, invalid=Invalid.AS_IS), "c", "The model was made without this one."),
        (WORD, "b", ""),
    ],
)
def test_a_value_is_told_odd_before_it_is_sent(field: Field, value: object, said: str) -> None:
    assert notice_of(field, value) == said


@pytest.mark.parametrize(
    ("intervals", "words"),
    [
        ((Interval(17, 90),), "17 to 90"),
        ((Interval(0, None, low_open=True),), "above 0"),
        ((Interval(None, 1),), "at most 1"),
        ((Interval(0, 1, high_open=True), Interval(5, 6)), "at least 0, below 1 or 5 to 6"),
        ((Interval(),), ""),
    ],
)
def test_a_range_is_written_in_words(intervals: tuple[Interval, ...], words: str) -> None:
    assert range_in_words(Field("f", DataType.DOUBLE, intervals=intervals)) == words


RECORDS = (
    {
        "age": 53,
        "income": 1.5,
        "job": "Self",
        "code": "9",
        "member": True,
        "married": False,
        "since": "2024-02-29",
        "at": "12:30:00",
        "moment": "2024-02-29T12:30:00",
        "note": "n",
        "pair": [1.0, 2.0],
    },
    {**dict.fromkeys([field.name for field in FIELDS if field.nullable]), "age": 300},
)


@pytest.mark.parametrize("record", RECORDS)
def test_a_form_that_a_record_was_filled_into_holds_that_record(
    record: dict[str, object],
) -> None:
    fields = {field.name: field for field in FIELDS}
    held_again = {name: value_of(fields[name], held(fields[name], record[name])) for name in record}
    assert held_again == record


def test_what_a_widget_cannot_hold_leaves_it_empty() -> None:
    assert held(Field("f", DataType.INTEGER), 2**60) is None
    assert held(Field("f", DataType.DOUBLE), "abc") is None
    assert held(Field("f", DataType.DATE), "1066-10-14") is None
    assert held(WORD, "c") is None
    assert held(Field("f", DataType.DOUBLE, shape=(9000,)), [0.5] * 9000) == ""


def test_too_many_fields_make_no_form() -> None:
    fields = tuple(Field(f"x{number}", DataType.DOUBLE) for number in range(501))
    assert not schema_form.fits(Schema(fields))
    assert schema_form.fits(Schema(fields[:500]))
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
def test_the_bounds_of_a_field_are_the_outermost_numbers_that_it_takes(
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
