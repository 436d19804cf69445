"""What fields a fitted scikit-learn estimator takes and gives."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.base import (
    BaseEstimator,
    is_classifier,
    is_clusterer,
    is_outlier_detector,
    is_regressor,
)
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer
from sklearn.impute import SimpleImputer
from sklearn.isotonic import IsotonicRegression
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, TargetEncoder

from core.errors import InvalidModel
from core.runtimes.base import ERROR_COLUMN, PREDICTION, PROBABILITY
from core.schema import DataType, Field, Interval, Invalid, Optype

ANOMALY_SCORE = "score"
_TEXT = "text"
_ENCODERS = (OneHotEncoder, OrdinalEncoder, TargetEncoder)
_VECTORIZERS = (CountVectorizer, HashingVectorizer)
_MIXTURES = (BayesianGaussianMixture, GaussianMixture)


@dataclass(frozen=True, slots=True)
class Use:
    """What one column is used for: its type, what an encoder knows, whether it is used at all."""

    type: DataType = DataType.DOUBLE
    optype: Optype = Optype.CONTINUOUS
    categories: tuple[str, ...] = ()
    invalid: Invalid = Invalid.REFUSE
    text: bool = False


UNUSED = Use()


def final_step(estimator: BaseEstimator) -> BaseEstimator:
    """Return the last step of a pipeline, or the estimator itself."""
    while isinstance(estimator, Pipeline):
        estimator = estimator.steps[-1][1]
    return estimator


def takes_text(estimator: BaseEstimator) -> bool:
    """Return whether the estimator takes one text per record, and no table."""
    while isinstance(estimator, Pipeline):
        estimator = estimator.steps[0][1]
    if isinstance(estimator, FeatureUnion):
        return all(takes_text(part) for _, part in estimator.transformer_list)
    return isinstance(estimator, _VECTORIZERS)


def input_fields(estimator: BaseEstimator) -> tuple[Field, ...]:
    """Return the columns that an estimator was trained on; raises InvalidModel if it is unfitted.

    Their names are those of the training table, or `x0`, `x1` and so on. Types and categories are
    those that the encoders among the first steps were trained on, numbers otherwise.
    """
    if takes_text(estimator):
        return (Field(_TEXT, DataType.STRING, Optype.CATEGORICAL),)
    names = _trained_names(estimator)
    uses: dict[int, Use] = {}
    for position, use in _uses(estimator, list(range(len(names))), names):
        known = uses.get(position)
        if known is None or (use.categories and not known.categories):
            uses[position] = use
    return tuple(_field(name, uses.get(position)) for position, name in enumerate(names))


def _trained_names(estimator: BaseEstimator) -> list[str]:
    names = getattr(estimator, "feature_names_in_", None)
    if names is not None:
        return [str(name) for name in names]
    alone = isinstance(final_step(estimator), IsotonicRegression)
    count = getattr(estimator, "n_features_in_", 1 if alone else None)
    if not count:
        raise InvalidModel(
            f"The {type(estimator).__name__} is not fitted, or does not say how many features it "
            "was trained on; fit it before it is saved."
        )
    return [f"x{position}" for position in range(int(count))]


def _field(name: str, use: Use | None) -> Field:
    if use is None:
        return Field(
            name, DataType.DOUBLE, required=False, nullable=True, missing="not used by the model"
        )
    return Field(name, use.type, use.optype, use.categories, invalid=use.invalid)


def _uses(part: Any, columns: list[int], names: list[str]) -> Iterator[tuple[int, Use]]:  # noqa: ANN401
    """Yield what a step does with each of the columns that it is given."""
    part = getattr(part, "_preprocessor", None) or part  # of boosted trees with categories
    if isinstance(part, Pipeline):
        yield from _pipeline_uses(part, columns, names)
    elif isinstance(part, ColumnTransformer):
        for _, inner, chosen in part.transformers_:
            if not (isinstance(inner, str) and inner == "drop"):
                yield from _uses(inner, [columns[i] for i in _positions(chosen, names)], names)
    elif isinstance(part, FeatureUnion):
        for _, inner in part.transformer_list:
            yield from _uses(inner, columns, names)
    elif isinstance(part, _ENCODERS) and len(part.categories_) == len(columns):
        for column, categories in zip(columns, part.categories_, strict=True):
            yield column, _encoded(part, categories)
    else:
        yield from ((column, _plain_use(part)) for column in columns)


def _pipeline_uses(
    part: Pipeline, columns: list[int], names: list[str]
) -> Iterator[tuple[int, Use]]:
    """Yield the uses of the first step, and of those behind steps that keep columns apart."""
    for _, step in part.steps:
        if step is None or (isinstance(step, str) and step == "passthrough"):
            continue
        yield from _uses(step, columns, names)
        if not _keeps_columns(step, len(columns)):
            return


def _keeps_columns(step: object, count: int) -> bool:
    if not isinstance(step, SimpleImputer) or step.add_indicator:
        return False
    return len(step.statistics_) == count == len(step.get_feature_names_out())


def _positions(chosen: Any, names: list[str]) -> list[int]:  # noqa: ANN401
    """Return the positions of a ColumnTransformer's columns, however they were chosen."""
    if isinstance(chosen, slice):
        chosen = names[chosen] if not isinstance(chosen.start or chosen.stop, str) else chosen
    if isinstance(chosen, slice):
        first = names.index(chosen.start) if chosen.start else 0
        return list(range(first, names.index(chosen.stop) + 1 if chosen.stop else len(names)))
    listed = [chosen] if isinstance(chosen, str | int | np.integer) else list(chosen)
    if listed and all(isinstance(one, bool | np.bool_) for one in listed):
        return [position for position, one in enumerate(listed) if one]
    return [names.index(one) if isinstance(one, str) else int(one) % len(names) for one in listed]


