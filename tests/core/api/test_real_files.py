"""Model files made by others, from upload to a scored batch: I3 to I8, I10, I16 to I19.

Each prediction is held against the one that the file's makers expect.
"""

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from core.platform import Platform
from tests.core.api.conftest import Api

MATERIAL = Path(__file__).resolve().parents[4] / "shared" / "material"
needs_material = pytest.mark.skipif(
    not MATERIAL.is_dir(), reason="The model files by others are not beside this project."
)

Row = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A model file, the rows to score, and for each row the outputs that are expected."""

    path: Path
    rows: list[Row]
    expected: list[Row]
    function: str
    tolerance: float = 1e-6


def table(path: str) -> list[Row]:
    """Return a CSV as text by column; of two columns of one name the first counts."""
    with (MATERIAL / path).open(newline="", encoding="utf-8") as file:
        head, *body = csv.reader(file)
    return [dict(zip(reversed(head), reversed(row), strict=True)) for row in body if row]


def pmml_iris(name: str, file: str) -> Case:
    rows = table(f"pmml/cPMML/{name}.expected.csv")
    classes = ("Iris-setosa", "Iris-versicolor", "Iris-virginica")
    expected = [
        {
            "prediction": row["prediction"],
            **{
                f"probability_{c}": float(row[f"Probability_{c}"])
                for c in classes
                if f"Probability_{c}" in row
            },
        }
        for row in rows
    ]
    features = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    sent = [{feature: row[feature] for feature in features} for row in rows]
    return Case(MATERIAL / f"pmml/cPMML/{file}", sent, expected, "classification")


def housing() -> Case:
    rows = table("pmml/cPMML/HousingLinearRegressor.expected.csv")
    expected = [{"prediction": float(row["prediction"])} for row in rows]
    sent = [{k: v for k, v in row.items() if k not in ("prediction", "true")} for row in rows]
    path = MATERIAL / "pmml/cPMML/HousingLinearRegressor.xml"
    return Case(path, sent, expected, "regression")


def kmeans() -> Case:
    rows = table("pmml/jpmml-bsd-rattle/Iris.csv")
    answers = table("pmml/jpmml-bsd-rattle/KMeansIris.expected.csv")
    expected = [{"prediction": row["Cluster"]} for row in answers]
    return Case(MATERIAL / "pmml/jpmml-bsd-rattle/KMeansIris.pmml", rows, expected, "clustering")


def tree_without_answers() -> Case:
    """The specification's own sample tree: the first split decides for short petals."""
    rows = table("pmml/pypmml/Iris.csv")[:3]
    expected = [{"prediction": "Iris-setosa"}] * 3
    path = MATERIAL / "pmml/pmml4s-dmg/tree__single_iris_dectree.xml"
    return Case(path, rows, expected, "classification")


def onnx_forest() -> Case:
    said = json.loads((MATERIAL / "onnx/onnxruntime-ruby/randomforest.expected.json").read_text())
    [features] = said["float_input"]
    rows = [{f"float_input_{place}": value for place, value in enumerate(features)}]
    [probabilities] = said["output_probability"]
    expected: Row = {f"probability_{c}": p for c, p in probabilities.items()}
    expected["prediction"] = said["output_label"][0]
    path = MATERIAL / "onnx/onnxruntime-ruby/randomforest.onnx"
    return Case(path, rows * 3, [expected] * 3, "classification", 1e-4)


def onnx_trees() -> Case:
    said = np.load(MATERIAL / "onnx/tract/xgboost_regressor_tree.io.npz")
    rows = [{f"input_{i}": float(v) for i, v in enumerate(row)} for row in said["input"]]
    expected = [{"prediction": float(value)} for value in said["variable"]]
    path = MATERIAL / "onnx/tract/xgboost_regressor_tree.onnx"
    return Case(path, rows, expected, "regression", 1e-4)


def onnx_without_answers() -> Case:
    """Tribuo's regression gives scores that add up to one; the makers name no answers."""
    rows = [{f"input_{i}": v for i, v in enumerate([5.1, 3.5, 1.4, 0.2])}]
    return Case(MATERIAL / "onnx/tribuo/iris-lr-model.onnx", rows, [{}], "classification")


