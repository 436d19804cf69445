"""scikit-learn models as Slipway's users meet them: inspected, and loaded for scoring."""

import threading
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import sklearn
import skops.io
from sklearn.base import BaseEstimator
from skops.io.exceptions import UnsupportedTypeException

from core.errors import InvalidModel
from core.records import batch_of
from core.runtimes.asked_types import NO_TRUST, Trust
from core.runtimes.base import ModelInfo, Scorer
from core.runtimes.file_kinds import HEAD_BYTES
from core.runtimes.rows import Columns, Deadline, RefusedRowsError, Rows, in_short, matrix
from core.runtimes.scikit_checks import checked
from core.runtimes.scikit_fields import (
    Given,
    final_step,
    given_by,
    input_fields,
    takes_text,
    with_nullable,
)
from core.runtimes.scikit_pickles import read_pickle, saved_with
from core.runtimes.scikit_quick import Trial, quicker
from core.runtimes.scikit_skops import read_skops, version_warned_of
from core.schema import ARROW_TYPES, DataType, Field, Schema

Record = dict[str, object]

_MOST_ROWS_AT_ONCE = 50_000
_CELLS_AT_ONCE = 4_000_000
_MOST_TRIALS = 500
_MOST_OUTPUTS = 5_000
_ZIP = b"PK"
# What warns while a file is read belongs to the file; the filters belong to the whole process.
_LOADING = threading.Lock()


@dataclass(frozen=True, slots=True)
class Model:
    """An estimator, or what answers in its place, and how its tables are made."""

    estimator: Any
    inputs: tuple[Field, ...]
    named: bool
    text: bool

    def outcome(self, batch: pa.RecordBatch, methods: Sequence[str]) -> dict[str, Any]:
        """Return what the methods give for typed rows; raises RefusedRowsError."""
        table = self.table(batch)
        try:
            return {method: getattr(self.estimator, method)(table) for method in methods}
        except (
            ValueError,
            TypeError,
            KeyError,
            IndexError,
            AttributeError,
            ArithmeticError,
        ) as error:
            raise RefusedRowsError(f"scikit-learn: {in_short(error)}.") from error

    def table(self, batch: pa.RecordBatch) -> Any:  # noqa: ANN401 - as the model was trained
        """Return typed rows as the estimator takes them."""
        if not self.named and all(field.type is DataType.DOUBLE for field in self.inputs):
            return matrix(batch, np.float64)
        columns = [_values(f, c) for f, c in zip(self.inputs, batch.columns, strict=True)]
        if self.text:
            return columns[0]
        if self.named:
            return self._frame(columns)
        if any(column.dtype == object for column in columns):
            return np.stack([column.astype(object) for column in columns], axis=1)
        return np.stack(columns, axis=1)

    def _frame(self, columns: Sequence[np.ndarray[Any, Any]]) -> pd.DataFrame:
        """Return the columns under their names; plain numbers in one block, which costs least."""
        names = pd.Index([field.name for field in self.inputs], dtype=object)
        if all(column.dtype == np.float64 for column in columns):
            return pd.DataFrame(np.stack(columns).T, columns=names, copy=False)
        frame = pd.DataFrame(dict(enumerate(columns)), copy=False)
        frame.columns = names
        return frame


def _values(field: Field, column: pa.Array) -> np.ndarray[Any, Any]:
    """Return a column as NumPy has it, a missing value as NaN."""
    values: np.ndarray[Any, Any] = column.to_numpy(zero_copy_only=False)
    if values.dtype == object and column.null_count:
        values = np.where(column.is_null().to_numpy(zero_copy_only=False), np.nan, values)
    return values.astype(float) if field.type is DataType.BOOLEAN and column.null_count else values


