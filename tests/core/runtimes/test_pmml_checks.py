from pathlib import Path

import pytest

from core.errors import InvalidModel
from core.runtimes.pmml import PmmlRuntime
from core.runtimes.pmml_checks import refuse, warnings
from core.runtimes.pmml_document import Document, read_document
from tests.core.runtimes.pmml_models import (
    NUMBERS,
    TARGET,
    linear,
    node,
    normalising,
    pmml,
    tree,
    write,
)

_SCHEMA = f'<MiningSchema><MiningField name="x"/>{TARGET}</MiningSchema>'


def _read(folder: Path, text: str) -> Document:
    return read_document(write(folder, text))


def _refusal(folder: Path, text: str) -> str:
    with pytest.raises(InvalidModel) as refusal:
        refuse(_read(folder, text))
    return refusal.value.message


def _apply(function: str) -> str:
    return (
        f'<LocalTransformations><DerivedField name="d" optype="continuous" dataType="double">'
        f'<Apply function="{function}"><FieldRef field="x"/><Constant>1960</Constant></Apply>'
        "</DerivedField></LocalTransformations>"
    )


@pytest.mark.parametrize(
    "element",
    [
        "BayesianNetworkModel",
        "DeepNetwork",
        "GaussianProcessModel",
        "SequenceModel",
        "TextModel",
        "TimeSeriesModel",
    ],
)
def test_a_model_that_the_engine_does_not_score_is_refused_by_its_element(
    tmp_path: Path, element: str
) -> None:
    text = pmml(NUMBERS, f'<{element} functionName="regression">{_SCHEMA}</{element}>')
    assert f"({element})" in _refusal(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (linear().replace("<RegressionModel ", '<RegressionModel isScorable="false" '), "isScor"),
        (linear(output=_apply("dateDaysSinceYear")), "dateDaysSinceYear"),
        (linear(output=_apply("dateSecondsSinceYear")), "dateSecondsSinceYear"),
        (normalising("true"), "recursively"),
        (
            tree(NUMBERS, "", '<Node><CompoundPredicate booleanOperator="xor"/></Node>'),
            "exclusive or",
        ),
        (
            pmml(
                NUMBERS,
                f'<MiningModel functionName="regression">{_SCHEMA}'
                '<Segmentation multipleModelMethod="selectAll"/></MiningModel>',
            ),
            "selectAll",
        ),
    ],
)
def test_what_the_engine_never_gets_right_is_refused_by_name(
    tmp_path: Path, text: str, named: str
) -> None:
    assert named in _refusal(tmp_path, text)


@pytest.mark.parametrize(("field", "refused"), [("y", True), ("x", False)])
def test_a_table_that_is_looked_up_by_the_target_is_refused(
    tmp_path: Path, field: str, refused: bool
) -> None:
    lookup = (
        '<Output><OutputField name="word" feature="transformedValue" dataType="string">'
        f'<MapValues outputColumn="to"><FieldColumnPair field="{field}" column="from"/></MapValues>'
        "</OutputField></Output>"
    )
    document = _read(tmp_path, linear(output=lookup))
    if refused:
        assert "The output word looks up a table" in _refusal(tmp_path, linear(output=lookup))
    else:
        refuse(document)


def test_a_sound_model_is_neither_refused_nor_warned_of(tmp_path: Path) -> None:
    document = _read(tmp_path, linear())
    refuse(document)
    assert warnings(document) == []


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (linear(output=_apply("formatDatetime")), "formatDatetime"),
        (linear(NUMBERS.replace('"double"', '"date"')), "dates"),
        (linear(output=_apply("*").replace('"double"', '"float"')), "32 bits"),
        (
            pmml(
                NUMBERS,
                '<GeneralRegressionModel modelType="CoxRegression">'
                f"{_SCHEMA}</GeneralRegressionModel>",
            ),
            "Cox",
        ),
        (
            pmml(
                NUMBERS,
                f'<NaiveBayesModel functionName="classification">{_SCHEMA}</NaiveBayesModel>',
            ),
            "naive Bayes",
        ),
        (
            linear().replace("</PMML>", '<TreeModel functionName="regression"/></PMML>'),
            "holds 2 models; only the first is scored",
        ),
    ],
)
def test_what_the_engine_may_get_wrong_is_warned_of_by_name(
    tmp_path: Path, text: str, named: str
) -> None:
    assert any(named in sentence for sentence in warnings(_read(tmp_path, text)))


@pytest.mark.parametrize(
    ("weights", "warned"),
    [(("0.5", "0.25", "0.25"), False), (("1", "1"), True), (("heavy", "1"), False)],
)
def test_votes_whose_weights_are_no_shares_are_warned_of(
    tmp_path: Path, weights: tuple[str, ...], warned: bool
) -> None:
    segments = "".join(f'<Segment weight="{weight}"><True/></Segment>' for weight in weights)
    text = pmml(
        NUMBERS,
        f'<MiningModel functionName="classification">{_SCHEMA}'
        f'<Segmentation multipleModelMethod="weightedMajorityVote">{segments}</Segmentation>'
        "</MiningModel>",
    )
    said = warnings(_read(tmp_path, text))
    assert any("may be greater than 1" in sentence for sentence in said) is warned


def _verified(expected: str) -> str:
    verification = (
        '<ModelVerification><VerificationFields><VerificationField field="x" column="x"/>'
        '<VerificationField field="y" column="y"/></VerificationFields><InlineTable>'
        f"<row><x>2</x><y>5</y></row><row><x>0</x><y>{expected}</y></row>"
        "</InlineTable></ModelVerification>"
    )
    return linear().replace("</RegressionModel>", f"{verification}</RegressionModel>")


def test_a_file_s_own_examples_are_held_against_the_answers(tmp_path: Path) -> None:
    info = PmmlRuntime().inspect(write(tmp_path, _verified("1")), tmp_path / "converted")
    assert info.details["verification"] == "2 of 2 of the file's own examples agree"
    assert info.warnings == ()


def test_examples_that_do_not_agree_are_warned_of(tmp_path: Path) -> None:
    info = PmmlRuntime().inspect(write(tmp_path, _verified("1.5")), tmp_path / "converted")
    assert info.warnings == (
        "Only 1 of 2 of the file's own examples agree with the PMML engine's answers.",
    )


def test_the_information_tells_who_made_the_file_and_with_what(tmp_path: Path) -> None:
    info = PmmlRuntime().inspect(write(tmp_path, linear()), tmp_path / "converted")
    assert info.details == {
        "PMML version": "4.4",
        "producer": "by hand 1",
        "model element": "RegressionModel",
    }
    assert (info.function, info.algorithm) == ("regression", "Linear regression")
    assert not (tmp_path / "converted").exists()


def test_what_the_engine_cannot_load_is_refused_with_its_reason(tmp_path: Path) -> None:
    three = (
        '<SimpleSetPredicate field="x" booleanOperator="isIn"><Array n="3" type="int">1 2</Array>'
    )
    text = tree(NUMBERS, '<MiningField name="x"/>', node("yes", f"{three}</SimpleSetPredicate>"))
    with pytest.raises(InvalidModel, match="can't load the model: The length of array must be 3"):
        PmmlRuntime().inspect(write(tmp_path, text), tmp_path / "converted")
