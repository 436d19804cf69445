"""Pictures, videos, fields and archives that tests make."""

import io
import zipfile
from collections.abc import Iterable, Mapping
from fractions import Fraction

import av
import numpy as np
from PIL import Image

from core.image_recipe import Colour, ImageRecipe, Layout
from core.schema import DataType, Field

SIDE = 16


def photo(name: str = "photo") -> Field:
    """Return an input that takes pictures of 16 x 16 as they are: height, width, channels."""
    recipe = ImageRecipe(
        Layout.CHANNELS_LAST, Colour.RGB, SIDE, SIDE, mean=(0.0,) * 3, deviation=(1.0,) * 3
    )
    return Field(name, DataType.FLOAT, shape=(SIDE, SIDE, 3), image=recipe)


def png(red: int, kind: str = "PNG") -> bytes:
    """Return a picture of one colour, by which it is known again."""
    file = io.BytesIO()
    Image.new("RGB", (SIDE, SIDE), (red, 0, 0)).save(file, kind)
    return file.getvalue()


def video(reds: Iterable[int], rate: int = 10, *, sound: bool = False) -> bytes:
    """Return an MP4 whose frames are of one colour each; with `sound`, it holds nothing else."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        if sound:
            stream = container.add_stream("aac", rate=8000)
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            silence.rate = 8000
            container.mux(stream.encode(silence))
            container.mux(stream.encode(None))
            return _closed(container, file)
        pictures = container.add_stream("mpeg4", rate=Fraction(rate))
        pictures.width, pictures.height, pictures.pix_fmt = 64, 32, "yuv420p"
        pictures.bit_rate = 2_000_000
        for red in reds:
            pixels = np.zeros((32, 64, 3), np.uint8)
            pixels[..., 0] = red
            container.mux(pictures.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
        container.mux(pictures.encode(None))
        return _closed(container, file)


def _closed(container: av.container.OutputContainer, file: io.BytesIO) -> bytes:
    container.close()
    return file.getvalue()


def zipped(members: Mapping[str, bytes | str]) -> bytes:
    """Return a zip of members in this order; a name that ends in / is a folder."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()
