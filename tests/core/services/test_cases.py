"""Inputs that people keep under a name, and what was answered to them then (P5, I8)."""

from pathlib import Path

import pytest
import skops.io
from sklearn.tree import DecisionTreeClassifier
from sqlalchemy import select

from core.db.tables import Case
from core.errors import (
    CaseNotFound,
    Duplication,
    InvalidInput,
    ModelNotFound,
    NotAllowed,
    VersionNotFound,
)
from core.files import Staged
from core.platform import Platform
from core.services import cases
from core.services.accounts import Caller
from core.services.cases import alike
from core.services.model_views import ModelView

RECORD = {"x0": 1.0, "x1": 2.0}


@pytest.fixture
def people(platform: Platform) -> dict[str, Caller]:
    """An admin, and three analysts."""
    names = ("root", "ann", "ben", "eve")
    return {name: platform.accounts.register(name, "correct horse") for name in names}


@pytest.fixture
def model(platform: Platform, people: dict[str, Caller], tmp_path: Path) -> ModelView:
    """A tree of ann's, for the team, that says "low" up to 1.5."""
    staged = stage(platform, tmp_path, ["low", "high"])
    return platform.models.add(people["ann"], "tree", staged, visibility="team").model


def stage(platform: Platform, folder: Path, labels: list[str]) -> Staged:
    tree = DecisionTreeClassifier().fit([[1, 2], [2, 2]], labels)
    path = folder / "tree.skops"
    skops.io.dump(tree, path)
    with path.open("rb") as source:
        return platform.files.stage(source, path.name, 1 << 20)


def test_a_case_is_scored_when_it_is_saved_and_opened_as_it_was(
    platform: Platform, people: dict[str, Caller], model: ModelView
) -> None:
    saved = platform.cases.save(people["ben"], model.id, " Small ", {**RECORD, "more": 1})
    assert (saved.name, saved.author, saved.version) == ("Small", "ben", 1)
    assert saved.headline == "low"
    opened = platform.cases.get(people["eve"], saved.id)
    assert opened.record == RECORD
    assert opened.view.answer == saved.answer
    assert [each.name for each in platform.cases.list_(people["eve"], model.id)] == ["Small"]


def test_a_later_version_s_answer_is_held_against_the_one_of_then(
    platform: Platform, people: dict[str, Caller], model: ModelView, tmp_path: Path
) -> None:
    saved = platform.cases.save(people["ann"], model.id, "small", RECORD)
    assert platform.cases.answer_now(people["ann"], saved.id).is_same
    other = stage(platform, tmp_path, ["high", "low"])
    platform.models.add_version(people["ann"], model.id, other)
    then = platform.cases.answer_now(people["ben"], saved.id)
    assert (then.version, then.then["prediction"], then.now["prediction"]) == (2, "low", "high")
    assert not then.is_same
    assert platform.cases.answer_now(people["ben"], saved.id, version=1).is_same
    with pytest.raises(VersionNotFound):
        platform.cases.answer_now(people["ben"], saved.id, version=3)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"x0": 1.0}, "x1 is not given"),
        ({"x0": "abc", "x1": 1}, '"abc" is not a number'),
    ],
)
def test_what_the_model_cannot_score_is_not_kept(
    platform: Platform,
    people: dict[str, Caller],
    model: ModelView,
    record: dict[str, object],
    message: str,
) -> None:
    with pytest.raises(InvalidInput, match=message):
        platform.cases.save(people["ann"], model.id, "bad", record)
    assert platform.cases.list_(people["ann"], model.id) == []


def test_a_name_is_taken_once_in_each_model(
    platform: Platform, people: dict[str, Caller], model: ModelView, tmp_path: Path
) -> None:
    platform.cases.save(people["ann"], model.id, "Small", RECORD)
    with pytest.raises(Duplication, match="choose another name"):
        platform.cases.save(people["ben"], model.id, "small", RECORD)
    staged = stage(platform, tmp_path, ["a", "b"])
    other = platform.models.add(people["ann"], "other", staged).model
    platform.cases.save(people["ann"], other.id, "Small", RECORD)


def test_cases_have_their_limits(
    platform: Platform,
    people: dict[str, Caller],
    model: ModelView,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    platform.cases.save(people["ann"], model.id, "one", RECORD)
    monkeypatch.setattr(cases, "MOST_CASES", 1)
    with pytest.raises(InvalidInput, match="delete some first"):
        platform.cases.save(people["ann"], model.id, "two", RECORD)
    monkeypatch.setattr(cases, "MOST_BYTES", 10)
    with pytest.raises(InvalidInput, match="smaller picture or array"):
        platform.cases.save(people["ann"], model.id, "two", RECORD)


def test_author_owner_and_admins_delete_a_case_and_nobody_else(
    platform: Platform, people: dict[str, Caller], model: ModelView
) -> None:
    for who in ("ben", "ann", "root"):
        saved = platform.cases.save(people["ben"], model.id, "one", RECORD)
        with pytest.raises(NotAllowed, match="saved by ben"):
            platform.cases.delete(people["eve"], saved.id)
        platform.cases.delete(people[who], saved.id)
        with pytest.raises(CaseNotFound):
            platform.cases.get(people[who], saved.id)


def test_who_may_not_see_a_model_sees_none_of_its_cases(
    platform: Platform, people: dict[str, Caller], model: ModelView
) -> None:
    saved = platform.cases.save(people["ben"], model.id, "one", RECORD)
    platform.models.update(people["ann"], model.id, visibility="private")
    ben = people["ben"]  # its author, who may not see the model any more
    with pytest.raises(CaseNotFound):
        platform.cases.get(ben, saved.id)
    with pytest.raises(CaseNotFound):
        platform.cases.delete(ben, saved.id)
    with pytest.raises(ModelNotFound):
        platform.cases.list_(ben, model.id)


def test_cases_go_with_their_model_and_outlive_their_author(
    platform: Platform, people: dict[str, Caller], model: ModelView
) -> None:
    saved = platform.cases.save(people["ben"], model.id, "one", RECORD)
    platform.people.delete(people["root"], "ben")
    kept = platform.cases.get(people["ann"], saved.id).view
    assert (kept.author, kept.deletable) == ("ben", True)
    platform.models.delete(people["ann"], model.id)
    with platform.accounts._database.reading() as session:
        assert session.scalars(select(Case.id)).all() == []


def test_a_picture_is_kept_as_it_came(platform: Platform, people: dict[str, Caller]) -> None:
    ann = people["ann"]
    digits = platform.samples.add(ann, "digits").model
    record = platform.examples.list_(ann, digits.id)[0].record
    saved = platform.cases.save(ann, digits.id, "a digit", record)
    assert platform.cases.get(ann, saved.id).record == record
    assert platform.cases.answer_now(ann, saved.id).is_same


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ({"y": 1.0}, {"y": 1.0 + 1e-9}, True),
        ({"y": 1}, {"y": 1.0}, True),
        ({"y": 1.0}, {"y": 1.1}, False),
        ({"y": "a"}, {"y": "b"}, False),
        ({"y": "a"}, {"z": "a"}, False),
        ({"y": [1.0, 2.0]}, {"y": [1.0, 2.0]}, True),
        ({"y": [1.0]}, {"y": [1.0, 2.0]}, False),
        ({"y": True}, {"y": 1}, True),
        ({"y": None}, {"y": 0.0}, False),
    ],
)
def test_answers_are_the_same_but_for_their_last_digits(
    first: object, second: object, same: bool
) -> None:
    assert alike(first, second) is same
