"""Estimators asked without what scikit-learn checks at each call, where the answer is the same.

Rows come typed, complete and in the order of the training table. That scikit-learn looks at each
table's names, kinds and namespaces again costs more than all else in the answer to one record: a
table without names takes a quarter of the time of one with names, and a linear model's own
arithmetic a tenth of that. The arithmetic also gives a record the same bits whether it comes alone
or among others, which BLAS does not.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.linear_model._base import LinearClassifierMixin, LinearModel, MultiOutputLinearModel
from sklearn.pipeline import Pipeline

Table = np.ndarray[Any, Any]

_NAMES = "feature_names_in_"
_MOST_WEIGHTS = 1_000  # from here on BLAS is worth its rounding
_REGRESSIONS = (LinearModel.predict, MultiOutputLinearModel.predict, Ridge.predict)


class LinearRegressor:
    """A linear regression's `predict`, as `sklearn.linear_model.LinearModel` has it."""

    def __init__(self, model: Any) -> None:  # noqa: ANN401 - scikit-learn has no types
        self._weights = np.atleast_2d(model.coef_).T
        self._offset = model.intercept_
        self._flat = model.coef_.ndim == 1

    def predict(self, table: Table) -> Table:
        """Return a number for each row, or several where the model has several targets."""
        numbers: Table = _weighted(table, self._weights) + self._offset
        return numbers.reshape(-1) if self._flat else numbers


class LinearClassifier:
    """A linear classification's `predict`, as `LinearClassifierMixin` has it."""

    def __init__(self, model: Any) -> None:  # noqa: ANN401
        self._weights = model.coef_.T
        self._offset = model.intercept_
        self._classes = model.classes_

    def predict(self, table: Table) -> Table:
        """Return the class with the highest score for each row."""
        scores = self._scores(table)
        places = (scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(axis=1)
        answer: Table = self._classes[places]
        return answer

    def _scores(self, table: Table) -> Table:
        scores: Table = _weighted(table, self._weights) + self._offset
        return scores.reshape(-1) if scores.shape[1] == 1 else scores


class LogisticClassifier(LinearClassifier):
    """A logistic regression's `predict` and `predict_proba`, as `LogisticRegression` has them."""

    def predict_proba(self, table: Table) -> Table:
        """Return the probability of each class for each row."""
        scores = self._scores(table)
        if scores.ndim == 1:
            second = expit(scores)
            return np.stack([1 - second, second], axis=1)
        scores -= scores.max(axis=1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=1, keepdims=True)
        return scores


def _weighted(table: Table, weights: Table) -> Table:
    """Return table @ weights with sums in one order: BLAS rounds a row as its neighbours are.

    Raises ValueError, as scikit-learn does, for what is not a finite number.
    """
    if not np.isfinite(table).all():
        raise ValueError("Input contains NaN or infinity")
    sums: Table = np.einsum("ij,jk->ik", np.ascontiguousarray(table), weights)
    return sums


def arithmetic_of(estimator: BaseEstimator) -> object | None:
    """Return what gives the answers of a linear model, or None if it is none that is known here.

    Known is a class that has left the methods in question as they are in scikit-learn's bases.
    """
    kind: Any = type(estimator)
    weights = getattr(estimator, "coef_", None)
    if not isinstance(weights, np.ndarray) or weights.size > _MOST_WEIGHTS:
        return None
    predict = getattr(kind, "predict", None)
    if predict in _REGRESSIONS:
        return LinearRegressor(estimator)
    bare = predict is LinearClassifierMixin.predict
    if not bare or kind.decision_function is not LinearClassifierMixin.decision_function:
        return None
    if getattr(kind, "predict_proba", None) is LogisticRegression.predict_proba:
        return LogisticClassifier(estimator)
    return None if hasattr(estimator, "predict_proba") else LinearClassifier(estimator)


@dataclass(frozen=True, slots=True)
class Trial:
    """What an estimator answers to a table: what any quicker way to ask it is held against."""

    table: Table
    outcome: dict[str, Any]

    def passes(self, asked: object) -> bool:
        """Return whether somebody else gives the same answers but for rounding, unwarned."""
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                found = [getattr(asked, method)(self.table) for method in self.outcome]
            except (ValueError, TypeError, KeyError, IndexError, AttributeError, Warning):
                return False
        return all(map(_same, found, self.outcome.values()))


def quicker(estimator: BaseEstimator, trial: Trial) -> object | None:
    """Return what answers a table of numbers without names as the estimator does; None if nothing.

    An estimator that is asked without names from now on forgets them, so as not to warn each time.
    """
    arithmetic = arithmetic_of(estimator)
    if arithmetic is not None and trial.passes(arithmetic):
        return arithmetic
    named = [(step, vars(step).pop(_NAMES)) for step in _named_steps(estimator)]
    asked: object = estimator
    if trial.passes(asked):
        return asked
    for step, names in named:
        setattr(step, _NAMES, names)
    return None


def _named_steps(estimator: BaseEstimator) -> Iterator[BaseEstimator]:
    if isinstance(estimator, Pipeline):
        for _, step in estimator.steps:
            yield from _named_steps(step)
    elif _NAMES in getattr(estimator, "__dict__", {}):
        yield estimator


def _same(one: object, other: object) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    first, second = np.asarray(one), np.asarray(other)
    if first.shape != second.shape or first.dtype != second.dtype:
        return False
    if first.dtype.kind != "f":
        return np.array_equal(first, second)
    return np.allclose(first, second, rtol=1e-9, atol=1e-12, equal_nan=True)
