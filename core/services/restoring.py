"""Brings a backup back, into a storage folder that is empty: whole, or not at all."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.db.engine import Database
from core.db.snapshot import read_tables
from core.db.tables import Account, Deployment, Model, Task, Verdict, Version, utc_now
from core.errors import InvalidInput
from core.files import readable_size, sha256_of, sync_tree
from core.services import events
from core.services.archives import Archive, opened
from core.services.backups import KIND, NAMES

_DATABASE = "slipway.duckdb"
_HALF_DONE = ".restoring"
_HARMLESS = {"README.md", "lost+found", _HALF_DONE}
_SLACK = 64 << 20
_FILES = (Version.artifact, Version.source, Verdict.file)


# Who runs Slipway, as the record calls them.
OPERATOR = events.Somebody(name="the operator", role="admin")


@dataclass(frozen=True, slots=True)
class Restored:
    """What was brought back, and of when it is (UTC)."""

    made: datetime
    accounts: int
    models: int
    deployments: int
    tasks: int


def restore(path: Path, storage: Path) -> Restored:
    """Bring a backup back into an empty storage folder that no Slipway has open.

    All of it is checked before any of it is put in place. Raises InvalidInput where the folder is
    not empty or the backup is damaged, foreign, or of a newer Slipway; then nothing was changed.
    """
    _require_empty(storage)
    with opened(path, KIND, NAMES) as archive, _aside(storage) as folder:
        _require_room(archive, folder)
        _take_out(archive, folder)
        found = _read_metadata(archive, folder)
        shutil.rmtree(folder / "tables")
        sync_tree(folder)
        # The database last: without it there is no platform yet.
        for name in ("artifacts", "jobs", _DATABASE):
            if (folder / name).exists():
                (folder / name).rename(storage / name)
    return found


def _require_empty(storage: Path) -> None:
    if not storage.exists():
        return
    if not storage.is_dir():
        raise InvalidInput(f"{storage} is a file; name a folder.")
    found = sorted(entry.name for entry in storage.iterdir())
    if others := [name for name in found if name not in _HARMLESS]:
        raise InvalidInput(
            f"{storage} is not empty ({', '.join(others[:3])}); a backup is restored into an empty "
            "folder alone. Move what is there away, or name another with SLIPWAY_STORAGE."
        )


@contextmanager
def _aside(storage: Path) -> Iterator[Path]:
    """Yield a folder within the storage, so that moving out of it copies nothing."""
    made = not storage.exists()
    folder = storage / _HALF_DONE
    shutil.rmtree(folder, ignore_errors=True)  # left by a power cut
    folder.mkdir(parents=True, mode=0o700)
    storage.chmod(0o700)
    try:
        yield folder
    except BaseException:
        shutil.rmtree(storage if made else folder, ignore_errors=True)
        raise
    shutil.rmtree(folder)


def _require_room(archive: Archive, folder: Path) -> None:
    # Tables are there twice for a while: as files, and in the database.
    wanted = archive.size + _SLACK
    free = shutil.disk_usage(folder).free
    if wanted > free:
        raise InvalidInput(
            f"The backup needs {readable_size(wanted)} and the disk has {readable_size(free)} left."
        )


def _take_out(archive: Archive, folder: Path) -> None:
    for name in archive.manifest.members:
        target = folder / name
        archive.take_out(name, target)
        if name.startswith("artifacts/") and sha256_of(target) != target.name:
            raise InvalidInput(f"The backup is damaged: {name} is not what its name says.")


def _read_metadata(archive: Archive, folder: Path) -> Restored:
    manifest = archive.manifest
    tables = [Path(name).stem for name in manifest.members if name.startswith("tables/")]
    read_tables(folder / _DATABASE, manifest.schema, folder / "tables", tables)
    database = Database(folder / _DATABASE)
    try:
        with database.writing() as session:
            _require_names(session)
            _say_what_is_gone(session, folder)
            detail = f"the backup of {manifest.made:%Y-%m-%d %H:%M} UTC"
            events.record(session, OPERATOR, "restored", "platform", "", "Slipway", detail)
            rows = [
                session.scalar(select(func.count()).select_from(table)) or 0
                for table in (Account, Model, Deployment, Task)
            ]
    finally:
        database.close()
    return Restored(manifest.made, *rows)


def _require_names(session: Session) -> None:
    """Raise InvalidInput where what is to name a file or a folder is no plain name."""
    for column, digits in ((Task.id, 32), *((each, 64) for each in _FILES)):
        plain = column.regexp_match(f"^[0-9a-f]{{{digits}}}$")
        if session.scalar(select(column).where(~plain).limit(1)) is not None:
            raise InvalidInput(f"The backup is damaged: its {column} is no name of a file.")


def _say_what_is_gone(session: Session, folder: Path) -> None:
    """Note of tasks that are over which have no files any more."""
    jobs = folder / "jobs"
    there = {entry.name for entry in jobs.iterdir()} if jobs.exists() else set()
    over = (Task.finished.is_not(None), Task.removed.is_(None))
    for task in session.scalars(select(Task).where(*over)):
        if task.id not in there:
            task.removed = utc_now()
