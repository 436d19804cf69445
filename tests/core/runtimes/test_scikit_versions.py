"""Pickles of earlier versions of scikit-learn, which later ones read though they look different."""

import pickle
from collections import UserList
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer, _column_transformer
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingClassifier
from sklearn.linear_model import LinearRegression, PoissonRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from core.runtimes.scikit import ScikitRuntime
from tests.core.runtimes.opened import open_model

_NUMBERS = np.random.default_rng(0).uniform(size=(60, 2))
_SUMS = _NUMBERS.sum(axis=1)


def test_a_parameter_that_is_newer_than_the_file_keeps_nobody_from_predicting(
    tmp_path: Path,
) -> None:
    """I3: regressions from before 1.7 have no `tol`, which only their description asks for."""
    model = LinearRegression().fit(_NUMBERS, _SUMS)
    del model.tol
    path = tmp_path / "old.pkl"
    path.write_bytes(pickle.dumps(model))
    found = open_model(ScikitRuntime(), path, tmp_path)
    assert found.info.details["estimator"] == "LinearRegression"
    answer = found.answers([dict(zip(found.info.input_schema.names, (0.25, 0.5), strict=True))])[0]
    assert answer["prediction"] == pytest.approx(0.75)


@pytest.mark.parametrize(
    "model",
    [
        GradientBoostingRegressor(n_estimators=3),
        HistGradientBoostingClassifier(max_iter=3),
        PoissonRegressor(),
    ],
    ids=lambda model: type(model).__name__,
)
def test_losses_are_found_under_the_name_that_earlier_versions_gave_their_module(
    model: BaseEstimator, tmp_path: Path
) -> None:
    target = (_SUMS > 1).astype(int) if "Classifier" in type(model).__name__ else _SUMS
    content = pickle.dumps(model.fit(_NUMBERS, target), protocol=2)
    old = content.replace(b"csklearn._loss._loss\n", b"c_loss\n")
    assert old != content
    path = tmp_path / "old.pkl"
    path.write_bytes(old)
    found = open_model(ScikitRuntime(), path, tmp_path)
    rows = [dict(zip(found.info.input_schema.names, row, strict=True)) for row in _NUMBERS[:5]]
    said = [answer["prediction"] for answer in found.answers(rows)]
    assert said == pytest.approx(model.predict(_NUMBERS[:5]).tolist())


def test_a_list_of_columns_that_is_no_longer_a_class_of_its_own_is_a_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Versions 1.5 and 1.6 keep the columns that are left over in a list that warns."""
    old = type("_RemainderColsList", (UserList,), {"__module__": _column_transformer.__name__})
    columns = ColumnTransformer([("scaled", StandardScaler(), ["a"])], remainder="passthrough")
    model = make_pipeline(columns, LinearRegression())
    frame = pd.DataFrame(_NUMBERS, columns=["a", "b"])
    model.fit(frame, _SUMS)
    name, step, rest = columns.transformers_[-1]
    columns.transformers_[-1] = (name, step, old(rest))
    with monkeypatch.context() as earlier:
        earlier.setattr(_column_transformer, old.__name__, old, raising=False)
        content = pickle.dumps(model)
    path = tmp_path / "old.pkl"
    path.write_bytes(content)
    found = open_model(ScikitRuntime(), path, tmp_path)
    assert found.answer({"a": 0.25, "b": 0.5})["prediction"] == pytest.approx(0.75)
