"""The table of what Slipway does names routes and tests that there are."""

import re
from pathlib import Path

import pytest

from core.api.app import ENDPOINTS

PROJECT = Path(__file__).resolve().parent.parent
TABLE = (PROJECT / "docs" / "requirements.md").read_text(encoding="utf-8")
LINES = dict(re.findall(r"^\| ([A-Z]\d+) (\|.*)$", TABLE, re.MULTILINE))
PLANNED: set[str] = set()
KEYS = {
    *(f"P{number}" for number in range(1, 11)),
    *(f"I{number}" for number in range(1, 23)),
    "A1",
    "E1",
}


def test_the_table_has_a_line_for_every_key() -> None:
    assert set(LINES) == KEYS - PLANNED


@pytest.mark.parametrize("key", LINES)
def test_a_line_names_tests_that_there_are(key: str) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)`", LINES[key])
    assert named
    assert [path for path in named if not (PROJECT / path).is_file()] == []


@pytest.mark.parametrize("key", LINES)
def test_a_line_names_routes_that_there_are(key: str) -> None:
    named = re.findall(r"`(/api/[\w/]+)`", LINES[key])
    assert set(named) <= {endpoint.path for endpoint in ENDPOINTS}
