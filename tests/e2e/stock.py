"""A storage folder with one of each thing that has an address of its own."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import skops.io
from sklearn.linear_model import LogisticRegression

from core.files import Staged
from core.platform import Platform, open_platform
from core.settings import Settings

NAME, PASSWORD = "ann", "correct horse"
FIELDS = ("length", "width")


@dataclass(frozen=True)
class Stock:
    """The ids of what is there: a model of two versions, which answer otherwise, and the rest."""

    model: str
    deployment: str
    task: str
    case: str
    other_case: str


def fill(storage: Path, folder: Path) -> Stock:
    """Fill a storage folder that no server has open; files are written to `folder`."""
    platform = open_platform(Settings(storage=storage), inline=True)
    try:
        return _filled(platform, folder)
    finally:
        platform.close()


def _filled(platform: Platform, folder: Path) -> Stock:
    ann = platform.accounts.register(NAME, PASSWORD)
    first = _upload(platform, folder, ["small", "large"])
    model = platform.models.add(ann, "Leaves", first).model.id
    case = platform.cases.save(ann, model, "A short one", {"length": 1.0, "width": 0.5})
    other = platform.cases.save(ann, model, "A long one", {"length": 9.0, "width": 0.5})
    platform.models.add_version(ann, model, _upload(platform, folder, ["large", "small"]))
    deployment = platform.deployments.create(ann, model, "garden", 1)
    rows = _staged(platform, folder / "leaves.csv", b"length,width\n1,1\n9,9\n")
    version = platform.models.get_by_id(ann, model)
    task = platform.jobs.submit(ann, version, rows, kind="csv")
    platform.runner.run_until_idle()
    return Stock(model, deployment.id, task.id, case.id, other.id)


def model_file(folder: Path, labels: list[str]) -> Path:
    """Write a model that says the first label below a length of 5, else the second."""
    path = folder / "leaves.skops"
    rows = pd.DataFrame([[1.0, 1.0], [9.0, 1.0]], columns=list(FIELDS))
    skops.io.dump(LogisticRegression().fit(rows, labels), path)
    return path


def _upload(platform: Platform, folder: Path, labels: list[str]) -> Staged:
    return _staged(platform, model_file(folder, labels))


def _staged(platform: Platform, path: Path, content: bytes | None = None) -> Staged:
    if content is not None:
        path.write_bytes(content)
    with path.open("rb") as source:
        return platform.files.stage(source, path.name, 1 << 20)
