"""The one rule for outside values, alone and in columns."""

import datetime as dt
import math

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.coercion import BadValueError, read_value
from core.errors import InvalidInput
from core.records import read_record, typed_batch, typed_records
from core.schema import DataType, Field, Interval, Invalid, Optype, Schema

NUMBER = Field("x", DataType.DOUBLE)
COUNT = Field("n", DataType.INTEGER, nullable=True)
COLOUR = Field("colour", DataType.STRING, Optype.CATEGORICAL, categories=("red", "8", "NA"))
FLAG = Field("flag", DataType.BOOLEAN)


@pytest.mark.parametrize(
    ("field", "given_value", "typed"),
    [
        (NUMBER, 1, 1.0),
        (NUMBER, " -1.5e3 ", -1500.0),
        (NUMBER, "+.5", 0.5),
        (COUNT, "7", 7),
        (COUNT, 8.0, 8),
        (COUNT, "8.0", 8),
        (COUNT, "9007199254740993", 9007199254740993),
        (COUNT, "NA", None),
        (COUNT, math.nan, None),
        (COLOUR, " red ", "red"),
        (COLOUR, "NA", "NA"),
        (COLOUR, 8, "8"),
        (COLOUR, 8.0, "8"),
        (COLOUR, "8.0", "8"),
        (FLAG, "Yes", True),
        (FLAG, 0, False),
        (Field("d", DataType.DATE), "2026-01-31", dt.date(2026, 1, 31)),
        (Field("t", DataType.TIME), "13:45", dt.time(13, 45)),
        (
            Field("m", DataType.DATETIME),
            "2026-01-31T13:45:00+02:00",
            dt.datetime(2026, 1, 31, 11, 45),  # noqa: DTZ001 - typed moments are naive UTC
        ),
        (Field("s", DataType.STRING), "NA", "NA"),
        (Field("s", DataType.STRING), 3.0, "3"),
        (Field("i", DataType.FLOAT, shape=(2, 2)), [[1, 2], [3, "4"]], [1.0, 2.0, 3.0, 4.0]),
        (Field("i", DataType.FLOAT, shape=(2, 2)), [1, 2, 3, 4], [1.0, 2.0, 3.0, 4.0]),
        (Field("i", DataType.FLOAT, shape=(None, 1)), [[1], [2]], [[1.0], [2.0]]),
    ],
)
def test_a_value_becomes_what_a_person_means(
    field: Field, given_value: object, typed: object
) -> None:
    assert read_value(field, given_value) == typed


@pytest.mark.parametrize(
    ("field", "bad", "words"),
    [
        (NUMBER, "abc", 'x: "abc" is not a number'),
        (NUMBER, True, "x: true is not a number"),
        (NUMBER, "1_000", "not a number"),
        (NUMBER, "1,5", "not a number"),
        (NUMBER, "0x1F", "not a number"),
        (NUMBER, "inf", "not a number"),
        (NUMBER, math.inf, "not a finite number"),
        (NUMBER, 10**400, "not a finite number"),
        (NUMBER, [1], "not a number"),
        (NUMBER, None, "x is missing"),
        (NUMBER, "", "x is missing"),
        (Field("f", DataType.FLOAT), 1e39, "not a finite number"),
        (COUNT, 1.5, "not a whole number"),
        (COUNT, 2**63, "too large"),
        (COLOUR, "blue", "must be one of red, 8, NA"),
        (FLAG, "maybe", "neither true nor false"),
        (FLAG, 2, "neither true nor false"),
        (Field("d", DataType.DATE), "31.01.2026", "is not a date such as"),
        (Field("d", DataType.DATE), 5, "is not a date such as"),
        (Field("y", DataType.DOUBLE, intervals=(Interval(0, 1, high_open=True),)), 1, "in [0, 1)"),
        (Field("i", DataType.FLOAT, shape=(2, 2)), [[1, 2, 3]], "the shape is 1x3, not 2x2"),
        (Field("i", DataType.FLOAT, shape=(2, 2)), [[1, 2], [3]], "not all of the same length"),
        (Field("i", DataType.FLOAT, shape=(2, 2)), 5, "the shape is a single value, not 2x2"),
    ],
)
def test_a_value_that_is_not_allowed_is_named_with_what_is(
    field: Field, bad: object, words: str
) -> None:
    with pytest.raises(BadValueError) as caught:
        read_value(field, bad)
    assert words in str(caught.value)


def test_invalid_values_become_missing_or_pass_where_the_field_says_so() -> None:
    lenient = Field("c", DataType.STRING, categories=("a",), nullable=True, invalid=Invalid.AS_IS)
    assert read_value(lenient, "b") == "b"
    as_missing = Field("c", DataType.STRING, categories=("a",), invalid=Invalid.AS_MISSING)
    assert read_value(as_missing, "b") is None


def test_numeric_categories_are_compared_as_numbers() -> None:
    rooms = Field("rooms", DataType.INTEGER, Optype.CATEGORICAL, categories=("1", "2.0"))
    assert read_value(rooms, "2") == 2
    with pytest.raises(BadValueError, match=r"one of 1, 2\.0"):
        read_value(rooms, 3)


