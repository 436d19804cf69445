"""Pictures and videos on the page of a task (P8)."""

import base64
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import onnx
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.db.tables import utc_now
from core.errors import InvalidInput, NotFound
from core.platform import Platform
from core.services.accounts import Caller
from core.services.job_media import MOST_THUMBNAILS, THUMBNAIL_SIDE, Frame, Run, VideoTrack
from core.services.job_views import TaskView
from core.services.model_views import ModelView
from tests.core.inputs.media import png, video, zipped
from tests.core.runtimes.onnx_models import FLOAT, STRING, ml_node, model, node, tensor, write
from tests.pages.conftest import add_model, ran, texts, visit

PAGE = "pages/tasks.py"


def colour_classifier() -> onnx.ModelProto:
    """Return a model that calls a picture red or dark."""
    nodes = [
        node("ReduceMean", ["photo"], ["means"], axes=[2, 3], keepdims=0),
        ml_node(
            "LinearClassifier",
            ["means"],
            ["label", "scores"],
            coefficients=[-1.0, 0.0, 0.0, 1.0, 0.0, 0.0],
            intercepts=[0.0, 0.0],
            post_transform="SOFTMAX",
            classlabels_strings=["dark", "red"],
        ),
    ]
    outputs = [tensor("label", STRING, ["N"]), tensor("scores", FLOAT, ["N", 2])]
    return model(nodes, [tensor("photo", FLOAT, ["N", 3, 8, 8])], outputs)


@pytest.fixture
def labels(platform: Platform, ann: Caller, tmp_path: Path) -> ModelView:
    file = write(colour_classifier(), tmp_path / "labels.onnx")
    return add_model(platform, ann, file, "Labels")


@pytest.fixture
def means(platform: Platform, ann: Caller, tmp_path: Path) -> ModelView:
    """A model that gives numbers: the mean of each channel."""
    made = model(
        [node("ReduceMean", ["photo"], ["mean"], axes=[2, 3], keepdims=0)],
        [tensor("photo", FLOAT, ["N", 3, 8, 8])],
        [tensor("mean", FLOAT, ["N", 3])],
    )
    return add_model(platform, ann, write(made, tmp_path / "means.onnx"), "Means")


def finished(
    platform: Platform, caller: Caller, view: ModelView, content: bytes, kind: str
) -> TaskView:
    version = platform.models.get_by_id(caller, view.id)
    staged = platform.files.stage(io.BytesIO(content), f"rows.{kind}", 1 << 24)
    task = platform.jobs.submit(caller, version, staged, kind=kind)
    platform.runner.run_until_idle()
    return platform.jobs.get(caller, task.id)


def shown(app: AppTest) -> list[Any]:
    """Return the pictures of the table of rows; None where a row has none."""
    return [
        opened(base64.b64decode(address.partition(",")[2])) if isinstance(address, str) else None
        for address in app.dataframe[0].value["photo"]
    ]


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content)).convert("RGB")


def large(red: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (1200, 600), (red, 0, 0)).save(file, "JPEG")
    return file.getvalue()


ZIP = zipped({"a/red.png": png(220), "notes.txt": "1,2", "b.png": png(9)[:50], "c.jpg": large(3)})


