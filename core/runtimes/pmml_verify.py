"""The examples that a PMML file brings with it, held against the engine's answers.

ModelVerification: https://dmg.org/pmml/v4-4/ModelVerification.html
"""

import math
from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element

from core.coercion import BadValueError, read_value
from core.records import batch_of
from core.runtimes.base import PREDICTION
from core.runtimes.pmml_document import Document
from core.runtimes.pmml_engine import PmmlModel
from core.schema import Schema

_PRECISION, _ZERO = 1e-6, 1e-16


def verify(
    model: PmmlModel, document: Document, schema: Schema
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return what the file's own examples showed, as details and as warnings."""
    agreeing, rows = _agreeing(model, document, schema)
    if not rows:
        return {}, ()
    verdict = f"{agreeing} of {rows} of the file's own examples agree"
    warning = f"Only {verdict} with the PMML engine's answers." if agreeing < rows else ""
    return {"verification": verdict}, (warning,) if warning else ()


def _agreeing(model: PmmlModel, document: Document, schema: Schema) -> tuple[int, int]:
    verification = document.model.find("ModelVerification")
    if verification is None:
        return 0, 0
    rows = [_cells(row) for row in verification.iterfind("InlineTable/row")]
    fields = list(verification.iterfind("VerificationFields/VerificationField"))
    inputs = [_input(schema, fields, row) for row in rows]
    scored = model.score(batch_of(schema, inputs)).to_pylist() if rows else []
    agreeing = sum(
        _agrees(answer, fields, row, schema) for answer, row in zip(scored, rows, strict=True)
    )
    return agreeing, len(rows)


def _cells(row: Element) -> dict[str, str]:
    return {cell.tag.replace("}", ":").rpartition(":")[2]: cell.text or "" for cell in row}


def _column(field: Element) -> str:
    return field.get("column", field.get("field", "")).rpartition(":")[2]


def _input(schema: Schema, fields: Sequence[Element], row: Mapping[str, str]) -> dict[str, object]:
    texts = {field.get("field", ""): row.get(_column(field)) for field in fields}
    values: dict[str, object] = {}
    for field in schema:
        try:
            values[field.name] = read_value(field, texts.get(field.name))
        except BadValueError:
            values[field.name] = None
    return values


def _agrees(
    answer: Mapping[str, object], fields: Sequence[Element], row: Mapping[str, str], schema: Schema
) -> bool:
    targets = [field for field in fields if field.get("field") not in schema.names]
    for field in targets:
        name = field.get("field", "")
        expected = row.get(_column(field))
        given = answer.get(name, answer.get(PREDICTION))
        if expected is not None and not _same(given, expected, field):
            return False
    return True


def _same(given: object, expected: str, field: Element) -> bool:
    """Compare as the standard says: by ratio, and near zero by difference."""
    if given is None or isinstance(given, bool):
        return str(given).lower() == expected.strip().lower()
    try:
        number, wanted = float(str(given)), float(expected)
    except ValueError:
        return str(given).strip() == expected.strip()
    zero = float(field.get("zeroThreshold", _ZERO))
    if abs(wanted) <= zero:
        return abs(number) <= zero
    return math.isclose(number, wanted, rel_tol=float(field.get("precision", _PRECISION)))
