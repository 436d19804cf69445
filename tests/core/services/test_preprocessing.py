"""A model with a step of the user's own: raw fields in, the same answers by every way (I20)."""

import datetime as dt
import io
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.linear_model import LinearRegression

from core.errors import InvalidInput, NotAllowed
from core.platform import Platform
from core.preparation.step import RawField, Step
from core.runtimes.edits import FieldEdit, SchemaEdits
from core.schema import DataType
from core.services.accounts import Caller
from core.services.model_views import VersionView
from core.services.predictions import Answer
from tests.shortcuts import quick_platform

COLUMNS = ("age", "income_log", "is_weekend")
SQL = """
SELECT 2026 - birth_year AS age,
       ln(income) AS income_log,
       CASE WHEN isodow(day) >= 6 THEN 1 ELSE 0 END AS is_weekend
FROM input
""".strip()
FIELDS = (
    RawField("birth_year", DataType.INTEGER, low=1900, high=2026, example="1986"),
    RawField("income", DataType.DOUBLE, unit="EUR", example="1000"),
    RawField("day", DataType.DATE, example="2026-01-31"),
)
STEP = Step(SQL, FIELDS)
RAW: dict[str, object] = {"birth_year": 1986, "income": 1000.0, "day": "2026-01-31"}
ANSWER = 2 * 40 + 3 * math.log(1000) + 5 * 1


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with quick_platform(tmp_path_factory.mktemp("storage")) as opened:
        yield opened


@pytest.fixture(scope="module")
def ann(platform: Platform) -> Caller:
    return platform.accounts.register("ann", "correct horse")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """prediction = 2 age + 3 income_log + 5 is_weekend."""
    rows = pd.DataFrame(np.random.default_rng(0).normal(size=(50, 3)), columns=list(COLUMNS))
    line = LinearRegression().fit(rows, rows.to_numpy() @ [2, 3, 5])
    path = tmp_path_factory.mktemp("linear") / "linear.skops"
    skops.io.dump(line, path)
    return path


@pytest.fixture
def bare(
    platform: Platform, ann: Caller, file: Path, request: pytest.FixtureRequest
) -> VersionView:
    with file.open("rb") as source:
        staged = platform.files.stage(source, file.name, 1 << 20)
    return platform.models.add(ann, request.node.name[:80], staged)


@pytest.fixture
def view(platform: Platform, ann: Caller, bare: VersionView) -> VersionView:
    return platform.revisions.set_step(ann, bare.model.id, STEP, note="Raw fields.")


def score_with(platform: Platform, ann: Caller, view: VersionView, records: object) -> Answer:
    return platform.predictions.test(ann, view.model.id, records, version=view.number)


def test_the_schema_that_callers_see_is_that_of_the_raw_fields(view: VersionView) -> None:
    assert view.info.input_schema.names == ["birth_year", "income", "day"]
    assert view.info.inputs[0].range == "[1900, 2026]"
    assert view.info.inputs[1].unit == "EUR"
    assert view.info.sample == {"birth_year": 1986, "income": 1000.0, "day": "2026-01-31"}
    assert tuple(field.name for field in view.info.model_inputs) == COLUMNS
    assert tuple(field.name for field in view.declared.inputs) == COLUMNS
    assert view.revision == 1


def test_every_way_takes_raw_fields_and_gives_the_same_answer(
    platform: Platform, ann: Caller, view: VersionView
) -> None:
    one = score_with(platform, ann, view, dict(RAW)).records[0]
    assert one["prediction"] == pytest.approx(ANSWER, rel=1e-9)
    many = score_with(platform, ann, view, [dict(RAW)] * 200).records
    assert all(each == pytest.approx(one) for each in many)
    service = platform.deployments.create(ann, view.model.id, "live")
    live = platform.deployments.live_for(ann, service.endpoint)
    assert live.info == view.info
    assert platform.predictions.call(ann, live, dict(RAW)).output == one
    lines = "income,day,birth_year,name\n" + "1000,2026-01-31,1986,x\n" * 300
    staged = platform.files.stage(io.BytesIO(lines.encode()), "rows.csv", 1 << 20)
    task = platform.jobs.submit(ann, view, staged, kind="csv")
    platform.runner.run_until_idle()
    downloaded = b"".join(platform.jobs.export(ann, task.id, "csv")).decode()
    frame = pd.read_csv(io.StringIO(downloaded))
    assert len(frame) == 300
    assert list(frame["prediction"]) == pytest.approx([ANSWER] * 300)
    assert list(frame["birth_year"]) == [1986] * 300


