"""What must be done to a picture before a model can take it, as a declaration beside the field.

A recipe is data: it is guessed at upload, shown, changed by people, and kept with the version.
Who carries it out is `core.inputs.image`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Layout(StrEnum):
    """In which order the axes of the tensor come."""

    CHANNELS_FIRST = "channels, height, width"
    CHANNELS_LAST = "height, width, channels"
    NO_CHANNELS = "height, width"


class Colour(StrEnum):
    """Which channels the tensor has, in their order."""

    GREY = "grey"
    RGB = "RGB"
    BGR = "BGR"
    RGBA = "RGBA"
    BGRA = "BGRA"

    @property
    def channels(self) -> int:
        """Return the number of channels."""
        return 1 if self is Colour.GREY else len(self.value)


class Fit(StrEnum):
    """How a picture of another shape is brought to the size of the input."""

    CROP = "crop"
    LETTERBOX = "letterbox"
    STRETCH = "stretch"


@dataclass(frozen=True, slots=True)
class ImageRecipe:
    """How a picture becomes the value of one field.

    `width` and `height` are in pixels; both None keep the picture's own size. `fit` crop cuts the
    middle out, after the shorter side was brought to `shorter` pixels (None: to what just fills the
    size); letterbox keeps all and fills the rest with the grey level `fill`, 0 to 255.
    A channel c of 0 to 255 becomes (c · scale - mean) / deviation, with a mean and a deviation for
    each channel in the tensor's order. `guessed` tells that no person has looked at it yet.
    """

    layout: Layout
    colour: Colour
    width: int | None
    height: int | None
    fit: Fit = Fit.CROP
    shorter: int | None = None
    fill: int = 0
    scale: float = 1.0
    mean: tuple[float, ...] = (0.0,)
    deviation: tuple[float, ...] = (1.0,)
    guessed: bool = False

    @property
    def numbers(self) -> "Numbers":
        """Return what is done to the channels."""
        return Numbers(self.scale, self.mean, self.deviation)

    @property
    def size(self) -> tuple[int, int] | None:
        """Return width and height, or None for the picture's own."""
        if self.width is None or self.height is None:
            return None
        return self.width, self.height

    @property
    def preset(self) -> str:
        """Return the name of the preset that the numbers are, or `own numbers`."""
        for name in presets(self.colour):
            if preset(name, self.colour) == self.numbers:
                return name
        return OWN_NUMBERS

    def __str__(self) -> str:
        colour, preset, layout = self.colour.value, self.preset, self.layout.value
        if not self.size:
            return f"the picture's own size, {colour}, {preset}, laid out {layout}"
        size, fit = f"{self.width} x {self.height}", self.fit.value
        return f"{size}, {fit}, {colour}, {preset}, laid out {layout}"


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a channel of 0 to 255 becomes: (c · scale - mean) / deviation, by channel."""

    scale: float
    mean: tuple[float, ...]
    deviation: tuple[float, ...]


RAW = "0 to 255"
UNIT = "0 to 1"
SIGNED = "-1 to 1"
IMAGENET = "ImageNet"
OWN_NUMBERS = "own numbers"

# Mean and deviation of ImageNet's channels, as published with torchvision's models:
# https://docs.pytorch.org/vision/stable/models.html
_IMAGENET_MEAN = {"R": 0.485, "G": 0.456, "B": 0.406, "A": 0.0}
_IMAGENET_DEVIATION = {"R": 0.229, "G": 0.224, "B": 0.225, "A": 1.0}

_SAME_FOR_ALL: Mapping[str, tuple[float, float, float]] = {
    RAW: (1.0, 0.0, 1.0),
    UNIT: (1 / 255, 0.0, 1.0),
    SIGNED: (1 / 255, 0.5, 0.5),
}


def presets(colour: Colour) -> tuple[str, ...]:
    """Return the names of the presets that there are for these channels."""
    return tuple(_SAME_FOR_ALL) if colour is Colour.GREY else (*_SAME_FOR_ALL, IMAGENET)


def preset(name: str, colour: Colour) -> Numbers:
    """Return the numbers of a preset, in the order of the channels."""
    if name == IMAGENET:
        mean = tuple(_IMAGENET_MEAN[channel] for channel in colour.value)
        deviation = tuple(_IMAGENET_DEVIATION[channel] for channel in colour.value)
        return Numbers(1 / 255, mean, deviation)
    scale, shift, spread = _SAME_FOR_ALL[name]
    return Numbers(scale, (shift,) * colour.channels, (spread,) * colour.channels)
