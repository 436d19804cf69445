"""Versions held against expected outputs and against each other, and who may do it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pytest
from sqlalchemy import select

from core.db.engine import Database
from core.db.tables import Verdict as VerdictRow
from core.errors import (
    InvalidInput,
    InvalidModel,
    ModelNotFound,
    NotAllowed,
    Overloaded,
    SlipwayError,
    TooLarge,
    VersionNotFound,
)
from core.files import Files, Staged
from core.runtimes.base import ModelInfo, Scorer
from core.runtimes.edits import FieldEdit, SchemaEdits
from core.runtimes.inspection import Inspected
from core.schema import DataType, Field, Optype
from core.services import match_runs
from core.services.accounts import Caller
from core.services.approvals import Approvals
from core.services.matching import Matching, newest_by_version
from core.services.model_views import VersionView
from core.services.models import Models
from core.services.rechecks import Rechecks
from core.services.revisions import Revisions
from core.services.timeline import Timeline
from tests.core.services.conftest import Uploads, counts, info

CSV = "age,prediction,probability_old\n20,young,0.2\n50,old,0.5\n80,old,0.8\n"


def ages(type_: DataType = DataType.DOUBLE) -> ModelInfo:
    return replace(
        info(),
        inputs=(Field("age", DataType.INTEGER),),
        outputs=(
            Field("prediction", DataType.STRING, Optype.CATEGORICAL),
            Field("probability_old", type_),
        ),
    )


@dataclass
class Ages(Scorer):
    """Calls those old who are over 40 in so many years."""

    years: int = 0
    error: SlipwayError | None = None

    def score(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        if self.error is not None:
            raise self.error
        given = batch.column(0).to_numpy(zero_copy_only=False)
        chances = (given + self.years) / 100
        labels = np.where(chances > 0.4, "old", "young")
        return pa.RecordBatch.from_arrays(
            [
                pa.array(labels, pa.string(), mask=np.isnan(chances)),
                pa.array(chances, pa.float64(), from_pandas=True),
                pa.nulls(batch.num_rows, pa.string()),
            ],
            names=["prediction", "probability_old", "error"],
        )


@dataclass
class Engine:
    """Lends a scorer for each version, all of this behaviour unless said otherwise."""

    usual: Ages = field(default_factory=Ages)
    special: dict[str, Ages] = field(default_factory=dict)

    @contextmanager
    def __call__(self, version_id: str, info: ModelInfo) -> Iterator[Scorer]:
        yield self.special.get(version_id, self.usual)


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def models(database: Database, files: Files) -> Models:
    def inspect(staged: Staged) -> Inspected:
        single = staged.path.read_bytes().startswith(b"single")
        return Inspected(ages(DataType.FLOAT if single else DataType.DOUBLE), staged.path)

    return Models(database, files, inspect, Approvals(database))


@pytest.fixture
def matching(database: Database, models: Models, engine: Engine) -> Matching:
    return Matching(database, models, engine)


@pytest.fixture
def rechecks(database: Database, files: Files, models: Models, engine: Engine) -> Rechecks:
    return Rechecks(database, files, models, engine)


@pytest.fixture
def version(models: Models, ann: Caller, upload: Uploads) -> VersionView:
    return models.add(ann, "ages", upload(), visibility="team")


Stored = Callable[[], list[bytes]]


def test_a_file_whose_every_row_is_as_expected_agrees(
    matching: Matching, ann: Caller, version: VersionView, upload: Uploads
) -> None:
    verdict = matching.check(ann, version.model.id, None, upload(CSV, "ages.csv"))
    assert verdict.agrees
    assert verdict.sentence == "3 of 3 rows agree to 1e-6."
    assert [(pair.output, pair.column, pair.agreeing) for pair in verdict.pairs] == [
        ("prediction", "prediction", 3),
        ("probability_old", "probability_old", 3),
    ]
    assert (verdict.file_name, verdict.made_by, verdict.examples) == ("ages.csv", "ann", ())
    assert "pypmml" in verdict.engine
    assert matching.list_(ann, version.model.id) == [verdict]


def test_the_rows_that_differ_are_kept_side_by_side(
    matching: Matching, engine: Engine, ann: Caller, version: VersionView, upload: Uploads
) -> None:
    engine.usual.years = -15
    verdict = matching.check(ann, version.model.id, 1, upload(CSV))
    assert (verdict.rows, verdict.agreeing, verdict.agrees) == (3, 0, False)
    assert [pair.agreeing for pair in verdict.pairs] == [2, 0]
    second = verdict.examples[1]
    assert (second.row, second.record) == (2, {"age": 50})
    label, chance = second.cells
    assert (label.output, label.before, label.after) == ("prediction", "old", "young")
    assert (chance.before, chance.after) == ("0.5", 0.35)


def test_a_row_that_cannot_be_read_differs_and_says_why(
    matching: Matching, ann: Caller, version: VersionView, upload: Uploads
) -> None:
    verdict = matching.check(ann, version.model.id, 1, upload(CSV.replace("50", "fifty")))
    (example,) = verdict.examples
    assert example.row == 2
    assert "fifty" in example.error
    assert verdict.agreeing == 2


def test_a_model_of_32_bits_is_held_to_less_unless_told(
    matching: Matching, models: Models, ann: Caller, upload: Uploads
) -> None:
    view = models.add(ann, "single", upload("single"))
    near = CSV.replace("0.5", "0.50004")
    assert matching.check(ann, view.model.id, 1, upload(near)).sentence.endswith("to 1e-4.")
    strict = matching.check(ann, view.model.id, 1, upload(near), tolerance=1e-6)
    assert strict.agreeing == 2


@pytest.mark.parametrize("tolerance", [-1.0, 1.0, float("nan"), float("inf")])
def test_a_tolerance_that_makes_no_sense_is_refused(
    matching: Matching, ann: Caller, version: VersionView, upload: Uploads, tolerance: float
) -> None:
    with pytest.raises(InvalidInput, match="tolerance"):
        matching.check(ann, version.model.id, 1, upload(CSV), tolerance=tolerance)


def test_only_so_many_examples_are_kept_of_a_file_that_differs_throughout(
    matching: Matching, ann: Caller, version: VersionView, upload: Uploads
) -> None:
    rows = "".join(f"{age % 100},neither\n" for age in range(2_500))
    verdict = matching.check(ann, version.model.id, 1, upload("age,prediction\n" + rows))
    assert (verdict.rows, verdict.agreeing) == (2_500, 0)
    assert [example.row for example in verdict.examples] == list(range(1, 51))


def test_a_file_of_too_many_rows_is_refused_with_the_limit(
    matching: Matching,
    ann: Caller,
    version: VersionView,
    upload: Uploads,
    stored: Stored,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(match_runs, "MOST_ROWS", 2)
    with pytest.raises(TooLarge, match="more than 2 rows"):
        matching.check(ann, version.model.id, 1, upload(CSV))
    assert len(stored()) == 1


def test_a_refused_file_leaves_no_verdict_and_no_file(
    matching: Matching, ann: Caller, version: VersionView, upload: Uploads, stored: Stored
) -> None:
    for text in ("age\n1\n", "years,prediction\n1,old\n", "age,prediction\n"):
        with pytest.raises(InvalidInput):
            matching.check(ann, version.model.id, 1, upload(text))
    assert matching.list_(ann, version.model.id) == []
    assert stored() == [b"a model"]


def test_the_file_stays_with_the_verdict_and_goes_with_the_last_that_uses_it(
    matching: Matching,
    models: Models,
    ann: Caller,
    version: VersionView,
    upload: Uploads,
    stored: Stored,
    files: Files,
) -> None:
    first = matching.check(ann, version.model.id, 1, upload(CSV))
    second = matching.check(ann, version.model.id, 1, upload(CSV))
    models.artifacts.drop_unused(files.artifacts())  # as a start of the platform does
    assert len(stored()) == 2
    matching.delete(ann, first.id)
    assert CSV.encode() in stored()
    matching.delete(ann, second.id)
    assert stored() == [b"a model"]
    with pytest.raises(InvalidInput, match="no such check"):
        matching.delete(ann, second.id)


def test_nothing_is_left_of_the_checks_of_a_deleted_model(
    matching: Matching,
    models: Models,
    ann: Caller,
    version: VersionView,
    upload: Uploads,
    stored: Stored,
    database: Database,
) -> None:
    matching.check(ann, version.model.id, 1, upload(CSV))
    models.delete(ann, version.model.id)
    assert stored() == []
    assert counts(database)["verdicts"] == 0


def test_a_check_of_a_model_that_is_deleted_meanwhile_leaves_nothing(
    models: Models,
    ann: Caller,
    version: VersionView,
    upload: Uploads,
    stored: Stored,
    database: Database,
) -> None:
    @contextmanager
    def deleting(version_id: str, info: ModelInfo) -> Iterator[Scorer]:
        models.delete(ann, version.model.id)
        yield Ages()

    with pytest.raises(ModelNotFound):
        Matching(database, models, deleting).check(ann, version.model.id, 1, upload(CSV))
    assert stored() == []
    assert counts(database)["verdicts"] == 0


def test_the_owner_and_admins_check_and_whoever_sees_the_model_reads_the_verdict(
    matching: Matching,
    models: Models,
    admin: Caller,
    ann: Caller,
    bob: Caller,
    viewer: Caller,
    version: VersionView,
    upload: Uploads,
    stored: Stored,
) -> None:
    verdict = matching.check(admin, version.model.id, 1, upload(CSV))
    for caller in (bob, viewer):
        assert matching.list_(caller, version.model.id) == [verdict]
        with pytest.raises(NotAllowed):
            matching.check(caller, version.model.id, 1, upload(CSV))
        with pytest.raises(NotAllowed):
            matching.delete(caller, verdict.id)
    models.update(ann, version.model.id, visibility="private")
    for act in (
        lambda: matching.list_(bob, version.model.id),
        lambda: matching.check(bob, version.model.id, 1, upload(CSV)),
        lambda: matching.compare(bob, version.model.id, 1, 2, upload(CSV)),
        lambda: matching.delete(bob, verdict.id),
    ):
        with pytest.raises(ModelNotFound):
            act()
    assert len(stored()) == 2


def test_a_check_is_on_record(
    matching: Matching, database: Database, ann: Caller, version: VersionView, upload: Uploads
) -> None:
    matching.check(ann, version.model.id, 1, upload(CSV))
    event = Timeline(database).page(ann).events[0]
    assert (event.action, event.object_name) == ("checked", "ages")
    assert event.detail == "version 1: 3 of 3 rows agree to 1e-6."


def test_a_version_that_is_not_there_is_not_found(
    matching: Matching, ann: Caller, version: VersionView, upload: Uploads, stored: Stored
) -> None:
    with pytest.raises(VersionNotFound):
        matching.check(ann, version.model.id, 2, upload(CSV))
    assert len(stored()) == 1


# --- checking again --------------------------------------------------------------------------


def _age(database: Database, **made_with: str) -> None:
    with database.writing() as session:
        for row in session.scalars(select(VerdictRow)):
            for name, value in made_with.items():
                setattr(row, name, value)


def test_a_verdict_of_today_is_not_made_again(
    matching: Matching, rechecks: Rechecks, ann: Caller, version: VersionView, upload: Uploads
) -> None:
    matching.check(ann, version.model.id, 1, upload(CSV))
    rechecks.run()
    assert len(matching.list_(ann, version.model.id)) == 1


def test_a_file_is_checked_again_by_the_names_that_it_was_given_with(
    matching: Matching,
    rechecks: Rechecks,
    models: Models,
    ann: Caller,
    version: VersionView,
    upload: Uploads,
    database: Database,
) -> None:
    first = matching.check(ann, version.model.id, 1, upload(CSV))
    renamed = SchemaEdits((FieldEdit("years"),))
    Revisions(database, models).save(ann, version.model.id, renamed)
    for _ in range(2):
        _age(database, slipway="0.0.1")
        rechecks.run()
    again, *before = matching.list_(ann, version.model.id)
    assert len(before) == 2
    assert (again.sentence, again.failure) == (first.sentence, "")


@pytest.mark.parametrize("made_with", [{"engine": "pypmml 1.0"}, {"slipway": "0.0.1"}])
def test_after_an_upgrade_the_last_file_of_a_version_is_checked_once_more(
    matching: Matching,
    rechecks: Rechecks,
    engine: Engine,
    ann: Caller,
    version: VersionView,
    upload: Uploads,
    database: Database,
    made_with: dict[str, str],
) -> None:
    options = {"prediction": "said"}
    text = CSV.replace("prediction", "said")
    first = matching.check(
        ann, version.model.id, 1, upload(text), columns=options, outputs=["prediction"]
    )
    _age(database, **made_with)
    engine.usual.years = -15
    rechecks.run()
    rechecks.run()
    again, before = matching.list_(ann, version.model.id)
    assert before.id == first.id
    assert again.sentence == "2 of 3 rows agree to 1e-6."
    assert (again.made_by, again.file_name) == ("", first.file_name)
    assert [(pair.output, pair.column) for pair in again.pairs] == [("prediction", "said")]
    assert newest_by_version([again, before]) == {version.id: again}


def test_a_version_that_no_longer_scores_after_an_upgrade_is_told_once(
    matching: Matching,
    rechecks: Rechecks,
    engine: Engine,
    ann: Caller,
    version: VersionView,
    upload: Uploads,
    database: Database,
) -> None:
    matching.check(ann, version.model.id, 1, upload(CSV))
    _age(database, slipway="0.0.1")
    engine.usual.error = InvalidModel("The engine no longer reads the file.")
    rechecks.run()
    rechecks.run()
    again, _ = matching.list_(ann, version.model.id)
    assert not again.agrees
    assert again.sentence.endswith("made: The engine no longer reads the file.")
    assert [pair.column for pair in again.pairs] == ["prediction", "probability_old"]


def test_what_fails_for_a_passing_reason_is_tried_at_the_next_start(
    matching: Matching,
    rechecks: Rechecks,
    engine: Engine,
    ann: Caller,
    version: VersionView,
    upload: Uploads,
    database: Database,
    caplog: pytest.LogCaptureFixture,
) -> None:
    matching.check(ann, version.model.id, 1, upload(CSV))
    _age(database, slipway="0.0.1")
    engine.usual.error = Overloaded("Too slow.")
    rechecks.run()
    assert len(matching.list_(ann, version.model.id)) == 1
    assert "Too slow." in caplog.text
    engine.usual.error = None
    rechecks.run()
    assert matching.list_(ann, version.model.id)[0].agrees


def test_a_platform_that_closes_leaves_the_rest_for_the_next_start(
    matching: Matching,
    rechecks: Rechecks,
    ann: Caller,
    version: VersionView,
    upload: Uploads,
    database: Database,
) -> None:
    matching.check(ann, version.model.id, 1, upload(CSV))
    _age(database, slipway="0.0.1")
    rechecks.close()
    rechecks.start()
    rechecks.close()
    assert len(matching.list_(ann, version.model.id)) == 1


def test_a_check_that_somebody_makes_meanwhile_stays_the_last(
    matching: Matching,
    models: Models,
    files: Files,
    ann: Caller,
    version: VersionView,
    upload: Uploads,
    database: Database,
) -> None:
    matching.check(ann, version.model.id, 1, upload(CSV, "old.csv"))
    _age(database, slipway="0.0.1")

    @contextmanager
    def checking(version_id: str, info: ModelInfo) -> Iterator[Scorer]:
        matching.check(ann, version.model.id, 1, upload(CSV, "new.csv"))
        yield Ages()

    Rechecks(database, files, models, checking).run()
    names = [verdict.file_name for verdict in matching.list_(ann, version.model.id)]
    assert names == ["new.csv", "old.csv"]


def test_a_check_that_is_deleted_meanwhile_stays_away(
    matching: Matching,
    models: Models,
    files: Files,
    ann: Caller,
    version: VersionView,
    upload: Uploads,
    database: Database,
    stored: Stored,
) -> None:
    verdict = matching.check(ann, version.model.id, 1, upload(CSV))
    _age(database, slipway="0.0.1")

    class Deleting(Ages):
        def score(self, batch: pa.RecordBatch) -> pa.RecordBatch:
            matching.delete(ann, verdict.id)
            return super().score(batch)

    Rechecks(database, files, models, lambda *_: nullcontext(Deleting())).run()
    assert matching.list_(ann, version.model.id) == []
    assert stored() == [b"a model"]


# --- comparing -------------------------------------------------------------------------------


@pytest.fixture
def newer(
    models: Models, engine: Engine, ann: Caller, version: VersionView, upload: Uploads
) -> VersionView:
    """A second version for which everybody is twenty years older."""
    view = models.add_version(ann, version.model.id, upload("newer"))
    engine.special[view.id] = Ages(years=20)
    return view


def test_two_versions_are_compared_row_by_row(
    matching: Matching, ann: Caller, newer: VersionView, upload: Uploads
) -> None:
    found = matching.compare(ann, newer.model.id, 1, 2, upload("age\n10\n30\nx\n35\n50\n", "a.csv"))
    assert (found.rows, found.changed, found.file_name) == (5, 4, "a.csv")
    assert found.sentence == "4 of 5 rows change by more than 1e-6 from version 1 to version 2."
    labels, chances = found.outputs
    assert {(each.before, each.after): each.rows for each in labels.transitions} == {
        ("young", "young"): 1,
        ("young", "old"): 2,
        ("(nothing)", "(nothing)"): 1,
        ("old", "old"): 1,
    }
    assert (labels.changed, labels.largest) == (2, None)
    assert chances.changed == 4
    assert chances.largest == pytest.approx(0.2)
    assert chances.mean == pytest.approx(0.2)
    second = found.examples[1]
    assert (second.row, second.record) == (2, {"age": 30})
    assert [(cell.before, cell.after) for cell in second.cells] == [("young", "old"), (0.3, 0.5)]


def test_a_difference_within_the_tolerance_is_no_change(
    matching: Matching, ann: Caller, newer: VersionView, upload: Uploads
) -> None:
    found = matching.compare(ann, newer.model.id, 1, 2, upload("age\n10\n50\n"), tolerance=0.5)
    assert found.changed == 0
    assert found.examples == ()
    assert found.outputs[1].largest == pytest.approx(0.2)


def test_a_comparison_keeps_nothing(
    matching: Matching, viewer: Caller, newer: VersionView, upload: Uploads, stored: Stored
) -> None:
    matching.compare(viewer, newer.model.id, 1, 2, upload("age\n10\n"))
    assert stored() == [b"a model", b"newer"]


def test_a_version_is_not_compared_with_itself(
    matching: Matching, ann: Caller, newer: VersionView, upload: Uploads
) -> None:
    with pytest.raises(InvalidInput, match="two different ones"):
        matching.compare(ann, newer.model.id, 2, 2, upload("age\n10\n"))
