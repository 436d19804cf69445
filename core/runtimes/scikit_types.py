"""The types that a scikit-learn file may hold: an allow-list of exact names.

Nothing is imported because a file asks for it: the estimators are the classes that scikit-learn
itself defines and lists, the rest is written down below. What is not in the list is refused, be it
harmless or not. Left out on purpose: whatever calls what it is given (`functools.partial`,
`operator.methodcaller`), looks things up by name (`getattr`), or belongs to testing.
"""

import importlib
import warnings
from collections.abc import Iterable, Iterator
from functools import cache

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import all_estimators

Name = tuple[str, str]

_UFUNCS = ("exp", "expm1", "log", "log10", "log1p", "log2", "sqrt", "square")
_PLAIN: dict[str, tuple[str, ...]] = {
    "builtins": (
        *("bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list"),
        *("object", "range", "set", "slice", "str", "tuple"),
    ),
    "collections": ("OrderedDict", "defaultdict"),
    "copyreg": ("_reconstructor",),
    "datetime": ("date", "datetime", "time", "timedelta"),
    "decimal": ("Decimal",),
    "numpy": (
        *("dtype", "ndarray", "mean", "median", "max", "min"),
        *_UFUNCS,
    ),
    "numpy._core._multiarray_umath": _UFUNCS,
    "numpy._core.multiarray": ("_reconstruct", "scalar"),
    "numpy._core.numeric": ("_frombuffer",),
    "numpy.ma.core": ("MaskedArray", "_mareconstruct"),
    "numpy.ma": ("MaskedArray",),
    "numpy.random._pickle": ("__bit_generator_ctor", "__generator_ctor", "__randomstate_ctor"),
    "numpy.random._generator": ("Generator",),
    "numpy.random._mt19937": ("MT19937",),
    "numpy.random._pcg64": ("PCG64", "PCG64DXSM"),
    "numpy.random._philox": ("Philox",),
    "numpy.random._sfc64": ("SFC64",),
    "numpy.random.mtrand": ("RandomState",),
    "numpy.random.bit_generator": ("SeedSequence", "__pyx_unpickle_SeedSequence"),
    "scipy.interpolate._bsplines": ("BSpline",),
    "scipy.interpolate._interpolate": ("interp1d",),
    "scipy._lib.array_api_compat.numpy._aliases": ("asarray",),
    "sklearn._loss._loss": (
        "CyHalfMultinomialLoss",
        "__pyx_unpickle_CyHalfMultinomialLoss",
    ),
    "sklearn._loss.link": ("Interval",),
    "sklearn.calibration": ("_CalibratedClassifier",),
    "sklearn.cluster._birch": ("_CFNode", "_CFSubcluster"),
    "sklearn.cluster._bisect_k_means": ("_BisectingTree",),
    "sklearn.cluster._kmeans": ("_kmeans_single_elkan", "_kmeans_single_lloyd"),
    "sklearn.compose._column_transformer": ("_RemainderColsList", "make_column_selector"),
    "sklearn.ensemble._hist_gradient_boosting.predictor": ("TreePredictor",),
    "sklearn.feature_selection._mutual_info": ("mutual_info_classif", "mutual_info_regression"),
    "sklearn.feature_selection._univariate_selection": (
        *("chi2", "f_classif", "f_oneway", "f_regression", "r_regression"),
    ),
    "sklearn.gaussian_process._gpc": ("_BinaryGaussianProcessClassifierLaplace",),
    "sklearn.impute._iterative": ("_ImputerTriplet",),
    "sklearn.metrics._dist_metrics": ("newObj",),
    "sklearn.metrics._scorer": ("_PassthroughScorer", "_Scorer"),
    "sklearn.neighbors._ball_tree": ("BallTree", "BallTree32", "BallTree64", "newObj"),
    "sklearn.neighbors._kd_tree": ("KDTree", "KDTree32", "KDTree64", "newObj"),
    "sklearn.neural_network._stochastic_optimizers": ("AdamOptimizer", "SGDOptimizer"),
    "sklearn.tree._tree": ("Tree",),
    "sklearn.utils._bunch": ("Bunch",),
    "sklearn.utils._metadata_requests": ("MetadataRequest", "MethodMetadataRequest"),
}
_FAMILIES: tuple[tuple[str, str], ...] = (
    ("sklearn._loss._loss", "CyLossFunction"),
    ("sklearn._loss.loss", "BaseLoss"),
    ("sklearn._loss.link", "BaseLink"),
    ("sklearn.gaussian_process.kernels", "Kernel"),
    ("sklearn.metrics._dist_metrics", "DistanceMetric32"),
    ("sklearn.metrics._dist_metrics", "DistanceMetric64"),
    ("sklearn.model_selection._split", "BaseCrossValidator"),
    ("sklearn.model_selection._split", "BaseShuffleSplit"),
    ("sklearn.model_selection._split", "_RepeatedSplits"),
    ("scipy.sparse", "spmatrix"),
    ("scipy.sparse", "sparray"),
)
# They hold a function of the user's own.
_REFUSED_MEMBERS = frozenset({"PyFuncDistance", "PyFuncDistance32", "PyFuncDistance64"})
_ALIASES = {"numpy.core": "numpy._core", "copy_reg": "copyreg", "__builtin__": "builtins"}


