from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from core.runtimes.pmml import PmmlRuntime
from tests.core.runtimes.contract import RuntimeContract
from tests.core.runtimes.opened import Record
from tests.core.runtimes.pmml_models import logistic


class TestPmmlContract(RuntimeContract):
    runtime = PmmlRuntime(seconds=60, heap_mb=512)
    file_name = "shops.pmml"
    required = "x0"
    records: ClassVar[list[Record]] = [
        {"x0": 0.5, "x1": -1.0},
        {"x0": 4.0, "x1": 0.0},
        {"x0": -3.0, "x1": 2.5},
    ]

    @classmethod
    def write_model(cls, path: Path) -> None:
        path.write_text(logistic(2))

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _java_process_ends(cls) -> Iterator[None]:
        yield
        cls.runtime.close()