def test_a_bad_row_is_an_error_of_that_row_alone(
    platform: Platform, ann: Caller, view: VersionView
) -> None:
    rows = [dict(RAW), {**RAW, "income": 0}, {**RAW, "birth_year": 1700}, dict(RAW)]
    answers = score_with(platform, ann, view, rows).records
    assert [set(answer) for answer in answers] == [
        {"prediction"},
        {"error"},
        {"error"},
        {"prediction"},
    ]
    assert answers[1]["error"] == "After preprocessing, income_log: -inf is not a finite number."
    assert "1700 is not allowed; it must be in [1900, 2026]" in str(answers[2]["error"])
    assert answers[0] == answers[3]


def test_what_the_step_makes_is_held_against_the_models_own_schema(
    platform: Platform, ann: Caller, bare: VersionView
) -> None:
    limits = SchemaEdits((FieldEdit(high=99), FieldEdit(), FieldEdit()))
    platform.revisions.save(ann, bare.model.id, limits)
    view = platform.revisions.set_step(ann, bare.model.id, STEP)
    assert view.edits == replace(limits, step=STEP)
    [answer] = score_with(platform, ann, view, [{**RAW, "birth_year": 1900}]).records
    assert str(answer["error"]).startswith("After preprocessing, age: 126")


def test_a_step_may_leave_inputs_of_the_model_as_they_are(
    platform: Platform, ann: Caller, bare: VersionView
) -> None:
    sql = "SELECT *, ln(income) AS income_log FROM input"
    fields = platform.preprocessing.needs(ann, bare.model.id, sql)
    assert fields == (
        RawField("age"),
        RawField("is_weekend"),
        RawField("income", DataType.DOUBLE, example="1"),
    )
    view = platform.revisions.set_step(ann, bare.model.id, Step(sql, fields))
    record = {"age": 40, "income": 1000, "is_weekend": 1}
    [answer] = score_with(platform, ann, view, [record]).records
    assert answer["prediction"] == pytest.approx(ANSWER)
    assert view.info.inputs[0] == bare.info.inputs[0]


def test_types_are_read_off_a_sample(platform: Platform, ann: Caller, bare: VersionView) -> None:
    lines = b"Birth_year,income,day,member\n1986,1000.5,2026-01-31,yes\n1990,,2026-02-01,no\n"
    staged = platform.files.stage(io.BytesIO(lines), "sample.csv", 1 << 20)
    records = platform.preprocessing.read_sample(ann, bare.model.id, staged)
    fields = platform.preprocessing.needs(ann, bare.model.id, SQL, records=records)
    assert fields == (
        RawField("Birth_year", DataType.INTEGER, example="1986"),
        RawField("income", DataType.DOUBLE, nullable=True, example="1000.5"),
        RawField("day", DataType.DATE, example="2026-01-31"),
    )


