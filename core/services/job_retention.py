"""Removes the files of tasks that ended long ago; their rows stay and say so."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from core.db.engine import Database
from core.db.tables import Task, utc_now
from core.files import Files
from core.services.background import Background

_EVERY_SECONDS = 3600

_logger = logging.getLogger(__name__)


class Retention(Background):
    """One quiet thread that looks once an hour what is to go; `days` of 0 keep everything."""

    def __init__(
        self,
        database: Database,
        files: Files,
        *,
        days: float,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        super().__init__("retention")
        self._database = database
        self._files = files
        self._days = days
        self._now = now

    def start(self) -> None:
        """Begin in the background, unless everything is kept."""
        if self._days:
            super().start()

    def sweep(self, days: float | None = None) -> int:
        """Remove what has had its time, or what is older than `days`; return how many tasks'.

        The files go before the row says so: after a kill between the two it is done again.
        """
        old = self.old(days)
        for task_id in old:
            self._files.drop_job(task_id)
            with self._database.writing() as session:
                gone = update(Task).where(Task.id == task_id).values(removed=self._now())
                session.execute(gone)
        return len(old)

    def old(self, days: float | None = None) -> list[str]:
        """Return the tasks whose files may go: they ended so many days ago, and are not kept."""
        age = self._days if days is None else days
        if not age:
            return []
        query = select(Task.id).where(
            Task.finished < self._now() - timedelta(days=age),
            Task.removed.is_(None),
            func.coalesce(Task.kept, False).is_(False),
        )
        with self._database.reading() as session:
            return list(session.scalars(query))

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                removed = self.sweep()
            except Exception:
                _logger.exception("Old tasks could not be removed")
            else:
                _logger.log(
                    logging.INFO if removed else logging.DEBUG,
                    "The files of %d old tasks were removed",
                    removed,
                )
            self._closing.wait(_EVERY_SECONDS)
