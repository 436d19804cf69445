"""What a PMML file leaves to be understood, written out for the engine."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.runtimes.base import PREDICTION
from core.runtimes.pmml import PmmlRuntime
from core.runtimes.pmml_checks import warnings
from core.runtimes.pmml_document import Document, read_document
from core.runtimes.pmml_mending import mend
from tests.core.runtimes.opened import Opened, open_model
from tests.core.runtimes.pmml_models import NUMBERS, TARGET, logistic, node, pmml, tree, write

Open = Callable[[str | bytes], Opened]
_SCHEMA = f'<MiningSchema><MiningField name="x"/>{TARGET}</MiningSchema>'
_SHORT = '<DataField name="x" optype="continuous" dataType="float">{}</DataField>'
# As a tool writes a number of 32 bits: a little more than the number is.
_WRITTEN = "0.05068012"
_EXACT = float(np.float32(_WRITTEN))


@pytest.fixture
def opened(pmml_runtime: PmmlRuntime, tmp_path: Path) -> Open:
    return lambda text: open_model(pmml_runtime, write(tmp_path, text), tmp_path)


def _read(folder: Path, text: str) -> Document:
    return read_document(write(folder, text))


def _below(field: str, more: str = "", name: str = "x") -> str:
    below = f'<SimplePredicate field="{name}" operator="lessThan" value="{_WRITTEN}"/>'
    text = tree(field, '<MiningField name="x"/>', node("yes", below) + node("no", "<True/>"))
    return text.replace("</MiningSchema>", f"</MiningSchema>{more}", 1)


def test_a_number_on_the_border_of_a_32_bit_field_is_not_below_it(opened: Open) -> None:
    """Boosted trees split at values that occur: one in the data is on a border."""
    assert float(_WRITTEN) > _EXACT
    model = opened(_below(_SHORT.format("")))
    assert [
        answer[PREDICTION]
        for answer in model.answers([{"x": _EXACT}, {"x": float(_WRITTEN)}, {"x": 0.05}])
    ] == ["no", "no", "yes"]


def test_a_64_bit_field_is_compared_as_the_file_says(opened: Open) -> None:
    model = opened(_below(NUMBERS))
    assert model.answer({"x": _EXACT})[PREDICTION] == "yes"
    assert model.answer({"x": float(_WRITTEN)})[PREDICTION] == "no"


def test_the_ends_of_an_interval_of_a_32_bit_field_are_in_it(opened: Open) -> None:
    ends = '<Interval closure="closedClosed" leftMargin="-1.1" rightMargin="1.1"/>'
    model = opened(_below(_SHORT.format(ends)))
    assert [model.answer({"x": x})["error"] for x in (1.1, -1.1)] == [None, None]
    assert model.answer({"x": 1.2})["error"]


def test_a_field_that_is_a_32_bit_copy_of_another_is_rounded(opened: Open) -> None:
    copy = (
        '<LocalTransformations><DerivedField name="float(x)" optype="continuous" dataType="float">'
        '<FieldRef field="x"/></DerivedField></LocalTransformations>'
    )
    model = opened(_below(NUMBERS, copy, "float(x)"))
    nearly = np.nextafter(_EXACT, 0)  # below the border in 64 bits, on it in 32
    answers = model.answers([{"x": nearly}, {"x": 0.05}, {"x": None}])
    assert [answer[PREDICTION] for answer in answers] == ["no", "yes", "no"]
    assert not any("32 bits" in warning for warning in model.info.warnings)


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1"])
def test_codes_looked_up_in_a_table_are_what_they_were(opened: Open, encoding: str) -> None:
    """Mended or not: columns keep their prefix, and a copy of a code is not calculated."""
    cells = "".join(
        f"<row><data:input>{city}</data:input><data:output>{code}.0</data:output></row>"
        for code, city in enumerate(("Oslo", "Paris", "Málaga"))
    )
    derived = (
        '<LocalTransformations><DerivedField name="code" optype="categorical" dataType="double">'
        '<MapValues outputColumn="data:output"><FieldColumnPair field="x" column="data:input"/>'
        f"<InlineTable>{cells}</InlineTable></MapValues></DerivedField>"
        '<DerivedField name="number" optype="continuous" dataType="float">'
        '<FieldRef field="code"/></DerivedField></LocalTransformations>'
    )
    text = _below('<DataField name="x" optype="categorical" dataType="string"/>', derived, "number")
    text = text.replace("<PMML ", '<PMML xmlns:data="http://jpmml.org/jpmml-model/InlineTable" ')
    text = text.replace(_WRITTEN, "1.5")
    model = opened(f'<?xml version="1.0" encoding="{encoding}"?>{text}'.encode(encoding))
    cities = ("Oslo", "Paris", "Málaga")
    assert [model.answer({"x": city})[PREDICTION] for city in cities] == ["yes", "yes", "no"]


def test_a_copy_of_a_whole_number_stays_that_number(opened: Open) -> None:
    copy = (
        '<LocalTransformations><DerivedField name="float(x)" optype="continuous" dataType="float">'
        '<FieldRef field="x"/></DerivedField></LocalTransformations>'
    )
    whole = '<DataField name="x" optype="continuous" dataType="integer"/>'
    model = opened(_below(whole, copy, "float(x)").replace(_WRITTEN, "16777217"))
    answers = model.answers([{"x": 16_777_215}, {"x": 16_777_216}, {"x": -5}])
    assert [answer[PREDICTION] for answer in answers] == ["yes", "no", "yes"]


def test_a_name_of_fields_of_two_kinds_is_left_alone(tmp_path: Path) -> None:
    copy = (
        '<LocalTransformations><DerivedField name="x" optype="continuous" dataType="double">'
        '<FieldRef field="x"/></DerivedField></LocalTransformations>'
    )
    document = _read(tmp_path, _below(_SHORT.format(""), copy))
    mend(document)
    assert document.mended == []


def _chain(output: str) -> str:
    """Return a logistic regression as the last of a chain, with these outputs."""
    document = logistic(output=f"<Output>{output}</Output>")
    begin, end = document.index("<RegressionModel"), document.index("</PMML>")
    schema = f'<MiningSchema><MiningField name="x0"/>{TARGET}</MiningSchema>'
    chain = (
        f'<MiningModel functionName="classification">{schema}<Segmentation multipleModelMethod='
        f'"modelChain"><Segment><True/>{document[begin:end]}</Segment></Segmentation></MiningModel>'
    )
    return document[:begin] + chain + document[end:]


_PROBABLE = '<OutputField name="p" dataType="double" feature="probability" value="yes"/>'


def test_a_chain_that_names_probabilities_alone_gives_the_class_too(opened: Open) -> None:
    answers = opened(_chain(_PROBABLE)).answers([{"x0": 9}, {"x0": -9}])
    assert {answer[PREDICTION] for answer in answers} == {"yes", "no"}
    yes = next(answer for answer in answers if answer[PREDICTION] == "yes")
    assert 0.5 < float(str(yes["probability_yes"])) < 1


def test_a_chain_that_names_its_class_is_left_alone(tmp_path: Path) -> None:
    named = '<OutputField name="class" dataType="string" feature="predictedValue"/>'
    document = _read(tmp_path, _chain(named + _PROBABLE))
    mend(document)
    assert document.mended == []


def test_machines_for_pairs_of_classes_get_their_method_named(tmp_path: Path) -> None:
    machine = '<SupportVectorMachine targetCategory="a" alternateTargetCategory="b"/>'
    text = pmml(
        NUMBERS,
        f'<SupportVectorMachineModel functionName="classification">{_SCHEMA}{machine * 3}'
        "</SupportVectorMachineModel>",
    )
    document = _read(tmp_path, text)
    mend(document)
    assert document.model.get("classificationMethod") == "OneAgainstOne"
    assert any("shares of votes" in sentence for sentence in warnings(document))


def test_normal_distributions_are_taken_out_of_their_old_extension(tmp_path: Path) -> None:
    old = '<Extension><BayesInput fieldName="x"><TargetValueStats/></BayesInput></Extension>'
    text = pmml(
        NUMBERS,
        f'<NaiveBayesModel functionName="classification">{_SCHEMA}<BayesInputs>{old}{old}'
        "</BayesInputs></NaiveBayesModel>",
    )
    document = _read(tmp_path, text)
    mend(document)
    assert len(document.model.findall("BayesInputs/BayesInput")) == 2
    assert len(document.mended) == 1
