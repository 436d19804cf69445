# ruff: noqa: ANN401 - estimators of any kind

import functools
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import skops.io
from sklearn import (
    calibration,
    cluster,
    covariance,
    decomposition,
    discriminant_analysis,
    dummy,
    ensemble,
    gaussian_process,
    kernel_ridge,
    linear_model,
    mixture,
    multiclass,
    multioutput,
    naive_bayes,
    neighbors,
    neural_network,
    preprocessing,
    svm,
    tree,
)
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.datasets import load_diabetes, load_iris
from sklearn.experimental import enable_iterative_imputer  # noqa: F401 - it lets the next in
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.feature_selection import SelectKBest
from sklearn.impute import IterativeImputer, SimpleImputer
from sklearn.isotonic import IsotonicRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)

from core.errors import InvalidModel
from core.runtimes.base import ERROR_COLUMN, PREDICTION
from core.runtimes.scikit import ScikitRuntime
from core.schema import DataType, Invalid, Optype
from tests.core.runtimes.opened import Opened, Record, open_model

IRIS, KINDS = load_iris(return_X_y=True)
PATIENTS, PROGRESS = (part[:120] for part in load_diabetes(return_X_y=True))


def opened(estimator: Any, folder: Path) -> Opened:
    path = folder / "model.pkl"
    path.write_bytes(pickle.dumps(estimator))
    return open_model(ScikitRuntime(), path, folder)


def refusal(found: object, folder: Path) -> str:
    with pytest.raises(InvalidModel) as caught:
        opened(found, folder)
    return caught.value.message


def records(table: Any) -> list[Record]:
    return [{f"x{i}": float(v) for i, v in enumerate(row)} for row in np.asarray(table)]


def column(answers: list[Record], name: str) -> list[Any]:
    return [answer[name] for answer in answers]


# --- every kind of estimator -----------------------------------------------------------------

CLASSIFIERS: list[Any] = [
    linear_model.LogisticRegression(max_iter=1000),
    linear_model.SGDClassifier(loss="log_loss"),
    linear_model.RidgeClassifier(),
    svm.SVC(),
    svm.LinearSVC(),
    tree.DecisionTreeClassifier(),
    ensemble.RandomForestClassifier(10, n_jobs=-1),
    ensemble.ExtraTreesClassifier(10),
    ensemble.GradientBoostingClassifier(n_estimators=5),
    ensemble.HistGradientBoostingClassifier(max_iter=5),
    ensemble.AdaBoostClassifier(n_estimators=5),
    ensemble.BaggingClassifier(n_estimators=3),
    ensemble.VotingClassifier([("a", tree.DecisionTreeClassifier()), ("b", svm.SVC())]),
    ensemble.StackingClassifier([("a", tree.DecisionTreeClassifier())], cv=2),
    neighbors.KNeighborsClassifier(),
    neighbors.NearestCentroid(),
    naive_bayes.GaussianNB(),
    naive_bayes.MultinomialNB(),
    neural_network.MLPClassifier((5,), max_iter=50),
    gaussian_process.GaussianProcessClassifier(),
    discriminant_analysis.LinearDiscriminantAnalysis(),
    discriminant_analysis.QuadraticDiscriminantAnalysis(),
    calibration.CalibratedClassifierCV(naive_bayes.GaussianNB(), cv=2),
    multiclass.OneVsRestClassifier(svm.SVC()),
    dummy.DummyClassifier(),
    make_pipeline(StandardScaler(), SelectKBest(k=2), svm.SVC()),
    make_pipeline(decomposition.PCA(2), linear_model.LogisticRegression()),
    make_pipeline(preprocessing.PolynomialFeatures(2), tree.DecisionTreeClassifier()),
]
REGRESSORS: list[Any] = [
    linear_model.LinearRegression(),
    linear_model.Ridge(),
    linear_model.LassoCV(cv=2),
    linear_model.HuberRegressor(max_iter=1000),
    linear_model.PoissonRegressor(max_iter=1000),
    linear_model.TweedieRegressor(),
    make_pipeline(IterativeImputer(max_iter=2), linear_model.Ridge()),
    svm.SVR(),
    tree.DecisionTreeRegressor(),
    ensemble.RandomForestRegressor(10),
    ensemble.GradientBoostingRegressor(n_estimators=5),
    ensemble.HistGradientBoostingRegressor(max_iter=5),
    neighbors.KNeighborsRegressor(algorithm="ball_tree"),
    neural_network.MLPRegressor(hidden_layer_sizes=(5,), solver="lbfgs", max_iter=50, alpha=1),
    gaussian_process.GaussianProcessRegressor(),
    kernel_ridge.KernelRidge(),
    TransformedTargetRegressor(linear_model.Ridge(), func=np.log1p, inverse_func=np.expm1),
    make_pipeline(preprocessing.SplineTransformer(), linear_model.Ridge()),
    make_pipeline(preprocessing.KBinsDiscretizer(strategy="uniform"), linear_model.Ridge()),
]
CLUSTERERS: list[Any] = [
    cluster.KMeans(3, n_init=1),
    cluster.MiniBatchKMeans(3, n_init=1),
    cluster.BisectingKMeans(3),
    cluster.MeanShift(bandwidth=1),
    cluster.AffinityPropagation(random_state=0),
]
DETECTORS: list[Any] = [
    ensemble.IsolationForest(n_estimators=5),
    svm.OneClassSVM(),
    covariance.EllipticEnvelope(),
    neighbors.LocalOutlierFactor(novelty=True),
]


