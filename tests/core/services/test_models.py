from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from core.db.engine import Database
from core.errors import (
    Duplication,
    InvalidInput,
    InvalidModel,
    ModelNotFound,
    NotAllowed,
    SlipwayError,
    VersionNotFound,
)
from core.files import Files
from core.runtimes.inspection import Inspected
from core.services.accounts import Accounts, Caller, Role
from core.services.approvals import Approvals
from core.services.models import Models
from core.services.people import People
from core.services.timeline import Timeline
from tests.core.services.conftest import Uploads, at_once, counts, info, inspect

Stored = Callable[[], list[bytes]]


def test_an_upload_becomes_a_model_with_all_that_its_file_says(
    models: Models, ann: Caller, upload: Uploads, files: Files
) -> None:
    view = models.add(ann, " churn ", upload("a model", "c.pmml"), description=" who leaves ")
    assert (view.model.name, view.model.owner, view.model.owner_id) == ("churn", "ann", ann.id)
    assert (view.model.description, view.model.visibility) == ("who leaves", "private")
    assert (view.model.model_type, view.model.format) == ("classification", "pmml")
    assert view.model.algorithm == "logistic regression"
    assert (view.number, view.model.version, view.model.versions) == (1, 1, 1)
    assert (view.file_name, view.size, view.created_by) == ("c.pmml", 7, "ann")
    assert view.artifact == view.source
    assert files.artifact(view.artifact).read_bytes() == b"a model"
    assert view.info == info()


def test_a_converted_file_is_what_is_loaded_and_the_upload_is_kept_too(
    models: Models, ann: Caller, upload: Uploads, files: Files, stored: Stored
) -> None:
    view = models.add(ann, "price", upload("pickle"))
    assert files.artifact(view.artifact).read_bytes() == b"converted pickle"
    assert files.artifact(view.source).read_bytes() == b"pickle"
    assert len(stored()) == 2


@pytest.mark.parametrize("name", ["churn", "CHURN", " churn  "])
def test_a_name_that_its_owner_has_given_is_a_duplication(
    models: Models, ann: Caller, upload: Uploads, stored: Stored, name: str
) -> None:
    models.add(ann, "churn", upload("one"))
    with pytest.raises(Duplication, match="already"):
        models.add(ann, name, upload("two"))
    assert stored() == [b"one"]


def test_two_owners_may_give_one_name(
    models: Models, ann: Caller, bob: Caller, upload: Uploads
) -> None:
    one = models.add(ann, "churn", upload())
    other = models.add(bob, "churn", upload())
    assert one.model.id != other.model.id
    assert models.get(bob, "Churn").model.id == other.model.id


def test_of_threads_that_upload_under_one_name_one_wins(
    models: Models, ann: Caller, upload: Uploads, stored: Stored, database: Database
) -> None:
    staged = [upload(f"model {number}") for number in range(6)]
    outcomes = at_once([partial(models.add, ann, "churn", one) for one in staged])
    assert outcomes.count("duplication") == 5
    assert counts(database)["models"] == counts(database)["versions"] == len(stored()) == 1


def test_versions_added_at_once_are_all_kept_and_numbered(
    models: Models, ann: Caller, upload: Uploads
) -> None:
    model = models.add(ann, "churn", upload()).model
    staged = [upload(f"model {number}") for number in range(5)]
    at_once([partial(models.add_version, ann, model.id, one) for one in staged])
    assert [view.number for view in models.versions(ann, model.id)] == [6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"name": "a/b"}, InvalidInput),
        ({"visibility": "everyone"}, InvalidInput),
        ({"description": "x" * 10_001}, InvalidInput),
        ({"description": "broken \ud800"}, InvalidInput),
        ({"notes": "x" * 10_001}, InvalidInput),
        ({"model_type": "onnx"}, InvalidModel),
        ({"model_type": " Pickle"}, InvalidModel),
        ({"model_type": "x" * 101}, InvalidInput),
        ({"text": "bad"}, InvalidModel),
    ],
)
def test_what_is_refused_leaves_no_row_and_no_file(
    models: Models,
    ann: Caller,
    upload: Uploads,
    stored: Stored,
    database: Database,
    given: dict[str, str],
    error: type[SlipwayError],
) -> None:
    staged = upload(given.pop("text", "a model"))
    with pytest.raises(error):
        models.add(ann, given.pop("name", "churn"), staged, **given)
    assert stored() == []
    assert counts(database)["models"] == counts(database)["versions"] == 0


def test_a_file_is_refused_before_its_model_exists_and_removed_if_the_inspection_breaks(
    database: Database, files: Files, ann: Caller, upload: Uploads, stored: Stored
) -> None:
    def break_(_: object) -> Inspected:
        raise OSError("no more processes")

    with pytest.raises(OSError, match="no more"):
        Models(database, files, break_, Approvals(database)).add(ann, "churn", upload())
    assert stored() == []
    assert counts(database)["models"] == 0


