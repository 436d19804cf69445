"""One platform for all tests of a module: to make one takes longer than most of them do."""

from collections.abc import Iterator

import pytest
import skops.io
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.api.app import routes
from core.platform import open_platform
from core.settings import Settings
from tests.security.stage import Stage
from tests.shortcuts import quick_platforms


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("stage")
    features, target = load_iris(return_X_y=True, as_frame=True)
    features.columns = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    iris = folder / "iris.skops"
    names = load_iris().target_names[target]
    skops.io.dump(LogisticRegression(max_iter=1000).fit(features, names), iris)
    with quick_platforms():
        platform = open_platform(Settings(storage=folder / "storage"), inline=True)
        yield Stage(platform, iris)
        platform.close()


@pytest.fixture(scope="module")
def client(stage: Stage) -> Iterator[TestClient]:
    with TestClient(Starlette(routes=routes(lambda: stage.platform))) as client:
        yield client
