import tomllib
from pathlib import Path

from core.version import VERSION

PROJECT = Path(__file__).resolve().parents[1]


def test_the_version_is_the_one_of_the_project_file() -> None:
    with (PROJECT / "pyproject.toml").open("rb") as file:
        assert tomllib.load(file)["project"]["version"] == VERSION
