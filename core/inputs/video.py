"""Videos: frames taken at a steady rate, one record a frame, with its time in a column.

FFmpeg decodes them (PyAV). Only the MP4 family is opened, from the file alone: other formats of
FFmpeg name further files and addresses, which it would fetch.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import pyarrow as pa
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from core.errors import InvalidInput
from core.image_recipe import ImageRecipe
from core.inputs.chunks import Chunk, ChunkSize, grouped
from core.inputs.columns import free_name
from core.inputs.image import MOST_PIXELS, packed
from core.inputs.image_fields import picture_field
from core.inputs.pictures import picture_batch
from core.records import Typed
from core.schema import Schema

MOST_FRAMES = 20_000
MOST_FPS = 240.0
TIME = "time"
_FRAMES_A_CHUNK = 256
_EARLY = 1e-6  # how much before its turn a frame may come, in seconds
_UNKNOWN = 60.0


@dataclass(frozen=True, slots=True)
class _Facts:
    """What a video says of itself; `seconds` is None where it does not say."""

    width: int
    height: int
    seconds: float | None
    rate: float | None


class VideoSource:
    """A video as a table: a record for each frame that is taken, in order.

    The result does not repeat the frames, only their times in seconds from the start.
    """

    coded = False

    def __init__(self, path: Path, schema: Schema, fps: float) -> None:
        picture_batch(schema, [], "mp4")
        self._path = path
        self._schema = schema
        self._fps = fps
        self._time = free_name(TIME, schema.names)
        facts = self._facts()
        if facts.width * facts.height > MOST_PIXELS:
            raise InvalidInput(f"The video has frames of more than {MOST_PIXELS:,} pixels.")
        rate = min(fps, facts.rate or fps)
        self.rows = max(1, math.ceil((facts.seconds or _UNKNOWN) * rate))
        if facts.seconds and self.rows > MOST_FRAMES:
            raise _too_many(fps)
        self.found = _found(facts, fps)

    def headers(self) -> Sequence[str]:
        """Return no header."""
        return ()

    def names(self) -> Sequence[str]:
        """Return the name of the column with the time of each frame."""
        return (self._time,)

    def chunks(self, size: ChunkSize) -> Iterator[Chunk]:
        """Yield the frames in order, the same chunks every time; raises InvalidInput."""
        recipe = picture_field(self._schema, "mp4").image
        if recipe is None:  # `picture_field` returns none without
            return
        limited = ChunkSize(min(size.rows, _FRAMES_A_CHUNK), size.bytes)
        for frames in grouped(self._sized(recipe), limited):
            batch = picture_batch(self._schema, [content for _, content in frames], "mp4")
            times = pa.array([round(at, 6) for at, _ in frames], pa.float64())
            others = pa.RecordBatch.from_arrays([times], [self._time])
            yield Chunk(Typed(batch, {}), others, {})

    def _sized(self, recipe: ImageRecipe) -> Iterator[tuple[tuple[float, bytes], int]]:
        for count, (at, frame) in enumerate(self._taken()):
            if count >= MOST_FRAMES:
                raise _too_many(self._fps)
            content = packed(_upright(frame), recipe)
            yield (at, content), len(content)

    def _taken(self) -> Iterator[tuple[float, VideoFrame]]:
        """Yield the first frame at or after each turn, none of them twice."""
        at, due = 0.0, 0.0
        try:
            with _opened(self._path) as (container, stream):
                start = float((stream.start_time or 0) * (stream.time_base or 0))
                for frame in container.decode(stream):
                    at = max(0.0, (frame.time or 0.0) - start)
                    if at >= due - _EARLY:
                        yield at, frame
                        due = (math.floor((at + _EARLY) * self._fps) + 1) / self._fps
        except av.FFmpegError as error:
            raise InvalidInput(
                f"The video is damaged after {at:.1f} s; send a whole one."
            ) from error

    def _facts(self) -> _Facts:
        with _opened(self._path) as (_, stream):
            base, length = stream.time_base, stream.duration
            seconds = float(length * base) if length and base else None
            rate = float(stream.average_rate) if stream.average_rate else None
            return _Facts(stream.width, stream.height, seconds, rate)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    with path.open("rb") as file:
        try:
            container = av.open(file, mode="r", format="mp4")
        except (av.FFmpegError, ValueError) as error:
            raise InvalidInput(
                "This is no MP4 video, or it is cut off; send a whole one."
            ) from error
        with container:
            if not container.streams.video:
                what = "only sound" if container.streams.audio else "no pictures"
                raise InvalidInput(f"The video holds {what}; send one with frames.")
            stream = container.streams.video[0]
            if not (stream.width and stream.height):
                raise InvalidInput("The video holds no frames that can be decoded.")
            stream.thread_type = "AUTO"
            yield container, stream


def _upright(frame: VideoFrame) -> Image.Image:
    image: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]
    return image.rotate(frame.rotation, expand=True) if frame.rotation else image


def _found(facts: _Facts, fps: float) -> dict[str, str]:
    found = {"frames": f"{facts.width} x {facts.height}", "taken a second": f"{fps:g}"}
    if facts.seconds:
        found["length"] = f"{facts.seconds:.1f} s"
    return found


def _too_many(fps: float) -> InvalidInput:
    return InvalidInput(
        f"The video gives more than {MOST_FRAMES:,} frames at {fps:g} a second; give a lower fps."
    )
