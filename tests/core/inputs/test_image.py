"""Pictures become the tensors that a recipe asks for, or are refused by name."""

# ruff: noqa: ANN401 - options of a recipe, tensors of any type

import io
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from core.errors import InvalidInput
from core.image_recipe import IMAGENET, SIGNED, UNIT, Colour, Fit, ImageRecipe, Layout, preset
from core.inputs.chunks import ChunkSize
from core.inputs.image import read_picture, shown, typed_record
from core.inputs.tabular import open_table
from core.schema import DataType, Field, Schema

RED = (200, 10, 20)
SHAPES: dict[Layout, Callable[[int, int, int], tuple[int, ...]]] = {
    Layout.CHANNELS_FIRST: lambda c, h, w: (c, h, w),
    Layout.CHANNELS_LAST: lambda c, h, w: (h, w, c),
    Layout.NO_CHANNELS: lambda c, h, w: (h, w),
}


def picture(
    colour: object = RED, size: tuple[int, int] = (16, 8), mode: str = "RGB"
) -> Image.Image:
    return Image.new(mode, size, colour)  # type: ignore[arg-type]


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def field(
    colour: Colour = Colour.RGB,
    layout: Layout = Layout.CHANNELS_LAST,
    size: tuple[int, int] = (16, 8),
    type_: DataType = DataType.FLOAT,
    **how: Any,
) -> Field:
    channels = colour.channels
    numbers = {"mean": (0.0,) * channels, "deviation": (1.0,) * channels}
    recipe = ImageRecipe(layout, colour, *size, **{**numbers, **how})
    shape = SHAPES[layout](channels, size[1], size[0])
    return Field("photo", type_, shape=shape, image=recipe)


def read(content: bytes, field: Field) -> Any:
    return read_picture(field, content)


def refusal(content: bytes, given: Field | None = None) -> str:
    with pytest.raises(InvalidInput) as refused:
        read(content, given or field())
    assert refused.value.details[0].field == "photo"
    return refused.value.message


def halves(left: object, right: object, size: tuple[int, int] = (16, 8)) -> Image.Image:
    image = Image.new("RGB", size, left)  # type: ignore[arg-type]
    image.paste(right, (size[0] // 2, 0, *size))  # type: ignore[arg-type]
    return image


# --- colours and layouts ---------------------------------------------------------------------


def test_the_channels_come_in_the_order_of_the_recipe() -> None:
    content = encoded(picture())
    assert read(content, field(Colour.RGB))[0, 0].tolist() == [200, 10, 20]
    assert read(content, field(Colour.BGR))[0, 0].tolist() == [20, 10, 200]
    assert read(content, field(Colour.RGBA))[0, 0].tolist() == [200, 10, 20, 255]
    assert read(content, field(Colour.BGRA))[0, 0].tolist() == [20, 10, 200, 255]
    assert read(content, field(Colour.GREY))[0, 0].tolist() == [68]  # 0.299 R + 0.587 G + 0.114 B


@pytest.mark.parametrize("layout", Layout)
def test_the_axes_come_in_the_order_of_the_recipe(layout: Layout) -> None:
    colour = Colour.GREY if layout is Layout.NO_CHANNELS else Colour.RGB
    given = field(colour, layout)
    tensor = read(encoded(halves("black", "white")), given)
    assert tensor.shape == given.shape
    rows_then_columns = np.moveaxis(tensor, 0, -1) if layout is Layout.CHANNELS_FIRST else tensor
    assert rows_then_columns[0, 0].max() == 0
    assert rows_then_columns[0, 15].min() == 255


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (picture(77, mode="L"), [77, 77, 77]),
        (picture(1, mode="1"), [255, 255, 255]),
        (picture(77 * 257, mode="I;16"), [77, 77, 77]),
        (picture((77, 0), mode="LA"), [255, 255, 255]),
        (picture((*RED, 255), mode="RGBA"), list(RED)),
        (picture((*RED, 0), mode="RGBA"), [255, 255, 255]),
        (picture(RED).quantize(4), list(RED)),
    ],
    ids=["grey", "black and white", "16 bit", "grey, transparent", "opaque", "transparent", "P"],
)
def test_every_kind_of_png_becomes_the_colours_that_people_see(
    image: Image.Image, expected: list[int]
) -> None:
    assert read(encoded(image), field())[0, 0].tolist() == pytest.approx(expected, abs=8)


