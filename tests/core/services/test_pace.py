"""I16: which calls are scored on the event loop."""

from core.services.pace import Pace


def test_what_was_never_scored_is_not_fast() -> None:
    assert not Pace().is_fast("v", 1)


def test_what_took_less_than_two_milliseconds_is_fast_for_calls_of_that_size() -> None:
    pace = Pace()
    pace.note("v", 1, 0.3)
    pace.note("v", 1000, 30)
    assert pace.is_fast("v", 1)
    assert not pace.is_fast("v", 1000)
    assert not pace.is_fast("v", 100)
    assert not pace.is_fast("w", 1)


def test_a_large_batch_says_nothing_of_a_single_record() -> None:
    pace = Pace()
    pace.note("v", 1, 10)
    pace.note("v", 10_000, 20)
    assert not pace.is_fast("v", 1)


def test_one_slow_moment_does_not_decide_but_several_do() -> None:
    pace = Pace()
    pace.note("v", 1, 0.3)
    pace.note("v", 1, 5)
    assert pace.is_fast("v", 1)
    for _ in range(5):
        pace.note("v", 1, 5)
    assert not pace.is_fast("v", 1)
    pace.note("v", 1, 0.3)
    assert pace.is_fast("v", 1)
