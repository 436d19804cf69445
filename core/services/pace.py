"""How long models take lately, for calls of each size: what may be scored on the event loop."""

_FAST_MS = 2.0
_OLD_SHARE = 0.8


class Pace:
    """Keeps, for each version and size of a call, about how many milliseconds scoring takes.

    Sizes are told apart by powers of two, for a model's time is no multiple of the rows. What is
    kept sinks at once and rises slowly: a machine that was busy for a moment says nothing of the
    model. Threads may share it: the last to write wins, and the next call mends it.
    """

    def __init__(self) -> None:
        self._taken: dict[tuple[str, int], float] = {}

    def note(self, version_id: str, rows: int, taken_ms: float) -> None:
        """Take note of how long so many rows took, in time of the processor.

        By the clock a call in a thread takes longer the more the event loop has to do, and a fast
        model would never be found to be fast again.
        """
        key = (version_id, rows.bit_length())
        known = self._taken.get(key, taken_ms)
        self._taken[key] = min(taken_ms, _OLD_SHARE * known + (1 - _OLD_SHARE) * taken_ms)

    def is_fast(self, version_id: str, rows: int) -> bool:
        """Return whether as many rows took less than 2 ms lately; False where none were scored."""
        return self._taken.get((version_id, rows.bit_length()), _FAST_MS) < _FAST_MS
