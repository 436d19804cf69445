"""A few people on one platform at once (P1 to P9): the benchmark of many, for some seconds."""

from benchmarks._big_platform import Size
from benchmarks.people import Plan, watch_people

_SIZE = Size(models=8, deployments=6, tasks=8, calls=2_000, people=3)


def test_people_who_move_test_and_submit_at_once_see_no_error() -> None:
    plan = Plan(minutes=0.1, clients=3, browsers=0, think=(0.0, 0.2), size=_SIZE)
    seen = watch_people(plan)
    assert seen.errors == []
    assert seen.changes
    assert seen.tests
