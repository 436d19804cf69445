"""A platform on an empty folder behind the real routes, and files to send to it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import pytest
import skops.io
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.api.app import routes
from core.platform import Platform, open_platform
from core.settings import Settings
from tests.shortcuts import quick_platforms

PASSWORD = "correct horse"

Answer = dict[str, Any]
Sent = bytes | BinaryIO


def same_answer(one: Answer, other: Answer) -> bool:
    """Return whether two answers are equal but for the last digits of their numbers.

    One row and many are added up in another order by some processors.
    """
    close = {
        name: pytest.approx(value, rel=1e-12) if isinstance(value, float) else value
        for name, value in other.items()
    }
    return one == close


class Api:
    """Calls the form contract as one caller would, and keeps the status of the last answer."""

    def __init__(self, client: TestClient, **credentials: str) -> None:
        self.client = client
        self.credentials = credentials
        self.http = 0

    def as_user(self, name: str, password: str = PASSWORD) -> "Api":
        return Api(self.client, user=name, password=password)

    def post(self, path: str, /, **fields: object) -> Answer:
        return self.send(path, {}, **fields)

    def send(self, path: str, files: Mapping[str, tuple[str, Sent]], /, **fields: object) -> Answer:
        texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in fields.items()}
        answer = self.client.post(f"/api/{path}", data={**self.credentials, **texts}, files=files)
        self.http = answer.status_code
        body: Answer = answer.json()
        return body

    def upload(self, path: Path, name: str = "iris", **fields: object) -> Answer:
        with path.open("rb") as file:
            sent = {"file": (path.name, file)}
            return self.send("model/upload", sent, **{"modelname": name, **fields})


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    with quick_platforms():
        opened = open_platform(Settings(storage=tmp_path / "storage"), inline=True)
        yield opened
        opened.close()


@pytest.fixture
def client(platform: Platform) -> Iterator[TestClient]:
    with TestClient(Starlette(routes=routes(lambda: platform))) as client:
        yield client


@pytest.fixture
def ann(client: TestClient) -> Api:
    """The first account: the admin."""
    return _registered(client, "ann")


@pytest.fixture
def ben(client: TestClient, ann: Api) -> Api:
    """A second account: an analyst."""
    assert ann.credentials["user"] == "ann"
    return _registered(client, "ben")


def _registered(client: TestClient, name: str) -> Api:
    api = Api(client).as_user(name)
    assert api.post("register") == {"status": "success"}
    return api


@pytest.fixture(scope="session")
def iris_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    features, target = load_iris(return_X_y=True, as_frame=True)
    features.columns = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    names = load_iris().target_names[target]
    path = tmp_path_factory.mktemp("models") / "iris.skops"
    skops.io.dump(LogisticRegression(max_iter=1000).fit(features, names), path)
    return path


FLOWER = {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}
CSV = (
    b"id,sepal_length,sepal_width,petal_length,petal_width\n"
    b"a,5.1,3.5,1.4,0.2\n"
    b"b,oops,3.5,1.4,0.2\n"
    b"c,6.7,3.0,5.2,2.3\n"
)
