"""A decision tree in PMML: whether a machine may run on, is to be looked at, or must stop."""

from functools import partial
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

import numpy as np
from sklearn.tree import DecisionTreeClassifier

from core.runtimes.edits import FieldEdit, SchemaEdits
from core.samples.sample import Sample, as_csv

_CLASSES = ("inspect", "run", "stop")
# name, label, least and greatest value, as the sensors of such machines give them
_FIELDS = (
    ("vibration", "Vibration", 0.0, 12.0),
    ("temperature", "Temperature", 20.0, 110.0),
    ("hours", "Since the last service", 0.0, 4000.0),
    ("load", "Load", 0.0, 100.0),
)
_UNITS = ("mm/s", "°C", "h", "%")
_ROWS, _SHOWN, _SEED = 1500, 80, 11
_DEPTH, _LEAF = 5, 25
_NAMESPACE = "http://www.dmg.org/PMML-4_4"


def _measured() -> np.ndarray[Any, Any]:
    """Return measurements, one machine a row, rounded as they are shown."""
    low, high = (np.array([field[at] for field in _FIELDS]) for at in (2, 3))
    drawn = np.random.default_rng(_SEED).beta(1.6, 2.2, size=(_ROWS, len(_FIELDS)))
    return np.asarray(np.round(low + (high - low) * drawn, 1))


def _judged(rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return what an engineer says of each machine: the worse, the higher the strain."""
    vibration, temperature, hours, load = rows.T
    heat = np.clip(temperature - 60, 0, None)
    strain = vibration / 4.5 + heat / 22 + hours / 3500 + load / 220
    return np.select([strain > 3.1, strain > 1.9], ["stop", "inspect"], "run")


def _write() -> bytes:
    rows = _measured()
    tree = DecisionTreeClassifier(max_depth=_DEPTH, min_samples_leaf=_LEAF, random_state=0)
    return _as_pmml(tree.fit(rows, _judged(rows)))


def _as_pmml(tree: DecisionTreeClassifier) -> bytes:
    """Return a fitted tree as PMML 4.4: https://dmg.org/pmml/v4-4-1/TreeModel.html."""
    root = Element("PMML", xmlns=_NAMESPACE, version="4.4")
    header = SubElement(root, "Header", description="A sample model of Slipway")
    SubElement(header, "Application", name="Slipway", version="1")
    _add_dictionary(root)
    model = SubElement(
        root,
        "TreeModel",
        modelName="machine check",
        functionName="classification",
        algorithmName="CART",
        splitCharacteristic="binarySplit",
    )
    schema = SubElement(model, "MiningSchema")
    for name, *_ in _FIELDS:
        SubElement(schema, "MiningField", name=name, invalidValueTreatment="returnInvalid")
    SubElement(schema, "MiningField", name="verdict", usageType="target")
    _add_node(model, tree.tree_, 0, Element("True"))
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))


def _add_dictionary(root: Element) -> None:
    dictionary = SubElement(root, "DataDictionary")
    add = partial(SubElement, dictionary, "DataField")
    for name, label, low, high in _FIELDS:
        field = add(name=name, displayName=label, optype="continuous", dataType="double")
        bounds = {"leftMargin": f"{low:g}", "rightMargin": f"{high:g}"}
        SubElement(field, "Interval", closure="closedClosed", attrib=bounds)
    target = add(name="verdict", optype="categorical", dataType="string")
    for name in _CLASSES:
        SubElement(target, "Value", value=name)


def _add_node(parent: Element, tree: Any, at: int, predicate: Element) -> None:  # noqa: ANN401
    """Add a node with all below it; `tree` is scikit-learn's own form of a tree."""
    shares = tree.value[at][0] / tree.value[at][0].sum()
    count = tree.n_node_samples[at]
    node = SubElement(
        parent, "Node", score=_CLASSES[shares.argmax()], recordCount=str(count), id=str(at)
    )
    node.append(predicate)
    for name, share in zip(_CLASSES, shares, strict=True):
        SubElement(
            node,
            "ScoreDistribution",
            value=name,
            recordCount=f"{share * count:.0f}",
            probability=repr(float(share)),
        )
    if tree.children_left[at] < 0:
        return
    for child, operator in (
        (tree.children_left[at], "lessOrEqual"),
        (tree.children_right[at], "greaterThan"),
    ):
        field, threshold = _FIELDS[tree.feature[at]][0], repr(float(tree.threshold[at]))
        test = Element("SimplePredicate", field=field, operator=operator, value=threshold)
        _add_node(node, tree, child, test)


def _write_data() -> bytes:
    header = ("machine", *(field[0] for field in _FIELDS))
    rows = _measured()[:_SHOWN].tolist()
    return as_csv(header, ([f"M-{n:03}", *row] for n, row in enumerate(rows, start=1)))


SAMPLE = Sample(
    key="machine",
    name="Machine check (sample)",
    description="Tells from four measurements whether a machine may run on. A decision tree, PMML.",
    file_name="slipway-machine-check.pmml",
    data_name="machines.csv",
    write=_write,
    write_data=_write_data,
    edits=SchemaEdits(tuple(FieldEdit(unit=unit) for unit in _UNITS)),
)
