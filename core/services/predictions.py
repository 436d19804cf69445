"""Scoring at once: records in, outputs out, the same for a test and for a deployed service."""

import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pyarrow as pa

from core.errors import InternalError, InvalidInput, SlipwayError
from core.records import Typed, batch_of, read_record, typed_records
from core.runtimes.base import ERROR_COLUMN, ModelInfo, in_shape
from core.runtimes.lending import Scorers
from core.runtimes.rows import with_problems
from core.schema import Field
from core.services.accounts import Caller
from core.services.call_logs import CallLogs
from core.services.call_records import CallRecord
from core.services.calls import Calls
from core.services.deployment_views import Live
from core.services.log_rows import Carried
from core.services.models import Models
from core.services.pace import Pace

Record = dict[str, object]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said: one object for one record, a list for several, and the time it took."""

    output: Record | list[Record]
    latency_ms: float

    @property
    def records(self) -> list[Record]:
        """Return the outputs as a list, also where there is one."""
        return self.output if isinstance(self.output, list) else [self.output]


@dataclass(frozen=True, slots=True)
class Table:
    """Records that came as a table: typed parts, one after the other."""

    parts: Iterable[Typed]


@dataclass(slots=True)
class Measure:
    """What a call record will say; filled while the call runs."""

    rows: int = 0
    failed_rows: int = 0
    code: str = ""
    carried: Carried | None = None  # inputs and outputs, where they are kept
    started: float = field(default_factory=time.perf_counter)

    @property
    def latency_ms(self) -> float:
        """Return the milliseconds since the call came."""
        return (time.perf_counter() - self.started) * 1000

    def count(self, rows: int, failed: int) -> None:
        """Take note of how many rows were answered, and how many of them with an error."""
        self.rows = rows
        self.failed_rows = failed


class Predictions:
    """Scores records with a model's version (a test) or a deployed service (a call).

    Records are an object of field names and values, a list of such objects, or a `Table`. A single
    object that is wrong raises InvalidInput; in a list or a table the wrong record gets an `error`
    in its place. `scorers` lends the loaded scorers of versions.
    """

    def __init__(self, models: Models, calls: Calls, logs: CallLogs, scorers: Scorers) -> None:
        self._models = models
        self._calls = calls
        self._logs = logs
        self._scorers = scorers
        self._pace = Pace()

    def test(
        self, caller: Caller, model_id: str, records: object, *, version: int | None = None
    ) -> Answer:
        """Score records with a version (the newest by default); nothing is recorded.

        Raises ModelNotFound, VersionNotFound, InvalidInput, Overloaded.
        """
        view = self._models.get_by_id(caller, model_id, version)
        measure = Measure()
        output = self._answers(view.id, view.info, records)
        return Answer(output, measure.latency_ms)

    def call(self, caller: Caller, live: Live, records: object) -> Answer:
        """Score records with a deployed service and record the call, also when it fails."""
        with self.measured(caller, live) as measure:
            return self.answer(live, records, measure)

    def answer(self, live: Live, records: object, measure: Measure) -> Answer:
        """Score records with a deployed service, inside `measured`."""
        output = self._answers(live.version_id, live.info, records, measure.carried)
        answer = Answer(output, measure.latency_ms)
        measure.count(len(answer.records), sum(ERROR_COLUMN in each for each in answer.records))
        return answer

    def score_typed(self, live: Live, typed: Typed, measure: Measure) -> pa.RecordBatch:
        """Score typed records with a service, inside `measured`.

        The answer has the output columns and last `error`, null where the row was scored.
        """
        return self._scored(live.version_id, live.info, typed, measure.carried)

    def is_fast(self, live: Live, rows: int) -> bool:
        """Return whether so many rows can be scored on the event loop without others noticing.

        True for a model that is loaded, runs in this process (another one can be waited for in
        vain), and took less than 2 ms for about as many rows lately.
        """
        version_id = live.version_id
        return self._pace.is_fast(version_id, rows) and self._scorers.is_loaded(version_id)

    @contextmanager
    def measured(self, caller: Caller, live: Live) -> Iterator[Measure]:
        """Record what happens inside as one call of a service: its time, its rows, its error."""
        measure = Measure()
        at = datetime.now(UTC).replace(tzinfo=None)
        if self._logs.wants(live.deployment_id):
            measure.carried = Carried(live.deployment_id, live.version, at, caller.id)
        try:
            yield measure
        except SlipwayError as error:
            measure.code = error.code
            if measure.carried:
                measure.carried.message = error.message
            raise
        except Exception:
            measure.code = InternalError("").code
            raise
        finally:
            if measure.carried:
                measure.carried.code = measure.code
                self._logs.keep(measure.carried)
            self._calls.record(
                CallRecord(
                    deployment_id=live.deployment_id,
                    version=live.version,
                    at=at,
                    rows=measure.rows,
                    failed_rows=measure.failed_rows,
                    code=measure.code,
                    latency_ms=measure.latency_ms,
                    caller_id=caller.id,
                )
            )

    def _answers(
        self, version_id: str, info: ModelInfo, records: object, carried: Carried | None = None
    ) -> Record | list[Record]:
        if isinstance(records, Typed):  # one record, with a picture in it
            return outputs_of(info, self._scored(version_id, info, records, carried))[0]
        if isinstance(records, Mapping):
            schema = info.input_schema
            one = Typed(batch_of(schema, [read_record(schema, records)]), {})
            return outputs_of(info, self._scored(version_id, info, one, carried))[0]
        parts = records.parts if isinstance(records, Table) else [_listed(info, records)]
        return [
            output
            for part in parts
            for output in outputs_of(info, self._scored(version_id, info, part, carried))
        ]

    def _scored(
        self, version_id: str, info: ModelInfo, typed: Typed, carried: Carried | None = None
    ) -> pa.RecordBatch:
        with self._scorers.get(version_id, info) as scorer:
            started = time.thread_time()
            scored = scorer.score(typed.batch)
            if scorer.in_process and scored.num_rows:
                taken_ms = (time.thread_time() - started) * 1000
                self._pace.note(version_id, scored.num_rows, taken_ms)
        result = with_problems(scored, typed.problems)
        if carried:
            carried.add(typed.batch, result)
        return result


def _listed(info: ModelInfo, records: object) -> Typed:
    if not isinstance(records, list):
        raise InvalidInput("The input is an object of field names and values, or a list of them.")
    if not records:
        raise InvalidInput("The input is an empty list; give at least one record.")
    return typed_records(info.input_schema, records)


def outputs_of(info: ModelInfo, scored: pa.RecordBatch) -> list[Record]:
    """Return a scored batch as records: the outputs, or the error alone where there is one."""
    tensors = [output for output in info.outputs if len(output.shape) > 1]
    return [_output(record, tensors) for record in scored.to_pylist()]


def _output(record: Record, tensors: Sequence[Field]) -> Record:
    error = record.pop(ERROR_COLUMN)
    if error is not None:
        return {ERROR_COLUMN: error}
    for output in tensors:
        record[output.name] = in_shape(output, record[output.name])
    return {name: _finite(value) for name, value in record.items()}


def _finite(value: object) -> object:
    """Return a value that JSON can hold: what is not a finite number is null."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
