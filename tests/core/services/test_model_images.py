"""How pictures become inputs: guessed at upload, kept with each version, changed by rights."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import update

from core.db.engine import Database
from core.db.tables import Version
from core.errors import InvalidInput, ModelNotFound, NotAllowed, VersionNotFound
from core.files import Files, Staged
from core.image_recipe import UNIT, Colour, ImageRecipe
from core.runtimes.inspection import Inspected
from core.schema import DataType, Field
from core.services.accounts import Caller
from core.services.approvals import Approvals
from core.services.deployments import Deployments
from core.services.model_views import VersionView
from core.services.models import Models
from core.services.timeline import Timeline
from tests.core.services.conftest import Uploads, info


def inspect(staged: Staged) -> Inspected:
    """Return a model of a number and a picture of 8 x 8 pixels."""
    inputs = (Field("age", DataType.INTEGER), Field("photo", DataType.FLOAT, shape=(3, 8, 8)))
    return Inspected(replace(info("transformation"), inputs=inputs), staged.path)


@pytest.fixture
def models(database: Database, files: Files) -> Models:
    return Models(database, files, inspect, Approvals(database))


@pytest.fixture
def add(models: Models, upload: Uploads, ann: Caller) -> Callable[[str], VersionView]:
    return lambda visibility: models.add(ann, "faces", upload(), visibility=visibility)


@pytest.fixture
def faces(add: Callable[[str], VersionView]) -> VersionView:
    return add("team")


def recipe_of(view: VersionView) -> ImageRecipe:
    recipe = view.info.inputs[1].image
    assert recipe is not None
    return recipe


def test_a_recipe_is_guessed_at_upload_for_pictures_alone(faces: VersionView) -> None:
    assert (recipe_of(faces).guessed, recipe_of(faces).preset) == (True, UNIT)
    assert faces.info.inputs[0].image is None


def test_a_version_from_before_there_were_recipes_has_a_guess(
    models: Models, database: Database, ann: Caller, faces: VersionView
) -> None:
    with database.writing() as session:
        session.execute(update(Version).values(images=None))
    assert models.get(ann, "faces").info == faces.info


def test_a_changed_recipe_is_kept_with_its_version_alone(
    models: Models, upload: Uploads, ann: Caller, faces: VersionView
) -> None:
    models.add_version(ann, faces.model.id, upload("another"))
    changed = replace(recipe_of(faces), colour=Colour.BGR)
    answer = models.set_image(ann, faces.model.id, 1, changed, version=1)
    assert answer == models.get(ann, "faces", version=1)
    assert recipe_of(answer) == replace(changed, guessed=False)
    assert recipe_of(models.get(ann, "faces", version=2)) == recipe_of(faces)


def test_an_input_may_go_back_to_numbers_alone(
    models: Models, ann: Caller, faces: VersionView
) -> None:
    answer = models.set_image(ann, faces.model.id, 1, None)
    assert answer.info.inputs[1].image is None
    assert models.get(ann, "faces").info.inputs[1].image is None


def test_services_go_by_a_changed_recipe_at_once(
    models: Models, deployments: Deployments, ann: Caller, faces: VersionView
) -> None:
    endpoint = deployments.create(ann, faces.model.id, "live").endpoint
    changed = replace(recipe_of(faces), colour=Colour.BGR)
    models.set_image(ann, faces.model.id, 1, changed)
    live = deployments.live(endpoint).info.inputs[1].image
    assert live == replace(changed, guessed=False)


def test_a_change_is_recorded(
    models: Models, database: Database, ann: Caller, faces: VersionView
) -> None:
    models.set_image(ann, faces.model.id, 1, None)
    newest = Timeline(database).page(ann).events[0]
    assert (newest.action, newest.object_name) == ("changed", "faces")
    assert newest.detail == "the image recipe of version 1"


def test_those_who_may_not_change_a_model_do_not_change_its_recipes(
    models: Models, add: Callable[[str], VersionView], bob: Caller, viewer: Caller, admin: Caller
) -> None:
    view = add("team")
    for caller in (bob, viewer):
        with pytest.raises(NotAllowed):
            models.set_image(caller, view.model.id, 1, None)
    assert models.set_image(admin, view.model.id, 1, None).info.inputs[1].image is None


def test_the_recipes_of_an_unseen_model_are_not_found(
    models: Models, add: Callable[[str], VersionView], bob: Caller
) -> None:
    with pytest.raises(ModelNotFound):
        models.set_image(bob, add("private").model.id, 1, None)


def test_what_cannot_be_a_recipe_is_refused(
    models: Models, ann: Caller, faces: VersionView
) -> None:
    recipe = recipe_of(faces)
    for position, given, said in (
        (0, recipe, "age: its shape is not that of a picture"),
        (1, replace(recipe, width=9), "photo: the width of its pictures is 8"),
        (2, recipe, "there is no 3"),
        (-1, recipe, "there is no 0"),
    ):
        with pytest.raises(InvalidInput, match=said):
            models.set_image(ann, faces.model.id, position, given)
    with pytest.raises(VersionNotFound):
        models.set_image(ann, faces.model.id, 1, recipe, version=2)
    assert recipe_of(models.get(ann, "faces")) == recipe
