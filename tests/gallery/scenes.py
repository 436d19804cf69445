"""Servers that show the stages of the gallery."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.gallery import files
from tests.gallery.stage import Stage, set_empty, set_full
from tests.server import running_server


@dataclass(frozen=True)
class Scene:
    """A server that shows a stage, and the files that are chosen by hand."""

    url: str
    stage: Stage
    files: dict[str, Path]


@contextmanager
def scenes(wanted: set[str]) -> Iterator[dict[str, Scene]]:
    """Serve the stages that are wanted, each from a folder that goes with the block."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        given = files.write(folder)
        found = {}
        for name in sorted(wanted):
            stage = _SETTERS[name](folder / name)
            server = running_server(folder / name, folder / f"{name}.log")
            found[name] = Scene(stack.enter_context(server).url, stage, given)
        yield found


def _set_new(_: Path) -> Stage:
    return Stage()


_SETTERS = {"new": _set_new, "empty": set_empty, "full": set_full}
