"""Which inputs can take a picture, and by what recipe: the first guess, and what is allowed."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from core.errors import InvalidInput, Problem
from core.image_recipe import (
    IMAGENET,
    RAW,
    SIGNED,
    UNIT,
    Colour,
    Fit,
    ImageRecipe,
    Layout,
    preset,
)
from core.schema import NUMERIC, DataType, Field, Schema

LARGEST_SIDE = 4096
_SMALLEST_SIDE = 8
_SMALLEST_PLANE = 16
_COLOURS: dict[int, tuple[Colour, ...]] = {
    1: (Colour.GREY,),
    3: (Colour.RGB, Colour.BGR),
    4: (Colour.RGBA, Colour.BGRA),
}

# What a file may say of its pictures:
# https://github.com/onnx/onnx/blob/main/docs/MetadataProps.md
_FORMATS = {"bgr8": Colour.BGR, "bgra8": Colour.BGRA}
_RANGES = {"nominalrange_0_255": RAW, "normalized_0_1": UNIT, "normalized_1_1": SIGNED}


class Axes(NamedTuple):
    """How a field's shape reads as a picture; a side that is None may be of any length."""

    layout: Layout
    channels: int
    height: int | None
    width: int | None

    @property
    def colours(self) -> tuple[Colour, ...]:
        """Return the orders of channels that fit."""
        return _COLOURS[self.channels]


def find_axes(field: Field) -> Axes | None:
    """Return how a field's shape reads as a picture, or None if it does not."""
    if field.type not in NUMERIC:
        return None
    if len(field.shape) == 2:
        return _plane(field.shape[0], field.shape[1])
    if len(field.shape) != 3:
        return None
    first, middle, last = field.shape
    if first in _COLOURS and _is_side(middle) and _is_side(last):
        return Axes(Layout.CHANNELS_FIRST, first or 0, middle, last)
    if last in _COLOURS and _is_side(first) and _is_side(middle):
        return Axes(Layout.CHANNELS_LAST, last or 0, first, middle)
    return None


def _plane(height: int | None, width: int | None) -> Axes | None:
    """Return the axes of a square without channels; other tables of numbers are no pictures."""
    if height is None or height != width or height < _SMALLEST_PLANE:
        return None
    return Axes(Layout.NO_CHANNELS, 1, height, width)


def _is_side(length: int | None) -> bool:
    return length is None or _SMALLEST_SIDE <= length <= LARGEST_SIDE


def guess_recipe(field: Field, function: str, details: Mapping[str, str]) -> ImageRecipe | None:
    """Return the most likely recipe of a field, or None if it can be no picture.

    `function` and `details` are those of the model's information. What the file says of its
    pictures counts; else the customs of the frameworks do.
    """
    axes = find_axes(field)
    if axes is None:
        return None
    said = details.get("Image.BitmapPixelFormat", "").lower()
    colour = _FORMATS.get(said, axes.colours[0])
    if colour not in axes.colours:
        colour = axes.colours[0]
    numbers = preset(_likely_preset(field, axes, function, details), colour)
    recipe = ImageRecipe(
        layout=axes.layout,
        colour=colour,
        width=axes.width or axes.height,
        height=axes.height or axes.width,
        scale=numbers.scale,
        mean=numbers.mean,
        deviation=numbers.deviation,
        guessed=True,
    )
    return _centred(recipe) if _is_signed_byte(field) else recipe


def _likely_preset(field: Field, axes: Axes, function: str, details: Mapping[str, str]) -> str:
    said = _RANGES.get(details.get("Image.NominalPixelRange", "").lower())
    if said is not None:
        return said
    if field.type is DataType.INTEGER or details.get("producer", "").startswith("CNTK"):
        return RAW
    classifies = function == "classification"
    first = axes.layout is Layout.CHANNELS_FIRST  # as PyTorch has them
    return IMAGENET if classifies and first and axes.channels == 3 else UNIT


