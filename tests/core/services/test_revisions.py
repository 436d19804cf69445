"""What people add to a schema: kept as revisions, seen by all who read the version."""

from collections.abc import Callable
from functools import partial

import pytest

from core.db.engine import Database
from core.db.tables import Version
from core.errors import InvalidInput, ModelNotFound, NotAllowed, VersionNotFound
from core.files import Staged
from core.runtimes.edits import FieldEdit, SchemaEdits
from core.services.accounts import Caller
from core.services.deployments import Deployments
from core.services.model_views import VersionView
from core.services.models import Models
from core.services.revisions import Revisions
from core.services.timeline import Timeline
from tests.core.services.conftest import at_once, counts

Upload = Callable[..., Staged]
YEARS = SchemaEdits((FieldEdit("years", unit="a", high=99), FieldEdit()))
SEXES = SchemaEdits((FieldEdit("years"), FieldEdit(label="Sex", categories=("f",))))


@pytest.fixture
def revisions(database: Database, models: Models) -> Revisions:
    return Revisions(database, models)


@pytest.fixture
def version(models: Models, ann: Caller, upload: Upload) -> VersionView:
    return models.add(ann, "churn", upload())


def names(view: VersionView) -> list[str]:
    return view.info.input_schema.names


def test_a_save_is_a_revision_and_all_who_read_the_version_see_it(
    revisions: Revisions,
    models: Models,
    deployments: Deployments,
    ann: Caller,
    version: VersionView,
) -> None:
    deployments.create(ann, version.model.id, "prod")
    saved = revisions.save(ann, version.model.id, YEARS, note=" From the study. ")
    assert (saved.revision, saved.edits, names(saved)) == (1, YEARS, ["years", "sex"])
    assert str(saved.info.inputs[0].range) == "[0, 99]"
    assert saved.info.sample == {"years": 3, "sex": "f"}
    assert models.get(ann, "churn") == models.get_version(version.id) == saved
    assert models.versions(ann, version.model.id) == [saved]
    assert deployments.live("churn-prod").info == saved.info
    (kept,) = revisions.list_(ann, version.model.id)
    assert (kept.number, kept.edits, kept.note) == (1, YEARS, "From the study.")
    assert kept.created_by == "ann"


def test_the_file_and_what_it_says_never_change(
    revisions: Revisions, ann: Caller, version: VersionView
) -> None:
    saved = revisions.save(ann, version.model.id, YEARS)
    assert saved.declared == version.declared == version.info
    assert (saved.artifact, saved.source) == (version.artifact, version.source)


def test_an_earlier_revision_comes_back_as_a_new_one(
    revisions: Revisions, ann: Caller, version: VersionView
) -> None:
    model = version.model.id
    revisions.save(ann, model, YEARS)
    revisions.save(ann, model, SEXES)
    restored = revisions.restore(ann, model, 1)
    assert (restored.revision, restored.edits) == (3, YEARS)
    bare = revisions.restore(ann, model, 0)
    assert (bare.revision, bare.info) == (4, version.info)
    assert [each.number for each in revisions.list_(ann, model)] == [4, 3, 2, 1]
    with pytest.raises(VersionNotFound, match=r"no revision 9 .* revisions are 0 .* to 4"):
        revisions.restore(ann, model, 9)


def test_a_save_that_changes_nothing_is_refused(
    revisions: Revisions, ann: Caller, version: VersionView
) -> None:
    with pytest.raises(InvalidInput, match="what the file says already"):
        revisions.save(ann, version.model.id, SchemaEdits((FieldEdit("age"), FieldEdit())))
    revisions.save(ann, version.model.id, YEARS)
    with pytest.raises(InvalidInput, match="what revision 1 says already"):
        revisions.save(ann, version.model.id, YEARS)


def test_what_the_file_declares_cannot_be_loosened_and_nothing_is_saved(
    revisions: Revisions, ann: Caller, version: VersionView, database: Database
) -> None:
    wider = SchemaEdits((FieldEdit(low=-5), FieldEdit()))
    with pytest.raises(InvalidInput, match=r"age: the file allows \[0, ∞\)"):
        revisions.save(ann, version.model.id, wider)
    assert counts(database)["revisions"] == 0