def test_a_cmyk_jpeg_becomes_the_colours_that_people_see() -> None:
    content = encoded(picture(RED).convert("CMYK"), "JPEG", quality=100)
    assert read(content, field())[4, 4].tolist() == pytest.approx(RED, abs=3)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_rotated_photo_is_set_upright(orientation: int) -> None:
    upright = halves("black", "white", (32, 32))
    undo = {
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }
    stored = upright
    for turn in undo.get(orientation, []):
        stored = stored.transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    tensor = read(encoded(stored, "JPEG", exif=exif, quality=100), field(size=(32, 32)))
    assert tensor[:, 2].max() < 10
    assert tensor[:, 29].min() > 245


# --- numbers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (UNIT, [200 / 255, 10 / 255, 20 / 255]),
        (SIGNED, [200 / 127.5 - 1, 10 / 127.5 - 1, 20 / 127.5 - 1]),
        (
            IMAGENET,
            [
                (200 / 255 - 0.485) / 0.229,
                (10 / 255 - 0.456) / 0.224,
                (20 / 255 - 0.406) / 0.225,
            ],
        ),
    ],
)
def test_a_preset_gives_the_numbers_that_models_were_trained_on(
    name: str, expected: list[float]
) -> None:
    for colour, sign in ((Colour.RGB, 1), (Colour.BGR, -1)):
        how = preset(name, colour)
        given = field(colour, scale=how.scale, mean=how.mean, deviation=how.deviation)
        assert given.image is not None
        assert given.image.preset == name
        tensor = read(encoded(picture()), given)
        assert tensor[0, 0].tolist() == pytest.approx(expected[::sign])


def test_whole_numbers_stay_whole() -> None:
    given = field(type_=DataType.INTEGER)
    typed = typed_record(Schema((given,)), {}, {"photo": encoded(picture())})
    assert typed.batch.column(0)[0].as_py()[:3] == [200, 10, 20]


# --- sizes -----------------------------------------------------------------------------------


def test_a_crop_keeps_the_middle_and_fills_the_size() -> None:
    image = Image.new("RGB", (40, 10), "black")
    image.paste("white", (15, 0, 25, 10))
    tensor = read(encoded(image), field(size=(8, 8)))
    assert tensor.min() > 200


def test_a_crop_after_a_larger_resize_keeps_less() -> None:
    frame = Image.new("L", (64, 64), 255)
    frame.paste(0, (8, 8, 56, 56))
    narrow = field(Colour.GREY, size=(32, 32), shorter=44)
    assert read(encoded(frame), field(Colour.GREY, size=(32, 32))).max() == 255
    assert read(encoded(frame), narrow).max() == 0


def test_a_letterbox_keeps_all_and_fills_the_rest() -> None:
    given = field(size=(16, 16), fit=Fit.LETTERBOX, fill=114)
    tensor = read(encoded(picture(size=(32, 16))), given)
    assert tensor[0].tolist() == [[114] * 3] * 16
    assert tensor[8].tolist() == [list(RED)] * 16


def test_a_stretch_keeps_all_and_fills_the_size() -> None:
    tensor = read(encoded(halves("black", "white", (64, 8))), field(fit=Fit.STRETCH))
    assert (tensor[0, 0].max(), tensor[0, 15].min()) == (0, 255)


@pytest.mark.parametrize("fit", Fit)
@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1)])
def test_a_sliver_of_a_picture_fits_as_well(fit: Fit, size: tuple[int, int]) -> None:
    assert read(encoded(picture(size=size)), field(fit=fit)).shape == (8, 16, 3)


def test_a_model_of_free_sizes_takes_the_pictures_own() -> None:
    free = field()
    assert free.image is not None
    recipe = replace(free.image, width=None, height=None)
    free = replace(free, shape=(None, None, 3), image=recipe)
    typed = typed_record(Schema((free,)), {}, {"photo": encoded(picture(size=(5, 2)))})
    value = typed.batch.column(0)[0].as_py()
    assert np.asarray(value).shape == (2, 5, 3)
    assert value[1][4] == list(RED)
    assert "1,000,000" in refusal(encoded(picture(size=(1001, 1000))), free)


