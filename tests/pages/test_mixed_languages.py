"""No page mixes languages: what is in Latin letters on a Chinese page are names and data.

Every page is drawn over a platform that has some of everything, and all that it says is read: from
labels and help to the cells of tables and the axes of charts.
"""

import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import pandas as pd
import pytest
from google.protobuf.message import Message
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block, Element

from core.db.tables import utc_now
from core.errors import InvalidModel
from core.platform import Platform
from core.services.accounts import Caller
from core.services.call_records import CallRecord
from core.services.deployment_views import DeploymentView
from core.services.languages import Language
from core.services.log_rows import Logging
from core.services.model_views import ModelView
from tests.gallery import files
from tests.pages.conftest import CSV, visit

_MODELS, _SERVICES, _TASKS = "pages/models.py", "pages/deployments.py", "pages/tasks.py"
_ADMIN, _TRIAL = "pages/admin.py", "pages/predict.py"
# All but SQL, which lists the tables by their own names.
_PARTS = ("用户", "模型", "部署", "任务", "审批", "时间线", "存储", "健康", "设置", "备份")
# By their names in the protocol of Streamlit.
_SHOWN = frozenset(
    {"label", "body", "help", "placeholder", "options", "text", "caption", "content", "alt"}
)
_CHINESE = re.compile("[\u4e00-\u9fff]")
_CUT = re.compile(r"[A-Za-z]+…")
_WORD = re.compile(r"[A-Za-z][A-Za-z-]+")
_SIGNS = re.compile(
    r":material/\w+:|:[\w-]+\[|`[^`]*`|\]\([^)]*\)|https?://\S+|\S+\?\w+=\S+|data:\S+|(?<!\w)/\S+"
    r"|\b[0-9a-f]{8,}\b|\b\d+(?:e-?|x)[\dx]+\b|\b\w+_\w+\b|\.\w+"
    r"|[\w./-]+\.(?:csv|skops|onnx|pkl|pmml|md|mjs|json|jpg|py|zip|mp4)\b"
)
# Products, formats and units; what programs write; and people and things of this test.
_SAME = frozenset(
    re.findall(
        r"\S+",
        """
        English Slipway PMML ONNX CSV TSV TXT JSON JPEG PNG SQL API HTTP UTC ID IR SHA- JVM CPU
        Java MP DuckDB Streamlit Python Excel Parquet Webhook MLflow Open Inference Protocol
        OpenCV Caffe ImageNet Power BI WSL Linux macOS POSIX shell Node js curl JavaScript
        Chrome SELECT HMAC X-Slipway-Signature X-Slipway-Timestamp ms MB MiB KiB GiB RGB
        BGR scikit-learn skops numpy scipy onnxruntime pypmml jdk PMML4S sha requests prediction
        image probability iris production Iris Digits ann ben sample setosa versicolor virginica
        digits LogisticRegression max iter monday ai Gemm Flatten Relu Softmax Normalized Image
        density gaussian kde stats open approval closed analyst True False error oops test
        classification docs id zip py jdk session gray small Enter Ctrl
        """,
    )
)


@dataclass(frozen=True)
class Everything:
    """The ids of what there is."""

    models: list[str]
    services: list[str]
    tasks: list[str]


@pytest.fixture
def everything(platform: Platform, ann: Caller, ben: Caller, iris: ModelView) -> Everything:
    """Give every page something to show, good and bad."""
    digits = platform.samples.add(ann, "digits").model
    service = platform.deployments.create(ann, iris.id, "production", note="monday")
    paused = platform.deployments.create(ann, iris.id, "sample")
    platform.logs.set_logging(ann, service.id, Logging(active=True))
    _call(platform, ann, service)
    done, gone = _submit(platform, ann, service), _submit(platform, ann, service)
    held = _submit(platform, ann, paused)
    platform.deployments.pause(ann, paused.id)
    platform.jobs.cancel(ann, gone)
    platform.runner.run_until_idle()
    _ask_for_types(platform, ben)
    return Everything([iris.id, digits.id], [service.id, paused.id], [done, held, gone])


def _call(platform: Platform, ann: Caller, service: DeploymentView) -> None:
    """Leave calls of an hour, of which every fourth failed, and one with what it carried."""
    for number in range(40):
        at = utc_now() - timedelta(minutes=number)
        code = "" if number % 4 else "invalid_input"
        platform.calls.record(CallRecord(service.id, 1, at, 1, 0, code, 1.0 + number, ann.id))
    platform.calls.flush()
    live = platform.deployments.live_for(ann, service.endpoint)
    sample = platform.models.get_by_id(ann, service.model_id).info.sample
    platform.predictions.call(ann, live, sample)


