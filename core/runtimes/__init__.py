"""The model formats that Slipway scores: a new one is one module and one line here."""

from collections.abc import Sequence
from pathlib import Path

from core.errors import InvalidModel
from core.runtimes.asked_types import Trust
from core.runtimes.base import ModelInfo, Runtime, Scorer
from core.runtimes.onnx import OnnxRuntime
from core.runtimes.pmml import PmmlRuntime
from core.runtimes.scikit import ScikitRuntime

RUNTIMES: tuple[Runtime, ...] = (PmmlRuntime(), OnnxRuntime(), ScikitRuntime())


def runtime_of(format_: str, runtimes: Sequence[Runtime] = RUNTIMES) -> Runtime:
    """Return the runtime of a format; raises InvalidModel for a format that Slipway has not."""
    for runtime in runtimes:
        if runtime.format == format_:
            return runtime
    known = ", ".join(runtime.format for runtime in runtimes)
    raise InvalidModel(f"The format {format_} is none of those that Slipway scores: {known}.")


class Runtimes:
    """The runtimes of one platform, with its own limits; closed with it."""

    def __init__(self, runtimes: Sequence[Runtime]) -> None:
        self._runtimes = tuple(runtimes)

    def load(self, path: Path, info: ModelInfo) -> Scorer:
        """Load an inspected file for scoring; raises InvalidModel if that fails."""
        return runtime_of(info.format, self._runtimes).load(path, info)

    def children(self) -> dict[str, int]:
        """Return the ids of the processes that runtimes have started, by format."""
        found = {runtime.format: runtime.child for runtime in self._runtimes}
        return {format_: pid for format_, pid in found.items() if pid is not None}

    def close(self) -> None:
        """Give back what the runtimes hold, such as a JVM."""
        for runtime in self._runtimes:
            runtime.close()


def open_runtimes(
    *, seconds: float, java_heap_mb: int, packages: frozenset[str] = frozenset()
) -> Runtimes:
    """Return the runtimes with a platform's limits.

    `seconds` is how long one call of `Scorer.score` may take, `java_heap_mb` the heap of the JVM,
    `packages` those of a team's own whose classes an admin may approve.
    """
    pmml = PmmlRuntime(seconds=seconds, heap_mb=java_heap_mb)
    return Runtimes((pmml, OnnxRuntime(seconds), ScikitRuntime(seconds, Trust(packages=packages))))
