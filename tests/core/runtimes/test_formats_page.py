"""What the documentation says of the formats is what the files by others do."""

import pytest

from tests.core.runtimes.formats_page import PAGE, render
from tests.core.runtimes.opened import MATERIAL
from tests.core.runtimes.outcomes import Outcomes


@pytest.mark.skipif(not MATERIAL.exists(), reason="material by others is absent")
def test_the_page_of_formats_says_what_the_files_do(
    pmml_outcomes: Outcomes, onnx_outcomes: Outcomes, scikit_outcomes: Outcomes
) -> None:
    page = render(pmml_outcomes.all(), onnx_outcomes.all(), scikit_outcomes.all())
    written = PAGE.read_text(encoding="utf-8")
    assert page.splitlines() == written.splitlines(), "Run `make docs` and read what changed."
