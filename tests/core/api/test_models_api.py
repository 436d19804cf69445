"""Models over HTTP: I3 to I8, keys and statuses as HTTP.md has them."""

from pathlib import Path

import pytest

from core.files import Staged
from core.platform import Platform
from core.runtimes.inspection import Inspected
from tests.core.api.conftest import CSV, FLOWER, PASSWORD, Api, same_answer

INFO_KEYS = {
    "status",
    "modelname",
    "time",
    "modeltype",
    "algorithm",
    "description",
    "engine",
    "version",
    "versions",
    "input",
    "output",
}


def test_an_uploaded_model_tells_what_it_is(ann: Api, iris_file: Path) -> None:
    answer = ann.upload(iris_file, "Iris 花", description="Flowers.")
    assert ann.http == 201
    assert answer.keys() >= INFO_KEYS
    info = ann.post("model/info", modelname="Iris 花")
    assert info == answer
    assert info["modeltype"] == "classification"
    assert info["algorithm"] == "LogisticRegression"
    assert info["description"] == "Flowers."
    assert [field["name"] for field in info["input"]] == list(FLOWER)
    outputs = {field["name"]: field for field in info["output"]}
    assert {"prediction", "probability_setosa"} <= set(outputs)
    for field in (*info["input"], *info["output"]):
        assert set(field) == {"name", "type", "range", "dimension", "optype"}
        assert all(isinstance(value, str) for value in field.values())


def test_the_list_is_brief_and_shows_what_one_may_see(ann: Api, ben: Api, iris_file: Path) -> None:
    ann.upload(iris_file, "private one")
    ann.upload(iris_file, "shared one", visibility="team")
    seen = ben.post("model/list")["model"]
    assert [line["modelname"] for line in seen] == ["shared one"]
    assert set(seen[0]) == {"modelname", "modeltype", "time", "owner", "version", "visibility"}
    assert len(ann.post("model/list")["model"]) == 2


def test_a_team_model_is_named_with_its_owner_and_changed_by_nobody_else(
    ann: Api, ben: Api, iris_file: Path
) -> None:
    ann.upload(iris_file, "iris", visibility="team")
    assert ben.post("model/info", modelname="iris")["code"] == "model_not_found"
    assert ben.http == 404
    assert ben.post("model/info", modelname="iris", owner="ann")["status"] == "success"
    answer = ben.post("model/update", modelname="iris", owner="ann", description="mine")
    assert (ben.http, answer["code"]) == (403, "not_allowed")
    assert ben.post("model/delete", modelname="iris", owner="ann")["code"] == "not_allowed"
    ann.post("model/update", modelname="iris", visibility="private")
    assert ben.post("model/info", modelname="iris", owner="ann")["code"] == "model_not_found"


def test_a_name_is_taken_once(ann: Api, ben: Api, iris_file: Path) -> None:
    ann.upload(iris_file)
    answer = ann.upload(iris_file, "IRIS")
    assert (ann.http, answer["code"]) == (409, "duplication")
    ben.upload(iris_file)
    assert ben.http == 201


@pytest.mark.parametrize("name", ["a/b", "a\\b", "", "   ", "..", "x" * 300, "tab\there"])
def test_what_cannot_be_a_name_is_refused(ann: Api, iris_file: Path, name: str) -> None:
    answer = ann.upload(iris_file, name)
    assert (ann.http, answer["code"]) == (422, "invalid_input")
    assert answer["message"].endswith(".")


@pytest.mark.parametrize("name", ["模型一", "modèle", "🌷 tulips", 'it\'s "quoted"', "<b>x"])
def test_names_in_any_script_are_fine(ann: Api, iris_file: Path, name: str) -> None:
    ann.upload(iris_file, name)
    assert ann.http == 201
    assert ann.post("model/info", modelname=name)["modelname"] == name


def test_a_new_file_makes_a_new_version_and_the_old_one_stays(ann: Api, iris_file: Path) -> None:
    ann.upload(iris_file)
    with iris_file.open("rb") as file:
        answer = ann.send(
            "model/version", {"file": ("iris.skops", file)}, modelname="iris", notes="again"
        )
    assert (ann.http, answer["version"], answer["versions"]) == (201, 2, 2)
    assert ann.post("model/info", modelname="iris", version="1")["version"] == 1
    assert ann.post("model/info", modelname="iris", version="3")["code"] == "version_not_found"
    assert ann.http == 404


