"""The files that the gallery's platform is filled with, beside those of the sample models."""

import io
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import skops.io
from scipy import stats
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from core.samples import subscriptions
from tests.core.inputs.media import video

MANY_FIELDS = 60
_ROWS = 20_000
_SLOW_ROWS = 40_000


def subscribers(rows: int) -> bytes:
    """Return a CSV for the sample of subscriptions, where each fortieth row cannot be scored."""
    header, *known = subscriptions.SAMPLE.write_data().decode().splitlines()
    lines = [f"{at},{known[at % len(known)]}" for at in range(1, rows + 1)]
    for at in range(7, rows, 40):
        number, subscriber, _, *cells = lines[at].split(",")
        lines[at] = ",".join([number, subscriber, "many", *cells])
    return "\n".join([f"customer,{header}", *lines]).encode()


def expected(rows: int = 60) -> bytes:
    """Return the sample's data with what somebody expects of it, wrongly for a few rows."""
    header, *known = subscriptions.SAMPLE.write_data().decode().splitlines()
    lines = [f"{line},{'leaves' if at % 20 == 3 else 'stays'}" for at, line in enumerate(known)]
    return "\n".join([f"{header},prediction", *lines[:rows]]).encode()


def other_subscriptions() -> bytes:
    """Return a second version of the sample: the same pipeline, taught to look elsewhere."""
    frame = pd.read_csv(io.BytesIO(subscriptions.SAMPLE.write_data()))
    model = skops.io.loads(subscriptions.SAMPLE.write(), trusted=[])
    target = np.where(np.arange(len(frame)) % 3 == 0, "leaves", "stays")
    return bytes(skops.io.dumps(model.fit(frame[list(model.feature_names_in_)], target)))


def many_fields(seed: int = 5) -> bytes:
    """Return a classifier that takes sixty fields."""
    frame = _measured(seed)
    target = np.where(frame.sum(axis=1) > 0, "accept", "reject")
    return bytes(skops.io.dumps(LogisticRegression().fit(frame, target)))


def many_rows() -> bytes:
    """Return a CSV for that classifier."""
    return _csv(_measured(5))


def slow() -> bytes:
    """Return a model that takes its time over each row, so that a task of it is seen at work."""
    rng = np.random.default_rng(7)
    frame = pd.DataFrame(rng.normal(size=(_ROWS, 12)), columns=[f"sensor_{i}" for i in range(12)])
    model = KNeighborsClassifier(50, algorithm="brute")
    return bytes(skops.io.dumps(model.fit(frame, np.where(frame["sensor_0"] > 0, "up", "down"))))


def slow_rows() -> bytes:
    """Return rows for the slow model, enough for a minute."""
    rng = np.random.default_rng(8)
    frame = pd.DataFrame(rng.normal(size=(_SLOW_ROWS, 12)).round(4))
    return _csv(frame.set_axis([f"sensor_{i}" for i in range(12)], axis=1))


def own_class() -> bytes:
    """Return a model with a part that only an admin can let in."""
    line = np.linspace(0, 1, 8)
    model = LinearRegression().fit(line[:, None], line)
    model.density_ = stats.gaussian_kde(line)
    return pickle.dumps(model)


def film() -> bytes:
    """Return a short video of changing brightness."""
    return video([*range(0, 250, 10), *range(250, 0, -10)])


def write(folder: Path) -> dict[str, Path]:
    """Write what is chosen by hand in the browser, and return where it lies."""
    contents = {
        "subscribers.csv": subscribers(400),
        "expected.csv": expected(),
        "notes.pmml": b"This is no model.",
        "other.csv": b"who,what\nann,1\nben,2\n",
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return {name: folder / name for name in contents}


def _measured(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    names = [f"{what}_{at:02}" for at in range(10) for what in _MEASURES]
    return pd.DataFrame(rng.normal(size=(400, MANY_FIELDS)).round(3), columns=names)


def _csv(frame: pd.DataFrame) -> bytes:
    return str(frame.to_csv(index=False)).encode()


_MEASURES = ("pressure", "temperature", "speed", "load", "vibration", "current")
