"""Small PMML files, written by hand for one claim each."""

from pathlib import Path

NUMBERS = '<DataField name="x" optype="continuous" dataType="double"/>'
LABEL = (
    '<DataField name="y" optype="categorical" dataType="string">'
    '<Value value="no"/><Value value="yes"/></DataField>'
)
TARGET = '<MiningField name="y" usageType="target"/>'


def pmml(fields: str, model: str, *, version: str | None = "4.4", more: str = "") -> str:
    """Return a document with these data fields and this model."""
    named = "" if version is None else f' version="{version}"'
    return (
        f'<PMML xmlns="http://www.dmg.org/PMML-4_4"{named}><Header>'
        '<Application name="by hand" version="1"/></Header>'
        f"<DataDictionary>{fields}</DataDictionary>{more}{model}</PMML>"
    )


def linear(
    fields: str = NUMBERS + '<DataField name="y" optype="continuous" dataType="double"/>',
    schema: str = '<MiningField name="x"/>' + TARGET,
    terms: str = '<NumericPredictor name="x" coefficient="2"/>',
    output: str = "",
) -> str:
    """Return a linear regression, by default y = 1 + 2 x."""
    return pmml(
        fields,
        f'<RegressionModel functionName="regression"><MiningSchema>{schema}</MiningSchema>{output}'
        f'<RegressionTable intercept="1">{terms}</RegressionTable></RegressionModel>',
    )


def logistic(columns: int = 1, output: str = "") -> str:
    """Return a logistic regression of `columns` numbers x0, x1, ... on yes and no."""
    names = [f"x{i}" for i in range(columns)]
    data = "".join(
        f'<DataField name="{name}" optype="continuous" dataType="double"/>' for name in names
    )
    schema = "".join(f'<MiningField name="{name}"/>' for name in names)
    terms = "".join(
        f'<NumericPredictor name="{name}" coefficient="{(i % 7 - 3) / 4 + 0.1}"/>'
        for i, name in enumerate(names)
    )
    return pmml(
        data + LABEL,
        '<RegressionModel functionName="classification" normalizationMethod="logit">'
        f"<MiningSchema>{schema}{TARGET}</MiningSchema>{output}"
        f'<RegressionTable intercept="0.2" targetCategory="yes">{terms}</RegressionTable>'
        '<RegressionTable intercept="0" targetCategory="no"/></RegressionModel>',
    )


def tree(fields: str, schema: str, nodes: str, attributes: str = "") -> str:
    """Return a tree that says yes or no; `nodes` are the children of its root."""
    return pmml(
        fields + LABEL,
        f'<TreeModel functionName="classification" {attributes}><MiningSchema>{schema}{TARGET}'
        f"</MiningSchema><Node><True/>{nodes}</Node></TreeModel>",
    )


def node(score: str, predicate: str) -> str:
    return f'<Node score="{score}">{predicate}</Node>'


def normalising(recursive: str) -> str:
    """Return a model of the text t that replaces `colour` before it counts `color`.

    Recursively, the engine never ends on a text in which there is nothing to replace.
    """
    normalise = (
        f'<TextIndexNormalization recursive="{recursive}" inField="from" outField="to">'
        "<InlineTable><row><from>colour</from><to>color</to></row></InlineTable>"
        "</TextIndexNormalization>"
    )
    derived = (
        '<LocalTransformations><DerivedField name="hits" optype="continuous" dataType="double">'
        f'<TextIndex textField="t">{normalise}<Constant>color</Constant></TextIndex>'
        "</DerivedField></LocalTransformations>"
    )
    return linear(
        '<DataField name="t" optype="categorical" dataType="string"/>'
        '<DataField name="y" optype="continuous" dataType="double"/>',
        '<MiningField name="t"/>' + TARGET,
        '<NumericPredictor name="hits" coefficient="1"/>',
        derived,
    )


def write(folder: Path, text: str | bytes, name: str = "model.pmml") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path
