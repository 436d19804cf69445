import io
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from sqlalchemy import func, select

from core.db.engine import Database
from core.db.tables import Base, utc_now
from core.errors import InvalidModel, SlipwayError
from core.files import Files, Staged
from core.platform import Platform
from core.runtimes.base import ModelInfo, Scorer
from core.runtimes.cache import ScorerCache
from core.runtimes.inspection import Inspected
from core.schema import DataType, Field, Interval, Optype
from core.services.accounts import Accounts, Caller
from core.services.approvals import Approvals
from core.services.deployments import Deployments
from core.services.directory import Directory
from core.services.job_runner import JobRunner
from core.services.jobs import Jobs
from core.services.live_settings import LiveSettings
from core.services.model_views import VersionView
from core.services.models import Models
from core.services.passwords import Passwords
from core.services.people import People
from core.services.releases import Releases
from core.services.sign_ins import SignIns
from core.settings import Settings
from tests.core.services.greeting import PART_ROWS, Greeter, Lease, Upload
from tests.shortcuts import CHEAPEST_ROUNDS, quick_platform

PASSWORD = "a long password"


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.time = utc_now()

    def __call__(self) -> datetime:
        return self.time

    def forward(self, **by: float) -> None:
        self.time += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a migrated file to copy: to migrate takes longer than most tests do."""
    path = tmp_path_factory.mktemp("empty") / "slipway.duckdb"
    Database(path).close()
    return path


@pytest.fixture
def database(tmp_path: Path, empty_database: Path) -> Iterator[Database]:
    path = tmp_path / "slipway.duckdb"
    shutil.copy(empty_database, path)
    database = Database(path)
    yield database
    database.close()


@pytest.fixture
def directory(database: Database) -> Directory:
    return Directory(database)


@pytest.fixture
def passwords() -> Passwords:
    return Passwords(CHEAPEST_ROUNDS)


@pytest.fixture
def live(database: Database) -> LiveSettings:
    return LiveSettings(database, Settings())


@pytest.fixture
def accounts(
    database: Database,
    directory: Directory,
    passwords: Passwords,
    live: LiveSettings,
    clock: Clock,
) -> Accounts:
    return Accounts(database, directory, passwords, live, now=clock)


@pytest.fixture
def sign_ins(database: Database, directory: Directory, clock: Clock) -> SignIns:
    return SignIns(database, directory, days=14, now=clock)


class Stopped:
    """Keeps the ids of tasks that nobody is to work at any more, and drops their files."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self.ids: list[str] = []

    def stop(self, task_id: str, *, drop: bool = False) -> None:
        self.ids.append(task_id)
        if drop:
            self._files.drop_job(task_id)


@pytest.fixture
def stopped(files: Files) -> Stopped:
    return Stopped(files)


@pytest.fixture
def people(
    database: Database,
    directory: Directory,
    passwords: Passwords,
    models: Models,
    stopped: Stopped,
    clock: Clock,
) -> People:
    return People(database, directory, passwords, models, stopped, now=clock)


@pytest.fixture
def admin(accounts: Accounts) -> Caller:
    return accounts.register("root", PASSWORD)


@pytest.fixture
def ann(accounts: Accounts, admin: Caller) -> Caller:
    return accounts.register("ann", PASSWORD)


@pytest.fixture
def bob(accounts: Accounts, admin: Caller) -> Caller:
    return accounts.register("bob", PASSWORD)


@pytest.fixture
def viewer(accounts: Accounts, people: People, admin: Caller) -> Caller:
    accounts.register("vic", PASSWORD)
    people.set_role(admin, "vic", "viewer")
    return accounts.sign_in("vic", PASSWORD)


def info(function: str = "classification", format_: str = "pmml") -> ModelInfo:
    """Return what a small model says of itself."""
    return ModelInfo(
        format=format_,
        function=function,
        algorithm="logistic regression",
        engine="an engine",
        inputs=(
            Field("age", DataType.INTEGER, intervals=(Interval(0, None),)),
            Field("sex", DataType.STRING, Optype.CATEGORICAL, categories=("f", "m")),
        ),
        outputs=(Field("prediction", DataType.STRING, Optype.CATEGORICAL),),
        sample={"age": 3, "sex": "f"},
        warnings=("Only the first of two models is scored.",),
        details={"producer": "a test"},
    )