def _is_signed_byte(field: Field) -> bool:
    return field.type is DataType.INTEGER and field.allows(-128) and not field.allows(128)


def _centred(recipe: ImageRecipe) -> ImageRecipe:
    return replace(recipe, mean=(128.0,) * recipe.colour.channels)


def check_recipe(field: Field, recipe: ImageRecipe) -> None:
    """Raise InvalidInput unless a recipe gives what the field takes."""
    axes = find_axes(field)
    if axes is None:
        raise _wrong(field, "its shape is not that of a picture; it takes numbers.")
    if recipe.layout is not axes.layout:
        raise _wrong(field, f"the shape {field.dimension} is laid out {axes.layout.value}.")
    if recipe.colour not in axes.colours:
        known = " or ".join(axes.colours)
        raise _wrong(field, f"it has {axes.channels} channels; the colours must be {known}.")
    _check_size(field, axes, recipe)
    _check_numbers(field, recipe)


def _check_size(field: Field, axes: Axes, recipe: ImageRecipe) -> None:
    if (recipe.width is None) != (recipe.height is None):
        raise _wrong(field, "give both width and height, or neither for the picture's own size.")
    for name, given, wanted in (
        ("width", recipe.width, axes.width),
        ("height", recipe.height, axes.height),
    ):
        if wanted is not None and given != wanted:
            raise _wrong(field, f"the {name} of its pictures is {wanted} pixels.")
        if given is not None and not 1 <= given <= LARGEST_SIDE:
            raise _wrong(field, f"the {name} must be 1 to {LARGEST_SIDE} pixels.")
    longer = max(recipe.size or (1, 1))
    if recipe.shorter is not None and not longer <= recipe.shorter <= LARGEST_SIDE:
        raise _wrong(
            field, f"the shorter side before the crop must be {longer} to {LARGEST_SIDE} pixels."
        )
    if recipe.shorter is not None and recipe.fit is not Fit.CROP:
        raise _wrong(field, "a shorter side is for cropping alone; leave it out.")
    if not 0 <= recipe.fill <= 255:
        raise _wrong(field, "the grey level that fills the rest must be 0 to 255.")


def _check_numbers(field: Field, recipe: ImageRecipe) -> None:
    channels = recipe.colour.channels
    if len(recipe.mean) != channels or len(recipe.deviation) != channels:
        raise _wrong(field, f"give {channels} means and {channels} deviations, one per channel.")
    numbers = (recipe.scale, *recipe.mean, *recipe.deviation)
    if not all(map(math.isfinite, numbers)):
        raise _wrong(field, "scale, means and deviations must be finite numbers.")
    if recipe.scale == 0 or 0 in recipe.deviation:
        raise _wrong(field, "scale and deviations must not be 0.")
    whole = recipe.scale == 1 and set(recipe.deviation) == {1.0}
    if field.type is DataType.INTEGER and not whole:
        raise _wrong(field, f"it takes whole numbers: keep the channels {RAW}.")


def _wrong(field: Field, what: str) -> InvalidInput:
    message = f"{field.name}: {what}"
    return InvalidInput(message, details=[Problem(message, field.name)])


def picture_fields(schema: Schema) -> tuple[Field, ...]:
    """Return the fields that take a picture."""
    return tuple(field for field in schema if field.image is not None)


def picture_field(schema: Schema, kind: str) -> Field:
    """Return the one field that takes a picture; raises InvalidInput if that is not one field.

    `kind` is what the sentence calls that which was sent.
    """
    found = picture_fields(schema)
    if not found:
        raise InvalidInput(f"filetype is {kind}, but this model has no input that is an image.")
    if len(found) > 1:
        names = ", ".join(field.name for field in found)
        raise InvalidInput(
            f"This model takes {len(found)} images ({names}); give filetype as a JSON object that "
            f'names a kind for each, such as {{"{found[0].name}": "jpg"}}.'
        )
    return found[0]
