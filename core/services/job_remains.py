"""What lies on disk of tasks that have ended: counted once, because it does not change any more."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache

from core.db.tables import utc_now
from core.files import Files
from core.services.job_files import JobFiles

_REMEMBERED = 20_000
_SETTLED = timedelta(minutes=1)  # whoever worked at a task that was cancelled has stopped by then


class Remains:
    """Looks into the folders of tasks; of those that ended a while ago it remembers what it saw."""

    def __init__(self, files: Files, *, now: Callable[[], datetime] = utc_now) -> None:
        self._files = files
        self._now = now
        self._known_size = lru_cache(_REMEMBERED)(files.job_size)
        self._known_rows = lru_cache(_REMEMBERED)(self._counted)

    def size(self, task_id: str, finished: datetime | None) -> int:
        """Return how many bytes of disk a task takes whose files are there."""
        known = self._settled(finished)
        return self._known_size(task_id) if known else self._files.job_size(task_id)

    def rows(
        self, task_id: str, finished: datetime | None, removed: datetime | None
    ) -> tuple[int, int]:
        """Return how many rows of a task were scored, and how many of them failed."""
        known = self._settled(finished)
        return self._known_rows(task_id, removed) if known else self._counted(task_id, removed)

    def _settled(self, finished: datetime | None) -> bool:
        return finished is not None and self._now() - finished > _SETTLED

    def _counted(self, task_id: str, removed: datetime | None) -> tuple[int, int]:
        if removed is not None:
            return 0, 0
        counts = JobFiles(self._files.job(task_id)).scored().values()
        done, failed = (sum(column) for column in zip(*counts, strict=True)) if counts else (0, 0)
        return done, failed