def name_of(estimator: Any) -> str:
    return "+".join(
        type(step).__name__ for _, step in getattr(estimator, "steps", [("", estimator)])
    )


@pytest.mark.parametrize("estimator", CLASSIFIERS, ids=name_of)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_classifier_predicts_what_scikit_learn_predicts(estimator: Any, tmp_path: Path) -> None:
    estimator.fit(IRIS, KINDS)
    found = opened(estimator, tmp_path)
    answers = found.answers(records(IRIS))
    assert found.info.function == "classification"
    assert column(answers, PREDICTION) == estimator.predict(IRIS).tolist()
    if hasattr(estimator, "predict_proba"):
        probabilities = [column(answers, f"probability_{kind}") for kind in (0, 1, 2)]
        np.testing.assert_allclose(np.transpose(probabilities), estimator.predict_proba(IRIS))


@pytest.mark.parametrize("estimator", REGRESSORS, ids=name_of)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_regressor_predicts_what_scikit_learn_predicts(estimator: Any, tmp_path: Path) -> None:
    estimator.fit(PATIENTS, PROGRESS)
    found = opened(estimator, tmp_path)
    predicted = column(found.answers(records(PATIENTS)), PREDICTION)
    assert found.info.function == "regression"
    np.testing.assert_allclose(predicted, estimator.predict(PATIENTS), rtol=1e-9)


@pytest.mark.parametrize("estimator", CLUSTERERS, ids=name_of)
def test_a_clusterer_names_the_cluster(estimator: Any, tmp_path: Path) -> None:
    estimator.fit(IRIS)
    found = opened(estimator, tmp_path)
    assert found.info.function == "clustering"
    assert column(found.answers(records(IRIS)), PREDICTION) == estimator.predict(IRIS).tolist()


@pytest.mark.parametrize("estimator", DETECTORS, ids=name_of)
def test_a_detector_of_anomalies_gives_its_verdict_and_its_score(
    estimator: Any, tmp_path: Path
) -> None:
    estimator.fit(IRIS)
    found = opened(estimator, tmp_path)
    answers = found.answers(records(IRIS))
    assert found.info.function == "anomaly detection"
    assert column(answers, PREDICTION) == estimator.predict(IRIS).tolist()
    np.testing.assert_allclose(column(answers, "score"), estimator.decision_function(IRIS))


def test_a_mixture_predicts_its_components(tmp_path: Path) -> None:
    estimator = mixture.GaussianMixture(3, random_state=0).fit(IRIS)
    answers = opened(estimator, tmp_path).answers(records(IRIS))
    assert column(answers, PREDICTION) == estimator.predict(IRIS).tolist()
    np.testing.assert_allclose(
        column(answers, "probability_1"), estimator.predict_proba(IRIS)[:, 1]
    )