class ScikitScorer(Scorer):
    """A loaded scikit-learn model; predicting changes nothing in it, so that threads share it."""

    def __init__(self, model: Model, given: Given, info: ModelInfo, seconds: float) -> None:
        self._model = model
        self._given = given
        self._seconds = seconds
        at_once = min(_MOST_ROWS_AT_ONCE, 1 + _CELLS_AT_ONCE // len(model.inputs))
        self._rows = Rows(info, self._run, at_once)

    def score(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Score typed rows, looking at the deadline between blocks; see `Scorer.score`."""
        return self._rows.score(batch, Deadline(self._seconds))

    def _run(self, part: pa.RecordBatch, _: Deadline) -> Columns:
        outcome = self._model.outcome(part, self._given.methods)
        columns: list[Any] = []
        for method in self._given.methods:
            columns += _split(outcome[method], part.num_rows)
        return [_column(f, values) for f, values in zip(self._given.fields, columns, strict=True)]


def _split(value: Any, rows: int) -> list[Any]:  # noqa: ANN401
    """Return what a method gave as columns; several targets give a list of tables."""
    if isinstance(value, list):
        return [column for table in value for column in _split(table, rows)]
    dense = value.toarray() if hasattr(value, "toarray") else value
    table = dense.to_numpy() if isinstance(dense, pd.DataFrame) else np.asarray(dense)
    return list(table.reshape(rows, -1).T)


def _column(field: Field, values: Any) -> pa.Array:  # noqa: ANN401
    kind = ARROW_TYPES[field.type]
    if field.type is DataType.STRING:
        return pa.array([None if value is None else str(value) for value in values], kind)
    numbers = np.ascontiguousarray(values).astype(_NUMPY[field.type], copy=False)
    return pa.array(numbers, kind)


_NUMPY: dict[DataType, type[np.generic]] = {
    DataType.DOUBLE: np.float64,
    DataType.INTEGER: np.int64,
    DataType.BOOLEAN: np.bool_,
}


def inspect_scikit(
    path: Path, converted: Path, seconds: float, trust: Trust = NO_TRUST
) -> ModelInfo:
    """Return what a model file is, and write it to `converted` as skops; raises InvalidModel."""
    estimator, made = _read(path, trust)
    _write(estimator, converted)
    model = _model(converted, trust)
    rows = _trial_rows(model.inputs)
    given = _trial(model, rows, made)
    info = ModelInfo(
        format="sklearn",
        function=given.function,
        algorithm=type(final_step(model.estimator)).__name__,
        engine=f"scikit-learn {sklearn.__version__}",
        inputs=model.inputs,
        outputs=given.fields,
        sample=rows[0],
        warnings=_warnings(made, trust),
        details=_details(model.estimator, made),
        trusted=tuple(sorted(trust.types)),
    )
    return replace(info, inputs=_nullable(model, given, rows[0]))


def load_scikit(
    path: Path, info: ModelInfo, seconds: float, packages: frozenset[str] = frozenset()
) -> ScikitScorer:
    """Load a converted file; raises InvalidModel if it is another than was inspected."""
    with _LOADING:
        model = _model(path, Trust(frozenset(info.trusted), packages))
        given = _trial(model, _trial_rows(model.inputs), "")
        quick = _quickened(model, given)
    read = [field.name for field in (*model.inputs, *given.fields)]
    if read != [field.name for field in (*info.inputs, *info.outputs)]:
        raise InvalidModel(
            f"scikit-learn {sklearn.__version__} reads the file otherwise than {info.engine} did "
            "when it was uploaded; upload it again as a new version."
        )
    return ScikitScorer(quick, given, info, seconds)


def _quickened(model: Model, given: Given) -> Model:
    """Return the model asked in the quickest way that gives the same answers to a trial."""
    if any(field.type is not DataType.DOUBLE for field in model.inputs):
        return model
    batch = batch_of(Schema(model.inputs), _trial_rows(model.inputs))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        outcome = model.outcome(batch, given.methods)
    asked = quicker(model.estimator, Trial(replace(model, named=False).table(batch), outcome))
    return model if asked is None else replace(model, estimator=asked, named=False)


def _read(path: Path, trust: Trust) -> tuple[BaseEstimator, str]:
    """Return the estimator in an uploaded file, and the version that saved it if another."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if head.startswith(_ZIP):
        found, made = read_skops(path, trust)
        return checked(found), made
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = read_pickle(path, trust)
    made = version_warned_of(caught)
    return checked(found), saved_with(path) if made == "pre-0.18" else made


def _write(estimator: BaseEstimator, converted: Path) -> None:
    try:
        skops.io.dump(estimator, converted)
    except (UnsupportedTypeException, TypeError, ValueError, AttributeError) as error:
        raise InvalidModel(
            f"The model cannot be kept in the skops format, which holds no code: {in_short(error)}."
        ) from error


def _model(path: Path, trust: Trust) -> Model:
    estimator = checked(read_skops(path, trust)[0])
    named = getattr(estimator, "feature_names_in_", None) is not None
    return Model(estimator, input_fields(estimator), named, takes_text(estimator))


def _trial(model: Model, rows: Sequence[Record], made: str) -> Given:
    """Predict for a made-up record; raises InvalidModel where that fails."""
    batch = batch_of(Schema(model.inputs), rows[:1])
    main = "predict" if hasattr(model.estimator, "predict") else "transform"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            outcome = model.outcome(batch, [main])
        except RefusedRowsError as refusal:
            raise InvalidModel(_cannot_predict(refusal, made)) from refusal
        for method in ("predict_proba", "decision_function") if main == "predict" else ():
            if hasattr(model.estimator, method):
                outcome |= model.outcome(batch, [method])
    given = given_by(model.estimator, outcome)
    if len(given.fields) > _MOST_OUTPUTS:
        raise InvalidModel(
            f"The model gives {len(given.fields)} numbers for each record; {_MOST_OUTPUTS} are the "
            "most that Slipway shows."
        )
    return given


def _cannot_predict(refusal: RefusedRowsError, made: str) -> str:
    if made:
        return (
            f"The file was saved with scikit-learn {made} and cannot predict with scikit-learn "
            f"{sklearn.__version__} ({in_short(refusal)}); train and save it with "
            f"{sklearn.__version__}, or export it as ONNX or PMML with {made}."
        )
    return f"The model could not predict a trial record: {refusal}"


def _trial_rows(fields: Sequence[Field]) -> list[Record]:
    """Return records with the known categories, and small numbers."""
    return [{field.name: _made_up(field, row) for field in fields} for row in range(2)]


def _made_up(field: Field, row: int) -> object:
    if field.nullable:
        return None
    if field.categories:
        category = field.categories[row % len(field.categories)]
        typed = {DataType.INTEGER: int, DataType.DOUBLE: float}.get(field.type, str)
        return category == "true" if field.type is DataType.BOOLEAN else typed(category)
    if field.type is DataType.STRING:
        return "a text" if row == 0 else "another"
    return float(1 + row)


def _nullable(model: Model, given: Given, sample: Record) -> tuple[Field, ...]:
    """Return the fields, with those marked whose value may be missing: a trial without it works."""
    if len(model.inputs) > _MOST_TRIALS:
        together = dict.fromkeys(sample, None)
        every = _works(model, given, together)
        return tuple(with_nullable(f, _HANDLED) if every else f for f in model.inputs)
    return tuple(
        with_nullable(field, _HANDLED)
        if not field.nullable and _works(model, given, sample | {field.name: None})
        else field
        for field in model.inputs
    )


_HANDLED = "treated by the model as it was trained"


def _works(model: Model, given: Given, row: Record) -> bool:
    batch = batch_of(Schema(model.inputs), [row])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            outcome = model.outcome(batch, given.methods)
        except RefusedRowsError:
            return False
    flat = [column for value in outcome.values() for column in _split(value, 1)]
    return not any(
        isinstance(value, float | np.floating) and np.isnan(value)
        for column in flat
        for value in column
    )


def _warnings(made: str, trust: Trust) -> tuple[str, ...]:
    said = []
    if made:
        said.append(
            f"The model was saved with scikit-learn {made} and runs with {sklearn.__version__}: "
            "compare some predictions with those you know, or save it again."
        )
    if trust.types:
        names = ", ".join(sorted(trust.types))
        said.append(f"An admin approved types for this file whose code runs with it: {names}.")
    return tuple(said)


def _details(estimator: BaseEstimator, made: str) -> dict[str, str]:
    steps = [type(step).__name__ for _, step in getattr(estimator, "steps", ())]
    known = {
        "saved with": f"scikit-learn {made or sklearn.__version__}",
        "steps": " → ".join(steps),
        "estimator": in_short(_written(final_step(estimator))),
    }
    return {name: value for name, value in known.items() if value}


def _written(estimator: BaseEstimator) -> str:
    """Return an estimator with its parameters; its name alone where one is newer than the file."""
    try:
        return repr(estimator)
    except AttributeError:
        return type(estimator).__name__
