"""The short path: calls of services that are answered at once.

A model that is fast for the size of the call is scored on the event loop, which saves the hops to a
thread and back; any other goes to a bounded pool of its own. One service has so many of its threads
at most, so that a slow one leaves some to the others. Where too many wait already, or a call has
waited too long, it is refused with 503, for a queue that only grows helps nobody.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

from core.errors import Overloaded
from core.services.online_load import OnlineLoad
from core.settings import Settings

T = TypeVar("T")

SMALL_BODY = 64 << 10  # bytes that are decoded on the event loop without others noticing


class _Line:
    """Who is at work or waits for one service."""

    def __init__(self, at_once: int) -> None:
        self.turn = asyncio.Semaphore(at_once)
        self.inside = 0


class Lanes:
    """Where calls are scored: `workers` threads, and at most `waiting` calls in line for them.

    `settings` gives, once the server has started, how many of the threads one service may have and
    how long a call may wait; `load` where to count who is inside. One service has half of the
    places in line at most. How long a call may run is the scorers' to see to. Used on one event
    loop alone, so counting needs no lock.
    """

    def __init__(
        self,
        settings: Callable[[], Settings],
        load: Callable[[], OnlineLoad],
        *,
        workers: int = 4,
        waiting: int = 64,
    ) -> None:
        self._settings = settings
        self._load = load
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="online")
        self._free = asyncio.Semaphore(workers)
        self._most = workers + waiting
        self._most_of_one = max(1, self._most // 2)
        self._lines: dict[str, _Line] = {}

    async def run(self, fast: bool, service: str, work: Callable[[], T]) -> T:
        """Return what `work` for a service returns, run here if it is fast; raises Overloaded."""
        if fast:
            return work()
        async with self._place(service) as line, self._turn(line):
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    @asynccontextmanager
    async def _place(self, service: str) -> AsyncIterator[_Line]:
        """Count a call as inside, if there is room for one more."""
        line = self._lines.get(service) or _Line(self._settings().service_calls)
        load = self._load()
        if load.inside >= self._most or line.inside >= self._most_of_one:
            raise Overloaded(f"{load.inside} calls are waiting already; try again in a second.")
        self._lines[service] = line
        load.inside += 1
        line.inside += 1
        try:
            yield line
        finally:
            load.inside -= 1
            line.inside -= 1
            if not line.inside:
                del self._lines[service]

    @asynccontextmanager
    async def _turn(self, line: _Line) -> AsyncIterator[None]:
        """Wait until a thread is free that this service may have."""
        seconds = self._settings().queue_seconds
        try:
            async with asyncio.timeout(seconds):
                await line.turn.acquire()
                try:
                    await self._free.acquire()
                except BaseException:
                    line.turn.release()
                    raise
        except TimeoutError as error:
            raise Overloaded(
                f"The call has waited for {seconds:g} seconds and was not begun; the service "
                "has more to do than it can. Try again later."
            ) from error
        load = self._load()
        load.busy += 1
        try:
            yield
        finally:
            load.busy -= 1
            self._free.release()
            line.turn.release()
