"""A kind for each input: files and values joined row by row (I8, I9, I16, I17)."""

import base64
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from core.platform import Platform
from tests.core.api.conftest import Api, Sent
from tests.core.inputs.media import video, zipped
from tests.core.runtimes.onnx_models import FLOAT, model, node, tensor, write

Files = dict[str, tuple[str, Sent]]
REDS = [0, 100, 200]


def png(red: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (20, 10), (red, 0, 0)).save(file, "PNG")
    return file.getvalue()


PICTURES = zipped({f"{red}.png": png(red) for red in REDS})
VIDEO = video(REDS, rate=1)


@pytest.fixture
def mixed(ann: Api, tmp_path: Path) -> Api:
    """A caller with a model that gives the means of a picture and the number beside it."""
    made = model(
        [
            node("ReduceMean", ["photo"], ["mean"], axes=[2, 3], keepdims=0),
            node("Identity", ["age"], ["years"]),
        ],
        [tensor("photo", FLOAT, ["N", 3, 8, 8]), tensor("age", FLOAT, ["N", 1])],
        [tensor("mean", FLOAT, ["N", 3]), tensor("years", FLOAT, ["N", 1])],
    )
    assert ann.upload(write(made, tmp_path / "mixed.onnx"), "mixed")["status"] == "success"
    ann.post("deployment/create", modelname="mixed", deployment="live")
    return ann


def sent(api: Api, path: str, files: dict[str, bytes], **fields: object) -> dict[str, Any]:
    parts: Files = {f"inputfile_{name}": (name, content) for name, content in files.items()}
    return api.send(path, parts, modelname="mixed", deployment="live", **fields)


def answers(output: list[dict[str, Any]]) -> list[tuple[int, float]]:
    return [(round(each["mean_0"] * 255 / 10) * 10, each["prediction"]) for each in output]


CASES: dict[str, tuple[dict[str, str], dict[str, bytes], dict[str, object]]] = {
    "zip and csv": ({"photo": "zip", "age": "csv"}, {"age": b"age\n1\n2\n3\n"}, {}),
    "zip and txt": ({"photo": "zip", "age": "txt"}, {"age": b"1\n2\n3\n"}, {}),
    "video and txt": ({"photo": "mp4", "age": "txt"}, {"age": b"1\n2\n3\n"}, {}),
    "video as base64 and values": (
        {"photo": "mp4base64", "age": "none"},
        {},
        {"age": [1, 2, 3], "photo": base64.b64encode(VIDEO).decode()},
    ),
    "zip and values": ({"photo": "zip"}, {}, {"age": [1, "2", 3]}),
}


@pytest.mark.parametrize("case", CASES)
def test_the_rows_of_each_input_are_joined(mixed: Api, platform: Platform, case: str) -> None:
    kinds, files, values = CASES[case]
    media = {"zip": PICTURES, "mp4": VIDEO}.get(kinds["photo"])
    files = {**files, "photo": media} if media else files
    asked = {"filetype": kinds, "input": values}
    wanted = [(0, 1), (100, 2), (200, 3)]
    assert answers(sent(mixed, "deployment/predict", files, **asked)["output"]) == wanted
    task = sent(mixed, "deployment/submit", files, **asked)["task"]
    platform.runner.run_until_idle()
    assert answers(mixed.post("task/result", task=task)["output"]) == wanted


def test_one_row_goes_with_every_row_of_the_others(mixed: Api) -> None:
    found = sent(
        mixed, "deployment/predict", {"photo": VIDEO}, filetype={"photo": "mp4"}, input={"age": 7}
    )
    assert answers(found["output"]) == [(0, 7), (100, 7), (200, 7)]
    files = {"photo": png(200), "age": b"1\n2\n"}
    found = sent(mixed, "deployment/predict", files, filetype={"photo": "jpg", "age": "txt"})
    assert answers(found["output"]) == [(200, 1), (200, 2)]


def test_numbers_of_rows_that_differ_are_named(mixed: Api, platform: Platform) -> None:
    files = {"photo": VIDEO, "age": b"1\n2\n"}
    asked: dict[str, object] = {"filetype": {"photo": "mp4", "age": "txt"}}
    answer = sent(mixed, "deployment/predict", files, **asked)
    assert (mixed.http, answer["code"]) == (422, "invalid_input")
    assert "age has 2 rows and photo 3; give as many" in answer["message"]
    task = sent(mixed, "deployment/submit", files, **asked)["task"]
    platform.runner.run_until_idle()
    state = mixed.post("task/status", task=task)
    assert state["state"] == "failed"
    assert "age has 2 rows and photo 3" in state["message"]


def test_a_bad_row_keeps_its_place_and_its_words(mixed: Api, platform: Platform) -> None:
    files = {"photo": PICTURES, "age": b"age,note\n1,a\nold,b\n3,c\n"}
    asked: dict[str, object] = {"filetype": {"photo": "zip", "age": "csv"}}
    task = sent(mixed, "deployment/submit", files, **asked)["task"]
    platform.runner.run_until_idle()
    first, bad, last = mixed.post("task/result", task=task)["output"]
    assert (first["age"], first["age_note"], first["photo_member"]) == (1, "a", "0.png")
    assert (bad["age"], bad["age_note"]) == ("old", "b")
    assert "old" in bad["error"]
    assert last["prediction"] == 3
    ann = platform.accounts.sign_in("ann", "correct horse")
    [picture] = platform.jobs.thumbnails(ann, task, [3])["photo"]
    assert picture is not None


def test_one_record_of_a_task_is_a_list_of_one(mixed: Api, platform: Platform) -> None:
    asked: dict[str, object] = {"filetype": {"photo": "jpg"}, "input": {"age": 4}}
    answer = sent(mixed, "deployment/predict", {"photo": png(100)}, **asked)
    assert answer["output"]["prediction"] == 4
    task = sent(mixed, "deployment/submit", {"photo": png(100)}, **asked)["task"]
    platform.runner.run_until_idle()
    assert answers(mixed.post("task/result", task=task)["output"]) == [(100, 4)]


@pytest.mark.parametrize(
    ("kinds", "files", "words"),
    [
        ({"photo": "mp4", "age": "txt"}, {"photo": b"no", "age": b"1"}, "photo: This is no MP4"),
        ({"photo": "jpg", "age": "txt"}, {"photo": b"GIF89a", "age": b"1"}, "photo: this is a GIF"),
        ({"photo": "zip", "age": "csv"}, {"photo": PICTURES, "age": b"years\n1\n"}, "age"),
        ({"photo": "zip"}, {"photo": PICTURES}, "age is not given"),
        ({"age": "mp4"}, {"age": VIDEO}, "age: "),
        ({"eyes": "csv"}, {"eyes": b"eyes\n1\n"}, "no input eyes"),
    ],
)
@pytest.mark.parametrize("path", ["predict", "submit"])
def test_what_does_not_fit_is_explained_at_once(
    mixed: Api, path: str, kinds: dict[str, str], files: dict[str, bytes], words: str
) -> None:
    answer = sent(mixed, f"deployment/{path}", files, filetype=kinds)
    assert (mixed.http, answer["code"]) == (422, "invalid_input")
    assert words in answer["message"]


def test_no_file_remains(mixed: Api, platform: Platform) -> None:
    files = {"photo": VIDEO, "age": b"1\n2\n3\n"}
    sent(mixed, "deployment/predict", files, filetype={"photo": "mp4", "age": "txt"})
    assert list((platform.settings.storage / "incoming").iterdir()) == []
