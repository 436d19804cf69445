"""Every ONNX file by others: equal to the outputs that came with it, or refused for a reason."""

import re

import pytest

from tests.core.runtimes.onnx_cases import ONNX, SCORED
from tests.core.runtimes.outcomes import Outcomes

REFUSED = {"edge/superres_needs_extensions.onnx": "com.microsoft.extensions:DecodeImage"}

pytestmark = pytest.mark.skipif(not ONNX.exists(), reason="the material is not here")


def test_every_file_is_either_scored_or_refused_on_purpose() -> None:
    files = {str(path.relative_to(ONNX)) for path in ONNX.rglob("*.onnx")}
    assert files == SCORED.keys() | REFUSED.keys()


@pytest.mark.parametrize("file", SCORED)
def test_a_file_gives_the_outputs_that_came_with_it(file: str, onnx_outcomes: Outcomes) -> None:
    outcome = onnx_outcomes.of(f"onnx/{file}")
    assert not outcome.refusal
    assert outcome.compared
    for name, compared in outcome.compared.items():
        assert compared.agreeing == compared.rows, name


@pytest.mark.parametrize("file", REFUSED)
def test_a_file_is_refused_for_a_reason_that_names_what_is_missing(
    file: str, onnx_outcomes: Outcomes
) -> None:
    assert re.search(REFUSED[file], onnx_outcomes.of(f"onnx/{file}").refusal)


def test_features_that_only_the_trees_count_come_with_a_warning(onnx_outcomes: Outcomes) -> None:
    info = onnx_outcomes.of("onnx/sklearn-onnx/treecl3.onnx").described
    assert "10 are taken" in info.warnings[0]