@pytest.mark.parametrize(
    ("text", "said", "kept"),
    [
        ("a model", "", "classification"),
        ("a model", "PMML", "PMML"),
        ("a model", "fraud scores", "fraud scores"),
        ("pickle", "scikit-learn", "scikit-learn"),
        ("pickle", "joblib", "joblib"),
    ],
)
def test_a_type_is_taken_as_said_where_the_file_does_not_contradict(
    models: Models, ann: Caller, upload: Uploads, text: str, said: str, kept: str
) -> None:
    assert models.add(ann, "m", upload(text), model_type=said).model.model_type == kept


def test_a_new_version_is_the_newest_and_the_old_ones_stay(
    models: Models, ann: Caller, upload: Uploads
) -> None:
    first = models.add(ann, "churn", upload("one"))
    second = models.add_version(ann, first.model.id, upload("pickle two"), notes="retrained")
    assert (second.number, second.notes, second.model.versions) == (2, "retrained", 2)
    assert second.model.format == "sklearn"
    assert second.model.updated > first.model.updated
    assert models.get(ann, "churn") == second
    old = models.get(ann, "churn", version=1)
    assert (old.id, old.artifact, old.info) == (first.id, first.artifact, first.info)
    assert models.get_version(first.id).number == 1


@pytest.mark.parametrize("number", [0, 2, -1])
def test_a_version_that_is_not_there_is_said_so(
    models: Models, ann: Caller, upload: Uploads, number: int
) -> None:
    models.add(ann, "churn", upload())
    with pytest.raises(VersionNotFound, match=f"no version {number}; its versions are 1 to 1"):
        models.get(ann, "churn", version=number)


def test_a_refused_version_changes_nothing(
    models: Models, ann: Caller, upload: Uploads, stored: Stored
) -> None:
    before = models.add(ann, "churn", upload("one"))
    with pytest.raises(InvalidModel):
        models.add_version(ann, before.model.id, upload("bad"))
    assert models.get(ann, "churn") == before
    assert stored() == [b"one"]


def test_the_texts_of_a_model_change_one_by_one(
    models: Models, ann: Caller, upload: Uploads
) -> None:
    model = models.add(ann, "churn", upload(), description="old").model
    assert models.update(ann, model.id, name="leavers").description == "old"
    assert models.update(ann, model.id, description="").description == ""
    assert models.update(ann, model.id, model_type="scoring").model_type == "scoring"
    assert models.update(ann, model.id, model_type="").model_type == "classification"
    last = models.update(ann, model.id, visibility="team")
    assert (last.name, last.visibility, last.created) == ("leavers", "team", model.created)
    assert last.updated > model.updated


def test_a_model_may_be_renamed_to_its_own_name_in_other_letters(
    models: Models, ann: Caller, upload: Uploads
) -> None:
    model = models.add(ann, "churn", upload()).model
    assert models.update(ann, model.id, name="CHURN").name == "CHURN"


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"name": "taken"}, Duplication),
        ({"name": ".."}, InvalidInput),
        ({"name": "new", "visibility": "all"}, InvalidInput),
        ({"name": "new", "model_type": "onnx"}, InvalidModel),
    ],
)
def test_a_refused_change_changes_nothing(
    models: Models,
    ann: Caller,
    upload: Uploads,
    given: dict[str, str],
    error: type[SlipwayError],
) -> None:
    models.add(ann, "taken", upload())
    model = models.add(ann, "churn", upload()).model
    with pytest.raises(error):
        models.update(ann, model.id, **given)
    assert models.get_by_id(ann, model.id).model == model


def test_a_private_model_is_seen_by_its_owner_and_admins(
    models: Models, ann: Caller, bob: Caller, viewer: Caller, admin: Caller, upload: Uploads
) -> None:
    model = models.add(ann, "churn", upload()).model
    for caller in (ann, admin):
        assert models.get(caller, "churn", owner="ann").model == model
        assert models.list_(caller) == [model]
    for caller in (bob, viewer):
        looks: list[Callable[[Caller], object]] = [
            lambda who: models.get(who, "churn", owner="ann"),
            lambda who: models.get_by_id(who, model.id),
            lambda who: models.versions(who, model.id),
            lambda who: models.update(who, model.id, name="x"),
            lambda who: models.delete(who, model.id),
            lambda who: models.add_version(who, model.id, upload()),
        ]
        for look in looks:
            with pytest.raises(ModelNotFound):
                look(caller)
        assert models.list_(caller) == []


def test_a_team_model_is_seen_by_all_and_changed_by_its_owner_and_admins(
    models: Models, ann: Caller, bob: Caller, viewer: Caller, admin: Caller, upload: Uploads
) -> None:
    model = models.add(ann, "churn", upload(), visibility="team").model
    for caller in (bob, viewer):
        assert models.get(caller, "churn", owner="ANN").model == model
        changes: list[Callable[[Caller], object]] = [
            lambda who: models.update(who, model.id, name="x"),
            lambda who: models.delete(who, model.id),
            lambda who: models.add_version(who, model.id, upload()),
        ]
        for change in changes:
            with pytest.raises(NotAllowed):
                change(caller)
    assert models.update(admin, model.id, description="by the admin").owner == "ann"
    assert models.add_version(admin, model.id, upload()).created_by == "root"


