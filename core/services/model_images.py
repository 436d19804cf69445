"""How a version's inputs take pictures: what its row holds, laid over what its file says.

The row has a recipe for each input that can be a picture, by position, as JSON; null where it is
to take numbers alone. A row from before there were recipes has none, and they are guessed.
"""

from collections.abc import Mapping
from dataclasses import replace

import msgspec

from core.errors import InvalidInput
from core.image_recipe import ImageRecipe
from core.inputs.image_fields import check_recipe, find_axes, guess_recipe
from core.runtimes.base import ModelInfo

Recipes = Mapping[int, ImageRecipe | None]

_RECIPES = msgspec.json.Decoder(dict[int, ImageRecipe | None])


def guessed_recipes(info: ModelInfo) -> str:
    """Return the most likely recipes of a model's inputs, as a row holds them."""
    return _encoded(_guessed(info))


def with_recipes(info: ModelInfo, kept: str | None) -> ModelInfo:
    """Return a model's information with the recipes that its row holds."""
    recipes = _guessed(info) if kept is None else _RECIPES.decode(kept)
    if not recipes:
        return info
    inputs = tuple(
        replace(field, image=recipes.get(position)) for position, field in enumerate(info.inputs)
    )
    return replace(info, inputs=inputs)


def changed_recipes(info: ModelInfo, position: int, recipe: ImageRecipe | None) -> str:
    """Return the recipes of a model with that of one input changed; None is numbers alone.

    Raises InvalidInput for a recipe that does not give what the input takes.
    """
    if not 0 <= position < len(info.model_inputs):
        raise InvalidInput(
            f"The model has {len(info.model_inputs)} inputs; there is no {position + 1}."
        )
    if recipe is not None:
        check_recipe(info.model_inputs[position], recipe)
        recipe = replace(recipe, guessed=False)
    known = {at: field.image for at, field in enumerate(info.model_inputs) if find_axes(field)}
    return _encoded({**known, position: recipe})


def _guessed(info: ModelInfo) -> Recipes:
    guesses = (guess_recipe(field, info.function, info.details) for field in info.inputs)
    return {position: guess for position, guess in enumerate(guesses) if guess is not None}


def _encoded(recipes: Recipes) -> str:
    return msgspec.json.encode(recipes).decode()
