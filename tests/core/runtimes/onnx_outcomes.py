"""The ONNX files by others, and how their answers are held against the outputs beside them."""

# ruff: noqa: ANN401 - tensors of any element type

from typing import Any

import numpy as np

from core.runtimes.base import ERROR_COLUMN
from core.runtimes.onnx import OnnxRuntime
from tests.core.runtimes.onnx_cases import ONNX, SCORED
from tests.core.runtimes.opened import MATERIAL, Opened
from tests.core.runtimes.outcomes import Compared

TOLERANCE = 1e-4


class OnnxFormat:
    """The ONNX files of the material."""

    def __init__(self) -> None:
        self.runtime = OnnxRuntime()

    def paths(self) -> list[str]:
        """Return the files, below the material."""
        return sorted(str(path.relative_to(MATERIAL)) for path in ONNX.rglob("*.onnx"))

    def holds(self, path: str) -> tuple[str, ...]:
        """Return nothing: what is in a graph is in the details of its information."""
        return ()

    def compared(self, path: str, opened: Opened) -> dict[str, Compared]:
        """Return how many records agree in each output that is known of them."""
        case = SCORED[path.removeprefix("onnx/")]()
        answers = opened.answers(case.records)
        assert len(answers) == len(case.expected)
        found: dict[str, Compared] = {}
        for answer, expected in zip(answers, case.expected, strict=True):
            for name, value in expected.items():
                before = found.get(name, Compared(0, 0))
                right = answer[ERROR_COLUMN] is None and _is_equal(answer[name], value)
                found[name] = Compared(before.rows + 1, before.agreeing + right)
        return found


def _is_equal(found: Any, expected: Any) -> bool:
    if isinstance(expected, str | bool):
        return bool(found == expected)
    flat = np.ravel(np.asarray(found, dtype=float))
    want = np.ravel(np.asarray(expected, dtype=float))
    scale = np.abs(want).max() if want.size else 1
    return flat.shape == want.shape and np.allclose(
        flat, want, rtol=TOLERANCE, atol=TOLERANCE * scale, equal_nan=True
    )
