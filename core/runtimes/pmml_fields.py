"""The input fields of a PMML document: what its DataDictionary and MiningSchema say.

DataField: https://dmg.org/pmml/v4-4/DataDictionary.html
MiningField: https://dmg.org/pmml/v4-4/MiningSchema.html
"""

import re
from xml.etree.ElementTree import Element

from core.errors import InvalidModel
from core.runtimes.pmml_document import Document
from core.schema import NUMERIC, DataType, Field, Interval, Invalid, Optype

_TYPES = {
    "string": DataType.STRING,
    "integer": DataType.INTEGER,
    "float": DataType.FLOAT,
    "double": DataType.DOUBLE,
    "boolean": DataType.BOOLEAN,
    "date": DataType.DATE,
    "time": DataType.TIME,
    "timeSeconds": DataType.TIME,
    "dateTime": DataType.DATETIME,
    "dateDaysSince": DataType.DATE,
    "dateTimeSecondsSince": DataType.DATETIME,
}
_INVALID = {"asMissing": Invalid.AS_MISSING, "asIs": Invalid.AS_IS, "asValue": Invalid.AS_IS}
_INPUTS = ("active", "group")
_NOT_USE = ("MiningSchema", "ModelStats", "ModelExplanation", "ModelVerification")


def input_fields(document: Document) -> tuple[Field, ...]:
    """Return what the scored model takes; raises InvalidModel where the file is not clear."""
    data = {
        field.get("name", ""): field for field in document.root.iterfind("DataDictionary/DataField")
    }
    mining = [
        field
        for field in document.model.iterfind("MiningSchema/MiningField")
        if field.get("usageType", "active") in _INPUTS
    ]
    unknown = [field.get("name", "") for field in mining if field.get("name", "") not in data]
    if unknown:
        raise InvalidModel(
            f"The model takes {unknown[0]}, which the DataDictionary does not define."
        )
    used = _used(document, {field.get("name", "") for field in mining})
    return tuple(
        _field(data[field.get("name", "")], field, used=field.get("name", "") in used)
        for field in mining
    )


def _used(document: Document, names: set[str]) -> set[str]:
    """Return which fields the model refers to outside its lists of fields; all if to none."""
    used: set[str] = set()
    waiting = [document.model, *document.root.iterfind("TransformationDictionary")]
    while waiting:
        element = waiting.pop()
        used.update(names.intersection(element.attrib.values()))
        waiting.extend(child for child in element if child.tag not in _NOT_USE)
    return used or names


def _field(data: Element, mining: Element, *, used: bool) -> Field:
    name = data.get("name", "")
    optype = _optype(data, mining)
    kind = _type(name, data.get("dataType"), optype)
    replacement = mining.get("missingValueReplacement")
    refused = mining.get("missingValueTreatment") == "returnInvalid"
    return Field(
        name=name,
        type=kind,
        optype=optype,
        categories=_categories(data, kind),
        intervals=_intervals(data) if kind in NUMERIC else (),
        required=used and replacement is None,
        nullable=not refused,
        invalid=_INVALID.get(mining.get("invalidValueTreatment", ""), Invalid.REFUSE),
        missing=_missing(mining, replacement, used=used),
        default=replacement,
        label=data.get("displayName", ""),
    )


def _optype(data: Element, mining: Element) -> Optype:
    text = mining.get("optype") or data.get("optype") or ""
    return Optype(text) if text in set(Optype) else Optype.CATEGORICAL


def _type(name: str, text: str | None, optype: Optype) -> DataType:
    if text is None:
        return DataType.DOUBLE if optype is Optype.CONTINUOUS else DataType.STRING
    kind = _TYPES.get(re.sub(r"\[\d+\]\Z", "", text))
    if kind is None:
        raise InvalidModel(f"The field {name} has the type {text}, which PMML does not know.")
    return kind


def _categories(data: Element, kind: DataType) -> tuple[str, ...]:
    """Return the valid values; marks for a missing value belong to them, as the engine knows both.

    Numbers with intervals are ranges, whatever values stand beside them.
    """
    if kind in NUMERIC and data.find("Interval") is not None:
        return ()
    values = [value for value in data.iterfind("Value") if value.get("property") != "invalid"]
    if all(value.get("property") == "missing" for value in values):
        return ()
    return tuple(dict.fromkeys(value.get("value", "") for value in values))


def _intervals(data: Element) -> tuple[Interval, ...]:
    found = [_interval(element) for element in data.iterfind("Interval")]
    if not found:
        return ()
    marks = [value.get("value", "") for value in data.iterfind("Value[@property='missing']")]
    numbers = [float(mark) for mark in marks if _is_number(mark)]
    return (*found, *(Interval(number, number) for number in numbers))


def _interval(element: Element) -> Interval:
    closure = element.get("closure", "closedClosed")
    return Interval(
        low=_margin(element.get("leftMargin")),
        high=_margin(element.get("rightMargin")),
        low_open=closure.startswith("open"),
        high_open=closure.endswith("Open"),
    )


def _margin(text: str | None) -> float | None:
    return float(text) if text is not None and _is_number(text) else None


def _is_number(text: str) -> bool:
    try:
        return abs(float(text)) != float("inf")
    except ValueError:
        return False


def _missing(mining: Element, replacement: str | None, *, used: bool) -> str:
    if not used:
        return "not used by the model"
    if mining.get("missingValueTreatment") == "returnInvalid":
        return "not allowed"
    if replacement is None:
        return "left to the model"
    how = {"asMean": "the mean", "asMode": "the most frequent value", "asMedian": "the median"}
    known = how.get(mining.get("missingValueTreatment", ""))
    return f"replaced by {replacement}" + (f" ({known})" if known else "")