def _submit(platform: Platform, ann: Caller, service: DeploymentView) -> str:
    view = platform.models.get_by_id(ann, service.model_id)
    staged = platform.files.stage(io.BytesIO(CSV), "sample.csv", 1 << 20)
    return platform.jobs.submit(ann, view, staged, kind="csv", deployment=service).id


def _ask_for_types(platform: Platform, ben: Caller) -> None:
    staged = platform.files.stage(io.BytesIO(files.own_class()), "density.pkl", 1 << 20)
    with (
        pytest.raises(InvalidModel),
        platform.approvals.asking(ben, staged),
    ):
        platform.models.add(ben, "Density", staged)


def pages_of(found: Everything, parts: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Return the addresses of all pages."""
    for page in ("Home.py", _MODELS, _SERVICES, _TASKS, "pages/account.py"):
        yield page, {}
    yield from ((_MODELS, {"model": model}) for model in (*found.models, "none"))
    yield from ((_TRIAL, {"model": model}) for model in found.models)
    yield from ((_SERVICES, {"deployment": service}) for service in found.services)
    yield from ((_TASKS, {"task": task}) for task in found.tasks)
    yield from ((_ADMIN, {"admin_part": part}) for part in parts)


def test_a_chinese_page_has_no_english_words(
    platform: Platform, ann: Caller, everything: Everything
) -> None:
    platform.languages.choose(ann, Language.CHINESE)
    mixed = set()
    for page, query in pages_of(everything, _PARTS):
        for text in texts_of(visit(ann, page, **query)):
            words = set(words_in(text)) - _SAME
            mixed |= {f"{page} {query}: {text[:200]}"} if words else set()
    assert "\n".join(sorted(mixed)) == ""


def test_an_english_page_has_no_chinese_words(ann: Caller, everything: Everything) -> None:
    mixed = set()
    for page, query in pages_of(everything, ("Users", "Timeline")):
        texts = set(texts_of(visit(ann, page, **query)))
        mixed |= {text for text in texts if _CHINESE.search(text)}
    assert mixed == {"简体中文"}


def test_the_sign_in_is_of_one_language(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, ann: Caller
) -> None:
    assert ann.role == "admin"
    monkeypatch.setattr(ContextProxy, "locale", property(lambda _: "zh-CN"))
    texts = set(texts_of(visit(None)))
    assert {word for text in texts for word in words_in(text)} <= _SAME


def words_in(text: str) -> list[str]:
    """Return the words of a text but one that an ellipsis cuts, such as a name's."""
    whole = _CUT.sub(" ", text.replace("\\", ""))
    return _WORD.findall(_SIGNS.sub(" ", whole))


def texts_of(app: AppTest) -> Iterator[str]:
    """Return everything that a page says."""
    for node in nodes_of(app._tree):
        proto = getattr(node, "proto", None)
        if isinstance(proto, Message):
            yield from strings_of(proto)
        value = getattr(node, "value", None)
        if isinstance(value, pd.DataFrame):
            yield from cells_of(value)


def nodes_of(block: Block) -> Iterator[Block | Element]:
    for child in block.children.values():
        yield child
        if isinstance(child, Block):
            yield from nodes_of(child)


def strings_of(proto: Message) -> Iterator[str]:
    """Return the texts in a message of Streamlit's by the names of its fields."""
    for field, value in proto.ListFields():
        single = isinstance(value, str | bytes | bool | int | float | Message)
        for each in [value] if single else value:
            if isinstance(each, Message):
                yield from strings_of(each)
            elif isinstance(each, str):
                yield from texts_in(field.name, each)


def texts_in(name: str, value: str) -> Iterator[str]:
    if name in _SHOWN:
        yield value
    elif name == "columns" and value.startswith("{"):
        for column in json.loads(value).values():
            yield from (str(column[key]) for key in ("label", "help") if column.get(key))
    elif name == "spec" and value.startswith("{"):
        yield from names_in(json.loads(value))


def names_in(figure: object) -> Iterator[str]:
    """Return the names of traces and the titles of axes."""
    if isinstance(figure, dict):
        for key, value in figure.items():
            if key in {"name", "text"} and isinstance(value, str):
                yield value
            elif key != "template":
                yield from names_in(value)
    elif isinstance(figure, list):
        for each in figure:
            yield from names_in(each)


def cells_of(table: pd.DataFrame) -> Iterator[str]:
    yield from (str(column) for column in table.columns)
    for column in table.columns:
        yield from (cell for cell in table[column].head(20) if isinstance(cell, str))