def joblib_svc() -> Case:
    rows = [{f"x{i}": v for i, v in enumerate([5.1, 3.5, 1.4, 0.2])}]
    path = MATERIAL / "sklearn/kserve/iris_svc_1.3.2.joblib"
    return Case(path, rows, [{"prediction": 0}], "classification")


CASES = {
    "IrisTree": lambda: pmml_iris("IrisTree", "IrisTree.xml"),
    "IrisRandomForest": lambda: pmml_iris("IrisRandomForest", "IrisRandomForest.xml"),
    "HousingLinearRegressor": housing,
    "KMeansIris": kmeans,
    "single_iris_dectree": tree_without_answers,
    "randomforest.onnx": onnx_forest,
    "xgboost_regressor_tree.onnx": onnx_trees,
    "iris-lr-model.onnx": onnx_without_answers,
    "iris_svc_1.3.2.joblib": joblib_svc,
}


@needs_material
@pytest.mark.parametrize("name", CASES)
def test_a_file_by_others_goes_from_upload_to_a_scored_batch(
    name: str, ann: Api, platform: Platform
) -> None:
    walk(CASES[name](), ann, platform)


def test_a_pipeline_with_categories_goes_the_same_way(
    tmp_path: Path, ann: Api, platform: Platform
) -> None:
    walk(pipeline(tmp_path / "people.skops"), ann, platform)


@needs_material
def test_a_pipeline_that_cannot_predict_today_is_refused_with_the_version_that_made_it(
    ann: Api, platform: Platform
) -> None:
    answer = ann.upload(MATERIAL / "sklearn/skops/drug_pipeline.skops", "drugs")
    assert (ann.http, answer["code"]) == (422, "invalid_model")
    assert "1.4" in answer["message"]
    assert ann.post("model/list")["model"] == []
    assert list((platform.settings.storage / "incoming").iterdir()) == []


def walk(case: Case, api: Api, platform: Platform) -> None:
    info = api.upload(case.path, "model")
    assert api.http == 201, info
    assert info["modeltype"] == case.function
    assert {field["name"] for field in info["input"]} <= set(case.rows[0])
    tested = api.post("model/test", modelname="model", input=case.rows)["output"]
    agrees(tested, case)
    one = api.post("model/test", modelname="model", input=case.rows[0])["output"]
    assert one == tested[0]
    service = {"modelname": "model", "deployment": "live"}
    api.post("deployment/create", **service)
    assert api.post("deployment/predict", **service, input=case.rows)["output"] == tested
    sent = {"input": ("rows.csv", as_csv(case.rows))}
    task = api.send("deployment/submit", sent, filetype="csv", **service)["task"]
    platform.runner.run_until_idle()
    scored = api.post("task/result", task=task, limit=str(len(case.rows)))
    assert scored["total"] == len(case.rows)
    agrees(scored["output"], case)


def agrees(outputs: list[Row], case: Case) -> None:
    assert len(outputs) == len(case.expected)
    for output, expected in zip(outputs, case.expected, strict=True):
        assert "error" not in output
        for name, value in expected.items():
            is_float = isinstance(value, float)
            wanted = pytest.approx(value, rel=case.tolerance, abs=1e-9) if is_float else value
            assert output[name] == wanted


def as_csv(rows: list[Row]) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


def pipeline(path: Path) -> Case:
    rng = np.random.default_rng(7)
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 90, 200),
            "income": rng.normal(30_000, 9_000, 200).round(2),
            "city": rng.choice(["Oslo", "北京", "São Paulo"], 200),
        }
    )
    target = np.where(frame["age"] + rng.normal(0, 9, 200) > 50, "yes", "no")
    columns = ColumnTransformer(
        [("n", StandardScaler(), ["age", "income"]), ("c", OneHotEncoder(), ["city"])]
    )
    model = make_pipeline(columns, RandomForestClassifier(20, random_state=1))
    skops.io.dump(model.fit(frame, target), path)
    rows = [{str(k): v for k, v in row.items()} for row in frame.head(50).to_dict("records")]
    probabilities = model.predict_proba(frame.head(50))
    expected = [
        {
            "prediction": str(label),
            **dict(zip(["probability_no", "probability_yes"], map(float, p), strict=True)),
        }
        for label, p in zip(model.predict(frame.head(50)), probabilities, strict=True)
    ]
    return Case(path, rows, expected, "classification")
