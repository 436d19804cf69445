"""Writes out what a PMML file leaves to be understood, so that the engine understands it.

Each change keeps what the standard says that the file means: https://dmg.org/pmml/v4-4/
"""

import math
from collections.abc import Iterator
from copy import deepcopy
from xml.etree.ElementTree import Element, SubElement

import numpy as np

from core.runtimes.base import PREDICTION
from core.runtimes.pmml_document import Document

_SPLITTER = 2.0**29 + 1
_MARGINS = ("leftMargin", "rightMargin")


def mend(document: Document) -> None:
    """Change what the engine would read otherwise than is meant; `document.mended` tells what."""
    for model in document.elements("SupportVectorMachineModel"):
        _name_the_method(document, model)
    for output in document.elements("OutputField"):
        _name_the_feature(document, output)
    for model in document.elements("NaiveBayesModel"):
        _unwrap_gaussians(document, model)
    _name_the_class(document)
    short = _short_fields(document)
    _round_constants(document, short)
    _round_fields(document, short)


def _name_the_class(document: Document) -> None:
    """Add the predicted class to a chain of models whose last one names probabilities alone.

    The engine gives what the last one names; the standard gives the target's value beside it.
    """
    last = document.model
    while last.tag == "MiningModel" and last.find("Output") is None:
        segmentation = last.find("Segmentation")
        if segmentation is None or segmentation.get("multipleModelMethod") != "modelChain":
            return
        last = list(segmentation.findall("Segment")[-1])[-1]
    output = last.find("Output")
    features = {each.get("feature") for each in output or ()}
    if output is None or last is document.model or features != {"probability"}:
        return
    names = {each.get("name") for each in output}
    target = _target(document, last)
    if target is not None and PREDICTION not in names:
        field = Element("OutputField", name=PREDICTION, feature="predictedValue")
        for key in ("optype", "dataType"):
            field.set(key, target.get(key, ""))
        output.insert(0, field)
        document.mended.append("The predicted class was added to the outputs.")


def _target(document: Document, model: Element) -> Element | None:
    for used in model.iterfind("MiningSchema/MiningField"):
        if used.get("usageType") in ("target", "predicted"):
            fields = document.root.iterfind("DataDictionary/DataField")
            return next((field for field in fields if field.get("name") == used.get("name")), None)
    return None


def _short_fields(document: Document) -> dict[str, bool]:
    """Return the fields that hold 32-bit numbers, and whether they come into the model as such.

    A name that stands for other fields elsewhere in the file is left out.
    """
    named = [*document.root.iter("DataField"), *document.root.iter("DerivedField")]
    other = {field.get("name") for field in named if field.get("dataType") != "float"}
    numbers = {field.get("name") for field in named if field.get("optype") == "continuous"}
    numbers -= {field.get("name") for field in named if field.get("optype") != "continuous"}
    return {
        field.get("name", ""): field.tag == "DataField"
        for field in named
        if field.get("name") in numbers - other
        and (field.tag == "DataField" or _is_copy(field, numbers))
    }


def _is_copy(field: Element, numbers: set[str | None]) -> bool:
    """Return whether a field is nothing but another field's number: codes are not calculated with.

    The engine holds a categorical field by the place of its value, whatever its type.
    """
    parts = [child for child in field if child.tag != "Extension"]
    return [part.tag for part in parts] == ["FieldRef"] and parts[0].get("field") in numbers


def _round_constants(document: Document, short: dict[str, bool]) -> None:
    """Round what 32-bit fields are held against: the engine compares in 64 bits."""
    changed = 0
    for element, key in _constants(document.root, short):
        rounded = _rounded(element.get(key, ""))
        if rounded is not None:
            element.set(key, rounded)
            changed += 1
    if changed:
        document.mended.append(
            f"Numbers that 32-bit fields are compared with were rounded to 32 bits ({changed})."
        )


def _constants(root: Element, short: dict[str, bool]) -> Iterator[tuple[Element, str]]:
    for predicate in root.iter("SimplePredicate"):
        if predicate.get("field") in short:
            yield predicate, "value"
    owners = [*root.iter("DataField"), *root.iter("Discretize")]
    for owner in owners:
        if owner.get("name", owner.get("field")) in short:
            for interval in owner.iter("Interval"):
                yield from ((interval, margin) for margin in _MARGINS)


def _rounded(text: str) -> str | None:
    """Return a number as the nearest one of 32 bits; None where it is that already, or none."""
    try:
        number = float(text)
    except ValueError:
        return None
    if not math.isfinite(number) or abs(number) > np.finfo(np.float32).max:
        return None
    rounded = float(np.float32(number))
    return None if rounded == number else repr(rounded)


def _round_fields(document: Document, short: dict[str, bool]) -> None:
    """Have the engine round fields that are 32-bit copies of others, which it does not by itself.

    The product with 2^29 + 1, less the product's own error, keeps 24 of 53 bits: T. J. Dekker, A
    floating-point technique for extending the available precision, 1971.
    """
    changed = 0
    for field in list(document.root.iter("DerivedField")):
        if field.get("dataType") != "float" or field.get("name") not in short:
            continue
        field.set("dataType", "double")
        copied = next(child for child in field if child.tag == "FieldRef")
        if not short.get(copied.get("field", ""), False):
            field.remove(copied)
            field.append(_split(copied))
        changed += 1
    if changed:
        document.mended.append(f"Fields are rounded to 32 bits by a calculation ({changed}).")


def _split(copied: Element) -> Element:
    """Return the expression for the number of 32 bits that is nearest to a field."""
    product = Element("Apply", function="*")
    product.append(copied)
    SubElement(product, "Constant", dataType="double").text = repr(_SPLITTER)
    rest = _apply("-", product, copied)
    return _apply("-", product, rest)


def _apply(function: str, *arguments: Element) -> Element:
    made = Element("Apply", function=function)
    made.extend(deepcopy(argument) for argument in arguments)
    return made


def _name_the_method(document: Document, model: Element) -> None:
    """Say OneAgainstOne where each machine of a model with more classes has an alternative.

    Files from before PMML 4.0 do not name the method, and the engine takes its default.
    """
    machines = model.findall("SupportVectorMachine")
    pairs = all(machine.get("alternateTargetCategory") is not None for machine in machines)
    if pairs and len(machines) > 1 and model.get("classificationMethod") is None:
        model.set("classificationMethod", "OneAgainstOne")
        document.mended.append(
            "The method of the support vector machines was named: OneAgainstOne."
        )


def _name_the_feature(document: Document, output: Element) -> None:
    """Name what of a rule an output gives as PMML has it since 4.2."""
    if output.get("feature") == "ruleValue":
        output.set("feature", output.get("ruleFeature", "consequent"))
        document.mended.append(f"The output {output.get('name')} was written as since PMML 4.2.")


def _unwrap_gaussians(document: Document, model: Element) -> None:
    """Take normal distributions out of the extension that held them before PMML 4.2."""
    inputs = model.find("BayesInputs")
    if inputs is None:
        return
    wrapped = [
        extension for extension in inputs.findall("Extension") if extension.find("BayesInput")
    ]
    for extension in wrapped:
        position = list(inputs).index(extension)
        inputs.remove(extension)
        for offset, found in enumerate(extension.findall("BayesInput")):
            inputs.insert(position + offset, found)
    if wrapped:
        document.mended.append(
            "Normal distributions were taken out of an extension, as PMML has them since 4.2."
        )
