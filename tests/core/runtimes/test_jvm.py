"""The Java process: shared, bound to deadlines, and gone with the server."""

import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.errors import InvalidModel, Overloaded
from core.runtimes.pmml import PmmlRuntime
from tests.core.runtimes.opened import Opened, open_model
from tests.core.runtimes.pmml_models import logistic, normalising, write

_PROJECT = Path(__file__).resolve().parents[3]
_PATIENCE_MS = 60_000


@pytest.fixture(scope="module")
def runtime() -> Iterator[PmmlRuntime]:
    runtime = PmmlRuntime(seconds=4, heap_mb=256)
    yield runtime
    runtime.close()


def _endless(runtime: PmmlRuntime, folder: Path) -> Opened:
    """Load a model that never ends on the text `grey`, past the inspection that refuses it."""
    info = runtime.inspect(write(folder, normalising("false")), folder / "converted")
    path = write(folder, normalising("true"), "endless.pmml")
    return Opened(info, runtime.load(path, info))


def _sound(runtime: PmmlRuntime, folder: Path) -> Opened:
    return open_model(runtime, write(folder, logistic(1), "sound.pmml"), folder)


def test_a_call_that_never_ends_is_stopped_at_its_deadline(
    runtime: PmmlRuntime, tmp_path: Path
) -> None:
    model = _endless(runtime, tmp_path)
    with pytest.raises(Overloaded, match="no answer within 4 seconds"):
        model.answer({"t": "grey"})
    assert model.answer({"t": "a colour"})["prediction"] == 2.0


def test_calls_beside_one_that_is_stopped_are_answered(
    runtime: PmmlRuntime, tmp_path: Path
) -> None:
    endless, sound = _endless(runtime, tmp_path), _sound(runtime, tmp_path)
    expected = sound.answer({"x0": 1.0})
    with ThreadPoolExecutor(5) as pool:
        stuck = pool.submit(endless.answer, {"t": "grey"})
        others = [pool.submit(_ask_until_done, sound, stuck.done) for _ in range(4)]
        assert isinstance(stuck.exception(), Overloaded)
        answers = [answer for other in others for answer in other.result()]
    assert len(answers) > len(others)
    assert all(answer == expected for answer in answers)


def _ask_until_done(model: Opened, done: Callable[[], bool]) -> list[dict[str, object]]:
    answers = [model.answer({"x0": 1.0})]
    while not done():
        answers.append(model.answer({"x0": 1.0}))
    return [*answers, model.answer({"x0": 1.0})]


def test_a_process_that_was_ended_is_started_again_and_loads_its_models(
    runtime: PmmlRuntime, tmp_path: Path
) -> None:
    model = _sound(runtime, tmp_path)
    before = model.answer({"x0": 2.0})
    runtime.close()
    assert model.answer({"x0": 2.0}) == before


def test_a_model_that_is_closed_leaves_the_others(runtime: PmmlRuntime, tmp_path: Path) -> None:
    first, second = _sound(runtime, tmp_path), _sound(runtime, tmp_path)
    first.scorer.close()
    assert second.answer({"x0": 1.0})["error"] is None


def test_a_runtime_that_loaded_nothing_has_nothing_to_end() -> None:
    PmmlRuntime().close()


def test_a_file_that_became_another_since_its_inspection_is_refused(
    runtime: PmmlRuntime, tmp_path: Path
) -> None:
    info = _sound(runtime, tmp_path).info
    with pytest.raises(InvalidModel, match="upload it again"):
        runtime.load(write(tmp_path, normalising("false")), info)


_SERVER = """
import sys
from pathlib import Path
from core.runtimes.pmml import PmmlRuntime
folder = Path(sys.argv[1])
runtime = PmmlRuntime(heap_mb=64)
path = folder / "sound.pmml"
info = runtime.inspect(path, folder / "converted")
scorer = runtime.load(path, info)
print("loaded", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs process handles of Linux")
def test_the_process_ends_with_a_server_that_is_killed(tmp_path: Path) -> None:
    write(tmp_path, logistic(1), "sound.pmml")
    server = subprocess.Popen(
        [sys.executable, "-c", _SERVER, str(tmp_path)],
        cwd=_PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"loaded\n"
        child = os.pidfd_open(_child_of(server.pid))
        server.kill()
    ended = select.poll()
    ended.register(child, select.POLLIN)
    assert ended.poll(_PATIENCE_MS)
    os.close(child)


def _child_of(pid: int) -> int:
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)
