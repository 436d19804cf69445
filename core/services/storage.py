"""What lies in the storage folder, whose it is, and what of it can go (A1)."""

import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Table, func, select, text
from sqlalchemy.orm import Session

from core.db.call_tables import calls
from core.db.engine import Database
from core.db.tables import Account, Deployment, Model, Task, Verdict, Version, utc_now
from core.errors import InvalidInput, NotAllowed
from core.files import Files
from core.services import events
from core.services.accounts import Caller, Role
from core.services.artifacts import Artifacts
from core.services.call_upkeep import CallUpkeep
from core.services.job_retention import Retention

_ABANDONED = timedelta(days=1)  # the folder of a task is there before its row
_MOST_DAYS = 36_500


class Waste(StrEnum):
    """What can be freed."""

    RESULTS = "results"
    ARTIFACTS = "artifacts"
    RECORDS = "records"


@dataclass(frozen=True, slots=True)
class Holding:
    """What one account holds: bytes of model files and of tasks, and the calls of its services.

    A file that several accounts use is counted for each of them.
    """

    owner: str
    models: int
    artifacts: int
    tasks: int
    calls: int


@dataclass(frozen=True, slots=True)
class Freeable:
    """Things of one kind that can go, and how many bytes they take (None: not known)."""

    what: Waste
    count: int
    bytes: int | None


@dataclass(frozen=True, slots=True)
class StorageView:
    """Where the room went, in bytes: `database_free` is room inside the database for new rows.

    `disk_free` and `disk_total` are of the disk that the storage folder lies on.
    """

    artifacts: int
    tasks: int
    database: int
    database_free: int
    others: int
    disk_free: int
    disk_total: int
    holdings: tuple[Holding, ...]
    freeable: tuple[Freeable, ...]


