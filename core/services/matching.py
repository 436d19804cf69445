"""Score matching: versions held against expected outputs, and against each other."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from sqlalchemy import select

from core.db.engine import Database
from core.db.tables import Verdict as VerdictRow
from core.db.tables import Version
from core.errors import InvalidInput
from core.files import Staged
from core.runtimes.base import ModelInfo
from core.schema import DataType
from core.services import events
from core.services.accounts import Caller
from core.services.artifacts import consuming
from core.services.comparing import Changes, shared_outputs
from core.services.expected import find_pairs
from core.services.match_runs import Lease, Scored, Tally, open_rows, scored_rows
from core.services.match_views import Comparison, Count, Verdict, verdict_row, verdict_view
from core.services.model_rights import changeable_model, visible_model
from core.services.model_views import VersionView
from core.services.models import Models

_TOLERANCE = 1e-6
_TOLERANCE_OF_32_BITS = 1e-4


class Matching:
    """Checks and compares the versions of models; `lease` lends a version's scorer."""

    def __init__(self, database: Database, models: Models, lease: Lease) -> None:
        self._database = database
        self._models = models
        self._lease = lease

    def check(
        self,
        caller: Caller,
        model_id: str,
        version: int | None,
        staged: Staged,
        *,
        tolerance: float | None = None,
        columns: Mapping[str, str] | None = None,
        outputs: Sequence[str] | None = None,
    ) -> Verdict:
        """Hold a version (None is the newest) against a CSV of inputs and expected outputs.

        The verdict and the file stay with the version; the upload is used up. The columns of
        expected outputs are found by name; `columns` names them for outputs that go by another,
        `outputs` tells which to compare. `tolerance` is 1e-6 unless given, 1e-4 where the model has
        32-bit numbers. Raises ModelNotFound, VersionNotFound, NotAllowed, and InvalidInput or
        TooLarge for a file that cannot be compared.
        """
        with consuming(staged):
            view = self._changeable(caller, model_id, version)
            allowed = _tolerance(tolerance, view.info)
            source = open_rows(staged.path, view.info)
            others = [name for name in source.names() if name not in view.info.input_schema.names]
            pairs = find_pairs(view.info.outputs, others, named=columns, only=outputs)
            tally = Tally(view.info, pairs, allowed)
            with self._lease(view.id, view.info) as scorer:
                for scored in scored_rows(source, scorer):
                    tally.add(scored)
            return self._keep(caller, view, staged, tally.count)

    def compare(
        self,
        caller: Caller,
        model_id: str,
        first: int,
        second: int,
        staged: Staged,
        *,
        tolerance: float | None = None,
    ) -> Comparison:
        """Score a CSV with two versions and return what changes from the first to the second.

        Whoever sees the model may; nothing is kept, and the upload is used up. Raises
        ModelNotFound, VersionNotFound, and InvalidInput or TooLarge as `check` does.
        """
        with consuming(staged):
            one, two = (self._models.get_by_id(caller, model_id, each) for each in (first, second))
            _require_comparable(one, two)
            allowed = max(_tolerance(tolerance, view.info) for view in (one, two))
            changes = Changes(one.info, two.info, allowed)
            for before, after in self._side_by_side(one, two, staged.path):
                changes.add(before, after)
        return Comparison(
            first=one.number,
            second=two.number,
            file_name=staged.name,
            tolerance=allowed,
            rows=changes.rows,
            changed=changes.changed,
            outputs=changes.outputs,
            examples=changes.examples,
            only_first=_missing_in(two, one),
            only_second=_missing_in(one, two),
        )

    def list_(self, caller: Caller, model_id: str) -> list[Verdict]:
        """Return the verdicts on a model's versions, newest first; raises ModelNotFound."""
        versions = Version.id == VerdictRow.version_id
        query = select(VerdictRow, Version.number).join(Version, versions)
        query = query.where(VerdictRow.model_id == model_id)
        with self._database.reading() as session:
            visible_model(session, caller, model_id)
            rows = session.execute(query.order_by(VerdictRow.made.desc(), VerdictRow.id))
            return [verdict_view(row, number) for row, number in rows]

    def delete(self, caller: Caller, verdict_id: str) -> None:
        """Delete a verdict, and its file if no other check uses it.

        Raises InvalidInput where it is gone already, ModelNotFound, NotAllowed.
        """
        with self._database.writing() as session:
            row = session.get(VerdictRow, verdict_id)
            if row is None:
                raise InvalidInput("There is no such check; it may have been deleted already.")
            model = changeable_model(session, caller, row.model_id)
            session.delete(row)
            detail = f"a check with {row.file_name}"
            events.record(session, caller, "deleted", "model", model.id, model.name, detail)
        self._models.artifacts.drop_unused({row.file})

    def _changeable(self, caller: Caller, model_id: str, version: int | None) -> VersionView:
        with self._database.reading() as session:
            changeable_model(session, caller, model_id)
        return self._models.get_by_id(caller, model_id, version)

    def _keep(self, caller: Caller, view: VersionView, staged: Staged, count: Count) -> Verdict:
        """Keep the file and add the verdict in one transaction."""
        with (
            self._models.artifacts.keeping(staged.path) as [file],
            self._database.writing() as session,
        ):
            model = changeable_model(session, caller, view.model.id)
            row = verdict_row(view, file, staged.name, count, caller.name)
            verdict = verdict_view(row, view.number)
            session.add(row)
            detail = f"version {view.number}: {verdict.sentence}"
            events.record(session, caller, "checked", "model", model.id, model.name, detail)
        return verdict

    def _side_by_side(
        self, one: VersionView, two: VersionView, path: Path
    ) -> Iterator[tuple[Scored, Scored]]:
        with (
            self._lease(one.id, one.info) as first,
            self._lease(two.id, two.info) as second,
        ):
            before = scored_rows(open_rows(path, one.info), first)
            after = scored_rows(open_rows(path, two.info), second)
            yield from zip(before, after, strict=True)


def newest_by_version(verdicts: Iterable[Verdict]) -> dict[str, Verdict]:
    """Return the last verdict on each version, by the version's id, out of a newest-first list."""
    newest: dict[str, Verdict] = {}
    for verdict in verdicts:
        newest.setdefault(verdict.version_id, verdict)
    return newest


def _tolerance(given: float | None, info: ModelInfo) -> float:
    if given is None:
        fields = (*info.inputs, *info.outputs)
        in_32_bits = any(field.type is DataType.FLOAT for field in fields)
        return _TOLERANCE_OF_32_BITS if in_32_bits else _TOLERANCE
    if not (math.isfinite(given) and 0 <= given < 1):
        raise InvalidInput(f"The tolerance is {given:g}; give a number from 0 to below 1.")
    return given


def _require_comparable(one: VersionView, two: VersionView) -> None:
    if one.number == two.number:
        raise InvalidInput("A version is always like itself; choose two different ones.")
    if not shared_outputs(one.info, two.info):
        raise InvalidInput(
            f"Versions {one.number} and {two.number} have no output in common that is a single "
            "value; there is nothing to compare."
        )


def _missing_in(one: VersionView, other: VersionView) -> tuple[str, ...]:
    known = one.info.output_schema.names
    return tuple(name for name in other.info.output_schema.names if name not in known)
