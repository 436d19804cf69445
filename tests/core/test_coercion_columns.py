"""The columns' way of typing gives, cell for cell, what the rule for one value gives."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.coercion import BadValueError, read_value
from core.records import typed_batch
from core.schema import DataType, Field, Interval, Invalid, Schema

TRICKY = [
    *("", " ", "NA", "nan", "null", "1", "+1", " 1 ", "1.", ".5", ".", "1e5", "1e", "0x1F", "1_0"),
    *("inf", "-nan", "1e400", "1e-400", "1,5", "00012", "-0", "١", "\x1c5", "\u00a05", "8.0"),
    *("9007199254740993", "9223372036854775807", "9223372036854775808", "12345678901234567890"),
    *("3.4028235e38", "16777217", "true", "TRUE", " State", "2026-01-31", "13:45", "é"),
]
TEXTS = st.one_of(
    st.sampled_from(TRICKY),
    st.text(max_size=6),
    st.floats().map(repr),
    st.integers(-(2**65), 2**65).map(str),
)
CELLS: dict[pa.DataType, st.SearchStrategy[object]] = {
    pa.string(): TEXTS,
    pa.float64(): st.floats(),
    pa.float32(): st.floats(width=32),
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.uint64(): st.integers(0, 2**64 - 1),
    pa.bool_(): st.booleans(),
}
FIELDS = st.builds(
    Field,
    name=st.just("x"),
    type=st.sampled_from(DataType),
    nullable=st.booleans(),
    invalid=st.sampled_from(Invalid),
    categories=st.sampled_from([(), (), ("1", "8", "State")]),
    intervals=st.sampled_from(
        [(), (Interval(0, 10),), (Interval(0, 5, True, True), Interval(8.5, None))]
    ),
)


def one_by_one(field: Field, values: list[object]) -> tuple[pa.Array, dict[int, str]]:
    typed: list[object] = []
    wrong: dict[int, str] = {}
    for position, value in enumerate(values):
        try:
            typed.append(read_value(field, value))
        except BadValueError as error:
            typed.append(None)
            wrong[position] = str(error)
    return pa.array(typed, field.arrow_type), wrong


@pytest.mark.parametrize("kind", CELLS, ids=str)
@given(field=FIELDS, data=st.data())
def test_a_column_is_typed_as_its_values_are(
    kind: pa.DataType, field: Field, data: st.DataObject
) -> None:
    cells = data.draw(st.lists(st.none() | CELLS[kind], min_size=1, max_size=8))
    column = pa.array(cells, kind)
    typed = typed_batch(Schema((field,)), pa.record_batch([column], names=["x"]))
    expected, wrong = one_by_one(field, column.to_pylist())
    assert repr(typed.batch.column(0).to_pylist()) == repr(expected.to_pylist())
    assert {at: found[0].message for at, found in typed.problems.items()} == wrong


def test_a_column_of_pandas_categories_is_typed_like_its_values() -> None:
    field = Field("x", DataType.DOUBLE)
    column = pa.array(["1.5", "2", "1.5"]).dictionary_encode()
    typed = typed_batch(Schema((field,)), pa.record_batch([column], names=["x"]))
    assert typed.batch.column(0).to_pylist() == [1.5, 2.0, 1.5]


def test_rows_are_counted_from_the_first_row_of_the_batch() -> None:
    column = pa.array(["1", "bad", "3"])
    batch = pa.record_batch([column], names=["x"])
    typed = typed_batch(Schema((Field("x", DataType.DOUBLE),)), batch, first_row=501)
    assert typed.problems[1][0].row == 502