def test_a_trial_shows_rows_before_and_after_and_keeps_nothing(
    platform: Platform, ann: Caller, bare: VersionView
) -> None:
    sql = SQL.replace("FROM input", ", income * 2 AS twice FROM input")
    trial = platform.preprocessing.try_out(
        ann, bare.model.id, Step(sql, FIELDS), records=[dict(RAW), {**RAW, "income": 0}]
    )
    good, bad = trial.rows
    assert good.before == {**RAW, "day": dt.date(2026, 1, 31)}
    assert good.after["income_log"] == pytest.approx(math.log(1000))
    assert good.output["prediction"] == pytest.approx(ANSWER)
    assert bad.error == "After preprocessing, income_log: -inf is not a finite number."
    assert (trial.made.feeds, trial.made.unused) == (COLUMNS, ("twice",))
    assert platform.models.get_by_id(ann, bare.model.id) == bare
    assert platform.preprocessing.try_out(ann, bare.model.id, STEP).rows[0].error == ""


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("SELECT 1.0 AS age FROM input", "does not make income_log"),
        ("SELECT *, day AS age, 1 AS income_log, 1 AS is_weekend FROM input", "as DATE"),
        ("SELECT 1 AS age, 1 AS AGE, 1 AS income_log, 1 AS is_weekend FROM input", "twice"),
        ("SELECT nothing AS age, 1 AS income_log, 1 AS is_weekend FROM input", "nothing"),
        ("SELECT ln(day) AS age, 1 AS income_log, 1 AS is_weekend FROM input", "cannot be run"),
        ("SELECT incom_log, 1 AS age FROM (SELECT 1 AS incom_log FROM input)", "incom_log"),
        ("SELECT sum(income) AS age FROM input", "other rows"),
    ],
)
def test_a_step_that_does_not_fit_is_refused(
    platform: Platform, ann: Caller, bare: VersionView, sql: str, why: str
) -> None:
    with pytest.raises(InvalidInput, match=why):
        platform.revisions.set_step(ann, bare.model.id, Step(sql, FIELDS))
    assert platform.models.get_by_id(ann, bare.model.id).revision == 0


@pytest.mark.parametrize(
    ("field", "why"),
    [
        (RawField("unheard of"), "say its type"),
        (RawField("income", DataType.DOUBLE), "Two fields"),
        (RawField("Income", DataType.DOUBLE), "Two fields"),
        (RawField("", DataType.DOUBLE), "no name"),
        (RawField("a\nb", DataType.DOUBLE), "control character"),
        (RawField("x", DataType.DOUBLE, low=2, high=1), "end before it"),
        (RawField("x", DataType.STRING, low=2), "range is for numbers"),
        (RawField("x", DataType.DOUBLE, example="abc"), "cannot be used"),
        (RawField("x", DataType.DOUBLE, high=2, example="3"), "cannot be used"),
        (RawField("x", DataType.INTEGER, categories=("1", "b")), "cannot be used"),
    ],
)
def test_a_field_that_contradicts_itself_is_refused(
    platform: Platform, ann: Caller, bare: VersionView, field: RawField, why: str
) -> None:
    with pytest.raises(InvalidInput, match=why):
        platform.revisions.set_step(ann, bare.model.id, Step(SQL, (*FIELDS, field)))


def test_what_a_service_answers_is_never_changed_under_its_callers(
    platform: Platform, ann: Caller, view: VersionView
) -> None:
    service = platform.deployments.create(ann, view.model.id, "live")
    other = replace(STEP, sql=SQL.replace("2026", "2027"))
    for step in (other, None):
        with pytest.raises(InvalidInput, match='The service "live" has version 1'):
            platform.revisions.set_step(ann, view.model.id, step)
    with pytest.raises(InvalidInput, match='The service "live" has version 1'):
        platform.revisions.restore(ann, view.model.id, 0)
    made = platform.revisions.set_step(ann, view.model.id, other, as_new=True)
    assert (made.number, made.revision, made.edits.step) == (2, 1, other)
    assert (made.artifact, made.source) == (view.artifact, view.source)
    assert made.notes == "The file of version 1 with another preprocessing step"
    [answer] = score_with(platform, ann, made, [dict(RAW)]).records
    assert answer["prediction"] == pytest.approx(ANSWER + 2)
    live = platform.deployments.live_for(ann, service.endpoint)
    [before] = platform.predictions.call(ann, live, [dict(RAW)]).records
    assert before["prediction"] == pytest.approx(ANSWER)
    release = platform.releases.switch(ann, service.id, 2)
    assert [change.kind for change in release.changes] == ["preprocessing"]
    with pytest.raises(InvalidInput, match="has version 1"):  # it may be rolled back to
        platform.revisions.set_step(ann, view.model.id, None, version=1)


def test_a_step_is_taken_away_and_comes_back_with_its_revision(
    platform: Platform, ann: Caller, view: VersionView
) -> None:
    removed = platform.revisions.set_step(ann, view.model.id, None)
    assert (removed.edits.step, removed.info.inputs) == (None, view.declared.inputs)
    back = platform.revisions.restore(ann, view.model.id, 1)
    assert (back.edits, back.info, back.revision) == (view.edits, view.info, 3)
    with pytest.raises(InvalidInput, match="change something first"):
        platform.revisions.set_step(ann, view.model.id, STEP)