def test_a_transformer_gives_the_columns_that_it_names(tmp_path: Path) -> None:
    estimator = decomposition.PCA(2).fit(IRIS)
    found = opened(estimator, tmp_path)
    answers = found.answers(records(IRIS))
    assert found.info.output_schema.names == ["pca0", "pca1"]
    np.testing.assert_allclose(column(answers, "pca1"), estimator.transform(IRIS)[:, 1])


# --- files -----------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_of_every_protocol_is_read(protocol: int, tmp_path: Path) -> None:
    estimator = linear_model.LinearRegression().fit(PATIENTS, PROGRESS)
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(estimator, protocol=protocol))
    answers = open_model(ScikitRuntime(), path, tmp_path).answers(records(PATIENTS[:3]))
    np.testing.assert_allclose(column(answers, PREDICTION), estimator.predict(PATIENTS[:3]))


@pytest.mark.parametrize(
    "compress", [0, 1, 9, *(("zlib", 3), ("gzip", 3), ("bz2", 3)), ("xz", 3), ("lzma", 3)]
)
def test_a_joblib_file_of_every_compression_is_read(compress: Any, tmp_path: Path) -> None:
    estimator = ensemble.RandomForestClassifier(3).fit(IRIS, KINDS)
    path = tmp_path / "model.joblib"
    joblib.dump(estimator, path, compress=compress)
    assert ScikitRuntime().recognises(path.read_bytes()[:4096])
    answers = open_model(ScikitRuntime(), path, tmp_path).answers(records(IRIS))
    assert column(answers, PREDICTION) == estimator.predict(IRIS).tolist()


def test_arrays_that_were_mapped_from_a_file_are_read(tmp_path: Path) -> None:
    estimator = neighbors.KNeighborsClassifier(algorithm="brute").fit(IRIS, KINDS)
    np.save(tmp_path / "fit.npy", np.asfortranarray(IRIS))
    estimator._fit_X = np.load(tmp_path / "fit.npy", mmap_mode="r")
    joblib.dump(estimator, tmp_path / "model.joblib")
    answers = open_model(ScikitRuntime(), tmp_path / "model.joblib", tmp_path).answers(
        records(IRIS)
    )
    assert column(answers, PREDICTION) == estimator.predict(IRIS).tolist()


def test_arrays_of_objects_inside_a_joblib_file_are_read(tmp_path: Path) -> None:
    table = pd.DataFrame({"city": ["Oslo", "Rome", "Bern"]})
    estimator = make_pipeline(OneHotEncoder(), tree.DecisionTreeRegressor()).fit(table, [1, 2, 3])
    joblib.dump(estimator, tmp_path / "model.joblib")
    found = open_model(ScikitRuntime(), tmp_path / "model.joblib", tmp_path)
    assert found.answer({"city": "Rome"})[PREDICTION] == 2


def test_a_step_that_takes_logarithms_is_scored(tmp_path: Path) -> None:
    steps = make_pipeline(FunctionTransformer(np.log1p), linear_model.Ridge())
    estimator = steps.fit(IRIS, KINDS)
    predicted = column(opened(estimator, tmp_path).answers(records(IRIS)), PREDICTION)
    np.testing.assert_allclose(predicted, estimator.predict(IRIS))


def test_a_search_over_parameters_is_its_best_estimator(tmp_path: Path) -> None:
    search = GridSearchCV(tree.DecisionTreeClassifier(), {"max_depth": [1, 3]}, cv=2)
    search.fit(IRIS, KINDS)
    found = opened(search, tmp_path)
    assert found.info.algorithm == "DecisionTreeClassifier"
    assert column(found.answers(records(IRIS)), PREDICTION) == search.predict(IRIS).tolist()


def test_the_present_version_comes_without_a_warning(tmp_path: Path) -> None:
    assert not opened(linear_model.Ridge().fit(PATIENTS, PROGRESS), tmp_path).info.warnings


# --- columns ---------------------------------------------------------------------------------

SHOP = pd.DataFrame(
    {
        "age": [20.0, 30.0, np.nan, 50.0, 60.0, 70.0],
        "city": ["Oslo", "Rome", "Bern", "Oslo", "Rome", "Oslo"],
        "size": ["S", "M", "L", "S", "M", "L"],
        "rooms": [1, 2, 3, 1, 2, 3],
        "member": [1, 0, 1, 1, 0, 0],
        "note": ["x", "y", "z", "x", "y", "z"],
    }
)
BOUGHT = ["no", "yes", "no", "yes", "yes", "no"]


