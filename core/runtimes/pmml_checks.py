"""What the PMML engine cannot do, gets wrong, or needs to be told otherwise.

Each finding was seen with files and expected answers by others; the tests hold them against those.
"""

import math
from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element

from core.errors import InvalidModel
from core.runtimes.pmml_document import Document

NOT_SCORED = {
    "BaselineModel": "a baseline model",
    "BayesianNetworkModel": "a Bayesian network",
    "DeepNetwork": "a deep network",
    "GaussianProcessModel": "a Gaussian process",
    "SequenceModel": "a sequence model",
    "TextModel": "a text model",
    "TimeSeriesModel": "a time series",
}
_WRONG_FUNCTIONS = {"dateDaysSinceYear", "dateSecondsSinceYear"}
_NEVER_RIGHT = (
    (
        "Segmentation",
        "multipleModelMethod",
        {"selectAll"},
        "The model answers with all of its segments (selectAll); the PMML engine can't.",
    ),
    (
        "CompoundPredicate",
        "booleanOperator",
        {"xor"},
        "The model has an exclusive or (xor), which the PMML engine evaluates wrongly.",
    ),
    (
        "TextIndexNormalization",
        "recursive",
        {"true", "1"},
        "The model normalises texts recursively, which the PMML engine never ends.",
    ),
)
_DATES = ("date", "time")
_ROUNDING = 1e-6


def refuse(document: Document) -> None:
    """Raise InvalidModel for what the engine cannot score, or never scores right."""
    for element in [document.model, *document.model.iter()]:
        if element.tag in NOT_SCORED:
            raise InvalidModel(
                f"The file holds {NOT_SCORED[element.tag]} ({element.tag}), "
                "which the PMML engine does not score."
            )
    for reason in _reasons(document):
        raise InvalidModel(reason)


def _reasons(document: Document) -> Iterator[str]:
    if document.model.get("isScorable", "true").lower() in ("false", "0"):
        yield "The file says that its model is not meant for scoring (isScorable)."
    for _ in document.elements("Regression", "DecisionTree"):
        yield "The model is composed of embedded models (ModelComposition); the PMML engine can't."
    for tag, attribute, values, sentence in _NEVER_RIGHT:
        for element in document.root.iter(tag):
            if element.get(attribute) in values:
                yield sentence
    for function in _WRONG_FUNCTIONS & _functions(document):
        yield f"The model uses {function}; the PMML engine's answer varies with the time of day."
    yield from _reasons_of_lookups(document)
    if document.model.tag == "AssociationModel":
        yield from _reasons_of_rules(document)


def _reasons_of_lookups(document: Document) -> Iterator[str]:
    """Yield the outputs whose value is looked up in a table by the target of the model."""
    targets = {
        field.get("name")
        for field in document.model.iterfind("MiningSchema/MiningField")
        if field.get("usageType") in ("predicted", "target")
    }
    for output in document.elements("OutputField"):
        for pair in output.iter("FieldColumnPair"):
            if pair.get("field") in targets:
                yield (
                    f"The output {output.get('name')} looks up a table (MapValues) by the target "
                    f"{pair.get('field')}, which the PMML engine can't; look it up by an input."
                )


def _reasons_of_rules(document: Document) -> Iterator[str]:
    if document.model.find("Output") is None:
        yield "The association model names no outputs, which the PMML engine needs; add an Output."
    for output in document.elements("OutputField"):
        if output.get("isMultiValued") == "1":
            yield (
                f"The output {output.get('name')} holds many rules at once (isMultiValued), "
                "which the PMML engine can't give; ask for one rule by its rank."
            )


def _functions(document: Document) -> set[str]:
    return {element.get("function", "") for element in document.root.iter("Apply")}


def warnings(document: Document) -> list[str]:
    """Return sentences on what a user should know before trusting the model."""
    return [sentence for applies, sentence in _WARNINGS if applies(document)] + _several(document)


