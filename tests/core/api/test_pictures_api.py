"""Pictures over HTTP: I8, I9, I16 to I19 for models whose input is an image."""

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from PIL import Image

from core.image_recipe import RAW, UNIT, Colour, preset
from core.platform import Platform
from tests.core.api.conftest import Api, Sent
from tests.core.inputs.media import video, zipped
from tests.core.runtimes.onnx_models import FLOAT, model, node, tensor, write

MATERIAL = Path(__file__).resolve().parents[4] / "shared" / "material"
needs_material = pytest.mark.skipif(
    not MATERIAL.is_dir(), reason="The model files by others are not beside this project."
)
RED = (200, 10, 20)
MEANS = {f"mean_{at}": pytest.approx(channel / 255) for at, channel in enumerate(RED)}


def encoded(colour: tuple[int, int, int] = RED, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (20, 10), colour).save(file, kind, quality=100)
    return file.getvalue()


PNG = encoded()
PNG64 = base64.b64encode(PNG).decode()


def means(*names: str) -> onnx.ModelProto:
    """Return a model that gives, for each of its pictures, the mean of each channel."""
    nodes, inputs, outputs = [], [], []
    for name in names:
        out = f"mean_{name}" if len(names) > 1 else "mean"
        nodes.append(node("ReduceMean", [name], [out], axes=[2, 3], keepdims=0))
        inputs.append(tensor(name, FLOAT, ["N", 3, 8, 8]))
        outputs.append(tensor(out, FLOAT, ["N", 3]))
    return model(nodes, inputs, outputs)


@pytest.fixture
def colours(ann: Api, tmp_path: Path) -> Api:
    """A caller with the model `colours`, deployed as `live`."""
    assert ann.upload(write(means("photo"), tmp_path / "colours.onnx"), "colours")["status"]
    ann.post("deployment/create", modelname="colours", deployment="live")
    return ann


def sent(api: Api, path: str, content: bytes, **fields: object) -> dict[str, Any]:
    file = {"input": ("photo.jpg", content)}
    return api.send(path, file, modelname="colours", filetype="jpg", **fields)


def test_a_picture_is_scored_as_one_record(colours: Api) -> None:
    assert sent(colours, "model/test", PNG)["output"] == MEANS
    assert sent(colours, "deployment/predict", PNG, deployment="live")["output"] == MEANS
    jpeg = sent(colours, "model/test", encoded(kind="JPEG"))["output"]
    assert jpeg["mean_0"] == pytest.approx(200 / 255, abs=0.01)


@pytest.mark.parametrize(
    "text",
    [
        PNG64,
        f"data:image/png;base64,{PNG64}",
        PNG64.replace("+", " "),
        f"{PNG64[:40]}\n{PNG64[40:]}",
    ],
    ids=["plain", "data URL", "spaces for plus", "lines"],
)
def test_a_picture_may_come_as_base64(colours: Api, text: str) -> None:
    asked = {"modelname": "colours", "filetype": "jpgbase64", "input": text}
    assert colours.post("model/test", **asked)["output"] == MEANS
    called = colours.post("deployment/predict", deployment="live", **asked)
    assert called["output"] == MEANS


def test_the_same_picture_gives_the_same_answer_as_its_numbers(colours: Api) -> None:
    pixels = np.asarray(Image.open(io.BytesIO(PNG)).resize((8, 8)), np.float64) / 255
    record = {"photo": np.moveaxis(pixels, -1, 0).tolist()}
    numbers = colours.post("model/test", modelname="colours", input=record)
    assert numbers["output"] == sent(colours, "model/test", PNG)["output"]


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"GIF89a", "a GIF"), (PNG[:50], "damaged"), (b"hello", "no picture"), (b"", "empty")],
)
def test_what_is_no_picture_is_refused_with_the_field(
    colours: Api, content: bytes, words: str
) -> None:
    answer = sent(colours, "deployment/predict", content, deployment="live")
    assert (colours.http, answer["code"]) == (422, "invalid_input")
    assert words in answer["message"]
    assert answer["details"] == [{"field": "photo", "message": answer["message"]}]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"filetype": "jpg"}, "form field input, with a file name"),
        ({"filetype": "jpgbase64"}, "as base64 in input"),
        ({"filetype": "jpgbase64", "input": "%%%"}, "input is not base64"),
        ({"filetype": "mp4base64", "input": "AAAA"}, "no MP4 video"),
        ({"filetype": '{"photo": "jpg"}'}, "inputfile_photo"),
        ({"filetype": '{"photo": "gif"}'}, "filetype of photo is gif"),
        ({"filetype": '{"photo": "zip"}'}, "the file in the form field inputfile_photo"),
        ({"filetype": '{"eyes": "jpgbase64"}', "input": f'{{"eyes": "{PNG64}"}}'}, "no input eyes"),
        ({"filetype": '{"photo": '}, "filetype is not JSON"),
        ({"filetype": "{}", "input": "[1]"}, "input must be one"),
    ],
)
def test_a_form_that_holds_no_picture_is_explained(
    colours: Api, fields: dict[str, object], words: str
) -> None:
    answer = colours.post("model/test", modelname="colours", **fields)
    assert (colours.http, answer["code"]) == (422, "invalid_input")
    assert words in answer["message"]