def shop_pipeline() -> Any:
    columns = ColumnTransformer(
        [
            ("age", make_pipeline(SimpleImputer(), StandardScaler()), ["age"]),
            ("city", OneHotEncoder(handle_unknown="ignore"), ["city"]),
            (
                "size",
                make_pipeline(
                    SimpleImputer(strategy="most_frequent"),
                    OrdinalEncoder(categories=[["S", "M", "L"]]),
                ),
                ["size"],
            ),
            ("rooms", OneHotEncoder(), ["rooms"]),
            ("member", "passthrough", ["member"]),
        ]
    )
    return make_pipeline(columns, ensemble.RandomForestClassifier(10, random_state=1))


@pytest.fixture
def shop(tmp_path: Path) -> tuple[Any, Opened]:
    pipeline = shop_pipeline().fit(SHOP, BOUGHT)
    skops.io.dump(pipeline, tmp_path / "shop.skops")
    return pipeline, open_model(ScikitRuntime(), tmp_path / "shop.skops", tmp_path)


def test_fields_have_the_names_types_and_categories_of_the_training_table(
    shop: tuple[Any, Opened],
) -> None:
    fields = {field.name: field for field in shop[1].info.inputs}
    assert list(fields) == list(SHOP.columns)
    assert fields["age"].type is DataType.DOUBLE
    assert fields["city"].categories == ("Bern", "Oslo", "Rome")
    assert fields["city"].optype is Optype.CATEGORICAL
    assert fields["size"].categories == ("S", "M", "L")
    assert fields["size"].optype is Optype.ORDINAL
    assert (fields["rooms"].type, fields["rooms"].categories) == (DataType.INTEGER, ("1", "2", "3"))


def test_what_an_encoder_does_not_know_is_refused_where_it_would_refuse(
    shop: tuple[Any, Opened],
) -> None:
    fields = {field.name: field.invalid for field in shop[1].info.inputs}
    assert fields["city"] is Invalid.AS_IS
    assert fields["rooms"] is Invalid.REFUSE


def test_a_value_may_be_missing_where_the_pipeline_imputes_it(shop: tuple[Any, Opened]) -> None:
    nullable = {field.name: field.nullable for field in shop[1].info.inputs}
    assert (nullable["age"], nullable["size"], nullable["rooms"]) == (True, True, False)


def test_a_column_that_nothing_uses_may_be_left_out(shop: tuple[Any, Opened]) -> None:
    note = shop[1].info.inputs[-1]
    assert (note.name, note.required, note.missing) == ("note", False, "not used by the model")


def test_a_pipeline_with_categories_predicts_what_scikit_learn_predicts(
    shop: tuple[Any, Opened],
) -> None:
    pipeline, found = shop
    answers = found.answers(SHOP.drop(columns="note").to_dict("records"))
    assert column(answers, PREDICTION) == pipeline.predict(SHOP).tolist()
    np.testing.assert_allclose(
        column(answers, "probability_yes"), pipeline.predict_proba(SHOP)[:, 1]
    )


def test_a_new_city_is_scored_as_the_encoder_was_told(shop: tuple[Any, Opened]) -> None:
    pipeline, found = shop
    row = SHOP.iloc[[0]].assign(city="Atlantis")
    answer = found.answer(row.drop(columns="note").to_dict("records")[0])
    assert answer["probability_yes"] == pytest.approx(pipeline.predict_proba(row)[0, 1])


@pytest.mark.parametrize(
    "chosen",
    [[1], ["city"], slice(1, 2), slice("city", "city"), [False, True, False], np.array([1])],
    ids=["position", "name", "slice", "slice of names", "mask", "array"],
)
def test_columns_are_found_however_they_were_chosen(chosen: Any, tmp_path: Path) -> None:
    table = SHOP[["rooms", "city", "member"]]
    made = ColumnTransformer([("city", OneHotEncoder(), chosen)], remainder="passthrough")
    found = opened(make_pipeline(made, tree.DecisionTreeClassifier()).fit(table, BOUGHT), tmp_path)
    assert found.info.inputs[1].categories == ("Bern", "Oslo", "Rome")