def test_a_new_name_for_an_input_must_fit_the_step(
    platform: Platform, ann: Caller, view: VersionView
) -> None:
    renamed = SchemaEdits((FieldEdit("years"), FieldEdit(), FieldEdit()), step=STEP)
    with pytest.raises(InvalidInput, match="does not make years"):
        platform.revisions.save(ann, view.model.id, renamed)


def test_a_step_goes_with_its_model_into_an_archive_and_back(
    platform: Platform, ann: Caller, view: VersionView
) -> None:
    content = b"".join(platform.model_archives.export(ann, view.model.id))
    staged = platform.files.stage(io.BytesIO(content), "model.zip", 1 << 20)
    imported = platform.model_archives.import_(ann, staged, name="again").view
    assert imported.edits == view.edits
    [answer] = score_with(platform, ann, imported, [dict(RAW)]).records
    assert answer["prediction"] == pytest.approx(ANSWER)
    platform.models.delete(ann, imported.model.id)


def test_checks_comparisons_and_what_if_take_the_raw_fields(
    platform: Platform, ann: Caller, view: VersionView
) -> None:
    lines = f"birth_year,income,day,prediction\n1986,1000,2026-01-31,{ANSWER}\n"
    staged = platform.files.stage(io.BytesIO(lines.encode()), "expected.csv", 1 << 20)
    verdict = platform.matching.check(ann, view.model.id, None, staged)
    assert (verdict.rows, verdict.agreeing) == (1, 1)
    [example] = platform.examples.list_(ann, view.model.id)
    assert example.record == {**RAW, "day": dt.date(2026, 1, 31)}
    sweeps = platform.what_if.sweep(ann, view.model.id, RAW)
    curves = {curve.field: curve for curve in sweeps.curves}
    assert curves["birth_year"].effect == pytest.approx(2 * 126)
    assert sweeps.left_out == {"day": "a date or a time"}
    second = platform.revisions.set_step(ann, view.model.id, None, as_new=True)
    both = "birth_year,income,day,age,income_log,is_weekend\n1986,1000,2026-01-31,40,0,1\n"
    staged = platform.files.stage(io.BytesIO(both.encode()), "both.csv", 1 << 20)
    comparison = platform.matching.compare(ann, view.model.id, 1, second.number, staged)
    assert (comparison.rows, comparison.changed) == (1, 1)
    case = platform.cases.save(ann, view.model.id, "one", RAW, version=1)
    assert platform.cases.answer_now(ann, case.id, version=1).is_same


def test_a_task_goes_on_with_the_step_that_it_began_with(
    platform: Platform, ann: Caller, view: VersionView
) -> None:
    lines = "birth_year,income,day\n1986,1000,2026-01-31\n"
    staged = platform.files.stage(io.BytesIO(lines.encode()), "rows.csv", 1 << 20)
    task = platform.jobs.submit(ann, view, staged, kind="csv")
    platform.revisions.set_step(ann, view.model.id, None)
    platform.runner.run_until_idle()
    downloaded = b"".join(platform.jobs.export(ann, task.id, "csv")).decode()
    [answer] = pd.read_csv(io.StringIO(downloaded))["prediction"]
    assert answer == pytest.approx(ANSWER)


def test_whoever_may_not_change_the_model_tries_no_step(
    platform: Platform, ann: Caller, view: VersionView
) -> None:
    platform.models.update(ann, view.model.id, visibility="team")
    eve = platform.accounts.register("eve", "correct horse")
    with pytest.raises(NotAllowed):
        platform.preprocessing.try_out(eve, view.model.id, STEP)


def test_a_picture_model_has_nothing_for_a_query(platform: Platform, ann: Caller) -> None:
    model = platform.samples.add(ann, "digits").model
    with pytest.raises(InvalidInput, match="arrays or pictures"):
        platform.revisions.set_step(ann, model.id, Step("FROM input", (RawField("image"),)))