class Storage:
    """Measures the storage of one platform, and makes room in it."""

    def __init__(
        self,
        database: Database,
        files: Files,
        artifacts: Artifacts,
        retention: Retention,
        upkeep: CallUpkeep,
        *,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._files = files
        self._artifacts = artifacts
        self._retention = retention
        self._upkeep = upkeep
        self._now = now

    def view(self, caller: Caller, *, days: float | None = None) -> StorageView:
        """Return what takes room and what can go: results older than `days`, else than is kept.

        Raises NotAllowed to anybody but admins, and InvalidInput for days that make no sense.
        """
        _require_admin(caller)
        old = self._retention.old(_checked_days(days))
        sizes, folders = self._files.artifact_sizes(), self._files.job_sizes()
        with self._database.reading() as session:
            room = _room(session)
            holdings = _holdings(session, sizes, folders)
        disk = shutil.disk_usage(self._files.root)
        unused = self._artifacts.unused(sizes)
        stray = self._stray(folders)
        return StorageView(
            artifacts=sum(sizes.values()),
            tasks=sum(folders.values()),
            database=self._files.database_size(),
            database_free=room,
            others=self._files.other_size(),
            disk_free=disk.free,
            disk_total=disk.total,
            holdings=holdings,
            freeable=(
                _freeable(Waste.RESULTS, [*old, *stray], folders),
                _freeable(Waste.ARTIFACTS, unused, sizes),
                Freeable(Waste.RECORDS, self._outdated(), None),
            ),
        )

    def free(self, caller: Caller, what: str, *, days: float | None = None) -> Freeable:
        """Remove what can go of one kind, and return what went.

        Raises NotAllowed to anybody but admins, and InvalidInput for a kind that there is not.
        """
        _require_admin(caller)
        if what not in set(Waste):
            raise InvalidInput(f'what is "{what[:40]}"; it must be one of {", ".join(Waste)}.')
        frees = {
            Waste.RESULTS: lambda: self._free_results(_checked_days(days)),
            Waste.ARTIFACTS: self._free_artifacts,
            Waste.RECORDS: self._free_records,
        }
        freed = frees[Waste(what)]()
        if freed.count:
            with self._database.writing() as session:
                events.record(session, caller, "freed", "storage", "", what, f"{freed.count:,}")
        return freed

    def _free_results(self, days: float | None) -> Freeable:
        sizes = self._files.job_sizes()
        old, stray = self._retention.old(days), self._stray(sizes)
        self._retention.sweep(days)
        for folder in stray:
            self._files.drop_job(folder)
        return _freeable(Waste.RESULTS, [*old, *stray], sizes)

    def _free_artifacts(self) -> Freeable:
        sizes = self._files.artifact_sizes()
        unused = self._artifacts.unused(sizes)
        self._artifacts.drop_unused(unused)
        return _freeable(Waste.ARTIFACTS, unused, sizes)

    def _free_records(self) -> Freeable:
        count = self._outdated()
        self._upkeep.tidy()
        # DuckDB uses the room of rows that are gone after its next checkpoint.
        self._database.checkpoint()
        return Freeable(Waste.RECORDS, count, None)

    def _stray(self, folders: Iterable[str]) -> list[str]:
        """Return the folders that no task has, as a crash may leave them."""
        with self._database.reading() as session:
            known = set(session.scalars(select(Task.id)))
        strange = [each for each in folders if each not in known]
        before = self._now() - _ABANDONED
        return [each for each in strange if self._files.job_changed(each) < before]

    def _outdated(self) -> int:
        with self._database.reading() as session:
            return sum(
                _count_before(session, table, self._now() - kept)
                for table, kept in self._upkeep.kept.items()
            )


def _freeable(what: Waste, which: list[str], sizes: dict[str, int]) -> Freeable:
    return Freeable(what, len(which), sum(sizes.get(each, 0) for each in which))


def _count_before(session: Session, table: Table, moment: datetime) -> int:
    query = select(func.count()).select_from(table).where(table.c.at < moment)
    return session.scalar(query) or 0


def _room(session: Session) -> int:
    """Return how many bytes the database has inside that hold nothing."""
    block, free = session.execute(
        text("SELECT block_size, free_blocks FROM pragma_database_size()")
    ).one()
    return int(block) * int(free)


def _holdings(
    session: Session, sizes: dict[str, int], folders: dict[str, int]
) -> tuple[Holding, ...]:
    """Return what each account holds that holds anything, the largest first."""
    models = dict(
        session.execute(select(Model.owner_id, func.count()).group_by(Model.owner_id)).all()
    )
    kept = {owner: _sum(used, sizes) for owner, used in _files_of(session).items()}
    tasks: Counter[str] = Counter()
    for owner, task in session.execute(select(Task.owner_id, Task.id)):
        tasks[owner] += folders.get(task, 0)
    called = _calls_of(session)
    names = dict(session.execute(select(Account.id, Account.name)).all())
    holdings = [
        Holding(
            names[owner],
            models.get(owner, 0),
            kept.get(owner, 0),
            tasks[owner],
            called.get(owner, 0),
        )
        for owner in {*models, *kept, *tasks, *called} & set(names)
    ]
    return tuple(sorted(holdings, key=lambda each: (-each.artifacts - each.tasks, each.owner)))


def _files_of(session: Session) -> dict[str, set[str]]:
    """Return the artifacts that the models of each account use."""
    found: dict[str, set[str]] = defaultdict(set)
    versions = select(Model.owner_id, Version.artifact, Version.source)
    for owner, *used in session.execute(versions.join(Version, Version.model_id == Model.id)):
        found[owner].update(used)
    checks = select(Model.owner_id, Verdict.file).join(Verdict, Verdict.model_id == Model.id)
    for owner, file in session.execute(checks):
        found[owner].add(file)
    return found


def _calls_of(session: Session) -> dict[str, int]:
    query = (
        select(Model.owner_id, func.count())
        .join(Deployment, Deployment.model_id == Model.id)
        .join(calls, calls.c.deployment_id == Deployment.id)
        .group_by(Model.owner_id)
    )
    return dict(session.execute(query).all())


def _sum(used: Iterable[str], sizes: dict[str, int]) -> int:
    return sum(sizes.get(each, 0) for each in used)


def _checked_days(days: float | None) -> float | None:
    if days is not None and not 0 < days <= _MOST_DAYS:
        raise InvalidInput(f"days is {days:g}; it must be more than 0.")
    return days


def _require_admin(caller: Caller) -> None:
    if caller.role is not Role.ADMIN:
        raise NotAllowed("Only an admin may look after the storage.")
