from importlib.metadata import version

import pytest

from core.runtimes import RUNTIMES
from core.runtimes.engines import engine_of


@pytest.mark.parametrize("format_", [runtime.format for runtime in RUNTIMES])
def test_every_format_tells_which_engine_scores_it(format_: str) -> None:
    assert engine_of(format_)


def test_an_engine_is_told_with_its_version() -> None:
    assert f"onnxruntime {version('onnxruntime')}" in engine_of("onnx")
