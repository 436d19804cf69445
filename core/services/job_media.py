"""What a task scored, for eyes: pictures made small, and the answers over the time of a video."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from core.errors import InvalidInput
from core.inputs.archive import MEMBER
from core.inputs.chunks import as_json
from core.inputs.columns import free_name
from core.inputs.image import thumbnail
from core.inputs.video import MOST_FRAMES, TIME
from core.runtimes.base import ERROR_COLUMN, PREDICTION
from core.schema import Field
from core.services.job_queries import cell, scanning
from core.services.job_results import ROW, Result

MOST_THUMBNAILS = 100
MOST_VIDEOS = 1000
NOT_SCORED = "not scored"
THUMBNAIL_SIDE = 128
_AT = "TRY_CAST(c0 AS DOUBLE)"  # in a zip the times are JSON


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame that was scored: its time in seconds, and its answer or, without one, its error."""

    at: float
    value: str | float | None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """Frames one after the other with the same answer, from `start` to `end` in seconds."""

    start: float
    end: float
    label: str
    frames: int
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class VideoTrack:
    """The answers over the time of a video, the first `MOST_FRAMES` of them.

    `output` names the answer; its values are numbers where `is_number`, else texts. `videos` are
    those of a zip, the first thousand, and `video` is this one's name; both are empty for a video
    that came alone.
    """

    output: str
    is_number: bool
    frames: tuple[Frame, ...]
    video: str = ""
    videos: tuple[str, ...] = ()

    def runs(self) -> list[Run]:
        """Return the frames as runs of one answer; each lasts until the next begins."""
        ends = [frame.at for frame in self.frames[1:]]
        ends.append(self.frames[-1].at + _usual_step(self.frames) if self.frames else 0.0)
        found: list[Run] = []
        for frame, end in zip(self.frames, ends, strict=True):
            label = str(frame.value) if frame.error is None else NOT_SCORED
            last = found[-1] if found else None
            if last and (last.label, last.is_error) == (label, frame.error is not None):
                found[-1] = replace(last, end=end, frames=last.frames + 1)
            else:
                found.append(Run(frame.at, end, label, 1, frame.error is not None))
        return found


def _usual_step(frames: Sequence[Frame]) -> float:
    """Return the seconds between most frames, 1 where there is one."""
    times = [frame.at for frame in frames]
    return float(np.median(np.diff(times))) if len(times) > 1 else 1.0


def thumbnails_of(result: Result, numbers: Sequence[int]) -> dict[str, list[bytes | None]]:
    """Return pictures of some rows, small; see `TaskResults.thumbnails`.

    One part of the task is in memory at a time, and one picture at its full size.
    """
    if len(numbers) > MOST_THUMBNAILS:
        raise InvalidInput(f"At most {MOST_THUMBNAILS} pictures are made small at once.")
    if not all(1 <= number <= result.total for number in numbers):
        raise InvalidInput(f"Rows are numbered from 1 to {result.total:,}.")
    return {name: _small_pictures(result, name, numbers) for name in result.pictures}


def _small_pictures(result: Result, name: str, numbers: Sequence[int]) -> list[bytes | None]:
    ordered = sorted(set(numbers))
    parts = result.read_pictures(name, np.asarray(ordered, dtype=np.uint32) - 1)
    small = [_small(picture) for part in parts for picture in part]
    found = dict(zip(ordered, small, strict=True))
    return [found[number] for number in numbers]


def _small(picture: bytes | None) -> bytes | None:
    if picture is None:
        return None
    try:
        return thumbnail(picture, THUMBNAIL_SIDE)
    except InvalidInput:  # the row says what is wrong with it
        return None


def find_track(result: Result, video: str) -> VideoTrack | None:
    """Return the answers over the time of a video; see `TaskResults.video_track`."""
    output = _drawn(result)
    if output is None or result.files.plan.kind not in ("mp4", "zip"):
        return None
    names = result.info.input_schema.names
    time, member = free_name(TIME, names), free_name(MEMBER, names)
    if time not in result.ingested.columns:
        return None
    time, member = result.renamed(time), result.renamed(member)
    if result.files.plan.kind == "mp4":
        return _track(result, output, [time], "", ())
    videos = _videos(result, time, member)
    if video and video not in videos:
        raise InvalidInput(f'There is no video "{video[:80]}" in the zip.')
    chosen = video or next(iter(videos), None)
    return _track(result, output, [time, member], chosen, videos) if chosen else None


def _drawn(result: Result) -> Field | None:
    """Return the output that is drawn: the prediction, else the first that is one value."""
    single = [output for output in result.info.outputs if not output.is_tensor]
    predictions = [output for output in single if output.name == PREDICTION]
    return next(iter(predictions or single), None)


def _videos(result: Result, time: str, member: str) -> tuple[str, ...]:
    sql = (
        f"SELECT c1 FROM scan WHERE {_AT} IS NOT NULL GROUP BY c1 "  # noqa: S608 - all from here
        f"ORDER BY min({ROW}) LIMIT {MOST_VIDEOS}"
    )
    with scanning(result, [time, member]) as connection:
        return tuple(_plain(name) for (name,) in connection.execute(sql).fetchall())


def _track(
    result: Result, output: Field, places: list[str], video: str, videos: tuple[str, ...]
) -> VideoTrack:
    columns = [*places, output.name, ERROR_COLUMN]
    value, error = (f"c{len(places) + at}" for at in range(2))
    about = cell(result, result.schema, output.name, len(places))
    is_number = _is_amount(result, about.type)
    wanted = about.sql if is_number else f"CAST({value} AS VARCHAR)"
    of_video, bound = (" AND c1 = ?", [as_json(video)]) if videos else ("", [])
    sql = (
        f"SELECT {_AT}, {wanted}, {error} FROM scan WHERE {_AT} IS NOT NULL{of_video} "  # noqa: S608 - all from here
        f"ORDER BY {ROW} LIMIT {MOST_FRAMES}"
    )
    with scanning(result, columns) as connection:
        frames = tuple(Frame(*row) for row in connection.execute(sql, bound).fetchall())
    return VideoTrack(output.name, is_number, frames, video, videos)


def _is_amount(result: Result, type_: pa.DataType) -> bool:
    """Return whether an answer is drawn as a line: whole numbers of classifiers are names."""
    whole = pa.types.is_integer(type_) and result.info.function == "regression"
    return whole or pa.types.is_floating(type_)


def _plain(name: str) -> str:
    return str(json.loads(name))