def test_each_input_may_be_of_its_own_kind(ann: Api, tmp_path: Path) -> None:
    ann.upload(write(means("left", "right"), tmp_path / "two.onnx"), "two")
    blue = base64.b64encode(encoded((0, 0, 255))).decode()
    answer = ann.send(
        "model/test",
        {"inputfile_left": ("l.png", PNG)},
        modelname="two",
        filetype={"left": "jpg", "right": "jpgbase64"},
        input={"right": blue},
    )
    assert answer["output"]["mean_left_0"] == pytest.approx(200 / 255)
    assert [answer["output"][f"mean_right_{at}"] for at in range(3)] == [0, 0, 1]
    answer = ann.send("model/test", {"input": ("l.png", PNG)}, modelname="two", filetype="jpg")
    assert "takes 2 images (left, right)" in answer["message"]


@pytest.mark.parametrize("filetype", ["jpg", "jpgbase64"])
def test_a_task_scores_a_picture(colours: Api, platform: Platform, filetype: str) -> None:
    asked: dict[str, object] = {"modelname": "colours", "deployment": "live", "filetype": filetype}
    if filetype == "jpg":
        task = colours.send("deployment/submit", {"input": ("photo.jpg", PNG)}, **asked)
    else:
        task = colours.post("deployment/submit", input=PNG64, **asked)
    assert colours.http == 202
    platform.runner.run_until_idle()
    result = colours.post("task/result", task=task["task"])
    assert (result["output"], result["total"]) == ([MEANS], 1)
    assert colours.post("task/list")["total"] == 1


def test_a_task_refuses_what_is_no_picture_at_once(colours: Api) -> None:
    answer = sent(colours, "deployment/submit", b"hello", deployment="live")
    assert (colours.http, answer["code"]) == (422, "invalid_input")
    assert colours.post("task/list")["total"] == 0


def test_a_changed_recipe_counts_for_the_next_call(colours: Api, platform: Platform) -> None:
    ann = platform.accounts.sign_in("ann", "correct horse")
    view = platform.models.get(ann, "colours")
    recipe = view.info.inputs[0].image
    assert recipe is not None
    assert (recipe.guessed, recipe.preset) == (True, UNIT)
    raw = preset(RAW, Colour.BGR)
    changed = type(recipe)(
        recipe.layout, Colour.BGR, 8, 8, scale=raw.scale, mean=raw.mean, deviation=raw.deviation
    )
    platform.models.set_image(ann, view.model.id, 0, changed)
    answer = sent(colours, "deployment/predict", PNG, deployment="live")
    assert list(answer["output"].values()) == [20, 10, 200]
    platform.models.set_image(ann, view.model.id, 0, None)
    answer = sent(colours, "deployment/predict", PNG, deployment="live")
    assert "no input that is an image" in answer["message"]


@needs_material
@pytest.mark.parametrize("digit", [6, 7])
def test_a_digit_by_others_is_recognised_from_its_picture(ann: Api, digit: int) -> None:
    ann.upload(MATERIAL / "onnx/mnist-ai-serving/mnist.onnx", "mnist")
    picture = (MATERIAL / f"media/digit_{digit}.jpg").read_bytes()
    answer = ann.send(
        "model/test", {"input": ("d.jpg", picture)}, modelname="mnist", filetype="jpg"
    )
    assert answer["output"]["prediction"] == digit


@needs_material
@pytest.mark.parametrize("case", [0, 1])
def test_a_digit_given_as_a_picture_scores_as_its_makers_expect(
    ann: Api, tmp_path: Path, case: int
) -> None:
    folder = MATERIAL / "onnx/mnist-ai-serving"
    ann.upload(folder / "mnist.onnx", "mnist")
    pixels, expected = (
        numpy_helper.to_array(onnx.load_tensor(str(folder / f"mnist_{what}_{case}.pb")))
        for what in ("input", "output")
    )
    assert np.array_equal(pixels, np.rint(pixels))
    path = tmp_path / "digit.png"
    Image.fromarray(pixels[0, 0].astype(np.uint8)).save(path)
    answer = ann.send(
        "model/test", {"input": ("d.png", path.read_bytes())}, modelname="mnist", filetype="jpg"
    )
    scores = [answer["output"][f"score_{at}"] for at in range(10)]
    assert scores == pytest.approx(expected[0].tolist(), rel=1e-4, abs=0.01)


