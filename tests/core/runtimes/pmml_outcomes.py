"""The PMML files by others, and how their answers are held against those that others expect."""

import csv
import math
from collections.abc import Iterator, Sequence
from functools import cache

import pyarrow as pa

from core.records import typed_batch
from core.runtimes.base import PREDICTION, PROBABILITY, ModelInfo
from core.runtimes.pmml import PmmlRuntime
from core.runtimes.pmml_document import read_document
from tests.core.runtimes.opened import MATERIAL, Opened
from tests.core.runtimes.outcomes import Compared

# What others expect is not what the file says.
NOT_IN_THE_FILE = {
    "drools/scorecard__MultipleScorecard.pmml": "The expected answers belong to its second model.",
    "sklearn-pmml-model/rf-iris.pmml": "The others average the trees; the file lets them vote.",
}
TRANSFORMATIONS = {
    "NormContinuous": "scaling between points",
    "NormDiscrete": "indicators of categories",
    "Discretize": "intervals into categories",
    "MapValues": "tables of values",
    "TextIndex": "counts of words",
    "Aggregate": "sums over a group",
    "Apply": "functions",
    "DefineFunction": "functions of the file's own",
    "Targets": "rescaling of the target",
    "MissingValueWeights": "weights of missing values",
    "ModelVerification": "its own checks (run at upload)",
    "CompoundPredicate": "compound predicates",
    "SimpleSetPredicate": "predicates over sets",
}
_FOLDER = "pmml/"
_NOT_OUTPUTS = ("true", "confidence(")
_MISSING = ("", "NA", "N/A")


class PmmlFormat:
    """The PMML files of the material."""

    def __init__(self, runtime: PmmlRuntime) -> None:
        self.runtime = runtime

    def paths(self) -> list[str]:
        """Return the files, below the material."""
        return list(rows())

    def holds(self, path: str) -> tuple[str, ...]:
        """Return the transformations and other parts in a file that not every file has."""
        document = read_document(MATERIAL / path)
        return tuple(tag for tag in TRANSFORMATIONS if any(document.root.iter(tag)))

    def compared(self, path: str, opened: Opened) -> dict[str, Compared]:
        """Return how the answers of a file agree with others', output by output."""
        row = rows()[path]
        if not row["expected_outputs"] or path.removeprefix(_FOLDER) in NOT_IN_THE_FILE:
            return {}
        header, lines = _table(row["inputs"])
        columns = {
            name: [cells[i] for cells in lines] for i, name in reversed([*enumerate(header)])
        }
        typed = typed_batch(opened.info.input_schema, pa.RecordBatch.from_pydict(columns))
        assert not typed.problems
        answers = opened.scorer.score(typed.batch)
        return {
            column: _compare(answers.column(output).to_pylist(), expected)
            for column, expected in _expected(row)
            if (output := _output(column, opened.info)) is not None
        }


@cache
def rows() -> dict[str, dict[str, str]]:
    """Return the rows of the material's manifest that describe PMML models, by their paths."""
    if not MATERIAL.exists():
        return {}
    with (MATERIAL / "MANIFEST.csv").open(newline="", encoding="utf-8") as manifest:
        models = (row for row in csv.DictReader(manifest) if row["role"] == "model")
        return {row["path"]: row for row in models if row["path"].startswith(_FOLDER)}


def _table(path: str) -> tuple[list[str], list[list[str]]]:
    with (MATERIAL / path).open(newline="", encoding="utf-8-sig") as file:
        header, *lines = csv.reader(file)
    return header, lines


def _expected(row: dict[str, str]) -> Iterator[tuple[str, list[str]]]:
    header, lines = _table(row["expected_outputs"])
    same = row["expected_outputs"] == row["inputs"]
    first = header.index("prediction") if same else 0
    for index, column in enumerate(header[first:], first):
        yield column, [cells[index] if index < len(cells) else "" for cells in lines]


def _output(column: str, info: ModelInfo) -> str | None:
    """Return which output holds what others call so."""
    if column in info.output_schema.names:
        return column
    if column.startswith(_NOT_OUTPUTS):
        return None
    if column.startswith("predict_proba_"):
        classes = info.outputs[0].categories
        return PROBABILITY + classes[int(column.rpartition("_")[2])]
    return PREDICTION


def _compare(given: Sequence[object], expected: Sequence[str]) -> Compared:
    pairs = zip(given, expected, strict=True)
    return Compared(len(expected), sum(_same(answer, text) for answer, text in pairs))


def _same(given: object, expected: str) -> bool:
    text = expected.strip()
    if text in _MISSING or given is None:
        return given is None and text in _MISSING
    if isinstance(given, float):
        return math.isclose(given, float(text), rel_tol=1e-6, abs_tol=1e-12)
    return str(given).lower() == text.lower()
