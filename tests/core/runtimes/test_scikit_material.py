"""Every scikit-learn file by others: right predictions, or refused for a reason."""

import re
from pathlib import Path

import pytest

from core.runtimes.base import PREDICTION
from core.runtimes.scikit import ScikitRuntime
from tests.core.runtimes.opened import open_model
from tests.core.runtimes.outcomes import Outcomes
from tests.core.runtimes.scikit_outcomes import SKLEARN

SCORED = {
    "kserve/iris_svc_1.0.1.pickle": "1.0.1",
    "kserve/iris_svc_1.3.2.joblib": "1.3.2",
    "mlserver/digits_svm_0.23.1.joblib": "0.23.1",
    "mlserver/digits_svm_1.1.2.joblib": "1.1.2",
}
REFUSED = {
    "old/lightgbm_pipeline_0.20.2.pkl": r"saved with scikit-learn 0\.20\.2.*TruncatedSVD",
    "old/linreg_boston_0.18.1.pkl": r"saved with scikit-learn 0\.18\.1.*LinearRegression",
    "skops/drug_pipeline.skops": r"saved with scikit-learn 1\.4\.0 and cannot predict",
}

pytestmark = pytest.mark.skipif(not SKLEARN.exists(), reason="the material is not here")


def test_every_file_is_either_scored_or_refused_on_purpose() -> None:
    kinds = ScikitRuntime.suffixes
    files = {str(p.relative_to(SKLEARN)) for p in SKLEARN.rglob("*") if p.suffix in kinds}
    assert files == SCORED.keys() | REFUSED.keys()


@pytest.mark.parametrize("file", REFUSED)
def test_a_file_is_refused_with_the_version_that_it_needs(
    file: str, scikit_outcomes: Outcomes
) -> None:
    assert re.search(REFUSED[file], scikit_outcomes.of(f"sklearn/{file}").refusal)


@pytest.mark.parametrize("file", SCORED)
def test_a_file_of_another_version_comes_with_a_warning_that_names_it(
    file: str, scikit_outcomes: Outcomes
) -> None:
    info = scikit_outcomes.of(f"sklearn/{file}").described
    assert f"scikit-learn {SCORED[file]} " in info.warnings[0]
    assert info.details["saved with"] == f"scikit-learn {SCORED[file]}"


@pytest.mark.parametrize("file", [file for file in SCORED if "iris" in file])
def test_the_iris_models_know_their_flowers(
    file: str, scikit_outcomes: Outcomes, tmp_path: Path
) -> None:
    opened = open_model(ScikitRuntime(), SKLEARN / file, tmp_path)
    assert opened.answer({"x0": 5.1, "x1": 3.5, "x2": 1.4, "x3": 0.2})[PREDICTION] == 0
    found = scikit_outcomes.of(f"sklearn/{file}").compared[PREDICTION]
    assert found.agreeing / found.rows > 0.95


@pytest.mark.parametrize("file", [file for file in SCORED if "digits" in file])
def test_the_digit_models_read_the_digits(file: str, scikit_outcomes: Outcomes) -> None:
    found = scikit_outcomes.of(f"sklearn/{file}").compared[PREDICTION]
    assert found.agreeing / found.rows == pytest.approx(0.9839, abs=1e-4)
