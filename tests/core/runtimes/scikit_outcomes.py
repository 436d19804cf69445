"""The scikit-learn files by others, and how often those that know flowers and digits are right."""

import csv

from sklearn.datasets import load_digits

from core.runtimes.base import PREDICTION
from core.runtimes.scikit import ScikitRuntime
from tests.core.runtimes.opened import MATERIAL, Opened, Record
from tests.core.runtimes.outcomes import Compared

SKLEARN = MATERIAL / "sklearn"
_FLOWERS = ("Iris-setosa", "Iris-versicolor", "Iris-virginica")
_COLUMNS = ("sepal_length", "sepal_width", "petal_length", "petal_width")


class ScikitFormat:
    """The scikit-learn files of the material."""

    def __init__(self) -> None:
        self.runtime = ScikitRuntime()

    def paths(self) -> list[str]:
        """Return the files, below the material."""
        files = (path for path in SKLEARN.rglob("*") if path.suffix in self.runtime.suffixes)
        return sorted(str(path.relative_to(MATERIAL)) for path in files)

    def holds(self, path: str) -> tuple[str, ...]:
        """Return nothing: the steps are in the details of the information."""
        return ()

    def compared(self, path: str, opened: Opened) -> dict[str, Compared]:
        """Return how many true labels the model finds, where the data are known."""
        if "iris" in path:
            return {PREDICTION: _flowers(opened)}
        return {PREDICTION: _digits(opened)} if "digits" in path else {}


def _flowers(opened: Opened) -> Compared:
    with (MATERIAL / "pmml" / "pypmml" / "Iris.csv").open() as lines:
        flowers = list(csv.DictReader(lines))
    records: list[Record] = [
        {f"x{i}": flower[name] for i, name in enumerate(_COLUMNS)} for flower in flowers
    ]
    found = [_FLOWERS[int(str(answer[PREDICTION]))] for answer in opened.answers(records)]
    right = sum(name == flower["class"] for name, flower in zip(found, flowers, strict=True))
    return Compared(len(flowers), right)


def _digits(opened: Opened) -> Compared:
    pixels, digits = load_digits(return_X_y=True)
    records: list[Record] = [{f"x{i}": v for i, v in enumerate(row)} for row in pixels]
    found = [answer[PREDICTION] for answer in opened.answers(records)]
    right = sum(bool(p == d) for p, d in zip(found, digits, strict=True))
    return Compared(len(digits), right)
