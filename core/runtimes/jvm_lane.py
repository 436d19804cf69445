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
    """One end of a socket pair that carries whole messages; one thread uses it at a time."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    def send(self, message: bytes, seconds: float | None = None) -> None:
        """Send one message; raises TimeoutError and LaneClosedError."""
        try:
            self._end.settimeout(seconds)
            self._send_all(message)
        except OSError as error:
            raise _told(error) from error

    def _send_all(self, message: bytes) -> None:
        """Send the length and the message: a small one in one go, a large one uncopied."""
        length = _LENGTH.pack(len(message))
        if len(message) < _FIRST:
            self._end.sendall(length + message)
        else:
            self._end.sendall(length)
            self._end.sendall(message)

    def receive(self, seconds: float | None = None) -> bytes | bytearray:
        """Return the next message; raises TimeoutError and LaneClosedError."""
        try:
            return self._message(seconds)
        except OSError as error:
            raise _told(error) from error

    def _message(self, seconds: float | None) -> bytes | bytearray:
        until = None if seconds is None else time.monotonic() + seconds
        self._end.settimeout(seconds)
        self._look_out()
        first = self._some(_SOME)
        while len(first) < _LENGTH.size:
            first += self._some(_SOME)
        (length,) = _LENGTH.unpack_from(first)
        if len(first) == length + _LENGTH.size:
            return first[_LENGTH.size :]
        return self._rest(first[_LENGTH.size :], length, until)

    def _look_out(self) -> None:
        """Look for a message for a moment: to sleep and be woken takes longer than to answer.

        Once, another may run first: the other end may be waiting for this very core.
        """
        arrivals = select.poll()
        arrivals.register(self._end, select.POLLIN)
        if arrivals.poll(0):
            return
        os.sched_yield()
        until = time.perf_counter() + _LOOK_OUT
        while not arrivals.poll(0) and time.perf_counter() < until:
            pass

    def _rest(self, first: bytes, length: int, until: float | None) -> bytearray:
        message = bytearray(length)
        message[: len(first)] = first
        view, at = memoryview(message), len(first)
        while at < length:
            if until is not None:
                self._end.settimeout(max(1e-3, until - time.monotonic()))
            received = self._end.recv_into(view[at:])
            if not received:
                raise LaneClosedError("The other end closed the lane within a message.")
            at += received
        return message

    def _some(self, most: int) -> bytes:
        received = self._end.recv(most)
        if not received:
            raise LaneClosedError("The other end closed the lane.")
        return received

    def close(self) -> None:
        """Close this end."""
        self._end.close()