def test_columns_chosen_by_their_type_are_found(tmp_path: Path) -> None:
    chosen = make_column_selector(pattern="city")
    made = ColumnTransformer([("city", OneHotEncoder(), chosen)], remainder="drop")
    table = SHOP[["rooms", "city"]]
    found = opened(make_pipeline(made, tree.DecisionTreeClassifier()).fit(table, BOUGHT), tmp_path)
    assert found.info.inputs[1].categories == ("Bern", "Oslo", "Rome")


class OldIndex:
    """A pandas Index as pandas 2 pickles it."""

    def __init__(self, labels: list[str]) -> None:
        self._labels = labels

    def __reduce__(self) -> Any:
        new_index = vars(sys.modules["pandas.core.indexes.base"])["_new_Index"]
        return new_index, (pd.Index, {"data": np.array(self._labels, dtype=object), "name": None})


def test_columns_chosen_by_an_index_are_a_list(tmp_path: Path) -> None:
    made = ColumnTransformer([("city", OneHotEncoder(), ["city"])])
    pipeline = make_pipeline(made, tree.DecisionTreeClassifier()).fit(
        SHOP[["rooms", "city"]], BOUGHT
    )
    made.transformers = [("city", OneHotEncoder(), OldIndex(["city"]))]
    found = opened(pipeline, tmp_path)
    assert found.info.inputs[1].categories == ("Bern", "Oslo", "Rome")


def test_columns_chosen_by_an_index_that_cannot_be_read_are_refused_with_a_way_out(
    tmp_path: Path,
) -> None:
    columns = pd.Index(["city"])
    made = ColumnTransformer([("city", OneHotEncoder(), columns)])
    pipeline = make_pipeline(made, tree.DecisionTreeClassifier()).fit(
        SHOP[["rooms", "city"]], BOUGHT
    )
    assert "as a list of names" in refusal(pipeline, tmp_path)


def test_a_curve_of_one_feature_takes_one_field(tmp_path: Path) -> None:
    estimator = IsotonicRegression().fit([0.0, 1.0, 2.0], [1.0, 3.0, 2.0])
    assert opened(estimator, tmp_path).answer({"x0": 0.5})[PREDICTION] == pytest.approx(1.75)


def test_trees_that_learned_missing_values_take_them(tmp_path: Path) -> None:
    table = IRIS.copy()
    table[::7, 2] = np.nan
    estimator = ensemble.HistGradientBoostingClassifier(max_iter=5).fit(table, KINDS)
    found = opened(estimator, tmp_path)
    given = [{k: None if v != v else v for k, v in r.items()} for r in records(table)]
    assert all(field.nullable for field in found.info.inputs)
    assert column(found.answers(given), PREDICTION) == estimator.predict(table).tolist()


def test_a_linear_model_needs_every_value(tmp_path: Path) -> None:
    found = opened(linear_model.Ridge().fit(PATIENTS, PROGRESS), tmp_path)
    assert not any(field.nullable for field in found.info.inputs)


def test_a_text_model_takes_one_text(tmp_path: Path) -> None:
    texts = ["good film", "bad film", "good book", "bad book"]
    estimator = make_pipeline(TfidfVectorizer(), naive_bayes.MultinomialNB())
    found = opened(estimator.fit(texts, ["+", "-", "+", "-"]), tmp_path)
    assert [(f.name, f.type) for f in found.info.inputs] == [("text", DataType.STRING)]
    assert found.answer({"text": "a good one"})[PREDICTION] == "+"


def test_a_text_column_beside_others_is_a_text(tmp_path: Path) -> None:
    table = pd.DataFrame({"words": ["good", "bad", "good", "bad"], "stars": [5.0, 1, 4, 2]})
    made = ColumnTransformer([("words", CountVectorizer(), "words")], remainder="passthrough")
    pipeline = make_pipeline(made, linear_model.LogisticRegression()).fit(table, [1, 0, 1, 0])
    found = opened(pipeline, tmp_path)
    assert [f.type for f in found.info.inputs] == [DataType.STRING, DataType.DOUBLE]
    assert found.answer({"words": "very bad", "stars": 1})[PREDICTION] == 0


