"""PMML files, scored by PMML4S in a Java process of its own."""

import re
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from core.errors import InvalidModel
from core.runtimes.base import ERROR_COLUMN, ModelInfo, Runtime, Scorer
from core.runtimes.jvm import JavaModel, JavaProcess
from core.runtimes.pmml_checks import refuse, warnings
from core.runtimes.pmml_describe import algorithm_of, details_of, function_of
from core.runtimes.pmml_document import Document, read_document
from core.runtimes.pmml_fields import input_fields
from core.runtimes.pmml_mending import mend
from core.schema import Schema
from core.settings import Settings

_ROOT = re.compile(rb"<\s*(?:[A-Za-z_][\w.-]*:)?PMML[\s>]")
_SECONDS: float = Settings.model_fields["score_seconds"].default
_HEAP_MB: int = Settings.model_fields["java_heap_mb"].default


class PmmlScorer(Scorer):
    """A model in the Java process, and which of its fields must have a value."""

    in_process = False

    def __init__(self, model: JavaModel, inputs: Schema) -> None:
        self._model = model
        self._needed = [(i, field.name) for i, field in enumerate(inputs) if not field.nullable]

    def score(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Score typed records; a record without a value that the model needs says which."""
        scored = self._model.score(batch)
        if scored.column(ERROR_COLUMN).null_count == scored.num_rows:
            return scored
        for position, name in reversed(self._needed):
            if batch.column(position).null_count:
                scored = _refused(scored, batch.column(position).is_null(), name)
        return scored

    def close(self) -> None:
        """Let the model go in the Java process."""
        self._model.close()


def _refused(scored: pa.RecordBatch, rows: pa.Array, name: str) -> pa.RecordBatch:
    """Return the answers with these rows refused for the lack of one field."""
    *outputs, errors = scored.columns
    sentence = f"{name} is missing; the model needs a value."
    columns = [pc.if_else(rows, pa.scalar(None, column.type), column) for column in outputs]
    refused = [*columns, pc.if_else(rows, sentence, errors)]
    return pa.RecordBatch.from_arrays(refused, schema=scored.schema)


class PmmlRuntime(Runtime):
    """Reads PMML 2.0 to 4.4, in any encoding that Python knows.

    `seconds` is how long one call may take, `heap_mb` the heap limit of the JVM in MiB. Nothing is
    started before the first model is loaded.
    """

    format: ClassVar[str] = "pmml"
    label: ClassVar[str] = "PMML"
    suffixes: ClassVar[tuple[str, ...]] = (".pmml", ".xml")

    def __init__(self, *, seconds: float = _SECONDS, heap_mb: int = _HEAP_MB) -> None:
        self._heap_mb = heap_mb
        self._process = JavaProcess(heap_mb, seconds)

    def recognises(self, head: bytes) -> bool:
        """Return whether the head names PMML's outermost element, in any encoding of XML."""
        return _ROOT.search(head.replace(b"\0", b"")) is not None

    def inspect(self, path: Path, converted: Path) -> ModelInfo:
        """Read an uploaded file in this process, which gets a JVM for it."""
        document = read_document(path)
        mend(document)
        refuse(document)
        inputs = Schema(input_fields(document))
        if not len(inputs):
            raise InvalidModel("The model takes no input fields, so there is nothing to score.")
        if document.mended:
            document.write(converted)
        return self._opened(document, inputs, converted if document.mended else path)

    def _opened(self, document: Document, inputs: Schema, path: Path) -> ModelInfo:
        # Only the inspection child comes here: the server has no JVM and does not import it.
        from core.runtimes.pmml_engine import EngineError, PmmlEngine
        from core.runtimes.pmml_trial import examine

        try:
            model = PmmlEngine(self._heap_mb).open(path, inputs.names)
        except EngineError as error:
            raise InvalidModel(f"The PMML engine can't load the model: {error}.") from None
        found = examine(model, document, inputs)
        return ModelInfo(
            format=self.format,
            function=function_of(document),
            algorithm=algorithm_of(document),
            engine=f"PMML4S (pypmml {version('pypmml')})",
            inputs=found.inputs,
            outputs=tuple(output.field for output in model.outputs),
            sample=found.sample,
            warnings=(*warnings(document), *found.warnings),
            details={**details_of(document), **found.details},
        )

    def load(self, path: Path, info: ModelInfo) -> Scorer:
        """Load an inspected file in the Java process."""
        model = self._process.load(path, info.input_schema.names)
        expected = [*info.output_schema.names, ERROR_COLUMN]
        if model.schema.names != expected:
            model.close()
            raise InvalidModel(
                "The file gives other outputs than when it was uploaded; upload it again."
            )
        return PmmlScorer(model, info.input_schema)

    @property
    def child(self) -> int | None:
        """Return the id of the Java process, or None while there is none."""
        return self._process.pid

    def close(self) -> None:
        """End the Java process."""
        self._process.close()
