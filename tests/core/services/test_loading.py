"""A version whose file cannot be loaded says why, until it can."""

from pathlib import Path
from typing import cast

import pytest

from core.db.engine import Database
from core.errors import InternalError, InvalidModel, ModelUnavailable
from core.files import Files
from core.runtimes import Runtimes
from core.runtimes.base import ModelInfo, Scorer
from core.services.accounts import Caller
from core.services.approvals import Approvals
from core.services.loading import Loader
from core.services.model_views import VersionView
from core.services.models import Models
from tests.core.services.conftest import Uploads, Young


class Engine:
    """Loads whatever is there, or raises what it was told to."""

    def __init__(self) -> None:
        self.error: Exception | None = None

    def load(self, path: Path, info: ModelInfo) -> Scorer:
        path.read_bytes()
        if self.error is not None:
            raise self.error
        return Young()


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def loader(models: Models, files: Files, engine: Engine, database: Database) -> Loader:
    return Loader(models, files, cast(Runtimes, engine), Approvals(database))


@pytest.fixture
def version(models: Models, ann: Caller, upload: Uploads) -> VersionView:
    return models.add(ann, "churn", upload("one"))


def test_a_file_that_is_gone_is_said_to_be_until_it_is_back(
    loader: Loader, files: Files, version: VersionView
) -> None:
    assert loader.find_problem(version.id) is None
    path = files.artifact(version.artifact)
    content = path.read_bytes()
    path.unlink()
    with pytest.raises(ModelUnavailable, match='Version 1 of "churn" cannot be loaded') as raised:
        loader.load(version.id)
    assert "is missing from the storage folder" in raised.value.message
    assert loader.find_problem(version.id) == raised.value.message
    path.write_bytes(content)
    loader.load(version.id)
    assert loader.find_problem(version.id) is None


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (InvalidModel("The file is no model."), "The file is no model."),
        (ValueError("a secret path"), "its engine fails on the file (ValueError)"),
    ],
)
def test_what_an_engine_says_of_a_whole_file_is_passed_on(
    loader: Loader, engine: Engine, version: VersionView, error: Exception, words: str
) -> None:
    engine.error = error
    with pytest.raises(ModelUnavailable) as raised:
        loader.load(version.id)
    assert words in raised.value.message
    assert "secret" not in raised.value.message


def test_a_damaged_file_is_told_from_one_that_an_engine_refuses(
    loader: Loader, engine: Engine, files: Files, version: VersionView
) -> None:
    engine.error = InvalidModel("The file is no model.")
    files.artifact(version.artifact).write_bytes(b"on")
    with pytest.raises(ModelUnavailable, match="its file is damaged"):
        loader.load(version.id)


def test_what_is_not_the_files_fault_keeps_its_own_error(
    loader: Loader, engine: Engine, version: VersionView
) -> None:
    engine.error = InternalError("Java does not start.")
    with pytest.raises(InternalError):
        loader.load(version.id)
    assert loader.find_problem(version.id) == "Java does not start."
