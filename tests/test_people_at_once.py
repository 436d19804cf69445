"""A few people on one platform at once (P1 to P9): the benchmark of many, with one turn of each."""

import pytest

from benchmarks._big_platform import Size
from benchmarks.people import Plan, watch_people

_SIZE = Size(models=8, deployments=6, tasks=8, calls=2_000, people=2)


@pytest.mark.slow
def test_people_who_move_test_and_submit_at_once_see_no_error() -> None:
    seen = watch_people(Plan(minutes=0, clients=2, browsers=0, think=(0, 0), least=3, size=_SIZE))
    assert seen.errors == []
    assert len(seen.tests) == seen.tasks == 2
    assert len(seen.changes) >= 2 * 4
