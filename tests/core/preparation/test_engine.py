"""A step makes one row of each row, in order, and the same of a row alone as of a file (I20)."""

from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Overloaded
from core.preparation import engine
from core.preparation.connection import locked_connection
from core.preparation.engine import Steps
from core.preparation.step import Preparation, RawField, Step, preparation_of
from core.records import batch_of
from core.schema import DataType, Field, Schema

TEXT, NUMBER, DATE = DataType.STRING, DataType.DOUBLE, DataType.DATE
INPUTS = (Field("age", NUMBER, nullable=True), Field("word", TEXT, nullable=True))
RAW = (
    RawField("n", NUMBER, nullable=True),
    RawField("t", TEXT, nullable=True),
    RawField("d", DATE, nullable=True),
)
SQL = """
    SELECT CASE WHEN n > 0 THEN ln(n) ELSE year(d) - TRY_CAST(t AS INTEGER) END AS age,
           upper(t) || '-' || n AS word
    FROM input
"""


@pytest.fixture
def steps() -> Iterator[Steps]:
    steps = Steps()
    yield steps
    steps.close()


def preparation(sql: str, raw: tuple[RawField, ...] = RAW) -> Preparation:
    return preparation_of(Step(sql, raw), INPUTS)


def rows(step: Preparation, records: list[dict[str, object]]) -> pa.RecordBatch:
    return batch_of(Schema(step.raw), records)


records = st.fixed_dictionaries(
    {
        "n": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "t": st.none() | st.text(max_size=9) | st.integers(1900, 2030).map(str),
        "d": st.none() | st.dates(),
    }
)


@settings(max_examples=40, deadline=None)
@given(st.lists(records, min_size=1, max_size=90))
def test_a_record_gets_alone_what_it_gets_in_a_batch(found: list[dict[str, object]]) -> None:
    step, steps = preparation(SQL), Steps()
    try:
        whole = steps.run(step, rows(step, found))
        each = [steps.run(step, rows(step, [record])) for record in found]
    finally:
        steps.close()
    alone = [row for one in each for row in one.columns.to_pylist()]
    assert repr(whole.columns.to_pylist()) == repr(alone)
    assert not whole.problems


def test_the_rows_of_a_large_batch_stay_in_order(steps: Steps) -> None:
    step = preparation("SELECT n + 1 AS age, t AS word FROM (SELECT * FROM input)")
    many = 300_000
    batch = pa.RecordBatch.from_arrays(
        [
            pa.array([float(n) for n in range(many)]),
            pa.array([str(n) for n in range(many)]),
            pa.nulls(many, pa.date32()),
        ],
        ["n", "t", "d"],
    )
    columns = steps.run(step, batch).columns
    assert columns.num_rows == many
    assert columns.column("age").equals(pa.array([n + 1.0 for n in range(many)]))
    assert columns.column("word").equals(batch.column("t"))


def test_a_row_that_cannot_be_computed_fails_alone_and_names_its_value(steps: Steps) -> None:
    step = preparation("SELECT CAST(t AS INTEGER) AS age, t AS word FROM input")
    found: list[dict[str, object]] = [{"t": str(n)} for n in range(500)]
    for bad in (0, 77, 78, 499):
        found[bad] = {"t": f"bad{bad}"}
    made = steps.run(step, rows(step, found))
    assert sorted(made.problems) == [0, 77, 78, 499]
    [problem] = made.problems[77]
    assert "Could not convert string 'bad77' to INT32" in problem.message
    assert made.columns.column("age").to_pylist()[76:80] == [76, None, None, 79]
    alone = steps.run(step, rows(step, [found[77]]))
    assert alone.problems[0] == (problem,)


def test_a_row_with_endless_texts_fails_alone(steps: Steps) -> None:
    step = preparation("SELECT n AS age, t AS word FROM input")
    made = steps.run(step, rows(step, [{"t": "a"}, {"t": "b" * 300_000}, {"t": "c"}]))
    assert list(made.problems) == [1]
    assert "200,000" in made.problems[1][0].message
    assert made.columns.column("word").to_pylist() == ["a", None, "c"]


def test_no_rows_are_no_rows(steps: Steps) -> None:
    step = preparation(SQL)
    assert steps.run(step, rows(step, [])).columns.num_rows == 0


def test_a_query_past_its_deadline_is_ended_and_the_next_runs() -> None:
    steps = Steps(seconds=0.0)
    slow = ", ".join(f"regexp_replace(t, '(a|b)*?c{n}', 'q', 'g') AS c{n}" for n in range(40))
    tests = " || ".join(f"regexp_extract(t, '(a|b)*?c{n}')" for n in range(40))
    step = preparation(f"SELECT n AS age, {tests} AS word FROM (SELECT *, {slow} FROM input)")
    batch = rows(step, [{"t": "ab" * 2_000}] * 20_000)
    try:
        with pytest.raises(Overloaded, match="longer than it may"):
            steps.run(step, batch)
        quick = preparation("SELECT n AS age, t AS word FROM input")
        steps._seconds = 10.0
        assert steps.run(quick, rows(quick, [{"t": "a"}])).columns.num_rows == 1
    finally:
        steps.close()


def test_connections_are_kept_no_more_than_they_are_worth(
    steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_KEPT", 2)
    for n in range(4):
        step = preparation(f"SELECT n + {n} AS age, t AS word FROM input")
        steps.run(step, rows(step, [{"n": 1.0}]))
    assert len(steps._idle) == 2


@pytest.mark.parametrize(
    "sql",
    [
        "SET threads = 4",
        "SET enable_external_access = true",
        "RESET lock_configuration",
        "ATTACH 'slipway.duckdb'",
        "COPY (SELECT 1) TO '/tmp/stolen.csv'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM accounts",
        "SELECT getenv('PATH')",
    ],
)
def test_what_the_grammar_would_let_by_duckdb_refuses(sql: str) -> None:
    connection = locked_connection()
    try:
        with pytest.raises(duckdb.Error):
            connection.execute(sql).fetchall()
    finally:
        connection.close()
