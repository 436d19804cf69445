"""What the server and the process that holds the JVM say to each other, and over what.

A lane is one end of a socket pair. On each lane one question is answered at a time; there are
several lanes, so that threads do not wait for one another, and nobody has to hand answers around.
"""

import os
import select
import socket
import struct
import time

import msgspec

from core.runtimes.jvm_row import Value

_LENGTH = struct.Struct("<I")
_FIRST = 1 << 16
_SOME = 1 << 12
_LOOK_OUT = 5e-4


class Load(msgspec.Struct, tag=True):
    """Open a model file under a key; batches will have these columns. Answered by Loaded."""

    key: int
    path: str
    inputs: list[str]


class Score(msgspec.Struct, tag=True):
    """Score an Arrow record batch (its schema and itself as one stream).

    Answered by Scored, or by ScoredRow where it is one record.
    """

    key: int
    batch: bytes


class ScoreMatrix(msgspec.Struct, tag=True):
    """Score plain numbers: float64, record after record, NaN missing. Answered like Score."""

    key: int
    records: bytes


class Drop(msgspec.Struct, tag=True):
    """Let a model go. Answered by Dropped."""

    key: int


class Loaded(msgspec.Struct, tag=True):
    """The Arrow schema of the model's answers, and whether it takes ScoreMatrix."""

    schema: bytes
    takes_matrix: bool


class Scored(msgspec.Struct, tag=True):
    """One Arrow record batch, without its schema."""

    batch: bytes


class ScoredRow(msgspec.Struct, tag=True):
    """The answer to one record: a value for each column."""

    values: tuple[Value | None, ...]


class Dropped(msgspec.Struct, tag=True):
    """The model is gone, or never was there."""


class Unknown(msgspec.Struct, tag=True):
    """No model has this key: the process is new, and has to load it first."""


class Failed(msgspec.Struct, tag=True):
    """What went wrong; `refused` where the model file is to blame."""

    reason: str
    refused: bool


Question = Load | Score | ScoreMatrix | Drop
Answer = Loaded | Scored | ScoredRow | Dropped | Unknown | Failed


class LaneClosedError(ConnectionError):
    """The other end of the lane is gone."""


def _told(error: OSError) -> OSError:
    """Return LaneClosedError for whatever a socket has to say but that time is up."""
    return error if isinstance(error, TimeoutError) else LaneClosedError(str(error))


class Lane:
    """One end of a socket pair that carries whole messages; one thread uses it at a time.

    The socket never blocks: Python's own time-outs cost a system call or two for each of ours.
    """

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self._end = end
        self._readable, self._writable = select.poll(), select.poll()
        self._readable.register(end, select.POLLIN)
        self._writable.register(end, select.POLLOUT)

    def send(self, message: bytes, seconds: float | None = None) -> None:
        """Send one message; raises TimeoutError and LaneClosedError."""
        until = _moment(seconds)
        length = _LENGTH.pack(len(message))
        try:
            if len(message) < _FIRST:
                self._send_all(length + message, until)
            else:  # a large message goes uncopied
                self._send_all(length, until)
                self._send_all(message, until)
        except OSError as error:
            raise _told(error) from error

    def _send_all(self, data: bytes, until: float | None) -> None:
        left = memoryview(data)
        while left:
            try:
                left = left[self._end.send(left) :]
            except BlockingIOError:
                _wait(self._writable, until)

    def receive(self, seconds: float | None = None) -> bytes | bytearray:
        """Return the next message; raises TimeoutError and LaneClosedError."""
        try:
            return self._message(_moment(seconds))
        except OSError as error:
            raise _told(error) from error

    def _message(self, until: float | None) -> bytes | bytearray:
        first = self._look_out() or self._some(until)
        while len(first) < _LENGTH.size:
            first += self._some(until)
        (length,) = _LENGTH.unpack_from(first)
        if len(first) == length + _LENGTH.size:
            return first[_LENGTH.size :]
        return self._rest(first[_LENGTH.size :], length, until)

    def _look_out(self) -> bytes | None:
        """Look for a message for a moment: to sleep and be woken takes longer than to answer.

        Once, another may run first: the other end may be waiting for this very core.
        """
        if first := self._arrived():
            return first
        os.sched_yield()
        until = time.perf_counter() + _LOOK_OUT
        while not (first := self._arrived()) and time.perf_counter() < until:
            pass
        return first

    def _arrived(self) -> bytes | None:
        """Return the first bytes of what is there, None where nothing is."""
        try:
            received = self._end.recv(_SOME)
        except BlockingIOError:
            return None
        if not received:
            raise LaneClosedError("The other end closed the lane.")
        return received

    def _some(self, until: float | None) -> bytes:
        while not (received := self._arrived()):
            _wait(self._readable, until)
        return received

    def _rest(self, first: bytes, length: int, until: float | None) -> bytearray:
        message = bytearray(length)
        message[: len(first)] = first
        view, at = memoryview(message), len(first)
        while at < length:
            try:
                received = self._end.recv_into(view[at:])
            except BlockingIOError:
                _wait(self._readable, until)
                continue
            if not received:
                raise LaneClosedError("The other end closed the lane within a message.")
            at += received
        return message

    def close(self) -> None:
        """Close this end."""
        self._end.close()


def _moment(seconds: float | None) -> float | None:
    return None if seconds is None else time.monotonic() + seconds


def _wait(ready: select.poll, until: float | None) -> None:
    """Sleep until a lane is ready; raises TimeoutError at the moment `until`."""
    left = None if until is None else (until - time.monotonic()) * 1000
    if (left is not None and left <= 0) or not ready.poll(left):
        raise TimeoutError("The other end is silent.")