def test_editing_changes_what_was_sent_and_nothing_else(ann: Api, iris_file: Path) -> None:
    ann.upload(iris_file, description="Old.")
    ann.post("model/update", modelname="iris", new_modelname="flowers", modeltype="botany")
    info = ann.post("model/info", modelname="flowers")
    assert (info["description"], info["modeltype"]) == ("Old.", "botany")
    ann.post("model/update", modelname="flowers", description="")
    assert ann.post("model/info", modelname="flowers")["description"] == ""


def test_a_model_is_tested_with_one_record_or_several(ann: Api, iris_file: Path) -> None:
    ann.upload(iris_file)
    one = ann.post("model/test", modelname="iris", input=FLOWER)
    assert one["output"]["prediction"] == "setosa"
    assert one["output"]["probability_setosa"] > 0.9
    assert one["latency_ms"] > 0
    several = ann.post(
        "model/test", modelname="iris", input=[FLOWER, {**FLOWER, "petal_width": "x"}]
    )
    assert several["output"][0] == one["output"]
    assert set(several["output"][1]) == {"error"}
    assert 'petal_width: "x" is not a number' in several["output"][1]["error"]


def test_a_file_gives_the_same_answers_as_records(ann: Api, iris_file: Path) -> None:
    ann.upload(iris_file)
    one = ann.post("model/test", modelname="iris", input=FLOWER)["output"]
    answer = ann.send("model/test", {"input": ("f.csv", CSV)}, modelname="iris", filetype="csv")
    assert same_answer(answer["output"][0], one)
    assert "oops" in answer["output"][1]["error"]
    assert answer["output"][2]["prediction"] == "virginica"


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ("{", "not JSON"),
        ("5", "an object of field names and values"),
        ("[]", "empty list"),
        ('{"sepal_length": 5.1}', "sepal_width is not given"),
        ('{"sepal_length": "tall", "sepal_width": 1, "petal_length": 1, "petal_width": 1}', "tall"),
    ],
)
def test_a_wrong_input_is_explained(ann: Api, iris_file: Path, sent: str, words: str) -> None:
    ann.upload(iris_file)
    answer = ann.post("model/test", modelname="iris", input=sent)
    assert (ann.http, answer["code"]) == (422, "invalid_input")
    assert words in answer["message"]


def test_details_name_field_and_value(ann: Api, iris_file: Path) -> None:
    ann.upload(iris_file)
    answer = ann.post("model/test", modelname="iris", input={**FLOWER, "petal_width": "wide"})
    assert answer["details"] == [
        {"field": "petal_width", "value": '"wide"', "message": answer["message"]}
    ]


@pytest.mark.parametrize(
    ("filetype", "words"),
    [("tiff", "filetype"), ("jpg", "image"), ("mp4base64", "image"), ("zip", "zip")],
)
def test_a_kind_of_input_that_the_model_does_not_take_is_refused(
    ann: Api, iris_file: Path, filetype: str, words: str
) -> None:
    ann.upload(iris_file)
    answer = ann.send("model/test", {"input": ("f", b"x")}, modelname="iris", filetype=filetype)
    assert (ann.http, answer["code"]) == (422, "invalid_input")
    assert words in answer["message"]


def test_a_deleted_model_is_gone(ann: Api, iris_file: Path) -> None:
    ann.upload(iris_file)
    assert ann.post("model/delete", modelname="iris") == {"status": "success"}
    assert ann.post("model/info", modelname="iris")["code"] == "model_not_found"
    ann.upload(iris_file)
    assert ann.http == 201


def test_an_account_deleted_while_its_file_is_opened_leaves_no_model(
    ann: Api, ben: Api, iris_file: Path, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = platform.accounts.sign_in("ann", PASSWORD)
    inspect = platform.models._inspect

    def deleting(staged: Staged) -> Inspected:
        platform.people.delete(admin, "ben")
        return inspect(staged)

    monkeypatch.setattr(platform.models, "_inspect", deleting)
    answer = ben.upload(iris_file)
    assert (ben.http, answer["code"]) == (403, "not_allowed")
    artifacts = (platform.settings.storage / "artifacts").rglob("*")
    assert [path for path in artifacts if path.is_file()] == []
    assert ann.post("model/list")["model"] == []
