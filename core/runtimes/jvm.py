"""The JVM's process as the server sees it: started when first needed, ended when a call hangs."""

import itertools
import socket
import subprocess
import sys
import time
import weakref
from collections.abc import Sequence
from pathlib import Path
from threading import Lock, Semaphore

import msgspec
import numpy as np
import pyarrow as pa

from core.errors import InternalError, InvalidModel, Overloaded
from core.runtimes.jvm_lane import (
    Answer,
    Drop,
    Failed,
    Lane,
    LaneClosedError,
    Load,
    Loaded,
    Question,
    Score,
    Scored,
    ScoredRow,
    ScoreMatrix,
    Unknown,
)
from core.runtimes.jvm_row import RowMaker
from core.runtimes.rows import matrix

_PROJECT = Path(__file__).resolve().parents[2]
_LANES = 8
_ATTEMPTS = 3
_START_SECONDS = 60.0
_SHORTEST = 1e-3


class JavaProcess:
    """The one process that holds the JVM; threads may share it.

    It is started by the first call. A call that passes its deadline ends it; the calls that were
    under way are sent again to a new one, which loads the models again as they are asked for.
    """

    def __init__(self, heap_mb: int, seconds: float) -> None:
        self._heap_mb = heap_mb
        self._seconds = seconds
        self._child: _Child | None = None
        self._lock = Lock()
        self._keys = itertools.count(1)
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer)

    def load(self, path: Path, inputs: Sequence[str]) -> "JavaModel":
        """Load a model whose batches have these columns; raises InvalidModel."""
        order = Load(next(self._keys), str(path), list(inputs))
        return JavaModel(self, order, self._loaded(order))

    def score(self, order: Load, question: Score | ScoreMatrix) -> Scored | ScoredRow:
        """Return the answer; raises Overloaded and InternalError."""
        answer = self._ask(question)
        if isinstance(answer, Unknown):
            self._loaded(order)
            answer = self._ask(question)
        if isinstance(answer, Scored | ScoredRow):
            return answer
        reason = answer.reason if isinstance(answer, Failed) else "the model is gone"
        raise InternalError(f"The PMML engine failed: {reason}.")

    def drop(self, key: int) -> None:
        """Let a model go, if there is a process that could hold it."""
        child = self._child
        if child is None:
            return
        try:
            child.ask(self._encoder.encode(Drop(key)), self._seconds)
        except (LaneClosedError, TimeoutError, Overloaded):
            self._replace(child)

    @property
    def pid(self) -> int | None:
        """Return the id of the process, or None while there is none."""
        child = self._child
        return None if child is None else child.pid

    def close(self) -> None:
        """End the process; the next call would start another."""
        with self._lock:
            child, self._child = self._child, None
        if child is not None:
            child.end()

    def _loaded(self, order: Load) -> Loaded:
        answer = self._ask(order)
        if isinstance(answer, Loaded):
            return answer
        reason = answer.reason if isinstance(answer, Failed) else "the engine gives no answer"
        raise InvalidModel(f"The PMML engine can't load the model: {reason}.")

    def _ask(self, question: Question) -> Answer:
        message = self._encoder.encode(question)
        for _ in range(_ATTEMPTS):
            child = self._running()
            try:
                return self._decoder.decode(child.ask(message, self._seconds))
            except LaneClosedError:
                self._replace(child)
            except TimeoutError:
                self._replace(child)
                raise Overloaded(
                    f"The model gave no answer within {self._seconds:g} seconds and was stopped."
                ) from None
        raise InternalError("The Java process ended while it scored; it may need a larger heap.")

    def _running(self) -> "_Child":
        with self._lock:
            if self._child is None:
                self._child = _Child(self._heap_mb)
            return self._child

    def _replace(self, child: "_Child") -> None:
        """End a child, unless another call has done that already."""
        with self._lock:
            if self._child is child:
                self._child = None
        child.end()


class JavaModel:
    """A model in the Java process."""

    def __init__(self, process: JavaProcess, order: Load, loaded: Loaded) -> None:
        self._process = process
        self._order = order
        self._matrix = loaded.takes_matrix
        self.schema: pa.Schema = pa.ipc.read_schema(pa.py_buffer(loaded.schema))
        self._rows = RowMaker(self.schema)

    def score(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Score a typed batch, as `Scorer.score` says."""
        if batch.num_rows == 0:
            return pa.RecordBatch.from_pylist([], schema=self.schema)
        answer = self._process.score(self._order, self._question(batch))
        if isinstance(answer, ScoredRow):
            return self._rows.batch(answer.values)
        return pa.ipc.read_record_batch(pa.py_buffer(answer.batch), self.schema)

    def _question(self, batch: pa.RecordBatch) -> Score | ScoreMatrix:
        if self._matrix:
            return ScoreMatrix(self._order.key, matrix(batch, np.float64).tobytes())
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema) as stream:
            stream.write_batch(batch)
        return Score(self._order.key, sink.getvalue().to_pybytes())

    def close(self) -> None:
        """Let the model go."""
        self._process.drop(self._order.key)


class _Child:
    """One running process and the lanes to it."""

    def __init__(self, heap_mb: int) -> None:
        pairs = [socket.socketpair() for _ in range(_LANES)]
        theirs = [their for _, their in pairs]
        self._lanes = [Lane(own) for own, _ in pairs]
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [
                sys.executable,
                *("-m", "core.runtimes.jvm_child", str(heap_mb)),
                *(str(their.fileno()) for their in theirs),
            ],
            cwd=_PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=[their.fileno() for their in theirs],
            start_new_session=True,
        )
        self.pid = process.pid
        for their in theirs:
            their.close()
        self._end = weakref.finalize(self, _end_process, process, self._lanes)
        self._await_start()
        # The last lane first: the thread at its other end may still be looking out for a question.
        self._free = list(self._lanes)
        self._how_many_free = Semaphore(_LANES)

    def _await_start(self) -> None:
        try:
            self._lanes[0].receive(_START_SECONDS)
        except (LaneClosedError, TimeoutError):
            self.end()
            raise InternalError(
                "The Java process that scores PMML models could not be started."
            ) from None

    def ask(self, question: bytes, seconds: float) -> bytes | bytearray:
        """Send a question over a free lane and return the answer.

        Raises Overloaded if no lane gets free, TimeoutError if no answer comes in time, and
        LaneClosedError if the process ends meanwhile.
        """
        until = time.monotonic() + seconds
        if not self._how_many_free.acquire(timeout=seconds):
            raise Overloaded("Too many calls of PMML models are under way; try again.")
        lane = self._free.pop()
        lane.send(question, max(_SHORTEST, until - time.monotonic()))
        answer = lane.receive(max(_SHORTEST, until - time.monotonic()))
        self._free.append(lane)
        self._how_many_free.release()
        return answer

    def end(self) -> None:
        """End the process at once; calls under way see their lane close."""
        self._end()


def _end_process(process: "subprocess.Popen[bytes]", lanes: Sequence[Lane]) -> None:
    process.kill()
    process.wait()
    if process.stdin is not None:
        process.stdin.close()
    for lane in lanes:
        lane.close()
