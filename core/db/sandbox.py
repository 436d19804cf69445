"""Answers a query of an admin in a process of its own that can neither write nor read files.

The child holds a DuckDB in memory that knows no file, and asks for a table when a query reads it:
the rows come over a socket, batch by batch, so that neither side has a whole table in memory. It
has a deadline and a memory limit. DuckDB alone does not bound what a text may grow to.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pyarrow as pa

from core.errors import InvalidInput

_PROJECT = Path(__file__).resolve().parents[2]
_INHERITED = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH")
_MOST_SCANS = 64
_LONGEST_NAME = 200

Feed = Callable[[str], AbstractContextManager[pa.RecordBatchReader]]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a query may take: rows of its answer, seconds, and bytes of memory."""

    rows: int = 1_000
    seconds: float = 15.0
    memory: int = 1 << 30


@dataclass(frozen=True, slots=True)
class Order:
    """What the child is asked: `tables` may be read, over the socket of the number `control`."""

    sql: str
    tables: tuple[str, ...]
    control: int
    limits: Limits


@dataclass(frozen=True, slots=True)
class Answer:
    """The first rows of an answer; `more` tells that there are others."""

    table: pa.Table
    more: bool


def answer(sql: str, tables: tuple[str, ...], feed: Feed, limits: Limits) -> Answer:
    """Run one SELECT over tables, each of which `feed` opens by its name.

    Raises InvalidInput for anything else than a SELECT, for what DuckDB refuses, and for a query
    that takes more than it may.
    """
    with tempfile.TemporaryDirectory(prefix="slipway-sql-") as folder:
        room = Path(folder)
        ours, theirs = socket.socketpair()
        with ours, theirs:
            order = Order(sql, tables, theirs.fileno(), limits)
            child = _start(order, room)
            theirs.close()
            _serving(ours, feed).start()
            _await(child, order)
        return _read(room, limits)


def _start(order: Order, room: Path) -> "subprocess.Popen[bytes]":
    with (room / "log").open("wb") as noise:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "core.db.sandbox_child"],
            stdin=subprocess.PIPE,
            stdout=noise,
            stderr=noise,
            cwd=room,
            env=_environment(room),
            pass_fds=[order.control],
            start_new_session=True,
        )


def _environment(room: Path) -> dict[str, str]:
    """Return what the child sees: where programs lie, the locale, and no secret."""
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    here = {name: str(room) for name in ("HOME", "TMPDIR")}
    return {**inherited, **here, "PYTHONPATH": str(_PROJECT), "PYTHONUTF8": "1"}


def _await(child: "subprocess.Popen[bytes]", order: Order) -> None:
    seconds = order.limits.seconds
    try:
        child.communicate(msgspec.json.encode(order), timeout=seconds)
    except subprocess.TimeoutExpired:
        raise InvalidInput(
            f"The query took longer than {seconds:g} seconds and was stopped; ask for less."
        ) from None
    finally:
        _end(child)


def _end(child: "subprocess.Popen[bytes]") -> None:
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    if child.stdin is not None:
        child.stdin.close()


def _read(room: Path, limits: Limits) -> Answer:
    refusal, table = room / "refusal", room / "table"
    if refusal.exists():
        raise InvalidInput(refusal.read_text(encoding="utf-8"))
    if not table.exists():
        raise InvalidInput(
            f"The query took more than {limits.memory >> 20} MiB of memory and was stopped; "
            "ask for fewer or shorter values."
        )
    with pa.OSFile(str(table)) as file:
        found = pa.ipc.open_stream(file).read_all()
    return Answer(found.slice(0, limits.rows), found.num_rows > limits.rows)


def _serving(control: socket.socket, feed: Feed) -> threading.Thread:
    """Return the thread that opens tables for the child until its end of the socket closes."""
    return threading.Thread(
        target=_serve, args=(control.dup(), feed), name="sql-tables", daemon=True
    )


def _serve(control: socket.socket, feed: Feed) -> None:
    with closing(control):
        for _ in range(_MOST_SCANS):
            name = control.recv(_LONGEST_NAME)
            if not name:
                return
            ours, theirs = socket.socketpair()
            with theirs:
                socket.send_fds(control, [b"\0"], [theirs.fileno()])
            arguments = (ours, feed, name.decode())
            threading.Thread(target=_send, args=arguments, name="sql-rows", daemon=True).start()


def _send(sink: socket.socket, feed: Feed, name: str) -> None:
    """Send the rows of a table until the child has enough of them, or ends."""
    try:
        with (
            sink,
            sink.makefile("wb") as file,
            feed(name) as rows,
            pa.ipc.new_stream(file, rows.schema) as stream,
        ):
            for batch in rows:
                stream.write_batch(batch)
    except (BrokenPipeError, ConnectionResetError):
        return  # a LIMIT was reached, or the child was ended