def inspect(staged: Staged) -> Inspected:
    """Judge an upload by its first word: `bad` is refused, `pickle` is converted."""
    content = staged.path.read_bytes()
    if content.startswith(b"bad"):
        raise InvalidModel("The file is no model.")
    if not content.startswith(b"pickle"):
        return Inspected(info(), staged.path)
    converted = staged.path.with_suffix(".skops")
    converted.write_bytes(b"converted " + content)
    return Inspected(info("regression", "sklearn"), converted)


class Uploads:
    """Makes uploads of texts, as the edge does before it calls a service."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def __call__(self, text: str = "a model", name: str = "churn.pmml") -> Staged:
        return self._files.stage(io.BytesIO(text.encode()), name, 1 << 20)


@pytest.fixture
def upload(files: Files) -> Uploads:
    return Uploads(files)


@pytest.fixture
def models(database: Database, files: Files) -> Models:
    return Models(database, files, inspect, Approvals(database))


@pytest.fixture
def stored(tmp_path: Path) -> Callable[[], list[bytes]]:
    """Return a function that reads all artifacts, and checks that no upload was left behind."""

    def read() -> list[bytes]:
        assert list((tmp_path / "incoming").iterdir()) == []
        return sorted(
            path.read_bytes() for path in (tmp_path / "artifacts").rglob("*") if path.is_file()
        )

    return read


def counts(database: Database) -> dict[str, int]:
    """Return how many rows each table has, but for the record of events."""
    tables = [table for table in Base.metadata.sorted_tables if table.name != "events"]
    with database.reading() as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in tables
        }


def at_once(works: Sequence[Callable[[], object]]) -> list[object]:
    """Run functions in threads that start together; return results or the errors of the tree."""
    barrier = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> object:
        barrier.wait()
        try:
            return work()
        except SlipwayError as error:
            return error.code

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


class Young(Scorer):
    """Calls everybody young."""

    def score(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        young = pa.array(["young"] * batch.num_rows)
        nothing = pa.nulls(batch.num_rows, pa.string())
        return pa.RecordBatch.from_arrays([young, nothing], ["prediction", "error"])


class Loads:
    """Stands for the engines: the versions in `broken` cannot be loaded, and say why."""

    def __init__(self) -> None:
        self.broken: dict[str, SlipwayError] = {}
        self.asked: list[str] = []

    def __call__(self, version_id: str) -> Scorer:
        self.asked.append(version_id)
        if version_id in self.broken:
            raise self.broken[version_id]
        return Young()


@pytest.fixture
def loads() -> Loads:
    return Loads()


@pytest.fixture
def scorers(loads: Loads) -> ScorerCache[str]:
    return ScorerCache(loads, 9)


@pytest.fixture
def deployments(database: Database, models: Models, scorers: ScorerCache[str]) -> Deployments:
    return Deployments(database, models, scorers)


@pytest.fixture
def releases(database: Database, deployments: Deployments, scorers: ScorerCache[str]) -> Releases:
    return Releases(database, deployments, scorers)


@pytest.fixture
def scorer() -> Greeter:
    return Greeter()


@pytest.fixture
def lease(scorer: Greeter) -> Lease:
    @contextmanager
    def lend(version_id: str, info: ModelInfo) -> Iterator[Scorer]:
        yield scorer

    return lend


@pytest.fixture
def open_runner(
    database: Database, files: Files, models: Models, lease: Lease
) -> Callable[[], JobRunner]:
    return lambda: JobRunner(database, files, models.info_at, lease, workers=2, inline=True)


@pytest.fixture
def runner(open_runner: Callable[[], JobRunner]) -> JobRunner:
    return open_runner()


@pytest.fixture
def jobs(database: Database, files: Files, runner: JobRunner) -> Jobs:
    return Jobs(database, files, runner, part_rows=PART_ROWS)


@pytest.fixture
def version(models: Models, ann: Caller, upload: Upload) -> VersionView:
    return models.add(ann, "churn", upload("a model", "churn.pmml"))


@pytest.fixture
def submit(jobs: Jobs, ann: Caller, version: VersionView, upload: Upload) -> Callable[..., str]:
    def submit(content: str, kind: str = "csv", caller: Caller = ann, **options: object) -> str:
        staged = upload(content, f"rows.{kind}")
        return jobs.submit(caller, version, staged, kind=kind, options=options).id

    return submit


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    """All services of one platform, whose tasks wait for `runner.run_until_idle`."""
    with quick_platform(tmp_path / "storage") as opened:
        yield opened
