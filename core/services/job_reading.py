"""What is read of the results of tasks, by those who may see the task."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
from sqlalchemy.orm import Session

from core.db.engine import Database
from core.db.tables import Task, Version
from core.errors import NotFound, TaskNotFinished, TaskNotFound
from core.files import Files
from core.runtimes.base import ModelInfo
from core.runtimes.edits import edited
from core.services.accounts import Caller
from core.services.job_downloads import Download, download, require_kind
from core.services.job_exports import Record
from core.services.job_files import JobFiles, Rows
from core.services.job_media import VideoTrack, find_track, thumbnails_of
from core.services.job_queries import EVERYTHING, FoundRows, Query
from core.services.job_results import Result
from core.services.job_states import UNFINISHED, State
from core.services.job_summary import Summary, summarise
from core.services.job_views import removed_sentence, task_row
from core.services.model_rows import declared_info, revision_edits


@dataclass(frozen=True, slots=True)
class ResultPage:
    """Some rows out of the `total` that were asked for; `numbers` are theirs, from 1."""

    rows: list[Record]
    total: int
    numbers: list[int]


@dataclass(frozen=True, slots=True)
class TablePage:
    """The same as typed columns; `pictures` are the inputs that `thumbnails` are had of."""

    table: pa.Table
    total: int
    numbers: list[int]
    pictures: tuple[str, ...] = ()


class TaskResults:
    """The results of the tasks of one platform."""

    def __init__(self, database: Database, files: Files) -> None:
        self._database = database
        self._files = files
        self._found = FoundRows()

    def result(
        self,
        caller: Caller,
        task_id: str,
        offset: int = 0,
        limit: int = 100,
        query: Query = EVERYTHING,
    ) -> ResultPage:
        """Return some of the rows that a query finds as records.

        Raises TaskNotFound, TaskNotFinished, NotFound where the files were removed, and
        InvalidInput for a query that does not fit.
        """
        result, found = self._selected(caller, task_id, query)
        page = found[offset : offset + limit]
        return ResultPage(result.records(page), len(found), [int(row) + 1 for row in page])

    def table(
        self,
        caller: Caller,
        task_id: str,
        offset: int = 0,
        limit: int = 100,
        query: Query = EVERYTHING,
    ) -> TablePage:
        """Return some of the rows that a query finds as typed columns; raises as `result`."""
        result, found = self._selected(caller, task_id, query)
        page = found[offset : offset + limit]
        numbers = [int(row) + 1 for row in page]
        return TablePage(result.table(page), len(found), numbers, result.pictures)

    def thumbnails(
        self, caller: Caller, task_id: str, numbers: Sequence[int]
    ) -> dict[str, list[bytes | None]]:
        """Return the pictures of some rows, small, as JPEG, by the input that they were given to.

        `numbers` are those of the rows, from 1. A row without a picture, or with one that cannot be
        read, has None. They are made anew each time. Raises as `result`, and InvalidInput for more
        than `MOST_THUMBNAILS` rows, or one that there is not.
        """
        return thumbnails_of(self._result(caller, task_id), numbers)

    def video_track(self, caller: Caller, task_id: str, video: str = "") -> VideoTrack | None:
        """Return what was answered over the time of a video, None where the task has no video.

        `video` names one of a zip; the first is taken where it is left out. Raises as `result`,
        and InvalidInput for a video that is not there.
        """
        return find_track(self._result(caller, task_id), video)

    def summary(self, caller: Caller, task_id: str) -> Summary:
        """Return what a result comes to; raises as `result`."""
        return summarise(self._result(caller, task_id))

    def export(
        self,
        caller: Caller,
        task_id: str,
        kind: str,
        query: Query = EVERYTHING,
        *,
        neutralised: bool = False,
    ) -> Iterator[bytes]:
        """Return the rows that a query finds as the bytes of a file, part after part.

        They are in the order of the upload. `kind` is one of `FILE_KINDS`. A query for rejects
        alone gives what was uploaded and `error`, without outputs. Raises at once what `result`
        raises, and InvalidInput for more than an Excel sheet holds.
        """
        require_kind(kind)
        result, rows = self._selected(caller, task_id, replace(query, sort=None))
        wanted = Download(kind, rejects=query.only_rejects, neutralised=neutralised)
        return download(result, rows, wanted)

    def _selected(self, caller: Caller, task_id: str, query: Query) -> tuple[Result, Rows]:
        result = self._result(caller, task_id)
        return result, self._found.rows(task_id, result, query)

    def _result(self, caller: Caller, task_id: str) -> Result:
        with self._database.reading() as session:
            task = task_row(session, caller, task_id)[0]
            if task.removed is not None:
                raise NotFound(removed_sentence(task))
            files = JobFiles(self._files.job(task_id))
            info = _info(session, task, files.plan.revision)
        ingested = files.find_ingested()
        if task.state != State.SUCCEEDED or ingested is None:
            raise TaskNotFinished(
                f"The task is {task.state} and has no result"
                + (" yet." if task.state in UNFINISHED else f". {task.message}")
            )
        return Result(files, ingested, info)


def _info(session: Session, task: Task, revision: int) -> ModelInfo:
    """Return what is known of a task's version as its schema was when the task began."""
    row = version_of(session, task)
    return edited(declared_info(row), revision_edits(session, row, revision))


def version_of(session: Session, task: Task) -> Version:
    """Return the version that a task is scored with; raises TaskNotFound."""
    row = session.get(Version, task.version_id)
    if row is None:
        raise TaskNotFound("The task went with its model.")
    return row
