"""What people were not allowed to do goes on record, too.

A service refuses inside a transaction that is lost with it, so the edges (pages and routes) hand
what was raised to this.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from core.db.engine import Database
from core.errors import NotAllowed, SlipwayError
from core.services import events
from core.services.accounts import Caller

_AGAIN_AFTER = 60.0
_LONGEST_DETAIL = 300
_REMEMBERED = 1_000


class Refusals:
    """Records refusals; the same one of the same person once a minute."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._lately: OrderedDict[tuple[str, str, str], float] = OrderedDict()

    def note(self, caller: Caller, where: str, error: SlipwayError) -> None:
        """Record that a caller was refused at an address or a page; other errors are no matter."""
        if not isinstance(error, NotAllowed) or not self._is_new((caller.id, where, error.message)):
            return
        detail = f"{where}: {error.message}"[:_LONGEST_DETAIL]
        with self._database.writing() as session:
            events.record(session, caller, "was refused", "account", caller.id, caller.name, detail)

    def _is_new(self, refusal: tuple[str, str, str]) -> bool:
        now = self._clock()
        with self._lock:
            last = self._lately.get(refusal)
            if last is not None and now - last < _AGAIN_AFTER:
                return False
            self._lately[refusal] = now
            self._lately.move_to_end(refusal)
            if len(self._lately) > _REMEMBERED:
                self._lately.popitem(last=False)
            return True
