"""The short path: calls of the protocols that programs speak, answered at once.

A model that is fast for the size of the call is scored on the event loop, which saves the hops to a
thread and back; any other goes to a bounded pool of its own. Where too many wait already a call is
refused at once with 503, for a queue that only grows helps nobody.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from core.errors import Overloaded

T = TypeVar("T")

SMALL_BODY = 64 << 10  # bytes that are decoded on the event loop without others noticing


class Lanes:
    """Where calls are scored: `workers` threads, and at most `waiting` calls in line for them.

    How long one call may run is the scorers' to see to.
    """

    def __init__(self, workers: int, waiting: int) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="online")
        self._most = workers + waiting
        self._inside = 0

    async def run(self, fast: bool, work: Callable[[], T]) -> T:
        """Return what `work` returns, run here if it is fast; raises Overloaded.

        Called on the event loop alone, so the count needs no lock.
        """
        if fast:
            return work()
        if self._inside >= self._most:
            raise Overloaded(
                f"{self._inside} calls are waiting already; try again in a second.", retry_after=1
            )
        self._inside += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._inside -= 1
