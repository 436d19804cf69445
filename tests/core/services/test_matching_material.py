"""Files made by others with what they expect: the verdicts that their users would read."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.files import Staged
from core.platform import Platform
from core.services.accounts import Caller
from tests.core.runtimes.opened import MATERIAL
from tests.shortcuts import quick_platform

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not MATERIAL.exists(), reason="material by others is absent"),
]

Table = list[list[str]]

# Inputs, expected outputs where they are in a file of their own, and how many rows agree of how
# many. What differs is the engine's doing or the expectation's, as the tests of PMML tell.
CASES = {
    "cPMML/HousingGBTRegressor.xml": ("cPMML/HousingGBTRegressor.expected.csv", "", 999, 999),
    "cPMML/HousingLinearRegressor.xml": ("cPMML/HousingLinearRegressor.expected.csv", "", 999, 999),
    "cPMML/IrisLinearReg.xml": ("cPMML/IrisLinearReg.expected.csv", "", 100, 100),
    "cPMML/IrisMultinomReg.xml": ("cPMML/IrisMultinomReg.expected.csv", "", 100, 100),
    "cPMML/IrisRandomForest.xml": ("cPMML/IrisRandomForest.expected.csv", "", 100, 100),
    "cPMML/IrisTree.xml": ("cPMML/IrisTree.expected.csv", "", 100, 100),
    "cPMML/single_audit_dectree.xml": ("cPMML/single_audit_dectree.expected.csv", "", 100, 100),
    "drools/scorecard__SimpleScorecardMixedVariables.pmml": (
        "drools/scorecard__SimpleScorecardMixedVariables.input.csv",
        "drools/scorecard__SimpleScorecardMixedVariables.expected.csv",
        1,
        5,
    ),
    "jpmml-bsd-rattle/DecisionTreeIris.pmml": (
        "jpmml-bsd-rattle/Iris.csv",
        "jpmml-bsd-rattle/DecisionTreeIris.expected.csv",
        150,
        150,
    ),
    "sklearn-pmml-model/linear-model-lmc.pmml": (
        "sklearn-pmml-model/categorical-test-dummies_DERIVED.csv",
        "sklearn-pmml-model/linear-model-lmc.expected.csv",
        52,
        52,
    ),
}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """One platform for all files: each would start a JVM of its own."""
    storage = tmp_path_factory.mktemp("storage")
    with quick_platform(storage) as opened:
        yield opened


@pytest.fixture(scope="module")
def ann(platform: Platform) -> Caller:
    return platform.accounts.register("ann", "a long password")


def read(path: str) -> Table:
    with (MATERIAL / "pmml" / path).open(newline="", encoding="utf-8-sig") as file:
        return list(csv.reader(file))


def joined(inputs: Table, expected: Table) -> Table:
    """Put expected outputs beside the inputs; a column that both have is the expected one."""
    kept = [place for place, name in enumerate(inputs[0]) if name not in expected[0]]
    return [
        [row[place] for place in kept] + (wanted + [""] * len(expected[0]))[: len(expected[0])]
        for row, wanted in zip(inputs, expected, strict=True)
    ]


def staged(platform: Platform, table: Table) -> Staged:
    text = io.StringIO()
    csv.writer(text).writerows(table)
    return platform.files.stage(io.BytesIO(text.getvalue().encode()), "expected.csv", 1 << 30)


def uploaded(platform: Platform, path: Path) -> Staged:
    with path.open("rb") as file:
        return platform.files.stage(file, path.name, 1 << 30)


@pytest.mark.parametrize("name", CASES)
def test_a_file_by_others_is_held_against_what_they_expect(
    name: str, platform: Platform, ann: Caller
) -> None:
    inputs, expected, agreeing, rows = CASES[name]
    table = joined(read(inputs), read(expected)) if expected else read(inputs)
    title = name.replace("/", " ")
    view = platform.models.add(ann, title, uploaded(platform, MATERIAL / "pmml" / name))
    verdict = platform.matching.check(ann, view.model.id, None, staged(platform, table))
    assert verdict.sentence == f"{agreeing} of {rows} rows agree to 1e-6."
    assert len(verdict.examples) == rows - agreeing
    platform.models.delete(ann, view.model.id)
