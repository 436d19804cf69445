"""Opens uploaded model files in a child process, so that no file can harm the platform.

The child has a deadline, a memory limit, an environment without secrets, and a folder of its own
that goes when it ends. It may be ended by what it reads: that is a refusal like any other.
"""

import logging
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import msgspec

from core.errors import InvalidModel
from core.runtimes import RUNTIMES
from core.runtimes.asked_types import NO_TRUST, AskedType, Trust, TypesRefused
from core.runtimes.base import ModelInfo, Runtime
from core.runtimes.file_kinds import HEAD_BYTES, XML, seems

_PROJECT = Path(__file__).resolve().parents[2]
_INHERITED = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "SYSTEMROOT")
_LARGEST_REPLY = 32 << 20
_LOGGED_BYTES = 4000

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Inspected:
    """What a file is, and the file that the server loads: the converted one, else the uploaded."""

    info: ModelInfo
    path: Path


@dataclass(frozen=True, slots=True)
class Order:
    """What the child is asked to do."""

    format: str
    source: str
    converted: str
    reply: str
    seconds: float
    memory: int
    trust: Trust = NO_TRUST


@dataclass(frozen=True, slots=True)
class Reply:
    """What the child answers: a model's information, the sentence that refuses it, or types."""

    info: ModelInfo | None = None
    refusal: str = ""
    asked: tuple[AskedType, ...] = ()
    instead: str = ""


def inspect_file(
    path: Path,
    name: str,
    workdir: Path,
    *,
    seconds: float,
    memory: int,
    runtimes: Sequence[Runtime] = RUNTIMES,
    trust: Trust = NO_TRUST,
) -> Inspected:
    """Find out what an uploaded file is and try one prediction with it.

    `name` is what the user calls the file; its suffix decides where the content does not. `memory`
    is in bytes, `trust` what this file may hold beside the allow-list. A converted file is left in
    `workdir` and is the caller's to remove; after a refusal nothing is left there. Raises
    TypesRefused for a file with types that are not allowed, and InvalidModel for every other that
    cannot be scored.
    """
    runtime = choose_runtime(path, name, runtimes)
    with tempfile.TemporaryDirectory(prefix="inspect-", dir=workdir) as folder:
        room = Path(folder)
        order = Order(
            format=runtime.format,
            source=str(path.resolve()),
            converted=str(room.resolve() / "converted"),
            reply=str(room.resolve() / "reply"),
            seconds=seconds,
            memory=memory,
            trust=trust,
        )
        _run(order, room)
        info = _read_reply(Path(order.reply))
        return Inspected(info, _take_converted(Path(order.converted), workdir) or path)


def choose_runtime(path: Path, name: str, runtimes: Sequence[Runtime] = RUNTIMES) -> Runtime:
    """Return the runtime for a file, by its content first and then by its suffix.

    Raises InvalidModel where the content is no model, or contradicts the suffix.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head:
        raise InvalidModel(f'The file "{_plain(name)}" is empty.')
    kind = seems(head)
    named = [r for r in runtimes if Path(name).suffix.lower() in r.suffixes]
    held = [r for r in runtimes if r.recognises(head)]
    if named and held and named[0] not in held:
        raise InvalidModel(
            f'The file "{_plain(name)}" is named like {named[0].label} but seems to be '
            f"{kind or held[0].label}; give it the name of what it is."
        )
    # Of an XML document the root may come after the head; of anything else the head tells.
    undecided = [r for r in named if not kind or (kind == XML and ".xml" in r.suffixes)]
    chosen = [r for r in named if r in held] or held or undecided
    if not chosen:
        what = f"seems to be {kind}" if kind else "is no model that Slipway knows"
        raise InvalidModel(f'The file "{_plain(name)}" {what}; Slipway takes {allowed(runtimes)}.')
    return chosen[0]


def _plain(name: str) -> str:
    plain = "".join(c if c.isprintable() else "?" for c in name)
    return plain if len(plain) <= 80 else f"{plain[:79]}…"


def allowed(runtimes: Sequence[Runtime] = RUNTIMES) -> str:
    """Return the formats that are taken, each with the ends of its files' names."""
    each = [f"{runtime.label} ({', '.join(runtime.suffixes)})" for runtime in runtimes]
    return f"{', '.join(each[:-1])} and {each[-1]}" if len(each) > 1 else each[0]


def _run(order: Order, room: Path) -> None:
    """Let a child carry out the order; raises InvalidModel where it does not come to an end."""
    log = room / "log"
    with log.open("wb") as noise:
        # Isolated from the folder it works in (-P), so that no file there is taken for a module.
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "core.runtimes.inspection_child"],
            stdin=subprocess.PIPE,
            stdout=noise,
            stderr=noise,
            cwd=room,
            env=_environment(room),
            start_new_session=True,
        )
        try:
            child.communicate(msgspec.json.encode(order), timeout=order.seconds)
        except subprocess.TimeoutExpired:
            raise InvalidModel(
                f"The file could not be opened within {order.seconds:g} seconds."
            ) from None
        finally:
            _end(child)
    if child.returncode:
        _log.warning("The inspection child ended with %s: %s", child.returncode, _tail(log))
        raise InvalidModel(
            "The file could not be opened: it ended the process that read it. It may be damaged, "
            "or need more memory than is allowed."
        )


def _environment(room: Path) -> dict[str, str]:
    """Return what the child sees: where programs lie, the locale, and no secret."""
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    here = {name: str(room) for name in ("HOME", "TMPDIR", "TMP", "TEMP", "JOBLIB_TEMP_FOLDER")}
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    return {**inherited, **here, **threads, "PYTHONPATH": str(_PROJECT), "PYTHONUTF8": "1"}


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the child and whatever it started."""
    if os.name == "posix":
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            _log.debug("The inspection child had ended by itself.")
    else:
        child.kill()
    child.wait()


def _tail(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _LOGGED_BYTES))
        return file.read().decode("utf-8", errors="replace")


def _read_reply(path: Path) -> ModelInfo:
    if not path.exists() or path.stat().st_size > _LARGEST_REPLY:
        raise InvalidModel("The file could not be opened: it describes more than can be shown.")
    reply = msgspec.json.decode(path.read_bytes(), type=Reply)
    if reply.asked:
        raise TypesRefused(reply.asked, reply.instead)
    if reply.info is None:
        raise InvalidModel(reply.refusal)
    return reply.info


def _take_converted(converted: Path, workdir: Path) -> Path | None:
    if not converted.exists():
        return None
    kept = workdir / f"{uuid4().hex}.converted"
    return converted.replace(kept)
