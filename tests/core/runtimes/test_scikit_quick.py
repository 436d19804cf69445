# ruff: noqa: ANN401 - estimators of any kind
"""I16: what answers in an estimator's place answers with what the estimator would have said."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_diabetes, load_iris
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import (
    BayesianRidge,
    Lasso,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
    RidgeClassifier,
    SGDClassifier,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

from core.runtimes.scikit_quick import Trial, arithmetic_of, quicker

IRIS, KINDS = load_iris(return_X_y=True)
NAMED = load_iris(as_frame=True).data
SUGAR, PROGRESS = load_diabetes(return_X_y=True)
FLOWERS = ["setosa", "versicolor", "virginica"]

LINEAR = [
    LogisticRegression(max_iter=500).fit(IRIS, np.array(FLOWERS)[KINDS]),
    LogisticRegression().fit(IRIS[:100], KINDS[:100]),
    LogisticRegression(fit_intercept=False).fit(IRIS[:100], KINDS[:100] == 1),
    LinearSVC().fit(IRIS, KINDS),
    LinearRegression().fit(IRIS, KINDS),
    LinearRegression().fit(IRIS, IRIS[:, :2]),
    Ridge().fit(IRIS, KINDS),
    Lasso(alpha=0.01).fit(IRIS, KINDS),
]
_named = [f"{type(model).__name__}-{at}" for at, model in enumerate(LINEAR)]
_numbers = st.floats(-1e6, 1e6)
_tables = st.integers(1, 5).flatmap(lambda rows: arrays(float, (rows, 4), elements=_numbers))


def trial(estimator: Any, table: Any, *methods: str) -> Trial:
    outcome = {method: getattr(estimator, method)(table) for method in methods}
    return Trial(np.asarray(table), outcome)


@pytest.mark.parametrize("model", LINEAR, ids=_named)
@given(table=_tables)
def test_a_linear_models_arithmetic_agrees_with_scikit_learn(model: Any, table: Any) -> None:
    quick: Any = arithmetic_of(model)
    for method in _methods(model):
        expected = getattr(model, method)(table)
        found = getattr(quick, method)(table)
        assert found.dtype == expected.dtype
        if found.dtype.kind == "f":
            np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-8)
        else:
            assert found.shape == expected.shape


@pytest.mark.parametrize("model", LINEAR, ids=_named)
def test_a_linear_models_arithmetic_names_the_same_classes(model: Any) -> None:
    quick: Any = arithmetic_of(model)
    if hasattr(model, "classes_"):
        np.testing.assert_array_equal(quick.predict(IRIS), model.predict(IRIS))


@pytest.mark.parametrize("model", LINEAR, ids=_named)
@given(table=_tables)
def test_a_record_has_the_same_bits_alone_and_among_others(model: Any, table: Any) -> None:
    quick: Any = arithmetic_of(model)
    for method in _methods(model):
        together = getattr(quick, method)(table)
        alone = [getattr(quick, method)(table[at : at + 1]) for at in range(len(table))]
        np.testing.assert_array_equal(together, np.concatenate(alone))


def _methods(model: Any) -> list[str]:
    return [method for method in ("predict", "predict_proba") if hasattr(model, method)]


@pytest.mark.parametrize(
    "model",
    [
        BayesianRidge().fit(IRIS, KINDS),
        PoissonRegressor().fit(IRIS, KINDS),
        RidgeClassifier().fit(IRIS, KINDS),
        LinearDiscriminantAnalysis().fit(IRIS, KINDS),
        SGDClassifier(loss="log_loss", random_state=0).fit(IRIS, KINDS),
        SVC(kernel="linear").fit(IRIS, KINDS),
        LogisticRegression(max_iter=500).fit(IRIS, KINDS).sparsify(),
    ],
    ids=lambda model: type(model).__name__,
)
def test_a_model_with_methods_of_its_own_is_left_to_itself(model: Any) -> None:
    assert arithmetic_of(model) is None


@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(3, random_state=0),
        make_pipeline(StandardScaler(), LogisticRegression()),
        make_pipeline(StandardScaler(), SVC()),
    ],
    ids=["forest", "pipeline", "vectors"],
)
def test_a_model_that_needs_no_names_is_asked_without_them(model: Any) -> None:
    model.fit(NAMED, KINDS)
    tried = trial(model, NAMED[:3], "predict")
    asked: Any = quicker(model, tried)
    np.testing.assert_array_equal(asked.predict(tried.table), tried.outcome["predict"])


def test_a_model_that_picks_columns_by_name_keeps_them() -> None:
    two = ["petal length (cm)", "sepal width (cm)"]
    columns = ColumnTransformer([("two", StandardScaler(), two)])
    model = make_pipeline(columns, LogisticRegression()).fit(NAMED, KINDS)
    tried = trial(model, NAMED[:3], "predict")
    assert quicker(model, tried) is None
    assert list(model.feature_names_in_) == list(NAMED.columns)
    np.testing.assert_array_equal(model.predict(pd.DataFrame(NAMED[:3])), tried.outcome["predict"])


def test_one_that_answers_otherwise_in_the_trial_is_not_asked() -> None:
    model = LinearRegression().fit(SUGAR, PROGRESS)
    tried = trial(model, SUGAR[:2], "predict")
    assert tried.passes(arithmetic_of(model))
    tried.outcome["predict"][0] += 1e-3
    assert not tried.passes(arithmetic_of(model))
