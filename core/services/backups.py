"""Backups: the whole platform at one moment as one archive, made while the platform runs.

tables/<table>.parquet   the metadata, each table as it was at that moment
artifacts/ab/<sha>       the files of models and checks
jobs/<task id>/...       the files of tasks that are not over; of all tasks, if results are wanted

Sign-ins and secrets are left out: a backup that is found signs nobody in.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.engine import Database
from core.db.snapshot import pin, write_table
from core.db.tables import SignIn, Task, Verdict, Version
from core.errors import NotAllowed
from core.files import Files, duplicate
from core.services import events
from core.services.accounts import Caller, Role
from core.services.archives import Member, written

KIND = "backup"
NAMES = re.compile(
    r"tables/[a-z_]+\.parquet"
    r"|artifacts/(?P<start>[0-9a-f]{2})/(?P=start)[0-9a-f]{62}"
    r"|jobs/[0-9a-f]{32}(/[A-Za-z0-9][A-Za-z0-9_.-]*){1,3}"
)
_LEFT_OUT = {SignIn.__tablename__}


@dataclass(frozen=True, slots=True)
class Extent:
    """How many bytes there are to back up: files of models and checks, and files of tasks."""

    artifacts: int
    results: int


class Backups:
    """Makes backups of one platform."""

    def __init__(self, database: Database, files: Files) -> None:
        self._database = database
        self._files = files

    def extent(self, caller: Caller) -> Extent:
        """Return how much there is to back up beside the metadata; raises NotAllowed."""
        require_admin(caller)
        artifacts = map(self._files.artifact, self._files.artifacts())
        return Extent(
            sum(path.stat().st_size for path in artifacts if path.exists()),
            sum(map(self._files.job_size, self._files.job_ids())),
        )

    def make(self, caller: Caller, *, results: bool) -> Iterator[bytes]:
        """Return a backup in blocks; what it holds is of the moment of this call.

        `results` adds the files of tasks that are over. Raises NotAllowed.
        """
        require_admin(caller)
        with self._database.writing() as session:
            detail = "with results" if results else "without results"
            events.record(session, caller, "backed up", "platform", "", "Slipway", detail)
        blocks = self._blocks(results)
        # Begun here, so that it is of this moment, fails before an answer began, and cleans up.
        return chain([next(blocks)], blocks)

    def _blocks(self, results: bool) -> Iterator[bytes]:
        with self._files.scratch() as folder:
            tables = self._collect(folder, results)
            paths = sorted(path for path in folder.rglob("*") if path.is_file())
            members = (Member(path.relative_to(folder).as_posix(), path) for path in paths)
            yield from written(KIND, {"results": results, "tables": tables}, members)

    def _collect(self, folder: Path, results: bool) -> list[str]:
        """Put the metadata of this moment and links to its files into a folder."""
        (folder / "tables").mkdir()
        with self._database.reading() as session:
            # While nobody writes no file of what the session sees is dropped.
            with self._database.writing():
                tables = pin(session)
                self._link(session, folder, results)
            for table in tables:
                path = folder / "tables" / f"{table}.parquet"
                write_table(session, table, path, rows=table not in _LEFT_OUT)
        return tables

    def _link(self, session: Session, folder: Path, results: bool) -> None:
        used = chain.from_iterable(
            session.scalars(select(column).distinct())
            for column in (Version.artifact, Version.source, Verdict.file)
        )
        for sha256 in set(used):
            with suppress(FileNotFoundError):  # lost before; the version says so
                duplicate(self._files.artifact(sha256), folder / "artifacts" / sha256[:2] / sha256)
        tasks = select(Task.id) if results else select(Task.id).where(Task.finished.is_(None))
        wanted = set(session.scalars(tasks)) & set(self._files.job_ids())
        for task_id in wanted:
            source = self._files.job(task_id)
            for path in filter(_is_whole, source.rglob("*")):
                with suppress(FileNotFoundError):  # a part that was just renamed
                    duplicate(path, folder / "jobs" / task_id / path.relative_to(source))


def require_admin(caller: Caller) -> None:
    """Raise NotAllowed for everybody but admins."""
    if caller.role is not Role.ADMIN:
        raise NotAllowed("Only an admin may back up the platform.")


def _is_whole(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(".")