def _plain_use(part: object) -> Use:
    if isinstance(part, _VECTORIZERS):
        return Use(DataType.STRING, Optype.CATEGORICAL, text=True)
    if isinstance(part, SimpleImputer) and np.asarray(part.statistics_).dtype == object:
        return Use(DataType.STRING, Optype.CATEGORICAL)
    return Use()


def _encoded(encoder: Any, categories: Sequence[Any]) -> Use:  # noqa: ANN401
    kept = [value for value in categories if not _is_missing(value)]
    optype = Optype.ORDINAL if isinstance(encoder, OrdinalEncoder) else Optype.CATEGORICAL
    refuses = getattr(encoder, "handle_unknown", "ignore") == "error"
    return Use(
        type=type_of(kept),
        optype=optype,
        categories=tuple(text_of(value) for value in kept),
        invalid=Invalid.REFUSE if refuses else Invalid.AS_IS,
    )


def _is_missing(value: object) -> bool:
    return value is None or (isinstance(value, float) and bool(np.isnan(value)))


def type_of(values: Sequence[object]) -> DataType:
    """Return the type that classes or categories have."""
    kinds: tuple[tuple[DataType, Any], ...] = (
        (DataType.BOOLEAN, bool | np.bool_),
        (DataType.INTEGER, int | np.integer),
        (DataType.DOUBLE, float | int | np.number),
    )
    for type_, kind in kinds:
        if len(values) and all(isinstance(value, kind) for value in values):
            return type_
    return DataType.STRING


def text_of(value: object) -> str:
    """Return a class or a category as text: whole numbers without a fraction."""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


@dataclass(frozen=True, slots=True)
class Given:
    """What a model gives: its fields, and which methods they come from, in this order.

    `targets` are the classes of each thing that is predicted, empty for numbers.
    """

    function: str
    methods: tuple[str, ...]
    targets: tuple[tuple[Any, ...], ...]
    fields: tuple[Field, ...]


