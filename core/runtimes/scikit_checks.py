"""What is checked, and settled, in an estimator that was read from a file before it scores.

The types in a file may all be harmless and their content not: trees are walked in C without a look
at the bounds, a text vectorizer may be told to open files.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble import IsolationForest
from sklearn.ensemble._forest import BaseForest
from sklearn.ensemble._gb import BaseGradientBoosting
from sklearn.ensemble._hist_gradient_boosting.gradient_boosting import BaseHistGradientBoosting
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer
from sklearn.neighbors import BallTree, KDTree
from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder
from sklearn.tree import BaseDecisionTree
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
    try:
        for part in _parts(estimator):
            _check(part)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise InvalidModel("The parts of the model in the file do not fit together.") from error
    return estimator


def _check(part: object) -> None:
    for kinds, check in _CHECKS:
        if isinstance(part, kinds):
            check(part)
    if isinstance(part, BaseEstimator) and getattr(part, "n_jobs", None) is not None:
        part.n_jobs = None  # the server spreads the work itself, over parts of a batch


def _check_vectorizer(part: Any) -> None:  # noqa: ANN401
    if part.input != "content":
        raise InvalidModel(
            f'A {type(part).__name__} with input="{part.input}" opens files of the server; save it '
            'with input="content".'
        )


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


def _check_tree(tree: Tree) -> None:
    nodes = tree.__getstate__()["nodes"]
    inner = nodes[nodes["left_child"] != _LEAF]
    places = np.flatnonzero(nodes["left_child"] != _LEAF)
    _check_children(places, inner["left_child"], inner["right_child"], len(nodes))
    _check_features(inner["feature"], tree.n_features)


def _check_owner(part: Any) -> None:  # noqa: ANN401
    """Refuse trees that look at another number of features than their owner lets through.

    The trees of a forest do not know theirs, and scikit-learn does not look where it is not known.
    """
    alone = isinstance(part, BaseDecisionTree)
    if not hasattr(part, "tree_" if alone else "estimators_"):
        return  # one to train others after, not one that predicts
    if alone and not hasattr(part, "n_features_in_"):
        part.n_features_in_ = part.tree_.n_features
    trees = [part] if alone else list(np.ravel(np.asarray(part.estimators_, dtype=object)))
    widths = [part.n_features_in_] * len(trees)
    if isinstance(part, IsolationForest):
        widths = [min(len(chosen), part.n_features_in_) for chosen in part.estimators_features_]
    for tree, width in zip(trees, widths, strict=True):
        if tree.tree_.n_features != width:
            raise InvalidModel(_FAR_FEATURES)


def _check_histogram_trees(part: Any) -> None:  # noqa: ANN401
    if getattr(part, "_preprocessor", None) is not None:
        _settle_encoding(part)
    for predictor in (tree for trees in part._predictors for tree in trees):
        nodes = predictor.nodes
        places = np.flatnonzero(nodes["is_leaf"] == 0)
        inner = nodes[places]
        _check_children(places, inner["left"], inner["right"], len(nodes))
        _check_features(inner["feature_idx"], part.n_features_in_)
        asked = inner["bitset_idx"][inner["is_categorical"] != 0]
        if asked.size and asked.max() >= len(predictor.raw_left_cat_bitsets):
            raise InvalidModel("A tree in the file points at categories that it does not have.")


def _settle_encoding(part: Any) -> None:  # noqa: ANN401
    """Admit the table that such trees make of categories and numbers, without its function.

    The function checks that the numbers are numbers, which Slipway has done by then.
    """
    made = part._preprocessor
    (_, encoder, categories), (_, numbers, others), *rest = made.transformers_
    whole = np.asarray(categories, dtype=bool) ^ np.asarray(others, dtype=bool)
    plain = isinstance(encoder, OrdinalEncoder) and isinstance(numbers, FunctionTransformer)
    dropped = all(isinstance(step, str) and step == "drop" for _, step, _ in rest)
    if not plain or not dropped or len(whole) != part.n_features_in_ or not whole.all():
        raise InvalidModel("The trees in the file encode categories in a way that is not theirs.")
    for _, step, *_ in (*made.transformers_, *made.transformers):
        if isinstance(step, FunctionTransformer):
            step.func = None


def _check_children(places: Indices, left: Indices, right: Indices, count: int) -> None:
    """Refuse children outside the tree, and those at or before their parent: no way ends then."""
    for child in (left.astype(np.int64), right.astype(np.int64)):
        if count == 0 or ((child <= places) | (child >= count)).any():
            raise InvalidModel("A tree in the file points at nodes that it does not have.")


def _check_features(features: Indices, count: int) -> None:
    if ((features < 0) | (features >= count)).any():
        raise InvalidModel(_FAR_FEATURES)


def _check_neighbours(part: KDTree | BallTree) -> None:
    """Hold a tree of neighbours against its own data; nodes 2i+1 and 2i+2 are below node i."""
    data, order, nodes, bounds = part.__getstate__()[:4]
    below = 2 * np.flatnonzero(nodes["is_leaf"] == 0) + 2
    fits = [
        *(order.min() >= 0, order.max() < len(data), len(order) == len(data)),
        *(nodes["idx_start"].min() >= 0, nodes["idx_end"].max() <= len(data)),
        below.size == 0 or below.max() < len(nodes),
        bounds.shape[1:] == (len(nodes), data.shape[1]),
    ]
    if not all(fits):
        raise InvalidModel("A tree of neighbours in the file points at data that it does not have.")


_LEAF = -1
_FAR_FEATURES = "A tree in the file points at features that it does not have."
_CHECKS: tuple[tuple[tuple[type, ...], Callable[[Any], None]], ...] = (
    ((CountVectorizer, HashingVectorizer), _check_vectorizer),
    ((FunctionTransformer,), _check_function),
    ((Tree,), _check_tree),
    ((BaseDecisionTree, BaseForest, BaseGradientBoosting, IsolationForest), _check_owner),
    ((BaseHistGradientBoosting,), _check_histogram_trees),
    ((KDTree, BallTree), _check_neighbours),
)


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
