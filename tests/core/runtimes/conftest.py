"""What the tests of several runtimes share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.runtimes.pmml import PmmlRuntime
from tests.core.runtimes.onnx_outcomes import OnnxFormat
from tests.core.runtimes.outcomes import Outcomes
from tests.core.runtimes.pmml_outcomes import PmmlFormat
from tests.core.runtimes.scikit_outcomes import ScikitFormat


@pytest.fixture(scope="session")
def pmml_runtime() -> Iterator[PmmlRuntime]:
    """Return the one runtime whose Java process the PMML tests share."""
    runtime = PmmlRuntime(seconds=60, heap_mb=1024)
    yield runtime
    runtime.close()


@pytest.fixture(scope="session")
def outcomes_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that the processes of this run share."""
    own = tmp_path_factory.getbasetemp()
    return (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "outcomes"


@pytest.fixture(scope="session")
def pmml_outcomes(pmml_runtime: PmmlRuntime, outcomes_folder: Path) -> Outcomes:
    """Return what becomes of the PMML files by others."""
    return Outcomes(PmmlFormat(pmml_runtime), outcomes_folder)


@pytest.fixture(scope="session")
def onnx_outcomes(outcomes_folder: Path) -> Outcomes:
    """Return what becomes of the ONNX files by others."""
    return Outcomes(OnnxFormat(), outcomes_folder)


@pytest.fixture(scope="session")
def scikit_outcomes(outcomes_folder: Path) -> Outcomes:
    """Return what becomes of the scikit-learn files by others."""
    return Outcomes(ScikitFormat(), outcomes_folder)
