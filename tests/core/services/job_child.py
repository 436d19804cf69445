"""A platform's tasks in small, for tests that kill its process: run as a script, it is the child.

`python job_child.py <storage> <count>` submits a task, or goes on with that of a child before it,
and is killed by SIGKILL when it is about to rename a file into the task's folder for the `count`-th
time: what was to become that file is then left behind under its temporary name.
"""

import io
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from core.db.engine import Database
from core.files import Files, Staged
from core.runtimes.base import ModelInfo, Scorer
from core.runtimes.inspection import Inspected
from core.schema import DataType, Field
from core.services.accounts import Accounts
from core.services.approvals import Approvals
from core.services.job_runner import JobRunner
from core.services.jobs import Jobs
from core.services.models import Models
from tests.shortcuts import quick_accounts

ROWS = 35
PART_ROWS = 10
TABLE = "id,x\n" + "".join(f"row {n},{n if n % 9 else 'bad'}\n" for n in range(ROWS))
INFO = ModelInfo(
    format="test",
    function="regression",
    algorithm="doubling",
    engine="none",
    inputs=(Field("x", DataType.DOUBLE),),
    outputs=(Field("prediction", DataType.DOUBLE),),
)


class Doubling(Scorer):
    """Predicts twice what it is given."""

    def score(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        doubled = pc.multiply(batch.column(0), 2.0)
        return pa.record_batch(
            [doubled, pa.nulls(batch.num_rows, pa.string())], names=["prediction", "error"]
        )


@dataclass(frozen=True)
class Small:
    """What of a platform tasks need."""

    files: Files
    accounts: Accounts
    models: Models
    runner: JobRunner
    jobs: Jobs


@contextmanager
def opened(storage: Path) -> Iterator[Small]:
    @contextmanager
    def lease(version_id: str, info: ModelInfo) -> Iterator[Scorer]:
        yield Doubling()

    database = Database(storage / "slipway.duckdb")
    files = Files(storage)
    models = Models(
        database, files, lambda staged: Inspected(INFO, staged.path), Approvals(database)
    )
    runner = JobRunner(database, files, lambda *_: INFO, lease, workers=2, inline=True)
    jobs = Jobs(database, files, runner, part_rows=PART_ROWS)
    yield Small(files, quick_accounts(database), models, runner, jobs)
    runner.close()
    database.close()


def submit(small: Small) -> str:
    def staged(text: str, name: str) -> Staged:
        return small.files.stage(io.BytesIO(text.encode()), name, 1 << 20)

    caller = small.accounts.register("ann", "a long password")
    version = small.models.add(caller, "doubling", staged("a model", "doubling.pmml"))
    return small.jobs.submit(caller, version, staged(TABLE, "rows.csv"), kind="csv").id


def kill_at_rename(storage: Path, count: int) -> None:
    left = count
    folder = str(storage / "jobs")

    def hook(event: str, args: tuple[object, ...]) -> None:
        nonlocal left
        if event == "os.rename" and str(args[1]).startswith(folder):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


if __name__ == "__main__":
    place = Path(sys.argv[1])
    with opened(place) as platform:
        kill_at_rename(place, int(sys.argv[2]))
        if platform.accounts.credentials():
            platform.runner.start()
        else:
            submit(platform)
        platform.runner.run_until_idle()