def test_the_rows_of_a_zip_have_their_pictures_beside_the_answers(
    platform: Platform, ann: Caller, labels: ModelView
) -> None:
    task = finished(platform, ann, labels, ZIP, "zip")
    app = visit(ann, PAGE, task=task.id)
    assert not app.exception
    table = app.dataframe[0].value
    assert list(table.columns[:2]) == ["photo", "member"]
    assert list(table["prediction"].fillna("-")) == ["red", "-", "-", "dark"]
    red, notes, broken, dark = shown(app)
    assert (notes, broken) == (None, None)
    assert "cut off" in table["error"].iloc[2]
    assert red.getpixel((5, 5))[0] == pytest.approx(220, abs=3)
    assert dark.size == (THUMBNAIL_SIDE, THUMBNAIL_SIDE // 2)


def test_rows_of_pictures_are_not_sent_again_without_their_pictures(
    platform: Platform, ann: Caller, labels: ModelView
) -> None:
    task = finished(platform, ann, labels, ZIP, "zip")
    with pytest.raises(InvalidInput, match="retry the whole task"):
        platform.jobs.retry(ann, task.id, only_failed=True)


def test_pictures_follow_the_order_and_the_filter_of_the_rows(
    platform: Platform, ann: Caller, labels: ModelView
) -> None:
    content = zipped({f"{red:03}.png": png(red) for red in (10, 200, 120)})
    task = finished(platform, ann, labels, content, "zip")
    app = visit(ann, PAGE, task=task.id)
    app.selectbox(key="tasks_rows_sort").set_value("member")
    app = ran(app)
    app.toggle(key="tasks_rows_down").set_value(True)
    reds = [each.getpixel((5, 5))[0] for each in shown(ran(app))]
    assert reds == pytest.approx([200, 120, 10], abs=3)


def test_a_page_of_pictures_is_short_and_only_its_own_are_made(
    platform: Platform, ann: Caller, labels: ModelView
) -> None:
    content = zipped({f"{at:03}.png": png(at) for at in range(30)})
    task = finished(platform, ann, labels, content, "zip")
    app = visit(ann, PAGE, task=task.id)
    assert len(shown(app)) == 24
    app.pagination(key="tasks_rows_page").set_value(2)
    assert len(shown(ran(app))) == 6
    with pytest.raises(InvalidInput, match="At most 100"):
        platform.jobs.thumbnails(ann, task.id, range(1, MOST_THUMBNAILS + 2))
    with pytest.raises(InvalidInput, match="from 1 to 30"):
        platform.jobs.thumbnails(ann, task.id, [31])


def test_a_picture_alone_is_shown_too(platform: Platform, ann: Caller, labels: ModelView) -> None:
    task = finished(platform, ann, labels, large(250), "jpg")
    [picture] = shown(visit(ann, PAGE, task=task.id))
    assert picture.size == (THUMBNAIL_SIDE, THUMBNAIL_SIDE // 2)


def test_a_video_has_its_frames_and_a_timeline_of_labels(
    platform: Platform, ann: Caller, labels: ModelView
) -> None:
    task = finished(platform, ann, labels, video([0, 0, 230, 230, 0], rate=1), "mp4")
    app = visit(ann, PAGE, task=task.id)
    assert len(shown(app)) == 5
    assert "5 frames, 0.0 to 4.0 s" in texts(app)
    track = platform.jobs.video_track(ann, task.id)
    assert track is not None
    assert [(run.start, run.end, run.label, run.frames) for run in track.runs()] == [
        (0, 2, "dark", 2),
        (2, 4, "red", 2),
        (4, 5, "dark", 1),
    ]


def test_a_number_over_the_time_of_a_video_is_a_line(
    platform: Platform, ann: Caller, means: ModelView
) -> None:
    task = finished(platform, ann, means, video([0, 255], rate=1), "mp4")
    assert "mean\\_0** over time" in texts(visit(ann, PAGE, task=task.id))
    track = platform.jobs.video_track(ann, task.id)
    assert track is not None
    assert track.is_number
    assert [each.at for each in track.frames] == [0, 1]
    assert [each.value for each in track.frames] == pytest.approx([0, 1], abs=0.02)


def test_the_videos_of_a_zip_are_chosen_from(
    platform: Platform, ann: Caller, labels: ModelView
) -> None:
    content = zipped(
        {"a.png": png(1), "one.mp4": video([0], rate=1), 'zwei "2".mp4': video([0, 240], rate=1)}
    )
    task = finished(platform, ann, labels, content, "zip")
    app = visit(ann, PAGE, task=task.id)
    assert app.selectbox(key="tasks_video").options == ["one.mp4", 'zwei "2".mp4']
    assert "one.mp4 1 frame" in texts(app)
    app.selectbox(key="tasks_video").set_value('zwei "2".mp4')
    assert "2 frames, 0.0 to 1.0 s" in texts(ran(app))
    with pytest.raises(InvalidInput, match='no video "three"'):
        platform.jobs.video_track(ann, task.id, "three")


def test_a_frame_that_was_not_scored_is_a_run_of_its_own() -> None:
    frames = (Frame(0, "a"), Frame(0.5, None, "no"), Frame(1.0, "a"))
    assert VideoTrack("prediction", False, frames).runs() == [
        Run(0, 0.5, "a", 1),
        Run(0.5, 1.0, "not scored", 1, is_error=True),
        Run(1.0, 1.5, "a", 1),
    ]


def test_once_the_files_are_removed_a_sentence_says_so(
    platform: Platform, ann: Caller, labels: ModelView, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = finished(platform, ann, labels, video([0, 1], rate=1), "mp4")
    later = utc_now() + timedelta(days=31)
    monkeypatch.setattr(platform.retention, "_now", lambda: later)
    assert platform.retention.sweep() == 1
    app = visit(ann, PAGE, task=task.id)
    assert "The files were removed" in texts(app)
    assert not app.dataframe
    for ask in (platform.jobs.video_track, lambda c, t: platform.jobs.thumbnails(c, t, [1])):
        with pytest.raises(NotFound, match="were removed"):
            ask(ann, task.id)


def test_a_task_of_a_table_has_neither(platform: Platform, ann: Caller, iris: ModelView) -> None:
    table = b"sepal_length,sepal_width,petal_length,petal_width\n5.1,3.5,1.4,0.2\n"
    task = finished(platform, ann, iris, table, "csv")
    assert platform.jobs.thumbnails(ann, task.id, [1]) == {}
    assert platform.jobs.video_track(ann, task.id) is None
