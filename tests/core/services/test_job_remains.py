"""What ended tasks leave on disk is counted once; of what may still change, each time."""

from pathlib import Path

import pyarrow as pa
import pytest

from core.files import Files
from core.services.job_files import JobFiles, write_part
from core.services.job_remains import Remains
from tests.core.services.conftest import Clock


@pytest.fixture
def remains(files: Files, clock: Clock) -> Remains:
    return Remains(files, now=clock)


def add_part(files: Files, part: int, rows: int, failed: int) -> Path:
    path = JobFiles(files.job("t")).score_part(part)
    path.parent.mkdir(exist_ok=True)
    write_part(path, pa.table({"prediction": [1.0] * rows}), failed=failed)
    return path


def test_a_task_at_work_is_looked_at_each_time(files: Files, remains: Remains) -> None:
    add_part(files, 0, 3, 1)
    before = remains.size("t", None)
    assert remains.rows("t", None, None) == (3, 1)
    add_part(files, 1, 2, 2)
    assert remains.rows("t", None, None) == (5, 3)
    assert remains.size("t", None) > before


def test_what_has_just_ended_may_still_be_writing(
    files: Files, remains: Remains, clock: Clock
) -> None:
    ended = clock.time
    assert remains.rows("t", ended, None) == (0, 0)
    add_part(files, 0, 3, 1)
    assert remains.rows("t", ended, None) == (3, 1)


def test_what_ended_a_while_ago_is_not_looked_at_again(
    files: Files, remains: Remains, clock: Clock
) -> None:
    ended = clock.time
    part = add_part(files, 0, 3, 1)
    clock.forward(minutes=2)
    size = remains.size("t", ended)
    assert size > 0
    assert remains.rows("t", ended, None) == (3, 1)
    part.unlink()
    assert remains.size("t", ended) == size
    assert remains.rows("t", ended, None) == (3, 1)


def test_of_removed_files_nothing_remains(files: Files, remains: Remains, clock: Clock) -> None:
    ended = clock.time
    add_part(files, 0, 3, 1)
    clock.forward(minutes=2)
    assert remains.rows("t", ended, None) == (3, 1)
    assert remains.rows("t", ended, clock.time) == (0, 0)
