"""What has a thread of its own beside the calls and the tasks."""

import threading
from abc import ABC, abstractmethod


class Background(ABC):
    """Works in one thread from `start` to `close`, which waits for the step under way."""

    def __init__(self, name: str) -> None:
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name)

    def start(self) -> None:
        """Begin in the background."""
        self._thread.start()

    def close(self) -> None:
        """Stop after the step under way; what is left is done after the next start."""
        self._closing.set()
        if self._thread.ident is not None:
            self._thread.join()

    @abstractmethod
    def _run(self) -> None:
        """Work until there is nothing left, or until `_closing` is set."""