def test_a_record_with_several_faults_names_them_all() -> None:
    with pytest.raises(InvalidInput) as caught:
        read_record(Schema((NUMBER, FLAG, COLOUR)), {"x": "abc", "Flag": 1, "colour": "red"})
    fields = [problem.field for problem in caught.value.details]
    assert fields == ["x", "flag"]
    assert 'Did you mean it by "Flag"?' in caught.value.details[1].message
    assert "1 more in details" in caught.value.message


def test_a_field_of_the_model_is_not_taken_for_another_that_is_missing() -> None:
    schema = Schema((Field("sepal_width", DataType.DOUBLE), Field("petal_width", DataType.DOUBLE)))
    with pytest.raises(InvalidInput) as caught:
        read_record(schema, {"sepal_width": 1})
    assert "Did you mean" not in caught.value.message


def test_a_bad_record_keeps_its_place_among_the_good_ones() -> None:
    typed = typed_records(Schema((NUMBER,)), [{"x": 1}, {"x": "no"}, 5, {"x": 4}])
    assert typed.batch.column(0).to_pylist() == [1.0, None, None, 4.0]
    assert sorted(typed.problems) == [1, 2]
    assert typed.problems[1][0].row == 2


def test_a_table_without_a_needed_column_is_refused_with_the_near_name() -> None:
    batch = pa.RecordBatch.from_pydict({"colr": ["red"], "x": [1]})
    with pytest.raises(InvalidInput, match=r'colour is not given.*mean it by "colr"'):
        typed_batch(Schema((NUMBER, COLOUR)), batch)


def test_an_optional_column_that_is_absent_is_missing_in_every_row() -> None:
    field = Field("z", DataType.DOUBLE, required=False, nullable=True)
    typed = typed_batch(Schema((NUMBER, field)), pa.RecordBatch.from_pydict({"x": [1, 2]}))
    assert typed.batch.column(1).to_pylist() == [None, None]


TEXTS = st.one_of(
    st.from_regex(r"[+-]?\d{1,5}(\.\d{0,4})?([eE][+-]?\d{1,3})?", fullmatch=True),
    st.sampled_from(["", "NA", "nan", "inf", "-0", "1_0", " 7 ", "0x1", "1e400", "3.0", "٣", "١"]),
    st.text(max_size=4),
)
FIELDS = st.sampled_from(
    [
        NUMBER,
        COUNT,
        COLOUR,
        Field("f", DataType.FLOAT, nullable=True),
        Field("r", DataType.DOUBLE, intervals=(Interval(0, 10),), nullable=True),
        Field("r2", DataType.INTEGER, intervals=(Interval(0, 3), Interval(5, 9))),
        Field("m", DataType.DOUBLE, intervals=(Interval(0, 9),), invalid=Invalid.AS_MISSING),
    ]
)


@given(FIELDS, st.lists(TEXTS, min_size=1, max_size=6))
def test_a_column_is_read_as_its_values_are(field: Field, texts: list[str]) -> None:
    batch = pa.RecordBatch.from_arrays([pa.array(texts, pa.string())], names=[field.name])
    columns = typed_batch(Schema((field,)), batch)
    records = typed_records(Schema((field,)), [{field.name: text} for text in texts])
    assert columns.batch.equals(records.batch)
    assert columns.problems == records.problems


@given(FIELDS, st.lists(st.one_of(st.none(), st.floats(), st.integers()), min_size=1, max_size=6))
def test_a_column_of_numbers_is_read_as_its_values_are(
    field: Field, numbers: list[float | None]
) -> None:
    floats = [_as_double(number) for number in numbers]
    batch = pa.RecordBatch.from_arrays([pa.array(floats, pa.float64())], names=[field.name])
    columns = typed_batch(Schema((field,)), batch)
    records = typed_records(Schema((field,)), [{field.name: number} for number in floats])
    assert columns.batch.equals(records.batch)
    assert columns.problems.keys() == records.problems.keys()


def _as_double(number: float | None) -> float | None:
    try:
        return None if number is None else float(number)
    except OverflowError:
        return math.inf


def _nested(depth: int) -> list[object]:
    inner: list[object] = [1]
    for _ in range(depth):
        inner = [inner]
    return inner


@pytest.mark.parametrize(
    ("field", "hostile", "words"),
    [
        (Field("i", DataType.FLOAT, shape=(2, 2)), "[" * 5000, "is not a list"),
        (Field("i", DataType.FLOAT, shape=(None,)), _nested(100), "nested too deep"),
        (Field("s", DataType.STRING), "\ud800", "half of a character"),
        (NUMBER, "\ud800", "not a number"),
        pytest.param(COUNT, 10**5000, "too large", id="huge"),
        pytest.param(NUMBER, 10**5000, "not a finite number", id="huge number"),
        (Field("m", DataType.DATETIME), "0001-01-01T00:00:00+14:00", "outside the calendar"),
        (NUMBER, {"a": [1]}, "an object is not a number"),
    ],
)
def test_a_hostile_value_is_refused_like_any_other(
    field: Field, hostile: object, words: str
) -> None:
    typed = typed_records(Schema((field,)), [{field.name: hostile}])
    [problem] = typed.problems[0]
    assert words in problem.message
    problem.message.encode()
