"""A model goes from one platform to another with all its versions; nothing of it is trusted."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from core.errors import (
    Duplication,
    InvalidInput,
    InvalidModel,
    ModelNotFound,
    NotAllowed,
    SlipwayError,
    TooLarge,
)
from core.files import Staged
from core.runtimes.edits import FieldEdit, SchemaEdits
from core.services.model_views import ModelView
from tests.core.test_backups import iris, stage
from tests.security.stage import CSV, EXPECTED, RECORD, Stage

__all__ = ["iris", "stage"]  # fixtures

_EDITS = SchemaEdits((FieldEdit("length"), FieldEdit(), FieldEdit(), FieldEdit()))
Change = Callable[[dict[str, bytes], dict[str, Any]], None]


@pytest.fixture
def model(stage: Stage) -> ModelView:
    """Return a model with two versions, of which the first has a revision and two checks."""
    platform, owner = stage.platform, stage.owner
    made = stage.model(versions=2)
    for note, staged in (
        ("before", EXPECTED),
        ("after", EXPECTED.replace("sepal_length", "length")),
    ):
        if note == "after":
            platform.revisions.save(owner, made.id, _EDITS, version=1, note=note)
        file = stage.staged(staged.replace("setosa", "0"), f"{note}.csv")
        platform.matching.check(owner, made.id, 1, file)
    platform.models.update(owner, made.id, description="what it is", model_type="flowers")
    return made


def _exported(stage: Stage, model: ModelView) -> bytes:
    return b"".join(stage.platform.model_archives.export(stage.owner, model.id))


def _staged(stage: Stage, content: bytes) -> Staged:
    return stage.platform.files.stage(io.BytesIO(content), "model.zip", 1 << 24)


def test_a_model_comes_back_with_versions_revisions_and_checks(
    stage: Stage, model: ModelView
) -> None:
    platform, other = stage.platform, stage.other
    staged = _staged(stage, _exported(stage, model))
    imported = platform.model_archives.import_(other, staged, visibility="team")
    view = imported.view
    assert imported.unchecked == ()
    assert (view.model.name, view.model.owner, view.model.visibility) == (
        model.name,
        "other",
        "team",
    )
    assert (view.model.description, view.model.model_type) == ("what it is", "flowers")
    assert [each.number for each in platform.models.versions(other, view.model.id)] == [2, 1]
    [revision] = platform.revisions.list_(other, view.model.id, version=1)
    assert (revision.note, revision.edits.inputs[0].name) == ("after", "length")
    verdicts = platform.matching.list_(other, view.model.id)
    assert sorted((each.file_name, each.agrees) for each in verdicts) == [
        ("after.csv", True),
        ("before.csv", True),
    ]
    assert {each.made_by for each in verdicts} == {"other"}
    before = platform.predictions.test(stage.owner, model.id, dict(RECORD), version=2)
    after = platform.predictions.test(other, view.model.id, dict(RECORD), version=2)
    assert before.output == after.output


def test_a_name_that_is_taken_is_refused_and_another_may_be_given(
    stage: Stage, model: ModelView
) -> None:
    archives, content = stage.platform.model_archives, _exported(stage, model)
    with pytest.raises(Duplication):
        archives.import_(stage.owner, _staged(stage, content))
    imported = archives.import_(stage.owner, _staged(stage, content), name=stage.name())
    assert imported.view.model.name != model.name
    assert imported.view.model.visibility == "private"


def test_who_may_not_see_a_model_gets_no_archive_and_viewers_bring_none_in(stage: Stage) -> None:
    private = stage.model("private")
    archives = stage.platform.model_archives
    with pytest.raises(ModelNotFound):
        archives.export(stage.other, private.id)
    with pytest.raises(NotAllowed):
        archives.import_(stage.viewer, _staged(stage, _exported(stage, private)))


def _file(members: dict[str, bytes], manifest: dict[str, Any], content: bytes) -> str:
    sha256 = hashlib.sha256(content).hexdigest()
    members[f"files/{sha256}"] = content
    manifest["members"][f"files/{sha256}"] = {"size": len(content), "sha256": sha256}
    return sha256


def _no_model(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["about"]["versions"][1]["file"] = _file(members, manifest, b"import os; os.abort()")


def _no_versions(_: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["about"]["versions"] = []


def _false_words(_: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["about"]["versions"] = "all"


def _no_file(_: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["about"]["versions"][0]["file"] = "../../secrets/cookie"


def _false_edits(_: dict[str, bytes], manifest: dict[str, Any]) -> None:
    stand = manifest["about"]["versions"][0]["stands"][1]
    stand["edits"]["inputs"] = [{"name": "x"}] * 9


def _false_type(_: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["about"]["model_type"] = "pmml"


def _false_name(_: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["about"]["name"] = "../up"


def _too_many(_: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["about"]["versions"][0]["stands"] *= 600


def _too_large(_: dict[str, bytes], manifest: dict[str, Any]) -> None:
    name = next(iter(manifest["members"]))
    manifest["members"][name]["size"] = 1 << 50


def _a_backup(_: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["kind"] = "backup"


HARM: dict[str, tuple[Change, type[SlipwayError]]] = {
    "a version is no model": (_no_model, InvalidModel),
    "there are no versions": (_no_versions, InvalidInput),
    "it says what cannot be read": (_false_words, InvalidInput),
    "a file leads out": (_no_file, InvalidInput),
    "edits do not fit": (_false_edits, InvalidInput),
    "the type is another's": (_false_type, InvalidModel),
    "the name is a path": (_false_name, InvalidInput),
    "there are too many revisions": (_too_many, InvalidInput),
    "a file is too large": (_too_large, TooLarge),
    "it is a backup": (_a_backup, InvalidInput),
}


@pytest.mark.parametrize("harm", HARM)
def test_an_archive_that_lies_is_refused_and_leaves_no_model(
    harm: str, stage: Stage, model: ModelView
) -> None:
    """I3: every version is opened and tried as an upload; one that is refused refuses all."""
    change, error = HARM[harm]
    with zipfile.ZipFile(io.BytesIO(_exported(stage, model))) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members["manifest.json"])
    change(members, manifest)
    members["manifest.json"] = json.dumps(manifest).encode()
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, each in members.items():
            archive.writestr(name, each)
    before = {each.id for each in stage.platform.models.list_(stage.admin)}
    with pytest.raises(error):
        stage.platform.model_archives.import_(stage.other, _staged(stage, content.getvalue()))
    assert {each.id for each in stage.platform.models.list_(stage.admin)} == before
    assert list((stage.platform.settings.storage / "incoming").iterdir()) == []


def test_what_is_no_archive_is_refused(stage: Stage) -> None:
    with pytest.raises(InvalidInput, match="no archive of Slipway"):
        stage.platform.model_archives.import_(stage.other, _staged(stage, CSV.encode()))