# --- refusals --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "an empty file"),
        (b"not a picture at all", "no picture"),
        (b"%PDF-1.7 ...", "a PDF"),
        (b"\0\0\0\x18ftypheic", "a HEIC picture"),
        (b"\0\0\0\x18ftypisom", "a video"),
        (encoded(picture(), "GIF"), "a GIF"),
        (encoded(picture(), "BMP"), "a BMP picture"),
        (encoded(picture(), "TIFF"), "a TIFF picture"),
        (encoded(picture(), "WEBP"), "a WebP picture"),
        (encoded(picture(), "JPEG")[:-40], "cut off or damaged"),
        (encoded(picture(), "JPEG")[:12], "cut off or damaged"),
        (encoded(picture())[:-30], "cut off or damaged"),
        (b"\x89PNG\r\n\x1a\n and then nothing of the kind", "cut off or damaged"),
    ],
)
def test_what_is_no_whole_jpeg_or_png_is_refused_by_name(content: bytes, said: str) -> None:
    assert said in refusal(content)


def test_an_animated_picture_is_refused_by_name() -> None:
    frames = [picture("red"), picture("blue"), picture("green")]
    content = encoded(frames[0], save_all=True, append_images=frames[1:])
    assert "animated (3 frames)" in refusal(content)


def bomb(width: int, height: int) -> bytes:
    """Return a PNG of a few hundred bytes that claims a size."""
    content = bytearray(encoded(picture(1, (1, 1), "1")))
    content[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    return bytes(content)


@pytest.mark.parametrize("size", [(50_000, 50_000), (2**31 - 1, 1), (1, 60_000_000)])
def test_a_decompression_bomb_is_refused_by_its_head(size: tuple[int, int]) -> None:
    said = refusal(bomb(*size))
    assert f"{size[0]:,} x {size[1]:,} pixels" in said
    assert "at most 50,000,000" in said


def test_a_picture_that_is_smaller_than_its_head_says_is_refused() -> None:
    assert "cut off or damaged" in refusal(bomb(3000, 3000))


def test_a_picture_for_a_field_of_numbers_is_refused() -> None:
    schema = Schema((Field("age", DataType.INTEGER),))
    with pytest.raises(InvalidInput, match="age: it takes no picture"):
        typed_record(schema, {}, {"age": encoded(picture())})
    with pytest.raises(InvalidInput, match="no input eyes; it has age"):
        typed_record(schema, {"age": 3}, {"eyes": encoded(picture())})


def test_the_other_fields_of_a_record_are_typed_as_ever() -> None:
    schema = Schema((Field("age", DataType.INTEGER), field()))
    pictures = {"photo": encoded(picture())}
    assert typed_record(schema, {"age": "3"}, pictures).batch.column(0).to_pylist() == [3]
    with pytest.raises(InvalidInput, match="age is not given"):
        typed_record(schema, {}, pictures)


@settings(max_examples=300, deadline=None)
@given(
    kind=st.sampled_from(["PNG", "JPEG"]),
    changes=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=5),
    length=st.integers(0, 2000),
)
def test_a_damaged_picture_is_read_or_refused_and_nothing_else(
    kind: str, changes: list[tuple[int, int]], length: int
) -> None:
    content = bytearray(encoded(halves("red", "blue"), kind)[:length])
    for place, value in changes:
        if place < len(content):
            content[place] = value
    try:
        shown(bytes(content))
    except InvalidInput as error:
        said = error.message
    else:
        said = "read."
    assert said.endswith(".")


# --- where pictures are looked at or scored later ---------------------------------------------


def test_what_people_are_shown_is_never_large() -> None:
    assert shown(encoded(picture(size=(2000, 1000)))).shape == (320, 640, 3)
    assert shown(encoded(picture(9, (4, 4), "L"))).shape == (4, 4, 3)


def test_a_task_takes_a_picture_as_one_record(tmp_path: Path) -> None:
    path = tmp_path / "source"
    path.write_bytes(encoded(picture()))
    source = open_table(path, "jpg", Schema((field(),)))
    [chunk] = source.chunks(ChunkSize(10))
    assert (chunk.rows, list(source.names())) == (1, [])
    path.write_bytes(b"GIF89a")
    with pytest.raises(InvalidInput, match="a GIF"):
        open_table(path, "jpg", Schema((field(),)))
    with pytest.raises(InvalidInput, match="jpg has none"):
        open_table(path, "jpg", Schema((field(),)), {"delimiter": ";"})
