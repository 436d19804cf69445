"""Pictures: from the bytes of a JPEG or PNG to the tensor that a field's recipe asks for.

Channels are taken as the file holds them; a colour profile is not applied. What is transparent
lies on white, unless the model takes the transparency itself.
"""

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import SEEK_END, BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from core.errors import InvalidInput, Problem
from core.image_recipe import Colour, Fit, ImageRecipe, Layout
from core.inputs.chunks import Chunk, ChunkSize, no_columns
from core.inputs.image_fields import picture_field
from core.records import Typed, read_record
from core.schema import ARROW_TYPES, DataType, Field, Schema, nested_lists

MOST_BYTES = 64 << 20
MOST_PIXELS = 50_000_000
MOST_OWN_PIXELS = 1_000_000  # where the model takes the picture's own size
_SHOWN_SIDE = 640
_THUMBNAIL_QUALITY = 80
_ELEMENTS = {
    DataType.FLOAT: np.float32,
    DataType.DOUBLE: np.float64,
    DataType.INTEGER: np.int64,
}
_PACKED = b"slipway frame\n"  # no picture by others begins so

_OPENERS: dict[bytes, Callable[[BytesIO], ImageFile]] = {
    b"\xff\xd8\xff": JpegImageFile,
    b"\x89PNG\r\n\x1a\n": PngImageFile,
}
_OTHERS: tuple[tuple[bytes, int, str], ...] = (
    (b"GIF8", 0, "a GIF"),
    (b"WEBP", 8, "a WebP picture"),
    (b"BM", 0, "a BMP picture"),
    (b"II*\0", 0, "a TIFF picture"),
    (b"MM\0*", 0, "a TIFF picture"),
    (b"ftypheic", 4, "a HEIC picture"),
    (b"ftypavif", 4, "an AVIF picture"),
    (b"ftyp", 4, "a video"),
    (b"%PDF", 0, "a PDF"),
    (b"PK\3\4", 0, "a zip"),
    (b"<svg", 0, "an SVG drawing"),
)
# What Pillow raises for files that are cut off or were tampered with.
_BROKEN = (OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError, struct.error)
_ORIENTATION = 0x0112
# How to undo what EXIF says was done: https://www.cipa.jp/std/documents/e/DC-X008-2012_E.pdf
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

Pixels = np.ndarray[Any, np.dtype[Any]]
Pictures = Mapping[str, bytes]


def typed_record(schema: Schema, record: Mapping[str, object], pictures: Pictures) -> Typed:
    """Return one record whose pictures came as bytes and whose other values as they are.

    Raises InvalidInput that names the field, also for a picture where the field takes none.
    """
    fields = {field.name: field for field in schema}
    for name in pictures:
        if name not in fields:
            raise InvalidInput(f"The model has no input {name}; it has {', '.join(fields)}.")
    rest = Schema(tuple(field for field in schema if field.name not in pictures))
    values = read_record(rest, record)
    columns = [
        column_of(field, read_picture(field, pictures[field.name]))
        if field.name in pictures
        else pa.array([values.get(field.name)], field.arrow_type)
        for field in schema
    ]
    return Typed(pa.RecordBatch.from_arrays(columns, schema=schema.arrow), {})


def as_scored(schema: Schema, record: Mapping[str, object]) -> Mapping[str, object] | Typed:
    """Return a record as it is scored: typed where a value of it is a picture, as bytes.

    Raises InvalidInput as `typed_record` does.
    """
    pictures = {name: value for name, value in record.items() if isinstance(value, bytes)}
    return typed_record(schema, record, pictures) if pictures else record


def read_picture(field: Field, content: bytes) -> Pixels:
    """Return a picture as the tensor of a field, of the field's shape; raises InvalidInput."""
    if field.image is None:
        raise _wrong(field, "it takes no picture.")
    try:
        image = prepared(content, field.image)
    except InvalidInput as error:
        raise _wrong(field, error.message) from error
    tensor = _tensor(image, field.image, field.type)
    if field.intervals and not all(field.allows(float(end())) for end in (tensor.min, tensor.max)):
        raise _wrong(field, f"its recipe gives numbers outside {field.range}; change it.")
    return tensor


def prepared(content: bytes, recipe: ImageRecipe) -> Image.Image:
    """Return a picture in the size and the channels of a recipe, before it becomes numbers.

    Its mode is L, RGB or RGBA. Raises InvalidInput for what is no whole JPEG or PNG.
    """
    if content.startswith(_PACKED):
        return _recoloured(_decoded(content.removeprefix(_PACKED)), recipe.colour)
    return _recoloured(_fitted(_decoded(content), recipe), recipe.colour)


