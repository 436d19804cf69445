"""A scikit-learn pipeline with categories: whether a subscriber is about to leave."""

from functools import partial

import numpy as np
import pandas as pd
import skops.io
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from core.runtimes.edits import FieldEdit, SchemaEdits
from core.samples.sample import Sample, as_csv

_NUMBERS = ("months", "monthly_fee", "support_calls")
_CATEGORIES = {
    "contract": ("monthly", "yearly", "two years"),
    "payment": ("card", "invoice", "direct debit"),
    "plan": ("basic", "family", "premium"),
}
_ROWS, _SHOWN, _SEED = 900, 100, 5


def _subscribers() -> pd.DataFrame:
    rng = np.random.default_rng(_SEED)
    frame = pd.DataFrame(
        {
            "months": rng.integers(1, 72, _ROWS).astype(float),
            "monthly_fee": rng.normal(45, 14, _ROWS).clip(10, 100).round(2),
            "support_calls": rng.poisson(1.4, _ROWS).clip(0, 10).astype(float),
        }
    )
    for name, values in _CATEGORIES.items():
        frame[name] = rng.choice(values, _ROWS)
    return frame


def _outcome(frame: pd.DataFrame) -> list[str]:
    """Return who left: the new, the dearly paying and the annoyed do, those with contracts stay."""
    bound = frame["contract"].map({"monthly": 1.3, "yearly": -0.4, "two years": -1.8})
    paid = frame["payment"].map({"card": 0.0, "invoice": 0.5, "direct debit": -0.3})
    rest = 0.035 * frame["monthly_fee"] + 0.55 * frame["support_calls"] - 0.04 * frame["months"]
    score = (bound + paid + rest - 1.6).to_numpy()
    drawn = np.random.default_rng(_SEED + 1).random(_ROWS)
    return [
        "leaves" if at < 1 / (1 + np.exp(-s)) else "stays"
        for at, s in zip(drawn, score, strict=True)
    ]


def _write() -> bytes:
    frame = _subscribers()
    columns = ColumnTransformer(
        [
            ("numbers", StandardScaler(), list(_NUMBERS)),
            ("categories", OneHotEncoder(), list(_CATEGORIES)),
        ]
    )
    pipeline = make_pipeline(columns, LogisticRegression(max_iter=200))
    return bytes(skops.io.dumps(pipeline.fit(frame, _outcome(frame))))


def _write_data() -> bytes:
    rows = _subscribers().head(_SHOWN).to_numpy().tolist()
    header = ("subscriber", *_NUMBERS, *_CATEGORIES)
    return as_csv(header, ([f"S-{n:04}", *row] for n, row in enumerate(rows, start=1)))


_between = partial(FieldEdit, low=0)
_EDITS = SchemaEdits(
    (
        _between("months", "Months as a subscriber", high=120, default="14"),
        _between("monthly_fee", "Monthly fee", "€", high=120, default="39.9"),
        _between("support_calls", "Calls to support", "last 90 days", high=20, default="2"),
        FieldEdit("contract", "Contract", default="monthly"),
        FieldEdit("payment", "Payment", default="card"),
        FieldEdit("plan", "Plan", default="family"),
    )
)

SAMPLE = Sample(
    key="subscriptions",
    name="Subscriptions (sample)",
    description="Tells who is about to cancel, by numbers and categories. A scikit-learn pipeline.",
    file_name="slipway-subscriptions.skops",
    data_name="subscribers.csv",
    write=_write,
    write_data=_write_data,
    edits=_EDITS,
)