def test_a_union_of_features_keeps_the_columns(tmp_path: Path) -> None:
    union = FeatureUnion([("scaled", StandardScaler()), ("parts", decomposition.PCA(2))])
    estimator = make_pipeline(union, linear_model.Ridge()).fit(PATIENTS, PROGRESS)
    predicted = column(opened(estimator, tmp_path).answers(records(PATIENTS)), PREDICTION)
    np.testing.assert_allclose(predicted, estimator.predict(PATIENTS))


# --- classes and targets ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "type_", "categories"),
    [
        (["a", "b"], DataType.STRING, ("a", "b")),
        ([3, 7], DataType.INTEGER, ("3", "7")),
        ([True, False], DataType.BOOLEAN, ("false", "true")),
        ([0.5, 2.0], DataType.STRING, ("0.5", "2")),
        (np.array(["a", "b"], dtype=object), DataType.STRING, ("a", "b")),
    ],
    ids=["texts", "integers", "booleans", "fractions", "objects"],
)
def test_classes_of_every_type_come_back_as_they_were(
    labels: Any, type_: DataType, categories: tuple[str, ...], tmp_path: Path
) -> None:
    named = np.asarray(labels)[[0, 1, 1, 0]]
    table = [[0.0], [1.0], [1.1], [0.1]]
    if named.dtype.kind == "f":
        named = named.astype(str)
        categories = ("0.5", "2.0")
    found = opened(tree.DecisionTreeClassifier().fit(table, named), tmp_path)
    assert (found.info.outputs[0].type, found.info.outputs[0].categories) == (type_, categories)
    answers = found.answers(records(table))
    assert column(answers, PREDICTION) == named.tolist()


def test_several_targets_have_a_prediction_each(tmp_path: Path) -> None:
    targets = np.stack([PROGRESS, -PROGRESS], axis=1)
    estimator = multioutput.MultiOutputRegressor(linear_model.Ridge()).fit(PATIENTS, targets)
    answers = opened(estimator, tmp_path).answers(records(PATIENTS))
    predicted = [column(answers, f"prediction_{i}") for i in (0, 1)]
    np.testing.assert_allclose(np.transpose(predicted), estimator.predict(PATIENTS))


def test_several_classifications_have_probabilities_each(tmp_path: Path) -> None:
    targets = np.stack([KINDS, KINDS == 0], axis=1)
    estimator = ensemble.RandomForestClassifier(5).fit(IRIS, targets)
    found = opened(estimator, tmp_path)
    assert found.info.output_schema.names == [
        *("prediction_0", "prediction_1"),
        *("probability_0_0", "probability_0_1", "probability_0_2"),
        *("probability_1_0", "probability_1_1"),
    ]
    answers = found.answers(records(IRIS))
    predicted = [column(answers, f"prediction_{i}") for i in (0, 1)]
    assert np.transpose(predicted).tolist() == estimator.predict(IRIS).tolist()
    np.testing.assert_allclose(
        column(answers, "probability_1_1"), estimator.predict_proba(IRIS)[1][:, 1]
    )


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_several_labels_at_once_are_zeros_and_ones(tmp_path: Path) -> None:
    targets = np.stack([KINDS == 0, KINDS == 1], axis=1).astype(int)
    estimator = neural_network.MLPClassifier((5,), max_iter=50, solver="lbfgs").fit(IRIS, targets)
    answers = opened(estimator, tmp_path).answers(records(IRIS))
    predicted = [column(answers, f"prediction_{i}") for i in (0, 1)]
    assert np.transpose(predicted).tolist() == estimator.predict(IRIS).tolist()


def test_a_class_that_is_named_like_a_number_stays_a_text(tmp_path: Path) -> None:
    found = opened(tree.DecisionTreeClassifier().fit([[0.0], [1.0]], ["0", "1"]), tmp_path)
    assert found.answer({"x0": 1})[PREDICTION] == "1"


# --- rows ------------------------------------------------------------------------------------


def test_a_row_that_scikit_learn_refuses_fails_alone(tmp_path: Path) -> None:
    estimator = linear_model.Ridge().fit([[0.0], [1.0]], [0.0, 1.0])
    found = opened(estimator, tmp_path)
    batch = found.typed([{"x0": 0.25}, {"x0": 0.5}, {"x0": 0.75}])
    broken = batch.set_column(0, "x0", pa.array([0.25, float("nan"), 0.75]))
    answers = found.scorer.score(broken).to_pylist()
    assert "NaN" in answers[1][ERROR_COLUMN]
    assert [answers[0][ERROR_COLUMN], answers[2][ERROR_COLUMN]] == [None, None]


