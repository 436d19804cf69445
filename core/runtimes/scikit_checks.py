"""What is checked, and settled, in an estimator that was read from a file before it scores.

The types in a file may all be harmless and their content not: trees are walked in C without a look
at the bounds, a text vectorizer may be told to open files.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree._tree import Tree

from core.errors import InvalidModel

Indices = np.ndarray[Any, np.dtype[np.integer[Any]]]


def checked(found: object) -> BaseEstimator:
    """Return the estimator that an object is or holds, checked and settled for a server.

    Of a search over parameters the best estimator is taken. Raises InvalidModel.
    """
    estimator = getattr(found, "best_estimator_", found)
    if not isinstance(estimator, BaseEstimator):
        raise InvalidModel(
            f"The file holds an object of the type {type(found).__name__}; save the fitted "
            "scikit-learn estimator or pipeline itself."
        )
    if not any(hasattr(estimator, method) for method in ("predict", "transform")):
        raise InvalidModel(
            f"A fitted {type(estimator).__name__} neither predicts nor transforms new records."
        )
    for part in _parts(estimator):
        _check(part)
    return estimator


def _check(part: object) -> None:
    if isinstance(part, Tree):
        nodes = part.__getstate__()["nodes"]
        leaf = nodes["left_child"] == -1
        _check_tree(
            nodes["left_child"], nodes["right_child"], nodes["feature"], leaf, part.n_features
        )
    elif isinstance(part, TreePredictor):
        nodes = part.nodes
        leaf = nodes["is_leaf"].astype(bool)
        _check_tree(nodes["left"], nodes["right"], nodes["feature_idx"], leaf, 1 << 31)
        _check_bitsets(part)
    elif isinstance(part, CountVectorizer | HashingVectorizer) and part.input != "content":
        raise InvalidModel(
            f'A {type(part).__name__} with input="{part.input}" opens files of the server; save it '
            'with input="content".'
        )
    elif isinstance(part, FunctionTransformer):
        _check_function(part)
    if isinstance(part, BaseEstimator) and getattr(part, "n_jobs", None) is not None:
        part.n_jobs = None  # the server spreads the work itself, over parts of a batch


def _check_function(part: FunctionTransformer) -> None:
    """Admit the step that a ColumnTransformer makes of "passthrough", and NumPy's elementwise ones.

    Any other function is code, be it scikit-learn's own.
    """
    for function in (part.func, part.inverse_func):
        if function is not None and not isinstance(function, np.ufunc):
            name = getattr(function, "__name__", type(function).__name__)
            raise InvalidModel(
                f"A FunctionTransformer in the file calls {name}; only NumPy's elementwise "
                "functions such as log1p are called. Do that step before, or export to ONNX."
            )


def _check_tree(
    left: Indices, right: Indices, feature: Indices, leaf: np.ndarray[Any, Any], features: int
) -> None:
    """Refuse a tree whose nodes point out of it, back, or at features that are not there."""
    places = np.arange(len(left))
    inner = ~leaf
    for child in (left, right):
        ahead = (child[inner] > places[inner]) & (child[inner] < len(left))
        if not ahead.all():
            raise InvalidModel("A tree in the file points at nodes that it does not have.")
    if ((feature[inner] < 0) | (feature[inner] >= features)).any() or len(left) == 0:
        raise InvalidModel("A tree in the file points at features that it does not have.")


def _check_bitsets(predictor: TreePredictor) -> None:
    nodes = predictor.nodes
    categorical = nodes["is_categorical"].astype(bool) & ~nodes["is_leaf"].astype(bool)
    asked = nodes["bitset_idx"][categorical]
    if asked.size and asked.max() >= len(predictor.raw_left_cat_bitsets):
        raise InvalidModel("A tree in the file points at categories that it does not have.")


def _parts(root: object) -> Iterator[object]:
    """Yield every object inside an estimator once, itself first."""
    waiting, seen = [root], {id(root)}
    while waiting:
        part = waiting.pop()
        yield part
        for inner in _inside(part):
            if id(inner) not in seen:
                seen.add(id(inner))
                waiting.append(inner)


def _inside(part: object) -> list[Any]:
    if isinstance(part, dict):
        return list(part.values())
    if isinstance(part, list | tuple | set | frozenset):
        return list(part)
    if isinstance(part, np.ndarray):
        return list(part.ravel()) if part.dtype == object else []
    return list(vars(part).values()) if hasattr(part, "__dict__") else []
