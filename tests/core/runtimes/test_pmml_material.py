"""Every PMML file made by others: scored as expected, refused by name, or marked with a warning."""

import pytest

from tests.core.runtimes.opened import MATERIAL
from tests.core.runtimes.outcomes import Compared, Outcome, Outcomes
from tests.core.runtimes.pmml_outcomes import NOT_IN_THE_FILE, rows

pytestmark = pytest.mark.skipif(not MATERIAL.exists(), reason="material by others is absent")

_LOOKED_UP = "looks up a table (MapValues) by the target"
_EMBEDDED = "ModelComposition"
_NO_MODEL = "holds no model"
REFUSED = {
    "drools/clustering__ClusterWithTransformations.pmml": _LOOKED_UP,
    "drools/clustering__SingleIrisKMeansClustering.pmml": _LOOKED_UP,
    "drools/mining__segmentationClassificationSelectFirst.pmml": "'classA1' is not valid",
    "drools/mining__segmentationMaxMining.pmml": "'max' is not supported by the regression",
    "drools/tree__CompoundPredicatesTree.pmml": "exclusive or",
    "drools/tree__SampleMineTreeModelWithTransformations.pmml": _LOOKED_UP,
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
    ("drools/scorecard__CompoundNestedPredicateScorecard.pmml", "Reason Code 2"): (3, _REPEATS),
    ("drools/scorecard__SimpleScorecardMixedVariables.pmml", "Reason Code 1"): (3, _REPEATS),
    ("drools/scorecard__SimpleScorecardMixedVariables.pmml", "Reason Code 2"): (1, _REPEATS),
    ("drools/scorecard__SimpleScorecardWithTransformations.pmml", "Reason Code 1"): (3, _REPEATS),
    ("drools/scorecard__SimpleScorecardWithTransformations.pmml", "Reason Code 2"): (1, _REPEATS),
    ("jpmml-bsd-rattle/NaiveBayesIris.pmml", "Probability_setosa"): (49, _NEAR_ZERO),
    ("jpmml-bsd-rattle/NaiveBayesIris.pmml", "Probability_versicolor"): (67, _NEAR_ZERO),
    ("jpmml-bsd-rattle/NaiveBayesIris.pmml", "Probability_virginica"): (77, _NEAR_ZERO),
}
NO_SAMPLE = {"pmml4s-dmg/association__dmg_association_rule_association.xml"}


def _name(path: str) -> str:
    return path.removeprefix("pmml/")


@pytest.mark.parametrize("path", rows(), ids=_name)
def test_a_file_by_others_is_scored_right_or_refused_or_marked(
    path: str, pmml_outcomes: Outcomes
) -> None:
    outcome, name = pmml_outcomes.of(path), _name(path)
    if name in REFUSED:
        assert REFUSED[name] in outcome.refusal
        return
    warnings = outcome.described.warnings
    assert outcome.sampled is (name not in NO_SAMPLE)
    assert outcome.sampled or any("gave no result" in warning for warning in warnings)
    assert bool(outcome.compared) is bool(
        rows()[path]["expected_outputs"] and name not in NOT_IN_THE_FILE
    )
    for column, compared in outcome.compared.items():
        _check(outcome, column, compared)


def _check(outcome: Outcome, column: str, compared: Compared) -> None:
    agreeing, warning = DIFFERS.get((_name(outcome.path), column), (compared.rows, ""))
    assert compared.agreeing == agreeing
    assert not warning or any(warning in said for said in outcome.described.warnings)


def test_the_tables_name_only_files_that_are_there() -> None:
    names = {_name(path) for path in rows()}
    assert {*REFUSED, *NOT_IN_THE_FILE, *NO_SAMPLE, *(name for name, _ in DIFFERS)} <= names