def test_viewers_upload_nothing(
    models: Models, viewer: Caller, upload: Uploads, stored: Stored
) -> None:
    with pytest.raises(NotAllowed, match="Viewers"):
        models.add(viewer, "churn", upload())
    assert stored() == []


def test_an_owner_who_became_a_viewer_reads_and_changes_nothing_more(
    people: People, models: Models, accounts: Accounts, admin: Caller, ann: Caller, upload: Uploads
) -> None:
    model = models.add(ann, "churn", upload()).model
    people.set_role(admin, "ann", "viewer")
    demoted = replace(ann, role=Role.VIEWER)
    assert models.get(demoted, "churn").model == model
    with pytest.raises(NotAllowed, match="Viewers"):
        models.update(demoted, model.id, name="x")
    with pytest.raises(NotAllowed, match="Viewers"):
        models.delete(demoted, model.id)


def test_a_model_of_somebody_else_is_found_under_the_owners_name_only(
    models: Models, ann: Caller, bob: Caller, upload: Uploads
) -> None:
    models.add(ann, "churn", upload(), visibility="team")
    with pytest.raises(ModelNotFound, match='bob has no model named "churn"'):
        models.get(bob, "churn")
    with pytest.raises(ModelNotFound):
        models.get(bob, "churn", owner="nobody")


def test_the_list_begins_with_what_changed_last(
    models: Models, ann: Caller, upload: Uploads
) -> None:
    first = models.add(ann, "one", upload()).model
    models.add(ann, "two", upload())
    models.update(ann, first.id, description="changed")
    assert [model.name for model in models.list_(ann)] == ["one", "two"]


def test_a_deleted_model_leaves_no_row_and_no_file(
    models: Models, ann: Caller, upload: Uploads, stored: Stored, database: Database
) -> None:
    model = models.add(ann, "churn", upload("one")).model
    models.add_version(ann, model.id, upload("pickle two"))
    models.delete(ann, model.id)
    assert stored() == []
    assert {name for name, rows in counts(database).items() if rows} == {
        "accounts",
        "known_addresses",
    }
    with pytest.raises(ModelNotFound):
        models.get_by_id(ann, model.id)
    with pytest.raises(ModelNotFound):
        models.delete(ann, model.id)


def test_a_file_that_another_version_uses_outlives_the_model(
    models: Models, ann: Caller, bob: Caller, upload: Uploads, stored: Stored
) -> None:
    gone = models.add(ann, "churn", upload("same")).model
    kept = models.add(bob, "churn", upload("same"))
    models.delete(ann, gone.id)
    assert stored() == [b"same"]
    models.delete(bob, kept.model.id)
    assert stored() == []


def test_a_version_whose_model_is_gone_is_said_so(
    models: Models, ann: Caller, upload: Uploads
) -> None:
    view = models.add(ann, "churn", upload())
    models.delete(ann, view.model.id)
    with pytest.raises(VersionNotFound):
        models.get_version(view.id)


def test_listeners_hear_of_changes_and_deletions(
    models: Models, ann: Caller, upload: Uploads
) -> None:
    heard: list[str] = []
    models.on_change(heard.append)
    model = models.add(ann, "churn", upload()).model
    models.update(ann, model.id, visibility="team")
    models.add_version(ann, model.id, upload())
    models.delete(ann, model.id)
    assert heard == [model.id] * 3


def test_what_happened_to_a_model_is_recorded(
    models: Models, ann: Caller, admin: Caller, upload: Uploads, database: Database
) -> None:
    model = models.add(ann, "churn", upload()).model
    models.add_version(ann, model.id, upload())
    models.update(ann, model.id, name="leavers")
    models.delete(admin, model.id)
    seen = [event for event in Timeline(database).page(admin).events if event.object_id == model.id]
    assert [(event.actor, event.action, event.object_name) for event in reversed(seen)] == [
        ("ann", "uploaded", "churn"),
        ("ann", "added version", "churn"),
        ("ann", "changed", "leavers"),
        ("root", "deleted", "leavers"),
    ]


def test_models_outlive_a_restart(
    models: Models, ann: Caller, upload: Uploads, database: Database, files: Files
) -> None:
    before = models.add(ann, "churn", upload())
    assert Models(database, files, inspect, Approvals(database)).get(ann, "churn") == before


def test_files_whose_versions_were_never_added_are_gone_after_a_start(
    models: Models, ann: Caller, upload: Uploads, database: Database, files: Files, stored: Stored
) -> None:
    models.add(ann, "churn", upload("kept"))
    orphan = upload("orphan")
    files.keep(orphan.path)
    orphan.path.unlink()
    assert len(stored()) == 2
    Models(database, files, inspect, Approvals(database))
    assert stored() == [b"kept"]


def test_an_account_that_owns_models_is_not_deleted(
    people: People, models: Models, accounts: Accounts, admin: Caller, ann: Caller, upload: Uploads
) -> None:
    model = models.add(ann, "churn", upload()).model
    with pytest.raises(InvalidInput, match="ann still owns models: churn"):
        people.delete(admin, "ann")
    models.delete(admin, model.id)
    people.delete(admin, "ann")
