"""Every PMML file made by others: scored as expected, refused by name, or marked with a warning."""

import csv
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from core.errors import InvalidModel
from core.records import typed_batch
from core.runtimes.base import ERROR_COLUMN, PREDICTION, PROBABILITY, ModelInfo
from core.runtimes.pmml import PmmlRuntime
from tests.core.runtimes.opened import MATERIAL, Opened, open_model

pytestmark = pytest.mark.skipif(not MATERIAL.exists(), reason="material by others is absent")

_UNRESOLVED = "can't load the model"
_EMBEDDED = "ModelComposition"
_NO_MODEL = "holds no model"
REFUSED = {
    "drools/clustering__ClusterWithTransformations.pmml": _UNRESOLVED,
    "drools/clustering__SingleIrisKMeansClustering.pmml": _UNRESOLVED,
    "drools/mining__segmentationClassificationSelectFirst.pmml": "'classA1' is not valid",
    "drools/mining__segmentationMaxMining.pmml": "'max' is not supported by the regression",
    "drools/tree__CompoundPredicatesTree.pmml": "exclusive or",
    "drools/tree__SampleMineTreeModelWithTransformations.pmml": _UNRESOLVED,
    "edge/GaussianProcess_simple.pmml": "is no PMML",
    "edge/TrendExpoSmoothTest.pmml": "TimeSeriesModel",
    "edge/XEEAttackTest.pmml": "DOCTYPE",
    "edge/pmml-3_0.pmml": _NO_MODEL,
    "edge/pmml-3_2.pmml": _NO_MODEL,
    "edge/pmml-4_1.pmml": _NO_MODEL,
    "edge/pmml-4_4.pmml": _NO_MODEL,
    "jpmml-bsd-rattle/AssociationRulesShopping.pmml": "isMultiValued",
    "pmml4s-dmg/mining__dmg_model_selection_mining.xml": _EMBEDDED,
    "pmml4s-dmg/mining__dmg_model_sequencing_mining.xml": _EMBEDDED,
    "sklearn-pmml-model/tree-cat-pima.pmml": "length of array must be 3, got 2",
}

# Columns that differ from what others expect: how many rows agree, and the warning that says so.
_REPEATS = "repeats the last; codes of equal weight come in reverse order"
_NEAR_ZERO = "lifts probabilities near zero"
DIFFERS = {
    ("cPMML/HousingGBTRegressor.xml", "prediction"): (998, "32 bits"),
    ("drools/scorecard__CompoundNestedPredicateScorecard.pmml", "Reason Code 2"): (3, _REPEATS),
    ("drools/scorecard__SimpleScorecardMixedVariables.pmml", "Reason Code 1"): (3, _REPEATS),
    ("drools/scorecard__SimpleScorecardMixedVariables.pmml", "Reason Code 2"): (1, _REPEATS),
    ("drools/scorecard__SimpleScorecardWithTransformations.pmml", "Reason Code 1"): (3, _REPEATS),
    ("drools/scorecard__SimpleScorecardWithTransformations.pmml", "Reason Code 2"): (1, _REPEATS),
    ("jpmml-bsd-rattle/NaiveBayesIris.pmml", "Probability_setosa"): (49, _NEAR_ZERO),
    ("jpmml-bsd-rattle/NaiveBayesIris.pmml", "Probability_versicolor"): (67, _NEAR_ZERO),
    ("jpmml-bsd-rattle/NaiveBayesIris.pmml", "Probability_virginica"): (77, _NEAR_ZERO),
}
# What others expect is not what the file says.
NOT_IN_THE_FILE = {
    "drools/scorecard__MultipleScorecard.pmml": "The expected answers belong to its second model.",
    "sklearn-pmml-model/rf-iris.pmml": "The others average the trees; the file lets them vote.",
}
NO_SAMPLE = {"pmml4s-dmg/association__dmg_association_rule_association.xml"}
_NOT_OUTPUTS = ("true", "confidence(")
_MISSING = ("", "NA", "N/A")


