"""Checks again, by itself, what other versions of the engines or of Slipway have checked."""

import logging
from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.engine import Database
from core.db.tables import Verdict as VerdictRow
from core.db.tables import Version
from core.errors import InternalError, Overloaded, SlipwayError
from core.files import Files
from core.runtimes.engines import engine_of
from core.services.background import Background
from core.services.match_runs import Lease, Tally, open_rows, scored_rows
from core.services.match_views import Count, Report, decoded_report, verdict_row
from core.services.model_rows import decoded_brief
from core.services.models import Models
from core.version import VERSION

_logger = logging.getLogger(__name__)


class Rechecks(Background):
    """One thread that goes once through the versions whose last verdict is of another time.

    The new verdict is kept beside the old one, also where it is that the version can no longer be
    scored. What fails for a passing reason is tried again at the next start.
    """

    def __init__(self, database: Database, files: Files, models: Models, lease: Lease) -> None:
        super().__init__("rechecks")
        self._database = database
        self._files = files
        self._models = models
        self._lease = lease

    def _run(self) -> None:
        self.run()

    def run(self) -> None:
        """Check again whatever is outdated, one version after the other."""
        for verdict_id in self._outdated():
            if self._closing.is_set():
                return
            try:
                self._check_again(verdict_id)
            except Exception:
                _logger.exception("The check %s could not be made again", verdict_id)

    def _outdated(self) -> list[str]:
        """Return the last verdicts of versions that were made with anything else than this."""
        query = select(VerdictRow, Version.info).join(Version, Version.id == VerdictRow.version_id)
        newest: dict[str, tuple[VerdictRow, str]] = {}
        with self._database.reading() as session:
            for row, info in session.execute(query.order_by(VerdictRow.made.desc())):
                newest.setdefault(row.version_id, (row, info))
        return [row.id for row, info in newest.values() if _is_outdated(row, info)]

    def _check_again(self, verdict_id: str) -> None:
        with self._database.reading() as session:
            before = session.get(VerdictRow, verdict_id)
        if before is None:
            return  # deleted since
        report = decoded_report(before.report)
        columns = {pair.output: pair.column for pair in report.pairs}
        try:
            count = self._count(before, columns)
        except (Overloaded, InternalError):
            raise
        except SlipwayError as error:
            nothing = Report(tuple(replace(pair, agreeing=0) for pair in report.pairs))
            self._keep(before, Count(before.tolerance, nothing), error.message)
        else:
            if count is not None:
                self._keep(before, count)

    def _count(self, before: VerdictRow, columns: Mapping[str, str]) -> Count | None:
        """Score the file of a verdict; return None if the platform closes meanwhile."""
        # The file names the inputs as they were called when it was given.
        info = self._models.info_at(before.version_id, before.revision or 0)
        tally = Tally(info, columns, before.tolerance)
        source = open_rows(self._files.artifact(before.file), info)
        with self._lease(before.version_id, info) as scorer:
            for scored in scored_rows(source, scorer):
                if self._closing.is_set():
                    return None
                tally.add(scored)
        return tally.count

    def _keep(self, before: VerdictRow, count: Count, failure: str = "") -> None:
        view = self._models.get_version(before.version_id)
        row = verdict_row(view, before.file, before.file_name, count, "", failure)
        row.revision = before.revision
        with self._database.writing() as session:
            if _is_last(session, before):
                session.add(row)


def _is_outdated(row: VerdictRow, info: str) -> bool:
    return (row.engine, row.slipway) != (engine_of(decoded_brief(info).format), VERSION)


def _is_last(session: Session, verdict: VerdictRow) -> bool:
    """Return whether a verdict is there still and nobody has made a newer one meanwhile."""
    query = select(VerdictRow.id).where(VerdictRow.version_id == verdict.version_id)
    return session.scalar(query.order_by(VerdictRow.made.desc()).limit(1)) == verdict.id
