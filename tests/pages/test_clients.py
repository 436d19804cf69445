"""The calls that the pages write down, run as users run them, and quoted whatever the names are."""

import ast
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pytest
import skops.io
from PIL import Image
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

from core.platform import open_platform
from core.schema import DataType, Field
from core.settings import Settings
from pages.components.clients import curl, javascript, power_query, python, r
from pages.components.clients.example import (
    INFER_FILE,
    INPUT_FILE,
    INVOCATION_FILE,
    PICTURE_FILE,
    Example,
    as_json,
    infer_body,
    invocation_body,
)
from tests.core.runtimes.onnx_models import FLOAT, model, node, tensor, write
from tests.core.services.conftest import info
from tests.pages.conftest import PASSWORD, add_model
from tests.server import running_server
from tests.shortcuts import quick_platforms

ODD = 'it\'s "odd" <数> $HOME `x` #(lf) %20 @'
WORD = 'don\'t \\n (a)- "#(lf)" 数'
RECORD: dict[str, object] = {'the "word"': WORD, "naïve $x": 2.5}
DEPLOYMENT = "prod & 'more'"
PATH = "/api/deployment/predict"

Writer = Callable[[Example], str]


@dataclass(frozen=True)
class Served:
    """Calls of three services on a real server: words and numbers, a picture, a mix of them."""

    words: Example
    picture: Example
    mixed: Example


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("clients")
    with quick_platforms():
        platform = open_platform(Settings(storage=folder / "storage"), inline=True)
    ann = platform.accounts.register("ann", PASSWORD)
    token = platform.accounts.create_token(ann, "t").token

    def example(file: Path, name: str, record: dict[str, object]) -> Example:
        model = add_model(platform, ann, file, name)
        service = platform.deployments.create(ann, model.id, DEPLOYMENT)
        told = platform.models.get_by_id(ann, model.id).info
        fields = {"modelname": name, "deployment": DEPLOYMENT}
        return Example("", PATH, told, record, service.endpoint, fields, token)

    made = Served(
        example(_odd_model(folder / "odd.skops"), ODD, RECORD),
        example(_picture_model(folder / "picture.onnx"), "picture", {"photo": [[[]]]}),
        example(_picture_model(folder / "mixed.onnx", "age"), "mixed", {"photo": [], "age": 40}),
    )
    platform.close()
    with running_server(folder / "storage", folder / "log") as server:
        yield Served(
            *(replace(each, origin=server.url) for each in (made.words, made.picture, made.mixed))
        )


def _picture_model(path: Path, *numbers: str) -> Path:
    """Write a model that gives the mean of each channel of a picture, and adds the numbers."""
    nodes = [node("ReduceMean", ["photo"], ["mean"], axes=[2, 3], keepdims=0)]
    last = "mean"
    for name in numbers:
        nodes.append(node("Add", [last, name], [f"{last} {name}"]))
        last = f"{last} {name}"
    nodes.append(node("Identity", [last], ["score"]))
    inputs = [tensor("photo", FLOAT, ["N", 3, 8, 8])]
    inputs += [tensor(name, FLOAT, ["N", 1]) for name in numbers]
    return write(model(nodes, inputs, [tensor("score", FLOAT, ["N", 3])]), path)


def _odd_model(path: Path) -> Path:
    word, number = RECORD
    rows = pd.DataFrame({word: [WORD, 'say "no"', "数"], number: [2.5, 2.5, 0.0]})
    encoded = make_column_transformer((OneHotEncoder(), [word]), remainder="passthrough")
    tree = make_pipeline(encoded, DecisionTreeClassifier(random_state=0))
    skops.io.dump(tree.fit(rows, ["yes", "no", "no"]), path)
    return path