@needs_material
@pytest.mark.parametrize("name", ["light_squeezenet", "light_resnet50"])
@pytest.mark.parametrize("photo", ["cat_224", "grace_hopper", "smallest", "digit_6"])
def test_photos_of_every_size_are_taken_by_classifiers(ann: Api, name: str, photo: str) -> None:
    ann.upload(MATERIAL / f"onnx/onnx-light/{name}.onnx", name)
    content = (MATERIAL / f"media/{photo}.jpg").read_bytes()
    answer = ann.send("model/test", {"input": ("p.jpg", content)}, modelname=name, filetype="jpg")
    assert len(answer["output"]) == 1001
    assert answer["output"]["probability_7"] == pytest.approx(0.001)


@needs_material
def test_a_picture_may_become_a_picture(ann: Api) -> None:
    ann.upload(MATERIAL / "onnx/image/upsample_nhwc.onnx", "larger")
    content = (MATERIAL / "media/digit_6.jpg").read_bytes()
    answer = ann.send(
        "model/test", {"input": ("p.jpg", content)}, modelname="larger", filetype="jpg"
    )
    [output] = answer["output"].values()
    shape = np.asarray(output).shape
    assert shape[-1] == 3
    assert shape[0] > 28
    json.dumps(answer)


ZIP = zipped({"猫/red.png": PNG, "notes.txt": b"1,2,3", "blue.jpg": encoded((0, 0, 255), "JPEG")})


def test_a_zip_of_pictures_is_scored_at_once(colours: Api) -> None:
    """I9, I16."""
    answer = colours.send("model/test", {"input": ("p.zip", ZIP)}, modelname="colours")
    red, notes, blue = answer["output"]
    assert red == MEANS
    assert list(notes) == ["error"]
    assert blue["mean_2"] == pytest.approx(1, abs=0.02)


def test_a_task_says_which_member_each_row_came_from(colours: Api, platform: Platform) -> None:
    """I9, I17, I19."""
    asked = {"modelname": "colours", "deployment": "live", "filetype": "zip"}
    task = colours.send("deployment/submit", {"input": ("p.zip", ZIP)}, **asked)["task"]
    platform.runner.run_until_idle()
    state = colours.post("task/status", task=task)
    assert (state["state"], state["rows_total"], state["rows_failed"]) == ("succeeded", 3, 1)
    red, notes, blue = colours.post("task/result", task=task)["output"]
    assert red == {"member": "猫/red.png", **MEANS}
    assert list(notes) == ["member", "error"]
    assert blue["member"] == "blue.jpg"
    fields = {**colours.credentials, "task": task, "format": "csv"}
    table = colours.client.post("/api/task/result", data=fields).text
    assert '"猫/red.png"' in table.splitlines()[1]


@pytest.mark.parametrize("filetype", ["mp4", "mp4base64"])
def test_a_video_is_scored_frame_by_frame(colours: Api, platform: Platform, filetype: str) -> None:
    """I9, I16, I17: the caller chooses the rate, and the result has the times."""
    content = video([0, 100, 200], rate=2)
    asked: dict[str, object] = {"filetype": filetype, "options": {"fps": 2}, "deployment": "live"}
    file: dict[str, tuple[str, Sent]] = {"input": ("v.mp4", content)}
    if filetype == "mp4base64":
        asked["input"] = base64.b64encode(content).decode()
        file = {}
    answer = colours.send("deployment/predict", file, modelname="colours", **asked)
    reds = [each["mean_0"] * 255 for each in answer["output"]]
    assert reds == pytest.approx([0, 100, 200], abs=4)
    task = colours.send("deployment/submit", file, modelname="colours", **asked)["task"]
    platform.runner.run_until_idle()
    rows = colours.post("task/result", task=task)["output"]
    assert [row["time"] for row in rows] == [0, 0.5, 1]
    assert [row["mean_0"] * 255 for row in rows] == reds


def test_a_hostile_zip_is_refused_before_there_is_a_task(colours: Api, platform: Platform) -> None:
    asked = {"modelname": "colours", "deployment": "live"}
    file: dict[str, tuple[str, Sent]] = {"input": ("p.zip", zipped({"../a.png": PNG}))}
    answer = colours.send("deployment/submit", file, **asked)
    assert (colours.http, "leads out" in answer["message"]) == (422, True)
    assert colours.post("task/list")["total"] == 0
    assert list((platform.settings.storage / "jobs").iterdir()) == []
