import threading
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest

from core.errors import InternalError, InvalidModel
from core.runtimes.base import Scorer
from core.runtimes.cache import ScorerCache


class Counted(Scorer):
    def __init__(self, key: str) -> None:
        self.key = key
        self.closed = 0

    def score(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        return batch

    def close(self) -> None:
        self.closed += 1


def test_a_scorer_is_loaded_once_and_lent_again() -> None:
    cache = ScorerCache(Counted, size=2)
    with cache.get("a") as first, cache.get("a") as second:
        assert first is second


def test_the_least_recently_lent_is_closed_first() -> None:
    cache = ScorerCache(Counted, size=2)
    held: dict[str, Counted] = {}
    for key in ("a", "b", "a", "c"):
        with cache.get(key) as scorer:
            assert isinstance(scorer, Counted)
            held[key] = scorer
    assert {key: scorer.closed for key, scorer in held.items()} == {"a": 0, "b": 1, "c": 0}
    assert len(cache) == 2


def test_a_scorer_in_use_is_closed_when_its_last_lease_ends() -> None:
    cache = ScorerCache(Counted, size=1)
    with cache.get("a") as scorer:
        assert isinstance(scorer, Counted)
        with cache.get("a"):
            with cache.get("b"):
                assert scorer.closed == 0
            assert scorer.closed == 0
        assert scorer.closed == 0
    assert scorer.closed == 1


def test_a_scorer_is_loaded_before_another_is_let_go() -> None:
    closed_at_load: list[int] = []
    made: list[Counted] = []

    def load(key: str) -> Counted:
        closed_at_load.append(sum(scorer.closed for scorer in made))
        made.append(Counted(key))
        return made[-1]

    cache = ScorerCache(load, size=1)
    for key in ("a", "b"):
        with cache.get(key):
            pass
    assert closed_at_load == [0, 0]
    assert [scorer.closed for scorer in made] == [1, 0]


def test_many_who_ask_at_once_wait_for_one_load() -> None:
    everyone_is_here = threading.Barrier(9)
    loads: list[str] = []

    def load(key: str) -> Counted:
        loads.append(key)
        return Counted(key)

    cache = ScorerCache(load, size=2)

    def ask() -> Scorer:
        everyone_is_here.wait(30)
        with cache.get("a") as scorer:
            return scorer

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(ask) for _ in range(8)]
        everyone_is_here.wait(30)
        lent = {id(each.result()) for each in asked}
    assert loads == ["a"]
    assert len(lent) == 1


def test_who_waits_for_a_load_that_fails_gets_its_error_and_the_next_tries_again() -> None:
    loading, may_fail = threading.Event(), threading.Event()
    attempts: list[str] = []

    def load(key: str) -> Counted:
        attempts.append(key)
        if len(attempts) == 1:
            loading.set()
            may_fail.wait(30)
            raise InvalidModel("damaged")
        return Counted(key)

    cache = ScorerCache(load, size=2)

    def ask() -> None:
        with cache.get("a"):
            pass

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(ask)
        loading.wait(30)
        entry, is_first = cache._lease("a")
        assert not is_first
        may_fail.set()
        assert isinstance(first.exception(), InvalidModel)
        assert isinstance(entry.loaded.exception(), InvalidModel)
    cache._give_back(entry)
    ask()
    assert attempts == ["a", "a"]


def test_an_error_in_the_block_gives_the_lease_back() -> None:
    cache = ScorerCache(Counted, size=1)
    with pytest.raises(ZeroDivisionError), cache.get("a") as scorer:
        raise ZeroDivisionError
    assert isinstance(scorer, Counted)
    cache.close()
    assert scorer.closed == 1


def test_a_demoted_scorer_is_the_next_to_go_and_until_then_is_lent() -> None:
    cache = ScorerCache(Counted, size=2)
    for key in ("a", "b"):
        with cache.get(key):
            pass
    cache.demote("b")
    assert cache.is_loaded("b")
    with cache.get("c"):
        pass
    assert (cache.is_loaded("a"), cache.is_loaded("b")) == (True, False)
    cache.demote("nothing")


def test_a_dropped_key_is_loaded_anew() -> None:
    cache = ScorerCache(Counted, size=2)
    with cache.get("a") as before:
        cache.drop("a")
        with cache.get("a") as after:
            assert after is not before
    assert isinstance(before, Counted)
    assert before.closed == 1


def test_a_key_that_nobody_asked_for_may_be_dropped() -> None:
    ScorerCache(Counted, size=1).drop("nothing")


def test_a_closed_cache_closes_everything_and_lends_nothing() -> None:
    cache = ScorerCache(Counted, size=3)
    with cache.get("a") as a, cache.get("b") as b:
        cache.close()
        assert isinstance(a, Counted)
        assert isinstance(b, Counted)
        assert (a.closed, b.closed) == (0, 0)
    assert (a.closed, b.closed) == (1, 1)
    with pytest.raises(InternalError), cache.get("a"):
        pass


def test_threads_that_crowd_a_small_cache_never_meet_a_closed_scorer() -> None:
    cache = ScorerCache(Counted, size=2)

    def use(number: int) -> int:
        with cache.get(f"k{number % 7}") as scorer:
            assert isinstance(scorer, Counted)
            scorer.score(pa.record_batch({"x": [1]}))
            return scorer.closed

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(use, range(2000))) == {0}
    assert len(cache) == 2
