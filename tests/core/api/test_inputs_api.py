"""Every kind of file, over HTTP (I9, I16, I17): the same answers from each."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.platform import Platform
from tests.core.api.conftest import Answer, Api
from tests.core.inputs.workbooks import write_workbook

NAMES = ["id", "sepal_length", "sepal_width", "petal_length", "petal_width"]
ROWS: list[list[object]] = [
    ["a", 5.1, 3.5, 1.4, 0.2],
    ["b", "oops", 3.5, 1.4, 0.2],
    ["c", 6.7, 3.0, 5.2, 2.3],
]
RECORDS = [dict(zip(NAMES, row, strict=True)) for row in ROWS]
SERVICE = {"modelname": "iris", "deployment": "live"}


def as_csv(names: list[str]) -> bytes:
    head = ",".join(names)
    return "\n".join([head, *(",".join(map(str, row)) for row in ROWS)]).encode()


def as_text(names: list[str]) -> bytes:
    return "\n".join(",".join(map(str, row[1:])) for row in ROWS).encode()


def as_json(names: list[str]) -> bytes:
    return json.dumps([dict(zip(names, row, strict=True)) for row in ROWS]).encode()


def as_lines(names: list[str]) -> bytes:
    rows = [json.dumps(dict(zip(names, row, strict=True))) for row in ROWS]
    return "\n".join(rows).encode()


def as_workbook(names: list[str]) -> bytes:
    file = io.BytesIO()
    write_workbook(file, {"notes": [["nothing here"]], "flowers": [names, *ROWS]})
    return file.getvalue()


def as_parquet(names: list[str]) -> bytes:
    columns = [pa.array([str(row[at]) for row in ROWS]) for at in range(len(names))]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns, names=names), sink)
    return bytes(sink.getvalue())


KINDS: dict[str, Callable[[list[str]], bytes]] = {
    "csv": as_csv,
    "txt": as_text,
    "none": as_json,
    "jsonl": as_lines,
    "xlsx": as_workbook,
    "parquet": as_parquet,
}
OPTIONS: dict[str, dict[str, object]] = {"xlsx": {"sheet": "flowers"}}


@pytest.fixture
def api(ann: Api, iris_file: Path) -> Api:
    assert ann.upload(iris_file)["status"] == "success"
    assert ann.post("deployment/create", **SERVICE)["status"] == "success"
    return ann


def call(api: Api, path: str, content: bytes, **fields: object) -> Answer:
    answer = api.send(path, {"input": ("file", content)}, **SERVICE, **fields)
    assert answer["status"] == "success", answer
    return answer


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_any_kind_is_answered_at_once_and_as_a_task(
    api: Api, platform: Platform, kind: str
) -> None:
    """I9, I16, I17."""
    expected = api.post("deployment/predict", input=RECORDS, **SERVICE)["output"]
    assert ["error" in each for each in expected] == [False, True, False]
    sent = {"filetype": kind, "options": OPTIONS.get(kind, {})}
    content = KINDS[kind](NAMES)
    assert call(api, "deployment/predict", content, **sent)["output"] == expected
    task = call(api, "deployment/submit", content, **sent)["task"]
    platform.runner.run_until_idle()
    rows = api.post("task/result", task=task)["output"]
    outputs = [{k: v for k, v in row.items() if k not in NAMES} for row in rows]
    assert outputs == expected
    assert [row.get("id") for row in rows] == ([None] * 3 if kind == "txt" else ["a", "b", "c"])


@pytest.mark.parametrize("kind", ["csv", "none", "xlsx", "parquet"])
def test_a_file_without_a_filetype_is_what_its_content_says(api: Api, kind: str) -> None:
    content = KINDS[kind](NAMES)
    options = OPTIONS.get(kind, {})
    answer = call(api, "deployment/predict", content, options=options)
    assert [each.get("prediction") for each in answer["output"]] == ["setosa", None, "virginica"]


def test_columns_go_to_the_inputs_that_the_options_say(api: Api, platform: Platform) -> None:
    """P7: the map is kept with the task, so a retry reads the file the same way."""
    names = ["id", "Sepal Length", "Sepal Width", "Petal Length", "Petal Width"]
    columns = {name.lower().replace(" ", "_"): name for name in names[1:]}
    content = as_csv(names)
    sent = {"filetype": "csv", "options": {"columns": columns}}
    assert len(call(api, "deployment/predict", content, **sent)["output"]) == 3
    task = call(api, "deployment/submit", content, **sent)["task"]
    platform.runner.run_until_idle()
    again = api.post("task/retry", task=task)["task"]
    platform.runner.run_until_idle()
    results = [api.post("task/result", task=each)["output"] for each in (task, again)]
    assert results[0] == results[1]
    assert results[0][0]["sepal_length"] == 5.1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\x1f\x8b\x08", "packed with gzip"),
        (b"\xd0\xcf\x11\xe0", "save it as .xlsx"),
        (b"%PDF-1.7", "a PDF"),
        (b"PAR1", "no whole Parquet"),
        (b"a;b\n1;2\n", "sepal_length is not given"),
    ],
)
def test_a_file_that_is_none_is_refused_with_what_to_do(
    api: Api, content: bytes, sentence: str
) -> None:
    answer = api.send("deployment/predict", {"input": ("file", content)}, **SERVICE)
    assert api.http == 422
    assert sentence in answer["message"]


def test_options_that_a_kind_does_not_know_are_named(api: Api) -> None:
    fields = {"filetype": "csv", "options": {"sheet": "A"}, **SERVICE}
    answer = api.send("deployment/predict", {"input": ("f", b"a")}, **fields)
    assert 'no option "sheet"; there are encoding, delimiter and columns' in answer["message"]