def allowed(module: str, name: str) -> object | None:
    """Return what a name in a file stands for, or None where it is not allowed."""
    return _table().get((_today(module), name))


def _today(module: str) -> str:
    """Return the present name of a module that was renamed without a change."""
    for old, new in _ALIASES.items():
        if module == old or module.startswith(f"{old}."):
            return new + module.removeprefix(old)
    return module


@cache
def _table() -> dict[Name, object]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        all_estimators()  # it imports every module of scikit-learn that defines one
    table: dict[Name, object] = dict(_plain_names())
    for kind in _estimators():
        table[kind.__module__, kind.__name__] = kind
    for module, base in _FAMILIES:
        table.update(_family(module, base))
    for number in _subclasses(np.generic):
        table["numpy", number.__name__] = number
    table.update(_score_functions())
    return table


def _plain_names() -> Iterator[tuple[Name, object]]:
    for module, names in _PLAIN.items():
        home = importlib.import_module(module)
        for name in names:
            if hasattr(home, name):  # some came or went with a version of scikit-learn
                yield (module, name), getattr(home, name)


def _estimators() -> Iterator[type]:
    for kind in _subclasses(BaseEstimator):
        parts = kind.__module__.split(".")
        testing = {"tests", "conftest", "_mocking", "_testing", "externals"} & set(parts)
        if parts[0] == "sklearn" and not testing:
            yield kind


def _family(module: str, base: str) -> Iterator[tuple[Name, object]]:
    """Yield the classes of a base that its own package defines."""
    package = module.split(".")[0]
    root = getattr(importlib.import_module(module), base, None)
    for kind in _subclasses(root) if isinstance(root, type) else ():
        own = kind.__module__.split(".")[0] == package and "tests" not in kind.__module__
        if own and kind.__name__ not in _REFUSED_MEMBERS:
            yield (kind.__module__, kind.__name__), kind


def _subclasses(kind: type) -> Iterable[type]:
    found: dict[type, None] = {kind: None}
    waiting = [kind]
    while waiting:
        below: type
        for below in type.__subclasses__(waiting.pop()):
            if below not in found:
                found[below] = None
                waiting.append(below)
    return found


def _score_functions() -> Iterator[tuple[Name, object]]:
    """Yield the functions behind the scorers that searches over parameters are named after."""
    from sklearn import metrics

    for name in metrics.get_scorer_names():
        function = getattr(metrics.get_scorer(name), "_score_func", None)
        if function is not None and function.__module__.startswith("sklearn.metrics."):
            yield (function.__module__, function.__name__), function
