"""What docs/deploy.md and the files in deploy/ name is there: settings, routes, commands, files."""

import configparser
import re
from pathlib import Path

import pytest
from starlette.routing import Route

from core.api.app import routes
from core.platform import shared_platform
from core.settings import Settings

PROJECT = Path(__file__).resolve().parent.parent
DEPLOY = PROJECT / "deploy"
PAGE = PROJECT / "docs" / "deploy.md"
TEXTS = {path.name: path.read_text("utf-8") for path in (PAGE, *DEPLOY.iterdir())}


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_every_setting_is_one(name: str) -> None:
    named = set(re.findall(r"SLIPWAY_([A-Z_]+)", TEXTS[name]))
    assert {each for each in named if each.lower() not in Settings.model_fields} == set()


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_every_route_is_one(name: str) -> None:
    known = {route.path for route in routes(shared_platform) if isinstance(route, Route)}
    named = set(re.findall(r"(?<![\w.-])(/(?:api|v2|metrics)[\w/]*)", TEXTS[name]))
    assert named <= known


def test_every_command_and_file_is_there() -> None:
    page, makefile = TEXTS["deploy.md"], (PROJECT / "Makefile").read_text("utf-8")
    for target in set(re.findall(r"\bmake (\w+) FILE", page)) | {"run"}:
        assert f"\n{target}:" in makefile
    for file in set(re.findall(r"\bdeploy/[\w.]+", page)) - {"deploy/"}:
        assert (PROJECT / file).is_file(), file
    for module in set(re.findall(r"-m (core\.[\w.]+)", page)):
        assert (PROJECT / (module.replace(".", "/") + ".py")).is_file()


def test_every_file_is_explained() -> None:
    named = {name for name in TEXTS if f"deploy/{name}" in TEXTS["deploy.md"]}
    assert {"deploy.md", "Dockerfile.dockerignore"} | named == set(TEXTS)


def test_the_image_and_the_unit_start_what_the_makefile_starts() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(TEXTS["slipway.service"])
    assert "streamlit run Home.py" in unit["Service"]["ExecStart"]
    assert '"run", "Home.py"' in TEXTS["Dockerfile"]
    copied = re.findall(r"^COPY (\S+)", TEXTS["Dockerfile"], re.MULTILINE)
    allowed = re.findall(r"^!(\S+)", TEXTS["Dockerfile.dockerignore"], re.MULTILINE)
    assert sorted(copied) == sorted(allowed)
    assert all((PROJECT / each).exists() for each in copied)
    assert ".streamlit/secrets.toml" in TEXTS["Dockerfile.dockerignore"].splitlines()
