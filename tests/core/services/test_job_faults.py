"""A process that is killed in the middle of a task loses nothing and does nothing twice."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.core.services import job_child

ROOT = Path(__file__).parents[3]
# The upload, the plan; then four parts typed and what they are, four parts scored.
RENAMES = 11
BEFORE_THE_TASK_IS_KNOWN = 2


def run_child(storage: Path, kill_at: int) -> int:
    command = [sys.executable, job_child.__file__, str(storage), str(kill_at)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, env=environment, check=False).returncode


def result(storage: Path) -> tuple[bytes, bytes, list[bytes]] | None:
    """Open a storage again, let its task go on, and return its exports and parts."""
    with job_child.opened(storage) as small:
        small.runner.start()
        small.runner.run_until_idle()
        ann = small.accounts.sign_in("ann", "a long password")
        tasks = small.jobs.list_(ann).tasks
        if not tasks:
            return None
        (task,) = tasks
        assert task.message == "Scored 31 of 35 rows; 4 have an error."
        csv, parquet = (b"".join(small.jobs.export(ann, task.id, k)) for k in ("csv", "parquet"))
        folder = small.files.job(task.id)
        parts = [path.read_bytes() for path in sorted(folder.rglob("part-*"))]
        return csv, parquet, parts


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes, list[bytes]]:
    storage = tmp_path_factory.mktemp("undisturbed")
    with job_child.opened(storage) as small:
        job_child.submit(small)
        small.runner.run_until_idle()
    found = result(storage)
    assert found is not None
    lines = found[0].decode().splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == [f'"row {n}"' for n in range(35)]
    return found


@pytest.mark.parametrize("kill_at", range(1, RENAMES + 1))
def test_a_task_killed_at_any_step_ends_as_if_nothing_had_happened(
    tmp_path: Path, undisturbed: tuple[bytes, bytes, list[bytes]], kill_at: int
) -> None:
    assert run_child(tmp_path, kill_at) == -signal.SIGKILL
    found = result(tmp_path)
    if kill_at <= BEFORE_THE_TASK_IS_KNOWN:
        assert found is None
        assert list((tmp_path / "jobs").iterdir()) == []
    else:
        assert found == undisturbed
    assert list(tmp_path.rglob(".*.tmp")) == []


def test_these_are_all_the_steps_that_a_task_has(tmp_path: Path) -> None:
    assert run_child(tmp_path, RENAMES + 1) == 0


@pytest.mark.parametrize("seed", [1])
def test_a_task_killed_five_times_over_ends_as_if_nothing_had_happened(
    tmp_path: Path, undisturbed: tuple[bytes, bytes, list[bytes]], seed: int
) -> None:
    """I17: each child goes on where the one before it was killed; `benchmarks.kills` does more."""
    chance = random.Random(seed)
    first = BEFORE_THE_TASK_IS_KNOWN + chance.randint(1, 3)
    for kill_at in [first, *(chance.randint(1, 2) for _ in range(4))]:
        assert run_child(tmp_path, kill_at) == -signal.SIGKILL
    assert result(tmp_path) == undisturbed
    assert list(tmp_path.rglob(".*.tmp")) == []