def _ran(command: list[str], folder: Path) -> str:
    environment = {**os.environ, "SLIPWAY_TOKEN": "replaced"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _run_python(script: str, folder: Path) -> str:
    return _ran([sys.executable, "-c", script], folder)


def _run_curl(script: str, folder: Path) -> str:
    return _ran(["sh", "-c", script], folder)


def _run_javascript(script: str, folder: Path) -> str:
    (folder / "call.mjs").write_text(script, encoding="utf-8")
    return _ran(["node", "call.mjs"], folder)


def _run_r(script: str, folder: Path) -> str:
    (folder / "call.R").write_text(script, encoding="utf-8")
    return _ran(["Rscript", "call.R"], folder)


RUNS = [
    pytest.param(curl.form_call, _run_curl, "curl", id="curl"),
    pytest.param(curl.infer_call, _run_curl, "curl", id="curl, v2"),
    pytest.param(curl.invocation_call, _run_curl, "curl", id="curl, MLflow"),
    pytest.param(python.form_call, _run_python, sys.executable, id="Python"),
    pytest.param(python.infer_call, _run_python, sys.executable, id="Python, v2"),
    pytest.param(python.invocation_call, _run_python, sys.executable, id="Python, MLflow"),
    pytest.param(javascript.form_call, _run_javascript, "node", id="JavaScript"),
    pytest.param(r.form_call, _run_r, "Rscript", id="R"),
]


Run = Callable[[str, Path], str]


@pytest.mark.parametrize(("write", "run", "program"), RUNS)
def test_a_call_that_is_copied_gets_the_right_answer(
    served: Served, tmp_path: Path, write: Writer, run: Run, program: str
) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed here")
    assert re.search(r"\byes\b", run(write(served.words), tmp_path))


@pytest.mark.parametrize(
    ("write", "run", "program"),
    [run for run in RUNS if run.id in ("curl", "Python, v2", "JavaScript", "R")],
)
def test_a_long_record_is_read_from_the_file_beside_the_call(
    served: Served,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    write: Writer,
    run: Run,
    program: str,
) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed here")
    for module in ("example", "curl", "python"):
        monkeypatch.setattr(f"pages.components.clients.{module}.LONGEST", 10)
    bodies = {
        INPUT_FILE: RECORD,
        INFER_FILE: infer_body(served.words),
        INVOCATION_FILE: invocation_body(served.words),
    }
    for name, body in bodies.items():
        (tmp_path / name).write_text(as_json(body), encoding="utf-8")
    written = write(served.words)
    assert "don" not in written
    assert re.search(r"\byes\b", run(written, tmp_path))


@pytest.mark.parametrize("kind", ["picture", "mixed"])
@pytest.mark.parametrize(
    ("write", "run", "program"), [run for run in RUNS if run.id in ("curl", "Python", "JavaScript")]
)
def test_a_picture_is_sent_as_a_file(
    served: Served, tmp_path: Path, write: Writer, run: Run, program: str, kind: str
) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed here")
    Image.new("RGB", (8, 8), (255, 0, 51)).save(tmp_path / PICTURE_FILE, "PNG")
    answer = run(write(getattr(served, kind)), tmp_path)
    assert re.search({"picture": r"\b0\.2", "mixed": r"\b40\.2"}[kind], answer)


def plain(token: str = "", **record: object) -> Example:
    """Return a call of a model of the field `word` and others."""
    fields = (
        Field("word", DataType.STRING),
        Field("day", DataType.DATE),
        Field("n", DataType.INTEGER),
    )
    told = replace(info(), inputs=fields)
    named = {"modelname": ODD, "deployment": DEPLOYMENT}
    return Example("https://slipway.example", PATH, told, record, "odd-prod", named, token)


def test_without_a_token_every_call_says_where_to_put_one() -> None:
    example = plain(word="a")
    assert '-H "Authorization: Bearer $SLIPWAY_TOKEN"' in curl.form_call(example)
    assert 'os.environ["SLIPWAY_TOKEN"]' in python.infer_call(example)
    assert "process.env.SLIPWAY_TOKEN" in javascript.form_call(example)
    assert 'Sys.getenv("SLIPWAY_TOKEN")' in r.form_call(example)
    assert '"PUT YOUR TOKEN HERE"' in power_query.form_call(example)


def test_the_shell_gets_each_text_as_it_is() -> None:
    words = shlex.split(curl.form_call(plain("t'oken", word=WORD)).replace(" \\\n", " "))
    assert words[:4] == [
        "curl",
        "https://slipway.example/api/deployment/predict",
        "-H",
        "Authorization: Bearer t'oken",
    ]
    sent = dict(word.split("=", 1) for word in words[5::2])
    assert (sent["modelname"], sent["deployment"]) == (ODD, DEPLOYMENT)
    assert json.loads(sent["input"]) == {"word": WORD}


def test_the_other_protocols_send_what_the_form_sends() -> None:
    example = plain(word=WORD, day="2026-01-31", n=None)
    words = shlex.split(curl.infer_call(example))
    assert [
        (each["name"], each["shape"], each["datatype"], each["data"])
        for each in json.loads(words[-1])["inputs"]
    ] == [
        ("word", [1], "BYTES", [WORD]),
        ("day", [1], "BYTES", ["2026-01-31"]),
        ("n", [1], "INT64", [None]),
    ]
    words = shlex.split(curl.invocation_call(example))
    assert json.loads(words[-1]) == {"dataframe_records": [dict(example.record)]}


def test_python_reads_back_what_was_written() -> None:
    record = {"word": WORD, "n": [[1, 2.5], [None, True]]}
    tree = ast.parse(python.form_call(plain("t", **record)))
    values = {
        line.targets[0].id: line.value
        for line in tree.body
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name)
    }
    assert ast.literal_eval(values["record"]) == record
    assert ast.literal_eval(values["token"]) == "t"


_M_LITERAL = re.compile(r'"((?:[^"#]|""|#(?!\()|#\((?:#|lf|cr|tab)\))*)"')
_M_ESCAPES = {"#(#)": "#", "#(lf)": "\n", "#(cr)": "\r", "#(tab)": "\t", '""': '"'}


def read_m(script: str) -> list[str]:
    """Return the text literals of a query as M reads them."""
    return [
        re.sub(r'#\((?:#|lf|cr|tab)\)|""', lambda found: _M_ESCAPES[found[0]], literal)
        for literal in _M_LITERAL.findall(script)
    ]


def test_power_query_reads_back_what_was_written() -> None:
    literals = read_m(power_query.form_call(plain('t"o', word=f"{WORD}\nnext\tone")))
    for text in ('t"o', ODD, DEPLOYMENT, "https://slipway.example", "api/deployment/predict"):
        assert text in literals
    assert {"word": f"{WORD}\nnext\tone"} in [
        json.loads(each) for each in literals if each.startswith("{")
    ]


def test_power_query_sends_pictures_as_text(served: Served) -> None:
    one, mixed = (power_query.form_call(each) for each in (served.picture, served.mixed))
    assert "input = Picture" in one
    assert "jpgbase64" in read_m(one)
    assert '{"photo": "jpgbase64"}' in read_m(mixed)
    assert '{"age": 40}' in read_m(mixed)
    assert re.search(r'Record\.AddField\(Json\.Document\(.*\), "photo", Picture\)', mixed)


@pytest.mark.parametrize("text", ["plain", ODD, 'a)"b', 'a)-"b)"', "two\nlines", "back\\slash"])
def test_r_reads_back_what_was_written(text: str) -> None:
    written = r.form_call(plain(text, word="a"))
    found = re.search(
        r'req_auth_bearer_token\((?:r"(-*)\((.*?)\)\1"|"([^"\\]*)")\) \|>', written, re.S
    )
    assert found is not None
    assert (found[2] or found[3]) == text
