"""What the tests of several runtimes share."""

from collections.abc import Iterator

import pytest

from core.runtimes.pmml import PmmlRuntime


@pytest.fixture(scope="session")
def pmml_runtime() -> Iterator[PmmlRuntime]:
    """Return the one runtime whose Java process the PMML tests share."""
    runtime = PmmlRuntime(seconds=60, heap_mb=1024)
    yield runtime
    runtime.close()