def given_by(estimator: BaseEstimator, outcome: dict[str, Any]) -> Given:
    """Return what a model gives; `outcome` holds what its methods gave for a trial record."""
    if "predict" not in outcome:
        return _transformation(estimator, outcome["transform"])
    targets = _targets(estimator, outcome)
    several = len(targets) > 1
    fields = [_prediction(i, classes, several=several) for i, classes in enumerate(targets)]
    methods = ["predict"]
    if "predict_proba" in outcome:
        methods.append("predict_proba")
        # Several labels in one table: a column each, the probability that the label is there.
        there = several and not isinstance(outcome["predict_proba"], list)
        for i, classes in enumerate(targets):
            fields += _probabilities(i, classes[-1:] if there else classes, several=several)
    function = _function(estimator)
    if function == "anomaly detection" and "decision_function" in outcome:
        methods.append("decision_function")
        fields.append(Field(ANOMALY_SCORE, DataType.DOUBLE))
    return Given(function, tuple(methods), targets, tuple(fields))


def _function(estimator: BaseEstimator) -> str:
    tests = (
        (is_outlier_detector, "anomaly detection"),
        (is_classifier, "classification"),
        (is_regressor, "regression"),
        (_finds_groups, "clustering"),
    )
    return next((name for test, name in tests if test(estimator)), "transformation")


def _finds_groups(estimator: BaseEstimator) -> bool:
    return is_clusterer(estimator) or isinstance(final_step(estimator), _MIXTURES)


def _targets(estimator: BaseEstimator, outcome: dict[str, Any]) -> tuple[tuple[Any, ...], ...]:
    """Return the classes of each column of predictions; empty for numbers."""
    table = np.asarray(outcome["predict"]).reshape(1, -1)
    if is_outlier_detector(estimator):
        return ((-1, 1),)
    if is_classifier(estimator):
        return _classes(estimator, table.shape[1])
    if _finds_groups(estimator) and table.dtype.kind in "iu":
        last = final_step(estimator)
        count = getattr(last, "n_clusters", None) or getattr(last, "n_components", None)
        return (tuple(range(count)) if isinstance(count, int) else (0,),)
    return tuple(() for _ in range(table.shape[1]))


def _classes(estimator: BaseEstimator, columns: int) -> tuple[tuple[Any, ...], ...]:
    classes = getattr(estimator, "classes_", (0, 1))
    if isinstance(classes, list):
        return tuple(tuple(each) for each in classes)
    if columns > 1:  # a column of 0 and 1 for each label
        return tuple((0, 1) for _ in range(columns))
    return (tuple(classes),)


def _prediction(position: int, classes: Sequence[Any], *, several: bool) -> Field:
    name = f"{PREDICTION}_{position}" if several else PREDICTION
    if not classes:
        return Field(name, DataType.DOUBLE)
    known = tuple(text_of(value) for value in classes) if len(classes) > 1 else ()
    return Field(name, type_of(classes), Optype.CATEGORICAL, known)


def _probabilities(position: int, classes: Sequence[Any], *, several: bool) -> list[Field]:
    prefix = f"{PROBABILITY}{position}_" if several else PROBABILITY
    bounds = (Interval(0, 1),)
    return [
        Field(f"{prefix}{text_of(value)}", DataType.DOUBLE, intervals=bounds) for value in classes
    ]


def _transformation(estimator: BaseEstimator, outcome: Any) -> Given:  # noqa: ANN401
    width = outcome.shape[1] if outcome.ndim > 1 else 1
    try:
        names = [str(name) for name in estimator.get_feature_names_out()]
    except (AttributeError, ValueError, TypeError, NotImplementedError):
        names = [f"output_{position}" for position in range(width)]
    if len(names) != width or len(set(names)) != width or ERROR_COLUMN in names:
        names = [f"output_{position}" for position in range(width)]
    fields = tuple(Field(name, DataType.DOUBLE) for name in names)
    return Given("transformation", ("transform",), tuple(() for _ in names), fields)


def with_nullable(field: Field, said: str) -> Field:
    """Return the field with its value allowed to be missing."""
    return replace(field, nullable=True, missing=said)