def _files() -> list[dict[str, str]]:
    if not MATERIAL.exists():
        return []
    with (MATERIAL / "MANIFEST.csv").open(newline="", encoding="utf-8") as manifest:
        rows = list(csv.DictReader(manifest))
    return [r for r in rows if r["path"].startswith("pmml/") and r["role"] == "model"]


def _name(row: dict[str, str]) -> str:
    return row["path"].removeprefix("pmml/")


def _table(path: str) -> tuple[list[str], list[list[str]]]:
    with (MATERIAL / path).open(newline="", encoding="utf-8-sig") as file:
        header, *rows = csv.reader(file)
    return header, rows


@pytest.mark.parametrize("row", _files(), ids=_name)
def test_a_file_by_others_is_scored_right_or_refused_or_marked(
    row: dict[str, str], pmml_runtime: PmmlRuntime, tmp_path: Path
) -> None:
    name = _name(row)
    if name in REFUSED:
        with pytest.raises(InvalidModel) as refusal:
            open_model(pmml_runtime, MATERIAL / row["path"], tmp_path)
        assert REFUSED[name] in refusal.value.message
        return
    opened = open_model(pmml_runtime, MATERIAL / row["path"], tmp_path)
    _check_sample(name, opened)
    if row["expected_outputs"] and name not in NOT_IN_THE_FILE:
        _check_answers(name, row, opened)


def _check_sample(name: str, opened: Opened) -> None:
    assert bool(opened.info.sample) is (name not in NO_SAMPLE)
    if opened.info.sample:
        assert opened.answer(opened.info.sample)[ERROR_COLUMN] is None
    else:
        assert any("gave no result" in warning for warning in opened.info.warnings)


def _check_answers(name: str, row: dict[str, str], opened: Opened) -> None:
    header, rows = _table(row["inputs"])
    columns = {column: [cells[i] for cells in rows] for i, column in reversed([*enumerate(header)])}
    typed = typed_batch(opened.info.input_schema, pa.RecordBatch.from_pydict(columns))
    assert not typed.problems
    answers = opened.scorer.score(typed.batch)
    compared = 0
    for column, expected in _expected(row):
        output = _output(column, opened.info)
        if output is not None:
            _compare(name, column, answers.column(output).to_pylist(), expected, opened.info)
            compared += 1
    assert compared


def _expected(row: dict[str, str]) -> Iterator[tuple[str, list[str]]]:
    header, rows = _table(row["expected_outputs"])
    same = row["expected_outputs"] == row["inputs"]
    first = header.index("prediction") if same else 0
    for index, column in enumerate(header[first:], first):
        yield column, [cells[index] if index < len(cells) else "" for cells in rows]


def _output(column: str, info: ModelInfo) -> str | None:
    """Return which output holds what others call so."""
    if column in info.output_schema.names:
        return column
    if column.startswith(_NOT_OUTPUTS):
        return None
    if column.startswith("predict_proba_"):
        classes = info.outputs[0].categories
        return PROBABILITY + classes[int(column.rpartition("_")[2])]
    return PREDICTION


def _compare(
    name: str, column: str, given: Sequence[object], expected: Sequence[str], info: ModelInfo
) -> None:
    assert len(given) == len(expected)
    equal = sum(map(_same, given, expected))
    agreeing, warning = DIFFERS.get((name, column), (len(expected), ""))
    assert equal == agreeing
    assert not warning or any(warning in sentence for sentence in info.warnings)


def _same(given: object, expected: str) -> bool:
    text = expected.strip()
    if text in _MISSING or given is None:
        return given is None and text in _MISSING
    if isinstance(given, float):
        return math.isclose(given, float(text), rel_tol=1e-6, abs_tol=1e-12)
    return str(given).lower() == text.lower()


def test_the_tables_name_only_files_that_are_there() -> None:
    names = {_name(row) for row in _files()}
    assert {*REFUSED, *NOT_IN_THE_FILE, *NO_SAMPLE, *(name for name, _ in DIFFERS)} <= names
