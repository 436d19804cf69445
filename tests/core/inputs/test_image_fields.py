"""Which fields can take pictures, the first guess of a recipe, and what a recipe may be."""

# ruff: noqa: ANN401 - options of a field

from dataclasses import replace
from typing import Any

import pytest

from core.errors import InvalidInput
from core.image_recipe import IMAGENET, RAW, UNIT, Colour, Fit, ImageRecipe, Layout
from core.inputs.image_fields import check_recipe, find_axes, guess_recipe, picture_field
from core.schema import DataType, Field, Interval, Schema


def field(*shape: int | None, type_: DataType = DataType.FLOAT, **more: Any) -> Field:
    return Field("x", type_, shape=shape, **more)


def guess(given: Field, function: str = "classification", **details: str) -> ImageRecipe:
    recipe = guess_recipe(given, function, details)
    assert recipe is not None
    check_recipe(given, recipe)
    assert recipe.guessed
    return recipe


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((1, 28, 28), (Layout.CHANNELS_FIRST, 1, 28, 28)),
        ((3, 224, 192), (Layout.CHANNELS_FIRST, 3, 224, 192)),
        ((4, None, None), (Layout.CHANNELS_FIRST, 4, None, None)),
        ((28, 28, 1), (Layout.CHANNELS_LAST, 1, 28, 28)),
        ((None, 64, 3), (Layout.CHANNELS_LAST, 3, None, 64)),
        ((28, 28), (Layout.NO_CHANNELS, 1, 28, 28)),
    ],
)
def test_a_shape_like_a_pictures_is_read_as_one(
    shape: tuple[int | None, ...], expected: tuple[object, ...]
) -> None:
    assert find_axes(field(*shape)) == expected


@pytest.mark.parametrize(
    "shape",
    [(), (10,), (30, 10), (2, 28, 28), (3, 4, 4), (None, None), (None,) * 3, (1, 3, 28, 28)],
)
def test_other_shapes_are_no_pictures(shape: tuple[int | None, ...]) -> None:
    assert find_axes(field(*shape)) is None
    assert guess_recipe(field(*shape), "classification", {}) is None


def test_texts_are_no_pictures() -> None:
    assert find_axes(field(3, 28, 28, type_=DataType.STRING)) is None


def test_the_guess_follows_the_customs_of_the_frameworks() -> None:
    assert guess(field(3, 224, 224)).preset == IMAGENET
    assert guess(field(3, 224, 224), "transformation").preset == UNIT
    assert guess(field(224, 224, 3)).preset == UNIT
    assert guess(field(1, 28, 28)).preset == UNIT
    assert guess(field(1, 28, 28), producer="CNTK 2.5.1").preset == RAW


def test_bytes_are_taken_as_they_are() -> None:
    unsigned = field(224, 224, 3, type_=DataType.INTEGER, intervals=(Interval(0, 255),))
    assert guess(unsigned).preset == RAW
    signed = replace(unsigned, intervals=(Interval(-128, 127),))
    assert guess(signed).mean == (128.0,) * 3


def test_what_the_file_says_of_its_pictures_counts() -> None:
    said = {"Image.BitmapPixelFormat": "Bgr8", "Image.NominalPixelRange": "NominalRange_0_255"}
    recipe = guess(field(3, 224, 224), **said)
    assert (recipe.colour, recipe.preset) == (Colour.BGR, RAW)
    assert guess(field(1, 28, 28), **said).colour is Colour.GREY


def test_free_sides_keep_the_pictures_own_size_unless_one_is_set() -> None:
    assert guess(field(None, None, 3)).size is None
    assert guess(field(3, None, 64)).size == (64, 64)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"layout": Layout.CHANNELS_LAST}, "laid out channels, height, width"),
        ({"colour": Colour.GREY}, "must be RGB or BGR"),
        ({"width": 100}, "width of its pictures is 224"),
        ({"height": None}, "both width and height"),
        ({"width": None, "height": None}, "width of its pictures is 224"),
        ({"shorter": 100}, "224 to 4096"),
        ({"shorter": 256, "fit": Fit.LETTERBOX}, "for cropping alone"),
        ({"fill": 300}, "0 to 255"),
        ({"mean": (0.0,)}, "3 means and 3 deviations"),
        ({"deviation": (1.0, 0.0, 1.0)}, "must not be 0"),
        ({"scale": 0.0}, "must not be 0"),
        ({"scale": float("nan")}, "finite"),
    ],
)
def test_a_recipe_that_does_not_give_what_the_field_takes_is_refused(
    change: dict[str, Any], said: str
) -> None:
    given = field(3, 224, 224)
    with pytest.raises(InvalidInput, match=said) as refused:
        check_recipe(given, replace(guess(given), **change))
    assert refused.value.details[0].field == "x"


def test_a_size_is_bounded_where_the_field_leaves_it_free() -> None:
    given = field(None, None, 3)
    check_recipe(given, replace(guess(given), width=4096, height=1))
    with pytest.raises(InvalidInput, match="1 to 4096"):
        check_recipe(given, replace(guess(given), width=4097, height=1))


def test_a_field_of_whole_numbers_takes_no_fractions() -> None:
    given = field(3, 8, 8, type_=DataType.INTEGER)
    with pytest.raises(InvalidInput, match="keep the channels 0 to 255"):
        check_recipe(given, replace(guess(given), scale=1 / 255))


def test_a_field_that_is_no_picture_has_no_recipe() -> None:
    with pytest.raises(InvalidInput, match="not that of a picture"):
        check_recipe(field(10), guess(field(3, 8, 8)))


def test_a_lone_picture_needs_a_model_of_one_image() -> None:
    first, second = (
        replace(field(3, 8, 8), name=name, image=guess(field(3, 8, 8))) for name in "ab"
    )
    assert picture_field(Schema((first,)), "jpg") is first
    with pytest.raises(InvalidInput, match="filetype is jpg, but this model has no input"):
        picture_field(Schema((field(3),)), "jpg")
    with pytest.raises(InvalidInput, match=r"takes 2 images \(a, b\)"):
        picture_field(Schema((first, second)), "jpg")
