"""Videos become records, one a frame (I9)."""

from pathlib import Path

import numpy as np
import pytest

from core.errors import InvalidInput
from core.inputs import video as module
from core.inputs.chunks import Chunk, ChunkSize
from core.inputs.pictures import read_pictures
from core.inputs.tabular import open_table
from core.schema import DataType, Field, Schema
from tests.core.inputs.media import photo, png, video

SCHEMA = Schema((photo(),))
MEDIA = Path(__file__).parents[4] / "shared" / "material" / "media"
REDS = [20 * n for n in range(12)]


def frames(content: bytes, path: Path, **options: object) -> list[tuple[float, int]]:
    """Return the time of each record and the red of its middle, to the next ten."""
    path.write_bytes(content)
    chunks = open_table(path, "mp4", SCHEMA, options).chunks(ChunkSize(5))
    return [pair for chunk in chunks for pair in _frames(chunk)]


def _frames(chunk: Chunk) -> list[tuple[float, int]]:
    read = read_pictures(SCHEMA, chunk.typed.batch)
    assert not read.problems
    tensors = np.array(read.batch.column(0).to_pylist()).reshape(-1, 16, 16, 3)
    times = chunk.others.column("time").to_pylist()
    return [(t, round(float(x[8, 8, 0]) / 10) * 10) for t, x in zip(times, tensors, strict=True)]


def test_a_frame_a_second_is_taken_and_its_time_kept(tmp_path: Path) -> None:
    found = frames(video(REDS, rate=4), tmp_path / "v")
    assert found == [(0.0, 0), (1.0, 80), (2.0, 160)]


def test_the_user_chooses_the_rate_and_no_frame_comes_twice(tmp_path: Path) -> None:
    content = video(REDS, rate=4)
    assert [at for at, _ in frames(content, tmp_path / "v", fps=2)] == [0, 0.5, 1, 1.5, 2, 2.5]
    every = frames(content, tmp_path / "v", fps=100)
    assert every == [(0.25 * n, red) for n, red in enumerate(REDS)]
    assert [at for at, _ in frames(content, tmp_path / "v", fps=0.5)] == [0, 2]


def test_how_many_frames_there_will_be_is_known_before(tmp_path: Path) -> None:
    path = tmp_path / "v"
    path.write_bytes(video(REDS, rate=4))
    source = open_table(path, "mp4", SCHEMA, {"fps": 2})
    assert (source.rows, source.names()) == (6, ("time",))
    assert source.found == {"frames": "64 x 32", "taken a second": "2", "length": "3.0 s"}


@pytest.mark.parametrize("fps", [0, -1, "2", 1e9, True, float("nan")])
def test_a_rate_that_is_none_is_refused(tmp_path: Path, fps: object) -> None:
    with pytest.raises(InvalidInput, match=r"^fps: .* is no rate"):
        frames(b"", tmp_path / "v", fps=fps)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (png(1), "no MP4 video, or it is cut off"),
        (video(REDS)[:300], "no MP4 video, or it is cut off"),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "no MP4 video"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "no MP4 video"),
        (video([], sound=True), "only sound"),
    ],
)
def test_what_is_no_video_is_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        frames(content, tmp_path / "v")


def test_more_frames_than_are_kept_are_refused_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_FRAMES", 3)
    with pytest.raises(InvalidInput, match="more than 3 frames at 4 a second; give a lower fps"):
        frames(video(REDS, rate=4), tmp_path / "v", fps=4)


def test_a_model_that_takes_no_picture_or_more_than_one_takes_no_video(tmp_path: Path) -> None:
    (tmp_path / "v").write_bytes(video(REDS))
    with pytest.raises(InvalidInput, match="no input that is an image"):
        open_table(tmp_path / "v", "mp4", Schema((Field("x", DataType.FLOAT),)))
    with pytest.raises(InvalidInput, match="takes 2 images"):
        open_table(tmp_path / "v", "mp4", Schema((photo("a"), photo("b"))))


@pytest.mark.skipif(not MEDIA.is_dir(), reason="the videos by others are not here")
def test_videos_by_others_are_read_or_refused() -> None:
    bunny = open_table(MEDIA / "small_bunny_1080p_60fps.mp4", "mp4", SCHEMA, {"fps": 0.5})
    chunks = list(bunny.chunks(ChunkSize(100)))
    assert sum(chunk.rows for chunk in chunks) == bunny.rows
    with pytest.raises(InvalidInput, match="no pictures"):
        open_table(MEDIA / "smallest.mp4", "mp4", SCHEMA)
