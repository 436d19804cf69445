"""Saved cases over HTTP: the same as on the page, with pictures as base64."""

import base64
import io
from pathlib import Path

from PIL import Image

from core.platform import Platform
from tests.core.api.conftest import FLOWER, PASSWORD, Api


def test_a_case_is_saved_listed_got_and_deleted(ann: Api, iris_file: Path) -> None:
    ann.upload(iris_file)
    saved = ann.post("model/case/save", modelname="iris", name="small one", input=FLOWER)
    assert ann.http == 201
    assert (saved["name"], saved["version"], saved["author"]) == ("small one", 1, "ann")
    assert saved["output"]["prediction"] == "setosa"
    [listed] = ann.post("model/case/list", modelname="iris")["case"]
    assert {"status": "success", **listed} == saved
    got = ann.post("model/case/get", case=saved["id"])
    assert got == {**saved, "input": FLOWER}
    assert ann.post("model/case/delete", case=saved["id"]) == {"status": "success"}
    assert ann.post("model/case/get", case=saved["id"])["code"] == "case_not_found"
    assert ann.http == 404


def test_a_case_is_compared_with_what_a_version_says_now(ann: Api, iris_file: Path) -> None:
    ann.upload(iris_file)
    case = ann.post("model/case/save", modelname="iris", name="one", input=FLOWER)["id"]
    for version in ("0", "1"):
        now = ann.post("model/case/get", case=case, compare=version)["now"]
        assert (now["version"], now["same"]) == (1, True)
        assert now["output"]["prediction"] == "setosa"
    assert ann.post("model/case/get", case=case, compare="9")["code"] == "version_not_found"


def test_what_is_no_record_is_refused(ann: Api, iris_file: Path) -> None:
    ann.upload(iris_file)
    for given in ([FLOWER], "text", {"sepal_length": 1}):
        answer = ann.post("model/case/save", modelname="iris", name="one", input=given)
        assert (ann.http, answer["code"]) == (422, "invalid_input")
    assert ann.post("model/case/list", modelname="iris")["case"] == []


def test_a_picture_comes_and_goes_as_base64(ann: Api, platform: Platform) -> None:
    caller = platform.accounts.sign_in("ann", PASSWORD)
    assert ann.credentials["user"] == caller.name
    name = platform.samples.add(caller, "digits").model.name
    png = io.BytesIO()
    Image.new("L", (64, 64), 255).save(png, "PNG")
    picture = base64.b64encode(png.getvalue()).decode()
    record = {"image": picture}
    saved = ann.post("model/case/save", modelname=name, name="white", input=record)
    assert ann.http == 201, saved
    assert ann.post("model/case/get", case=saved["id"])["input"] == record
