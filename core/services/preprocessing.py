"""Preprocessing steps before they are kept: what a query does to records, and to the answers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from core.db.engine import Database
from core.errors import InvalidInput
from core.files import Staged
from core.preparation.engine import Steps
from core.preparation.step import Preparation, RawField, Step
from core.records import Typed, sentence, typed_records
from core.runtimes.base import ERROR_COLUMN, ModelInfo
from core.runtimes.edits import SchemaEdits, edited
from core.runtimes.preparing import typed_inputs
from core.runtimes.rows import with_problems
from core.schema import Schema
from core.services.accounts import Caller
from core.services.artifacts import consuming
from core.services.match_runs import Lease
from core.services.model_rights import changeable_model
from core.services.model_views import VersionView
from core.services.models import Models
from core.services.predictions import outputs_of
from core.services.step_checks import Made, checked_step, made_by, trial_rows, unread
from core.services.step_fields import MOST_TRIED, Record, needed_fields, records_of


@dataclass(frozen=True, slots=True)
class TriedRow:
    """One record on its way: as it came in, as the model gets it, and the answer.

    Where something fails `error` says it, and what comes after is empty.
    """

    before: dict[str, object]
    after: dict[str, object]
    output: dict[str, object]
    error: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """What a step does: `info` is the model's with the step before it.

    `made` are the columns of its query; `unread` the fields that the query does not look at.
    """

    step: Step
    info: ModelInfo
    made: Made
    unread: tuple[str, ...]
    rows: tuple[TriedRow, ...]


class Preprocessing:
    """Tries steps out; nothing is kept or counted. `lease` lends a version's scorer.

    `core.services.revisions` keeps the steps.
    """

    def __init__(self, database: Database, models: Models, steps: Steps, lease: Lease) -> None:
        self._database = database
        self._models = models
        self._steps = steps
        self._lease = lease

    def needs(
        self,
        caller: Caller,
        model_id: str,
        sql: str,
        *,
        records: Sequence[Record] = (),
        version: int | None = None,
    ) -> tuple[RawField, ...]:
        """Return the fields that a query needs from callers, typed as in the records.

        Raises ModelNotFound, NotAllowed, VersionNotFound, and InvalidInput for a query that is not
        taken.
        """
        view = self._changeable(caller, model_id, version)
        return needed_fields(_bare(view), sql, records)

    def read_sample(self, caller: Caller, model_id: str, staged: Staged) -> list[dict[str, object]]:
        """Return the first rows of a CSV, to try a step with; the file is used up.

        Raises ModelNotFound, NotAllowed, and InvalidInput for what is no table.
        """
        with consuming(staged):
            self._changeable(caller, model_id, None)
            return records_of(staged.path)

    def try_out(
        self,
        caller: Caller,
        model_id: str,
        step: Step,
        *,
        records: Sequence[Record] = (),
        version: int | None = None,
    ) -> Trial:
        """Return what a step does to records, by default to made-up ones.

        Raises ModelNotFound, NotAllowed, VersionNotFound, and InvalidInput, with all that is wrong
        in its details, for a step that cannot be kept.
        """
        view = self._changeable(caller, model_id, version)
        if len(records) > MOST_TRIED:
            raise InvalidInput(f"There are {len(records)} records; {MOST_TRIED} at most are tried.")
        step = checked_step(_bare(view), step)
        info = edited(view.declared, replace(view.edits, step=step))
        if info.preparation is None:
            raise InvalidInput("There is no step to try.")
        typed = self._records(info, records)
        return Trial(
            step,
            info,
            made_by(info.preparation),
            unread(step),
            tuple(self._rows(view, info, info.preparation, typed)),
        )

    def _changeable(self, caller: Caller, model_id: str, version: int | None) -> VersionView:
        with self._database.reading() as session:
            changeable_model(session, caller, model_id)
        return self._models.get_by_id(caller, model_id, version)

    def _records(self, info: ModelInfo, records: Sequence[Record]) -> Typed:
        schema = info.input_schema
        if records:
            return typed_records(schema, records)
        return Typed(trial_rows(info.inputs), {})

    def _rows(
        self, view: VersionView, info: ModelInfo, preparation: Preparation, typed: Typed
    ) -> list[TriedRow]:
        prepared = self._steps.run(preparation, typed.batch)
        inputs = typed_inputs(preparation, typed.batch, prepared)
        problems = {**inputs.problems, **typed.problems}
        befores, afters = _scalars(typed.batch, info), inputs.batch.select(preparation.wanted.names)
        outputs = self._outputs(view, info, typed)
        return [
            TriedRow(before, {}, {}, sentence(problems[at]))
            if at in problems
            else TriedRow(before, after, output, str(output.pop(ERROR_COLUMN, "") or ""))
            for at, (before, after, output) in enumerate(
                zip(befores.to_pylist(), afters.to_pylist(), outputs, strict=True)
            )
        ]

    def _outputs(self, view: VersionView, info: ModelInfo, typed: Typed) -> list[dict[str, object]]:
        if any(field.is_tensor for field in info.inputs):
            return [{} for _ in range(typed.batch.num_rows)]  # there is no picture to answer to
        with self._lease(view.id, info) as scorer:
            return outputs_of(info, with_problems(scorer.score(typed.batch), typed.problems))


def _bare(view: VersionView) -> ModelInfo:
    """Return a version's information as people edited it, but for a step."""
    return edited(view.declared, SchemaEdits(view.edits.inputs, view.edits.classes))


def _scalars(batch: pa.RecordBatch, info: ModelInfo) -> pa.RecordBatch:
    return batch.select(Schema(tuple(f for f in info.inputs if not f.is_tensor)).names)
