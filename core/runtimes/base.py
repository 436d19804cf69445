"""The one interface behind which every model format lives.

A format is one module with a `Runtime`, named in `core.runtimes.RUNTIMES`.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa

from core.preparation.step import Preparation
from core.runtimes.asked_types import Trust
from core.schema import Field, Schema

ERROR_COLUMN = "error"
PREDICTION = "prediction"
PROBABILITY = "probability_"
SCORE = "score_"


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What a model file says of itself, and what a trial of it showed.

    `function` is what the model does: classification, regression, clustering, anomaly detection,
    association, or `transformation` where the file does not say.
    `sample` is one record that the model scored when it was inspected.
    `warnings` are sentences that a user should read before trusting the model.
    `details` are facts for the model's page, such as the producer or the opset.
    `trusted` are the types in the file that an admin approved for it, by their full names.
    `preparation` is the step that makes the file's inputs of `inputs`, where people added one.
    """

    format: str
    function: str
    algorithm: str
    engine: str
    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...]
    sample: dict[str, object] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    details: dict[str, str] = field(default_factory=dict)
    trusted: tuple[str, ...] = ()
    preparation: Preparation | None = None

    @property
    def model_inputs(self) -> tuple[Field, ...]:
        """Return the inputs as the model's file has them, by position: after any preparation."""
        return self.preparation.inputs if self.preparation else self.inputs

    @property
    def input_schema(self) -> Schema:
        """Return the inputs as a schema."""
        return Schema(self.inputs)

    @property
    def output_schema(self) -> Schema:
        """Return the outputs as a schema."""
        return Schema(self.outputs)


def in_shape(output: Field, values: object) -> object:
    """Return the value of a tensor output nested as its shape says; it comes flat.

    One with free lengths is nested already, and a missing one stays None.
    """
    if values is None or None in output.shape:
        return values
    return np.asarray(values).reshape([length or 0 for length in output.shape]).tolist()


class Scorer(ABC):
    """A loaded model. Threads may share it.

    `in_process` tells that nothing outside this process can keep `score` waiting.
    """

    in_process: bool = True

    @abstractmethod
    def score(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Score typed records.

        `batch` has the model's input columns by position, typed as `Schema.arrow` says. The answer
        has as many rows in the same order, the output columns, and last the text column `error`:
        null where the row was scored, a sentence where it was not (its outputs are then null).

        Raises Overloaded when the deadline passes, InternalError when the engine breaks.
        """

    def close(self) -> None:  # noqa: B027 - most scorers hold nothing to give back
        """Give back what the model holds; the scorer is not used afterwards."""


class Runtime(ABC):
    """One model format: how its files are recognised, inspected and loaded."""

    format: ClassVar[str]
    label: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]]

    @abstractmethod
    def recognises(self, head: bytes) -> bool:
        """Return whether the first 4,096 bytes of a file look like this format."""

    @abstractmethod
    def inspect(self, path: Path, converted: Path) -> ModelInfo:
        """Read an uploaded file and try one prediction on it; runs in the inspection child.

        Where the platform must keep another file than the uploaded one (a pickle as skops, a PMML
        mended), it is written to `converted`, and that is what `load` will be given.

        Raises InvalidModel with a sentence for whatever cannot be scored.
        """

    @abstractmethod
    def load(self, path: Path, info: ModelInfo) -> Scorer:
        """Load an inspected file for scoring; raises InvalidModel if that fails."""

    def trusting(self, trust: Trust) -> "Runtime":
        """Return a runtime that inspects files with these types in them; few formats hold types."""
        return self

    @property
    def child(self) -> int | None:
        """Return the id of the process that the runtime has started, or None."""
        return None

    def close(self) -> None:  # noqa: B027 - most runtimes hold nothing to give back
        """Give back what the runtime holds, such as a JVM; it is not used afterwards."""
