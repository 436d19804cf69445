"""Every example of docs/calling.md runs against a real server, and says what its part promises."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.server import PROJECT, running_server
from tests.shortcuts import quick_platform

PASSWORD = "correct horse"
_BLOCK = re.compile(r"```(bash|python)\n(.*?)```", re.DOTALL)
_COMMANDS = {"bash": ["bash", "-euo", "pipefail", "-c"], "python": [sys.executable, "-c"]}
# What the answers of a part have in them, by its heading.
EXPECTED = {
    "One prediction": ('"prediction"', "21 1"),
    "Errors": ('"code":"invalid_input"', '"temperature"'),
    "Files, answered at once": ('"status":"success"', '"prediction"'),
    "Files in the background": ('"weekend","prediction","error"', "34,0,9,0,"),
    "The Open Inference Protocol, version 2": ('"outputs"', '"inputs"', '"datatype":"FP32"'),
    "As MLflow's scoring server": ('"predictions"', '"prediction","error"\n1'),
    "How a service does": ('"latency_ms"', "slipway_info"),
}


@dataclass(frozen=True)
class Part:
    """A part of the page: its heading, and its examples with their languages."""

    heading: str
    examples: list[tuple[str, str]]


def _parts() -> list[Part]:
    _, *parts = (PROJECT / "docs" / "calling.md").read_text(encoding="utf-8").split("\n## ")
    return [Part(part.split("\n", 1)[0], _BLOCK.findall(part)) for part in parts]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A server on which the sample model is deployed, as the page says."""
    folder = tmp_path_factory.mktemp("calling")
    token = _deploy(folder / "storage")
    with running_server(folder / "storage", folder / "server.log") as server:
        yield {**os.environ, "SLIPWAY": server.url, "SLIPWAY_TOKEN": token}


def _deploy(storage: Path) -> str:
    with quick_platform(storage) as platform:
        ann = platform.accounts.register("ann", PASSWORD)
        model = platform.samples.add(ann, "bikes").model
        platform.models.update(ann, model.id, name="bikes")
        platform.deployments.create(ann, model.id, "live")
        return platform.accounts.create_token(ann, "tests").token


def test_the_page_has_the_parts_that_are_held() -> None:
    assert [part.heading for part in _parts()] == list(EXPECTED)
    assert all(part.examples for part in _parts())


@pytest.mark.parametrize("part", _parts(), ids=lambda part: part.heading)
def test_the_examples_run(part: Part, environment: dict[str, str], tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed here")
    said = "".join(_run(*example, environment, tmp_path) for example in part.examples)
    for expected in EXPECTED[part.heading]:
        assert expected in said


def _run(language: str, code: str, environment: dict[str, str], folder: Path) -> str:
    done = subprocess.run(
        [*_COMMANDS[language], code],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
