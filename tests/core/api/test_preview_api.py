"""A look at a file before it is scored, over HTTP (P7, I17)."""

from pathlib import Path

import pytest

from core.platform import Platform
from tests.core.api.conftest import Answer, Api
from tests.core.api.test_inputs_api import KINDS, NAMES, OPTIONS, SERVICE
from tests.core.inputs.media import zipped

HEADERS = ["id", "Sepal Length", "sepal_width (cm)", "PetalLength", "breadth"]


@pytest.fixture
def api(ann: Api, iris_file: Path) -> Api:
    assert ann.upload(iris_file, visibility="team")["status"] == "success"
    assert ann.post("deployment/create", **SERVICE)["status"] == "success"
    return ann


def look(api: Api, content: bytes, **fields: object) -> Answer:
    answer = api.send("deployment/preview", {"input": ("f", content)}, **SERVICE, **fields)
    assert answer["status"] == "success", answer
    return answer


@pytest.mark.parametrize("kind", KINDS)
def test_a_preview_tries_the_first_rows_and_lists_what_is_wrong(api: Api, kind: str) -> None:
    seen = look(api, KINDS[kind](NAMES), filetype=kind, options=OPTIONS.get(kind, {}))
    assert [each.get("prediction") for each in seen["output"]] == ["setosa", None, "virginica"]
    assert [each["sepal_length"] for each in seen["input"]] == [5.1, "oops", 6.7]
    (problem,) = seen["problem"]
    assert (problem["row"], problem["field"]) == (2, "sepal_length")
    assert "is not a number" in problem["message"]
    assert seen["columns"] == {}


def test_what_was_found_out_is_told(api: Api) -> None:
    content = KINDS["csv"](NAMES).replace(b",", b";").decode().encode("utf-16")
    seen = look(api, content)
    assert (seen["kind"], seen["rows"]) == ("csv", 3)
    assert seen["found"] == {"encoding": "utf-16", "delimiter": "semicolon"}
    book = look(api, KINDS["xlsx"](NAMES), options=OPTIONS["xlsx"])
    assert book["found"] == {"sheet": "flowers", "sheets": "notes, flowers"}


def test_columns_that_seem_to_be_meant_are_suggested_and_the_others_asked_for(api: Api) -> None:
    seen = look(api, KINDS["csv"](HEADERS))
    how = {each["field"]: (each["column"], each["how"]) for each in seen["column"]}
    assert how == {
        "sepal_length": ("Sepal Length", "same but for spelling"),
        "sepal_width": ("sepal_width (cm)", "nearly the same"),
        "petal_length": ("PetalLength", "same but for spelling"),
        "petal_width": (None, "no column"),
    }
    assert seen["output"] == []
    assert [problem["field"] for problem in seen["problem"]] == ["petal_width"]
    columns = {**seen["columns"], "petal_width": "breadth"}
    full = look(api, KINDS["csv"](HEADERS), options={"columns": columns})
    assert full["columns"] == columns
    assert [each.get("prediction") for each in full["output"]] == ["setosa", None, "virginica"]


def test_a_preview_is_no_call_and_leaves_nothing(api: Api, platform: Platform) -> None:
    look(api, KINDS["csv"](NAMES))
    look(api, KINDS["none"](NAMES))
    assert api.post("deployment/status", **SERVICE)["calls"] == 0
    assert list((platform.settings.storage / "incoming").iterdir()) == []
    assert list((platform.settings.storage / "jobs").iterdir()) == []


def test_no_more_than_twenty_rows_are_tried(api: Api) -> None:
    flowers = b"".join(b"5,3,1,0.2\n" for _ in range(100))
    seen = look(api, b"sepal_length,sepal_width,petal_length,petal_width\n" + flowers)
    assert (len(seen["output"]), seen["rows"]) == (20, 100)


def test_a_zip_shows_the_columns_of_its_first_table(api: Api) -> None:
    content = zipped({"a/one.csv": KINDS["csv"](HEADERS), "b.csv": KINDS["csv"](HEADERS)})
    columns = {"petal_width": "breadth"}
    seen = look(api, content, options={"columns": columns})
    assert seen["columns"] == {
        "sepal_length": "Sepal Length",
        "sepal_width": "sepal_width (cm)",
        "petal_length": "PetalLength",
        "petal_width": "breadth",
    }
    assert [each["member"] for each in seen["input"]] == ["a/one.csv"] * 3 + ["b.csv"] * 3
    assert [problem["row"] for problem in seen["problem"]] == [2, 5]


def test_columns_chosen_before_are_taken_again(api: Api, platform: Platform) -> None:
    caller = platform.accounts.sign_in("ann", api.credentials["password"])
    model_id = platform.models.get(caller, "iris").model.id
    columns = dict(zip(NAMES[1:], HEADERS[1:], strict=True))
    platform.column_maps.remember(caller, model_id, HEADERS, columns)
    seen = look(api, KINDS["csv"](HEADERS))
    assert {each["how"] for each in seen["column"]} == {"remembered"}
    assert len(seen["output"]) == 3


def test_json_records_without_a_file_are_looked_at_as_well(api: Api) -> None:
    record = {"sepal_length": 1, "sepal_width": 1, "petal_length": 1, "petal_width": "x"}
    seen = api.post("deployment/preview", input=[record], **SERVICE)
    assert [problem["field"] for problem in seen["problem"]] == ["petal_width"]


def test_who_may_not_see_the_model_sees_no_preview(api: Api, ben: Api, platform: Platform) -> None:
    assert api.post("model/update", modelname="iris", visibility="private")["status"] == "success"
    answer = ben.send("deployment/preview", {"input": ("f", b"a")}, **SERVICE, owner="ann")
    assert answer["code"] == "model_not_found"
