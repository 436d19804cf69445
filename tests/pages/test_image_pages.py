"""Models of pictures on the pages: the form takes a file, the model's page has the recipe."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.image_recipe import IMAGENET, RAW, UNIT, Colour, Fit, ImageRecipe
from core.platform import Platform
from core.services.accounts import Caller
from core.services.model_views import ModelView
from tests.core.runtimes.onnx_models import FLOAT, model, node, tensor, write
from tests.pages.conftest import add_model, ran, texts, visit

MODELS, TRIAL = "pages/models.py", "pages/predict.py"


def png(size: tuple[int, int] = (20, 10)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, (255, 0, 51)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def colours(platform: Platform, ann: Caller, tmp_path: Path) -> ModelView:
    """A model of the team that gives the mean of each channel of an 8 x 8 picture."""
    made = model(
        [node("ReduceMean", ["photo"], ["score"], axes=[2, 3], keepdims=0)],
        [tensor("photo", FLOAT, ["N", 3, 8, 8])],
        [tensor("score", FLOAT, ["N", 3])],
    )
    file = write(made, tmp_path / "colours.onnx")
    return add_model(platform, ann, file, "Colours", visibility="team")


@pytest.fixture
def form(ann: Caller, colours: ModelView) -> AppTest:
    return visit(ann, TRIAL, model=colours.id)


def recipe_of(platform: Platform, caller: Caller, view: ModelView) -> ImageRecipe | None:
    return platform.models.get_by_id(caller, view.id).info.inputs[0].image


def predict(form: AppTest, content: bytes | None) -> AppTest:
    if content is not None:
        uploader = next(each for each in form.file_uploader if each.label.startswith("photo"))
        uploader.set_value(("photo.png", content, "image/png"))
    form.button(key="predict_submit").click()
    return ran(form)


def test_the_form_takes_a_picture_and_shows_it_beside_the_answer(form: AppTest) -> None:
    app = predict(form, png())
    assert "Answered in" in texts(app)
    assert len(app.image) == 2
    assert len(app.get("plotly_chart")) == 1


def test_what_is_no_picture_is_explained_on_the_form(form: AppTest) -> None:
    app = predict(form, b"hello")
    assert "photo: this is no picture; send a JPEG or a PNG." in app.error[0].value


def test_a_form_without_its_picture_says_what_is_missing(form: AppTest) -> None:
    assert "photo is missing" in predict(form, None).error[0].value


def test_the_page_of_a_model_says_what_becomes_of_a_picture(
    ann: Caller, colours: ModelView
) -> None:
    read = texts(visit(ann, MODELS, model=colours.id))
    assert "**photo** takes a JPEG or PNG. It becomes: 8 x 8, crop, RGB, 0 to 1" in read
    assert "A guess from the file" in read
    assert "--form-string filetype=jpg" in read
    assert "-F input=@photo.jpg" in read


def opened(app: AppTest) -> AppTest:
    """Run the page with the dialog open, as each click inside it does in a browser."""
    app.button(key="models_image_0").click()
    return ran(app)


def saved(app: AppTest) -> AppTest:
    app.button(key="models_image_save").click()
    return opened(app)


@pytest.fixture
def dialog(ann: Caller, colours: ModelView) -> AppTest:
    return opened(visit(ann, MODELS, model=colours.id))


def test_a_recipe_is_changed_on_the_page(
    platform: Platform, ann: Caller, colours: ModelView, dialog: AppTest
) -> None:
    dialog.selectbox(key="models_image_colour").set_value(Colour.BGR)
    dialog.selectbox(key="models_image_fit").set_value(Fit.LETTERBOX)
    dialog.selectbox(key="models_image_preset").set_value(IMAGENET)
    opened(dialog).number_input(key="models_image_fill").set_value(114)
    saved(dialog)
    recipe = recipe_of(platform, ann, colours)
    assert recipe is not None
    assert (recipe.colour, recipe.fit, recipe.fill) == (Colour.BGR, Fit.LETTERBOX, 114)
    assert (recipe.preset, recipe.guessed) == (IMAGENET, False)


def test_own_numbers_are_typed_in_and_checked(
    platform: Platform, ann: Caller, colours: ModelView, dialog: AppTest
) -> None:
    dialog.selectbox(key="models_image_preset").set_value("own numbers")
    opened(dialog).text_input(key="models_image_scale").set_value("1")
    dialog.text_input(key="models_image_mean").set_value("104, 117, many")
    assert "Means, one for each channel: give numbers" in opened(dialog).error[0].value
    dialog.text_input(key="models_image_mean").set_value("104, 117")
    assert "give 3 means" in saved(opened(dialog)).error[0].value
    dialog.text_input(key="models_image_mean").set_value("104, 117, 123")
    saved(dialog)
    recipe = recipe_of(platform, ann, colours)
    assert recipe is not None
    assert (recipe.scale, recipe.mean) == (1, (104, 117, 123))


def test_an_input_is_set_to_numbers_alone_on_the_page(
    platform: Platform, ann: Caller, colours: ModelView, dialog: AppTest
) -> None:
    dialog.toggle(key="models_image_takes").set_value(False)
    saved(dialog)
    assert recipe_of(platform, ann, colours) is None
    form = visit(ann, TRIAL, model=colours.id)
    assert not [each for each in form.file_uploader if each.label.startswith("photo")]


@pytest.fixture
def digits(platform: Platform, ann: Caller, tmp_path: Path) -> ModelView:
    """A classifier of three unnamed classes: which channel of a picture is the strongest."""
    made = model(
        [
            node("ReduceMean", ["photo"], ["mean"], axes=[2, 3], keepdims=0),
            node("Softmax", ["mean"], ["chance"], axis=1),
        ],
        [tensor("photo", FLOAT, ["N", 3, 8, 8])],
        [tensor("chance", FLOAT, ["N", 3])],
    )
    return add_model(platform, ann, write(made, tmp_path / "digits.onnx"), "Digits")


def name_classes(ann: Caller, view: ModelView, content: bytes) -> AppTest:
    app = visit(ann, MODELS, model=view.id)
    app.button(key="models_image_classes").click()
    ran(app)
    app.file_uploader(key="models_classes_file").set_value(("n.txt", content, "text/plain"))
    app.button(key="models_image_classes").click()
    app.button(key="models_classes_submit").click()
    return ran(app)


def test_classes_get_their_names_from_a_file(ann: Caller, digits: ModelView) -> None:
    name_classes(ann, digits, b"red\ngreen\nblue\n")
    app = predict(visit(ann, TRIAL, model=digits.id), png())
    assert [metric.value for metric in app.metric] == ["red"]
    assert "The 3 classes are named." in texts(visit(ann, MODELS, model=digits.id))


def test_a_file_of_too_few_class_names_is_explained(ann: Caller, digits: ModelView) -> None:
    app = name_classes(ann, digits, b"red\ngreen\n")
    assert "names 2 classes; the model has 3" in app.error[0].value


def test_those_who_may_not_change_a_model_see_its_recipe_without_a_button(
    ben: Caller, colours: ModelView
) -> None:
    app = visit(ben, MODELS, model=colours.id)
    assert "takes a JPEG or PNG" in texts(app)
    assert not [button for button in app.button if button.key == "models_image_0"]


def test_a_recipe_that_was_looked_at_is_no_guess_any_more(
    platform: Platform, ann: Caller, colours: ModelView
) -> None:
    recipe = recipe_of(platform, ann, colours)
    assert recipe is not None
    assert recipe.preset == UNIT
    raw = replace(recipe, scale=1.0)
    platform.models.set_image(ann, colours.id, 0, raw)
    read = texts(visit(ann, MODELS, model=colours.id))
    assert RAW in read
    assert "A guess" not in read
