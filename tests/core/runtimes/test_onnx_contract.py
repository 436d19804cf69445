from pathlib import Path
from typing import ClassVar

from core.runtimes.onnx import OnnxRuntime
from tests.core.runtimes.contract import RuntimeContract
from tests.core.runtimes.onnx_models import linear_classifier, write
from tests.core.runtimes.opened import Record


class TestOnnxContract(RuntimeContract):
    runtime = OnnxRuntime()
    file_name = "linear.onnx"
    required = "x_0"
    records: ClassVar[list[Record]] = [
        {"x_0": 0.0, "x_1": 1.0},
        {"x_0": 1.0, "x_1": 0.0},
        {"x_0": -2.0, "x_1": 0.5},
    ]

    @classmethod
    def write_model(cls, path: Path) -> None:
        write(linear_classifier(), path)