def check_picture(content: bytes) -> None:
    """Raise InvalidInput for what cannot be a JPEG or a PNG; it is not decoded."""
    if len(content) > MOST_BYTES:
        raise InvalidInput(f"the picture is larger than {MOST_BYTES >> 20} MiB.")
    if not content.startswith(tuple(_OPENERS)):
        raise InvalidInput(f"this is {_name_of(content)}; send a JPEG or a PNG.")


def packed(image: Image.Image, recipe: ImageRecipe) -> bytes:
    """Return a picture, brought to the size of a recipe, as bytes that `prepared` takes as such.

    Frames of a video are kept so: small, and without loss.
    """
    file = BytesIO(_PACKED)
    file.seek(0, SEEK_END)
    _fitted(image, recipe).save(file, "PNG", compress_level=1)
    return file.getvalue()


def repacked(content: bytes, recipe: ImageRecipe) -> bytes:
    """Return a JPEG or PNG as `packed` has it; raises InvalidInput as `prepared` does."""
    return packed(_decoded(content), recipe)


def seen(content: bytes, recipe: ImageRecipe) -> Pixels:
    """Return a picture as the model gets it, before its channels become other numbers."""
    return np.asarray(prepared(content, recipe))


def shown(content: bytes) -> Pixels:
    """Return a picture for people: upright, at most 640 pixels wide and high, RGB of 0 to 255."""
    image = _decoded(content.removeprefix(_PACKED))
    image.thumbnail((_SHOWN_SIDE, _SHOWN_SIDE))
    return np.asarray(_recoloured(image, Colour.RGB))


def thumbnail(content: bytes, side: int) -> bytes:
    """Return a picture for people as a JPEG, upright, at most `side` pixels wide and high.

    Raises InvalidInput for what is no whole JPEG or PNG.
    """
    image = _decoded(content.removeprefix(_PACKED), side)
    image.thumbnail((side, side))
    file = BytesIO()
    _recoloured(image, Colour.RGB).save(file, "JPEG", quality=_THUMBNAIL_QUALITY)
    return file.getvalue()


class PictureSource:
    """A picture as a table of one record, for a model with one input that is an image.

    The result does not repeat the picture's numbers, so it has no column of its own.
    """

    rows = 1
    coded = False
    found: Mapping[str, str] = MappingProxyType({})

    def __init__(self, path: Path, schema: Schema) -> None:
        name = picture_field(schema, "jpg").name
        if path.stat().st_size > MOST_BYTES:
            raise InvalidInput(f"The picture is larger than {MOST_BYTES >> 20} MiB.")
        self._typed = typed_record(schema, {}, {name: path.read_bytes()})

    def headers(self) -> Sequence[str]:
        """Return no header."""
        return ()

    def names(self) -> Sequence[str]:
        """Return no name."""
        return ()

    def chunks(self, size: ChunkSize) -> Iterator[Chunk]:
        """Yield the one record."""
        yield Chunk(self._typed, no_columns(1), {})


# --- from bytes to a picture -----------------------------------------------------------------


def _decoded(content: bytes, side: int | None = None) -> Image.Image:
    """Return a picture upright and with 8 bits a channel: of the mode L, RGB or RGBA.

    With a `side` a JPEG may come smaller than it is, but not below that: it is decoded so at once.
    """
    try:
        image = _opened(content)
        _check_size(image)
        if side is not None:
            image.draft(None, (side, side))
        image.load()
        return _upright(_plain(image), image.getexif().get(_ORIENTATION, 1))
    except _BROKEN as error:
        raise InvalidInput("the picture is cut off or damaged; send a whole one.") from error


def _opened(content: bytes) -> ImageFile:
    """Return a picture of which only the head was read."""
    for signature, opener in _OPENERS.items():
        if content.startswith(signature):
            return opener(BytesIO(content))
    raise InvalidInput(f"this is {_name_of(content)}; send a JPEG or a PNG.")


def _name_of(content: bytes) -> str:
    if not content:
        return "an empty file"
    for mark, start, name in _OTHERS:
        if content[start : start + len(mark)] == mark:
            return name
    return "no picture"


def _check_size(image: ImageFile) -> None:
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise InvalidInput(
            f"the picture has {width:,} x {height:,} pixels; at most {MOST_PIXELS:,} are taken."
        )
    frames = getattr(image, "n_frames", 1)
    if frames > 1:
        raise InvalidInput(f"the picture is animated ({frames} frames); send one frame of it.")


