"""How busy the short path is: counted where calls are scored, read by whoever looks after it."""

from dataclasses import dataclass


@dataclass(slots=True)
class OnlineLoad:
    """Calls that do not end at once: `inside` are all of them, `busy` are those being scored.

    Changed on one event loop alone; a reader elsewhere may see a moment between two changes.
    """

    inside: int = 0
    busy: int = 0

    @property
    def waiting(self) -> int:
        """Return how many calls wait for a thread."""
        return max(0, self.inside - self.busy)