def test_no_part_of_a_model_starts_threads_of_its_own(tmp_path: Path) -> None:
    forest = ensemble.RandomForestClassifier(3, n_jobs=-1)
    estimator = make_pipeline(StandardScaler(), forest).fit(IRIS, KINDS)
    skops.io.dump(estimator, tmp_path / "model.skops")
    converted = tmp_path / "converted"
    ScikitRuntime().inspect(tmp_path / "model.skops", converted)
    kept = skops.io.load(converted, trusted=skops.io.get_untrusted_types(file=converted))
    assert kept[-1].n_jobs is None


# --- what is refused -------------------------------------------------------------------------


class Homemade(BaseEstimator):  # type: ignore[misc]  # scikit-learn is not typed
    def predict(self, table: Any) -> Any:
        return table


def shout(texts: Any) -> Any:
    return texts


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (Homemade, "Homemade"),
        (
            lambda: make_pipeline(FunctionTransformer(np.log1p).set_params(func=np.mean)),
            "FunctionTransformer in the file calls mean",
        ),
        (
            lambda: make_pipeline(CountVectorizer(analyzer=shout), svm.SVC()).fit(
                ["a b", "c"], [0, 1]
            ),
            "shout",
        ),
        (lambda: CountVectorizer(input="filename"), 'input="filename"'),
        (lambda: cluster.DBSCAN().fit(IRIS), "neither predicts nor transforms"),
        (lambda: neighbors.LocalOutlierFactor().fit(IRIS), "neither predicts nor transforms"),
        (lambda: svm.SVC(), "not fitted"),
        (lambda: {"model": svm.SVC()}, "type dict"),
        (lambda: [1, 2, 3], "type list"),
        (lambda: svm.SVC, "type"),
        (lambda: pd.DataFrame({"a": [1]}), "pandas"),
    ],
    ids=[
        *("homemade", "function", "callable", "filename", "dbscan", "outliers"),
        *("unfitted", "dict", "list", "class", "table"),
    ],
)
def test_what_cannot_be_served_is_refused_for_a_reason(
    make: Callable[[], object], reason: str, tmp_path: Path
) -> None:
    assert reason in refusal(make(), tmp_path)


def test_every_refused_type_is_named(tmp_path: Path) -> None:
    both = make_pipeline(FunctionTransformer(shout), Homemade())
    message = refusal(both, tmp_path)
    assert "shout" in message
    assert "Homemade" in message


def test_trees_that_encode_categories_themselves_predict_as_scikit_learn_does(
    tmp_path: Path,
) -> None:
    table = pd.concat([SHOP[["age", "city"]]] * 10, ignore_index=True)
    trees = ensemble.HistGradientBoostingClassifier(
        max_iter=5, min_samples_leaf=2, categorical_features=["city"]
    )
    trees.fit(table, BOUGHT * 10)
    found = opened(trees, tmp_path)
    given = [
        {**row, "age": None if row["age"] != row["age"] else row["age"]}
        for row in table.to_dict("records")
    ]
    assert found.info.inputs[1].categories == ("Bern", "Oslo", "Rome")
    np.testing.assert_allclose(
        column(found.answers(given), "probability_yes"), trees.predict_proba(table)[:, 1]
    )


def test_trees_that_encode_in_a_way_of_their_own_are_refused(tmp_path: Path) -> None:
    table = SHOP[["age", "city"]]
    trees = ensemble.HistGradientBoostingClassifier(max_iter=2, categorical_features=["city"])
    trees.fit(table, BOUGHT)
    trees._preprocessor.transformers_[1] = ("numerical", StandardScaler(), [False, False])
    assert "in a way that is not theirs" in refusal(trees, tmp_path)


@pytest.mark.parametrize("function", [shout, np.mean, print])
def test_any_other_partial_is_refused_by_name(function: Any, tmp_path: Path) -> None:
    scaler = StandardScaler().fit(IRIS)
    scaler.extra_ = functools.partial(function, 1)
    assert "functools.partial" in refusal(scaler, tmp_path)