def test_each_version_has_revisions_of_its_own(
    revisions: Revisions, models: Models, ann: Caller, version: VersionView, upload: Upload
) -> None:
    model = version.model.id
    models.add_version(ann, model, upload("another"))
    revisions.save(ann, model, YEARS, version=1)
    assert names(models.get(ann, "churn", version=1)) == ["years", "sex"]
    assert names(models.get(ann, "churn")) == ["age", "sex"]
    assert revisions.list_(ann, model) == []


def test_the_information_at_a_revision_stays_known(
    revisions: Revisions, models: Models, ann: Caller, version: VersionView
) -> None:
    first = revisions.save(ann, version.model.id, YEARS)
    revisions.save(ann, version.model.id, SEXES)
    assert models.info_at(version.id, 0) == version.info
    assert models.info_at(version.id, 1) == first.info


def test_owner_and_admins_edit_and_those_who_see_the_model_read(
    revisions: Revisions,
    models: Models,
    ann: Caller,
    bob: Caller,
    viewer: Caller,
    admin: Caller,
    version: VersionView,
    upload: Upload,
) -> None:
    model = version.model.id
    with pytest.raises(ModelNotFound):
        revisions.save(bob, model, YEARS)
    with pytest.raises(ModelNotFound):
        revisions.list_(bob, model)
    models.update(ann, model, visibility="team")
    for caller in (bob, viewer):
        with pytest.raises(NotAllowed):
            revisions.save(caller, model, YEARS)
        with pytest.raises(NotAllowed):
            revisions.restore(caller, model, 0)
        with pytest.raises(NotAllowed):
            revisions.suggest(caller, model, upload("age,sex\n1,f\n"))
    revisions.save(admin, model, YEARS)
    assert [each.created_by for each in revisions.list_(viewer, model)] == ["root"]


def test_a_sample_suggests_and_saves_nothing(
    revisions: Revisions,
    ann: Caller,
    version: VersionView,
    upload: Upload,
    stored: Callable[[], list[bytes]],
    database: Database,
) -> None:
    sample = upload("id,years,gender\n1,20,f\n2,40,m\n3,30,f\n", "sample.csv")
    edits = revisions.suggest(ann, version.model.id, sample, left_out=("id",))
    assert edits.inputs == (
        FieldEdit("years", low=20, high=40, default="30"),
        FieldEdit("gender", default="f"),
    )
    assert stored() == [b"a model"]
    assert counts(database)["revisions"] == 0


def test_the_record_tells_who_edited_which_version(
    revisions: Revisions, database: Database, ann: Caller, version: VersionView
) -> None:
    revisions.save(ann, version.model.id, YEARS)
    event = Timeline(database).page(ann).events[0]
    assert (event.action, event.object_name, event.detail) == (
        "edited",
        "churn",
        "version 1, revision 1",
    )


def test_saves_at_the_same_time_are_numbered_one_after_the_other(
    revisions: Revisions, database: Database, ann: Caller, version: VersionView
) -> None:
    model = version.model.id
    edits = [SchemaEdits((FieldEdit(f"age {n}"), FieldEdit())) for n in range(6)]
    at_once([partial(revisions.save, ann, model, each) for each in edits])
    kept = revisions.list_(ann, model)
    assert [each.number for each in kept] == [6, 5, 4, 3, 2, 1]
    assert {each.edits for each in kept} == set(edits)
    with database.reading() as session:
        row = session.get(Version, version.id)
        assert row is not None
        assert row.revision == 6
    assert revisions.save(ann, model, YEARS).revision == 7


def test_the_revisions_go_with_their_model_alone(
    revisions: Revisions,
    models: Models,
    ann: Caller,
    version: VersionView,
    upload: Upload,
    database: Database,
) -> None:
    other = models.add(ann, "other", upload("another")).model
    revisions.save(ann, version.model.id, YEARS)
    revisions.save(ann, other.id, SEXES)
    models.delete(ann, version.model.id)
    assert counts(database)["revisions"] == 1
    assert len(revisions.list_(ann, other.id)) == 1