def _several(document: Document) -> list[str]:
    count = len(document.models)
    if count == 1:
        return []
    name = document.model.get("modelName")
    which = f"the first ({name})" if name else "the first"
    return [f"The file holds {count} models; only {which} is scored."]


def _has_dates(document: Document) -> bool:
    types = (
        field.get("dataType", "") for field in document.root.iterfind("DataDictionary/DataField")
    )
    return any(kind.startswith(_DATES) for kind in types)


def _weighs_by_logarithm(document: Document) -> bool:
    indexes = document.root.iter("TextIndex")
    return any(index.get("localTermWeights") == "logarithmic" for index in indexes)


def _votes_in_pairs(document: Document) -> bool:
    return any(
        model.get("classificationMethod") == "OneAgainstOne"
        for model in document.elements("SupportVectorMachineModel")
    )


def _rounds_to_float(document: Document) -> bool:
    return any(field.get("dataType") == "float" for field in document.root.iter("DerivedField"))


def _has_reason_codes(document: Document) -> bool:
    outputs = document.elements("OutputField")
    return sum(output.get("feature") == "reasonCode" for output in outputs) > 1


def _is_cox(document: Document) -> bool:
    return any(
        model.get("modelType") == "CoxRegression"
        for model in document.elements("GeneralRegressionModel")
    )


def _first_of_segments(document: Document) -> bool:
    segmentation = document.model.find("Segmentation")
    first = segmentation is not None and segmentation.get("multipleModelMethod") == "selectFirst"
    return first and document.model.find("Output") is not None


def _sums_votes(document: Document) -> bool:
    """Return whether votes are weighed by weights that do not add up to one."""
    votes = (
        part
        for part in document.elements("Segmentation")
        if part.get("multipleModelMethod") == "weightedMajorityVote"
    )
    sums = (sum(map(_weight, part.iterfind("Segment"))) for part in votes)
    return any(abs(total - 1) > _ROUNDING for total in sums)


def _weight(segment: Element) -> float:
    try:
        return float(segment.get("weight", "1"))
    except ValueError:  # the engine says what is wrong with it
        return math.nan


_WARNINGS: tuple[tuple[Callable[[Document], bool], str], ...] = (
    (
        _has_dates,
        "The PMML engine compares dates as milliseconds; check the model against known answers.",
    ),
    (
        lambda document: "formatDatetime" in _functions(document),
        "The PMML engine reads the pattern of formatDatetime as Java does, not as PMML does.",
    ),
    (
        _weighs_by_logarithm,
        "The PMML engine weighs terms by the natural logarithm, the standard by that to base 10.",
    ),
    (
        _votes_in_pairs,
        "The model votes over pairs of classes: its probabilities are shares of votes, and the "
        "PMML engine may break a tie otherwise than the tool that made the model.",
    ),
    (
        _sums_votes,
        "The model weighs votes by weights that do not add up to 1, and the PMML engine gives sums "
        "as probabilities: they may be greater than 1.",
    ),
    (
        _rounds_to_float,
        "The file rounds values to 32 bits and the PMML engine does not: a record that lies on the "
        "border between two branches may take the other one.",
    ),
    (
        _has_reason_codes,
        "Where fewer reason codes apply than the file asks for, the PMML engine repeats the last; "
        "codes of equal weight come in reverse order.",
    ),
    (
        lambda document: document.model.tag == "AssociationModel",
        "Each record is one item; the items of a transaction are gathered over the records of one "
        "call, in their order, and the PMML engine ranks rules from the lowest value.",
    ),
    (
        _is_cox,
        "The PMML engine's answers for Cox regression differ from the standard's; check them.",
    ),
    (
        _first_of_segments,
        "The PMML engine answers with the outputs of the segment that fits, not with those that "
        "the file names for the whole model.",
    ),
    (
        lambda document: any(document.elements("NaiveBayesModel")),
        "The PMML engine takes a value that a naive Bayes model does not know for its first "
        "category, and lifts probabilities near zero; check the model against known answers.",
    ),
)
