"""How the process that serves everything is doing, for admins (A1)."""

import platform
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import psutil
from sqlalchemy import func, select

from core.db.engine import Database
from core.db.tables import Task
from core.errors import NotAllowed
from core.files import Files
from core.runtimes.engines import ENGINES, engine_of
from core.services.accounts import Caller, Role
from core.services.job_states import State
from core.services.online_load import OnlineLoad
from core.version import VERSION


@dataclass(frozen=True, slots=True)
class SystemView:
    """The platform in numbers; sizes in bytes.

    `cpu_percent` is of one core, since somebody last looked. `java_memory` is None while no PMML
    model is loaded, for then Java does not run. `calls_busy` and `calls_waiting` are those that do
    not end at once.
    """

    slipway: str
    python: str
    engines: dict[str, str]
    seconds_up: float
    memory: int
    java_memory: int | None
    cpu_percent: float
    threads: int
    tasks_waiting: int
    tasks_working: int
    calls_busy: int
    calls_waiting: int
    database: int
    disk_free: int
    disk_total: int


class System:
    """Looks at the process; `children` gives the ids of those that the runtimes started."""

    def __init__(
        self,
        database: Database,
        files: Files,
        children: Callable[[], Mapping[str, int]],
        load: OnlineLoad,
    ) -> None:
        self._database = database
        self._files = files
        self._children = children
        self._load = load
        self._began = time.monotonic()
        self._process = psutil.Process()
        self._process.cpu_percent()  # the first look counts from here

    def view(self, caller: Caller) -> SystemView:
        """Return how the platform is doing; raises NotAllowed to anybody but admins."""
        if caller.role is not Role.ADMIN:
            raise NotAllowed("Only an admin may see how the system is doing.")
        tasks = self._tasks()
        disk = shutil.disk_usage(self._files.root)
        return SystemView(
            slipway=VERSION,
            python=platform.python_version(),
            engines={format_: engine_of(format_) for format_ in ENGINES},
            seconds_up=time.monotonic() - self._began,
            memory=self._process.memory_info().rss,
            java_memory=_memory_of(self._children().get("pmml")),
            cpu_percent=self._process.cpu_percent(),
            threads=threading.active_count(),
            tasks_waiting=tasks.get(State.QUEUED, 0),
            tasks_working=tasks.get(State.RUNNING, 0),
            calls_busy=self._load.busy,
            calls_waiting=self._load.waiting,
            database=self._files.database_size(),
            disk_free=disk.free,
            disk_total=disk.total,
        )

    def _tasks(self) -> dict[str, int]:
        query = select(Task.state, func.count()).group_by(Task.state)
        with self._database.reading() as session:
            return dict(session.execute(query).all())


def _memory_of(pid: int | None) -> int | None:
    """Return what a process has in memory, or None where it has ended."""
    if pid is None:
        return None
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.NoSuchProcess:
        return None
