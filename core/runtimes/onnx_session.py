"""onnxruntime sessions: opened with the limits of a server, every run with a deadline."""

import os
import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as engine

from core.errors import InvalidModel
from core.runtimes.rows import Deadline, RefusedRowsError, in_short

ENGINE_ERRORS: tuple[type[Exception], ...] = (
    *(
        kind
        for kind in vars(engine).values()
        if isinstance(kind, type) and issubclass(kind, Exception)
    ),
    RuntimeError,
    ValueError,
    TypeError,
)
_MOST_THREADS = 4
# A path of this machine, a status code, a line of the engine's own source: nothing for a user.
_PREAMBLE = re.compile(
    r"Load model from \S+ failed:"
    r"|^\[ONNXRuntimeError\] : \d+ : \w+ : "
    r"|/\S+:\d+ [^:]*(::[^:]*)*?\) ?"
)


def open_session(model: Path | bytes) -> ort.InferenceSession:
    """Open a model that `onnx_graph` has read; raises InvalidModel if the engine refuses."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = min(_MOST_THREADS, os.cpu_count() or 1)
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # Threads that wait for work by spinning would take the cores from other models.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.load_model_format", "ONNX")
    try:
        return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except ENGINE_ERRORS as error:
        raise InvalidModel(f"onnxruntime cannot load the model: {plain(error)}.") from error


def run(
    session: ort.InferenceSession, feed: Mapping[str, Any], deadline: Deadline
) -> Sequence[Any]:
    """Run a session once; raises RefusedRowsError, or Overloaded when the deadline passes."""
    options = ort.RunOptions()
    with WATCH.ending(options, deadline.at):
        try:
            outputs: Sequence[Any] = session.run(None, feed, options)
        except ENGINE_ERRORS as error:
            if options.terminate:
                raise deadline.passed() from error
            raise RefusedRowsError(f"onnxruntime: {plain(error)}.") from error
    return outputs


def plain(error: BaseException) -> str:
    """Return what the engine says, without its status codes and source lines."""
    return in_short(_PREAMBLE.sub("", str(error)))


class Watch:
    """Ends runs that pass their deadline: one thread for all sessions, asleep until it is needed.

    A run is ended between two operators of its graph, or inside those that look at the flag.
    """

    def __init__(self) -> None:
        self._running: dict[int, tuple[float, ort.RunOptions]] = {}
        self._changed = threading.Condition()
        self._next = float("inf")
        self._thread: threading.Thread | None = None

    @contextmanager
    def ending(self, options: ort.RunOptions, at: float) -> Iterator[None]:
        """Set `terminate` in the options if the block is still running at that moment."""
        with self._changed:
            self._running[id(options)] = (at, options)
            if at < self._next:
                self._wake()
        try:
            yield
        finally:
            with self._changed:
                self._running.pop(id(options), None)

    def _wake(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, name="onnx-deadline", daemon=True)
            self._thread.start()
        self._changed.notify()

    def _watch(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                for at, options in self._running.values():
                    if at <= now:
                        options.terminate = True
                ahead = [at for at, _ in self._running.values() if at > now]
                self._next = min(ahead, default=float("inf"))
                self._changed.wait(self._next - now if ahead else None)


WATCH = Watch()
