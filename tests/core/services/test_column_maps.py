"""Columns that were chosen once are offered again (P7)."""

import pytest

from core.db.engine import Database
from core.errors import ModelNotFound
from core.services.accounts import Caller
from core.services.column_maps import ColumnMaps
from core.services.model_views import VersionView
from core.services.models import Models
from core.services.people import People
from tests.core.services.conftest import Uploads, counts

HEADERS = ["Age", "Sex", "id"]


@pytest.fixture
def maps(database: Database) -> ColumnMaps:
    return ColumnMaps(database)


@pytest.fixture
def model(models: Models, ann: Caller, upload: Uploads) -> VersionView:
    return models.add(ann, "churn", upload(), visibility="team")


def test_a_choice_is_found_for_the_same_columns_in_any_order(
    maps: ColumnMaps, model: VersionView, ann: Caller
) -> None:
    maps.remember(ann, model.model.id, HEADERS, {"age": "Age"})
    found = maps.find(ann, model.model.id, HEADERS[::-1])
    assert found is not None
    assert (found.columns, found.by) == ({"age": "Age"}, "ann")
    assert maps.find(ann, model.model.id, [*HEADERS, "more"]) is None


def test_the_last_choice_counts_and_ones_own_comes_first(
    maps: ColumnMaps, model: VersionView, ann: Caller, bob: Caller, viewer: Caller
) -> None:
    maps.remember(ann, model.model.id, HEADERS, {"age": "id"})
    maps.remember(ann, model.model.id, HEADERS, {"age": "Age"})
    maps.remember(bob, model.model.id, HEADERS, {"age": "Sex"})
    seen = {who.name: maps.find(who, model.model.id, HEADERS) for who in (ann, bob, viewer)}
    assert {name: found.by for name, found in seen.items() if found} == {
        "ann": "ann",
        "bob": "bob",
        "vic": "bob",
    }


def test_who_may_not_see_the_model_neither_reads_nor_writes(
    maps: ColumnMaps, models: Models, ann: Caller, bob: Caller, upload: Uploads
) -> None:
    own = models.add(ann, "own", upload("another")).model.id
    with pytest.raises(ModelNotFound):
        maps.remember(bob, own, HEADERS, {})
    with pytest.raises(ModelNotFound):
        maps.find(bob, own, HEADERS)


def test_choices_go_with_their_model_and_with_their_account(
    maps: ColumnMaps,
    model: VersionView,
    models: Models,
    people: People,
    admin: Caller,
    ann: Caller,
    bob: Caller,
    database: Database,
) -> None:
    for who in (ann, bob):
        maps.remember(who, model.model.id, HEADERS, {"age": "Age"})
    people.delete(admin, "bob")
    assert counts(database)["column_choices"] == 1
    models.delete(ann, model.model.id)
    assert counts(database)["column_choices"] == 0