def _plain(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits of grey
        narrow = np.asarray(image).astype(np.uint32) // 257
        return Image.fromarray(narrow.astype(np.uint8))
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image.convert("L" if image.mode in ("1", "L") else "RGB")


def _upright(image: Image.Image, orientation: object) -> Image.Image:
    turn = _UPRIGHT.get(orientation) if isinstance(orientation, int) else None
    return image if turn is None else image.transpose(turn)


# --- from a picture to a tensor --------------------------------------------------------------


def _fitted(image: Image.Image, recipe: ImageRecipe) -> Image.Image:
    size = recipe.size
    if size is None:
        width, height = image.size
        if width * height > MOST_OWN_PIXELS:
            raise InvalidInput(
                f"the picture has {width:,} x {height:,} pixels; a model that takes pictures of "
                f"any size is given at most {MOST_OWN_PIXELS:,}."
            )
        return image
    if recipe.fit is Fit.LETTERBOX:
        return _letterboxed(image, size, recipe.fill)
    box = _middle(image.size, size, recipe.shorter) if recipe.fit is Fit.CROP else None
    return image.resize(size, Image.Resampling.BILINEAR, box=box)


def _middle(
    have: tuple[int, int], want: tuple[int, int], shorter: int | None
) -> tuple[float, float, float, float]:
    """Return what of a picture is kept, in its own pixels; nothing is enlarged before the cut."""
    zoom = max(want[0] / have[0], want[1] / have[1])
    if shorter is not None:
        zoom = max(zoom, shorter / min(have))
    width, height = min(have[0], want[0] / zoom), min(have[1], want[1] / zoom)
    left, top = (have[0] - width) / 2, (have[1] - height) / 2
    return left, top, left + width, top + height


def _letterboxed(image: Image.Image, size: tuple[int, int], fill: int) -> Image.Image:
    zoom = min(size[0] / image.width, size[1] / image.height)
    inner = (max(1, round(image.width * zoom)), max(1, round(image.height * zoom)))
    level = (fill, fill, fill, 255)[: len(image.getbands())]
    canvas = Image.new(image.mode, size, level)
    place = ((size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2)
    canvas.paste(image.resize(inner, Image.Resampling.BILINEAR), place)
    return canvas


def _recoloured(image: Image.Image, colour: Colour) -> Image.Image:
    if colour.channels == 4:
        return image.convert("RGBA")
    if image.mode == "RGBA":
        white = Image.new("RGBA", image.size, "white")
        white.alpha_composite(image)
        image = white
    return image.convert("L" if colour is Colour.GREY else "RGB")


def _tensor(image: Image.Image, recipe: ImageRecipe, type_: DataType) -> Pixels:
    """Return a picture's numbers by a table: a channel has no more than 256 different values."""
    pixels = np.asarray(image).reshape(image.height, image.width, recipe.colour.channels)
    if recipe.colour in (Colour.BGR, Colour.BGRA):
        pixels = pixels[..., [2, 1, 0, 3][: recipe.colour.channels]]
    levels = (np.arange(256.0)[:, None] * recipe.scale - recipe.mean) / recipe.deviation
    if type_ is DataType.INTEGER:
        levels = np.rint(levels)
    values = np.empty((recipe.colour.channels, *pixels.shape[:2]), _ELEMENTS[type_])
    with np.errstate(over="ignore"):  # what 32 bits do not hold is infinite, and out of range
        narrow = levels.astype(values.dtype)
    for channel in range(recipe.colour.channels):
        np.take(narrow[:, channel], pixels[..., channel], out=values[channel])
    if recipe.layout is Layout.CHANNELS_LAST:
        return np.moveaxis(values, 0, -1)
    return values[0] if recipe.layout is Layout.NO_CHANNELS else values


def column_of(field: Field, tensor: Pixels) -> pa.Array:
    """Return a column of one tensor."""
    element = ARROW_TYPES[field.type]
    flat = pa.array(np.ascontiguousarray(tensor).ravel()).cast(element, safe=False)
    if None not in field.shape:
        return pa.FixedSizeListArray.from_arrays(flat, tensor.size)
    return nested_lists(flat, (1, *tensor.shape))


def _wrong(field: Field, what: str) -> InvalidInput:
    message = f"{field.name}: {what}"
    return InvalidInput(message, details=[Problem(message, field.name)])
