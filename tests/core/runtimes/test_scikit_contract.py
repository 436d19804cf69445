from pathlib import Path
from typing import ClassVar

import pandas as pd
import skops.io
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from core.runtimes.scikit import ScikitRuntime
from tests.core.runtimes.contract import RuntimeContract
from tests.core.runtimes.opened import Record


class TestScikitContract(RuntimeContract):
    runtime = ScikitRuntime()
    file_name = "shops.skops"
    required = "age"
    records: ClassVar[list[Record]] = [
        {"age": 20.0, "city": "Oslo"},
        {"age": 70.0, "city": "Rome"},
        {"age": 35.0, "city": "Rome"},
    ]

    @classmethod
    def write_model(cls, path: Path) -> None:
        table = pd.DataFrame({"age": [20.0, 30, 60, 70, 25, 65], "city": ["Oslo", "Rome"] * 3})
        encode = ColumnTransformer([("city", OneHotEncoder(), ["city"])], remainder="passthrough")
        pipeline = make_pipeline(encode, LogisticRegression(C=0.01))
        skops.io.dump(pipeline.fit(table, [0, 0, 1, 1, 0, 1]), path)
