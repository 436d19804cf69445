"""What a loaded PMML4S model gives: its outputs under the names that Slipway promises.

A classifier has `prediction` and `probability_<class>`, everything else `prediction`; the outputs
that the file itself names come under those names too.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from core.runtimes.base import PREDICTION, PROBABILITY
from core.runtimes.pmml_java import JavaObject
from core.schema import DataType, Field, Optype

_TYPES = {
    "integer": DataType.INTEGER,
    "float": DataType.DOUBLE,
    "double": DataType.DOUBLE,
    "real": DataType.DOUBLE,
    "boolean": DataType.BOOLEAN,
}
_OPTYPES = {"continuous": Optype.CONTINUOUS, "ordinal": Optype.ORDINAL}
_NO_PROBABILITIES = ("NearestNeighborModel", "SupportVectorMachineModel")
_ANSWERS = ("predictedValue", "clusterId", "consequent", "entityId", "rule", "ruleId")


@dataclass(frozen=True, slots=True)
class EngineOutput:
    """One output as the engine names it; `place` is its index, or its name in any result."""

    name: str
    place: int | str
    feature: str
    value: str | None
    type: DataType
    optype: Optype
    own: bool


@dataclass(frozen=True, slots=True)
class Output:
    """One output of Slipway and where the engine puts it.

    `answers`: a row without any of these has no result.
    """

    field: Field
    place: int | str
    answers: bool


def outputs_of(model: JavaObject) -> list[Output]:
    """Return the outputs of a model, first the promised names, then the file's own.

    Residuals are left out: they need the true answer, which nobody has who asks for one.
    """
    engine = [output for output in _engine_outputs(model) if output.feature != "residual"]
    classes = tuple(label_of(value) for value in model.classes())
    found = [*_predictions(engine, classes), *_probabilities(engine)]
    names = {output.field.name for output in found}
    replaced = {output.place for output in found}
    for output in engine:
        if output.name not in names and (output.own or output.place not in replaced):
            found.append(_output(output, output.name))
            names.add(output.name)
    if not any(output.answers for output in found):
        return [Output(output.field, output.place, answers=True) for output in found]
    return found


def supplement(model: JavaObject) -> None:
    """Add the predicted class and the probabilities to a file's own outputs where it names none.

    The engine's own switch for this (`setSupplementOutput`) also changes models inside the model,
    and fails where there is no target; so the list of outputs is set here instead. Probabilities
    are left out where the engine has none (nearest neighbours) or has shares of votes.
    """
    if model.output().isEmpty() or model.targetField() is None or len(model.targetNames()) != 1:
        return
    own = list(model.output().get().outputFields())
    known = {_feature(output) for output in own if output.isFinalResult()}
    missing = [
        output
        for output in model.defaultOutputFields()
        if _feature(output) not in known
        and str(output.feature()) in ("predictedValue", "probability")
    ]
    with_probabilities = str(model.modelElement()) not in _NO_PROBABILITIES
    wanted = [
        output
        for output in missing
        if _feature(output)[0] == "predictedValue"
        or (with_probabilities and _feature(output)[1] is not None)
    ]
    if wanted:
        model.setOutputFields(own + wanted)


def label_of(value: JavaObject) -> str:
    """Return a value of the engine as text, numbers as a file writes them."""
    plain = value.toVal()
    return f"{float(plain):.15g}" if str(value.dataType()) == "double" else str(plain)


def _engine_outputs(model: JavaObject) -> Iterator[EngineOutput]:
    own = set()
    if model.output().isDefined():
        own = {str(output.name()) for output in model.output().get().outputFields()}
    segments = select_first_segments(model)
    if not segments:
        for index, output in enumerate(model.outputFields()):
            if output.isFinalResult():
                yield _engine_output(output, index, own)
        return
    seen = set()
    for segment in segments:
        for output in segment.model().outputFields():
            name = str(output.name())
            if name not in seen:
                seen.add(name)
                yield _engine_output(output, name, own)


def select_first_segments(model: JavaObject) -> list[JavaObject]:
    """Return the segments of a select-first model, whose results have their own outputs each."""
    if str(model.modelElement()) != "MiningModel" or model.segmentation().isEmpty():
        return []
    segmentation = model.segmentation().get()
    first = str(segmentation.multipleModelMethod()) == "selectFirst"
    return list(segmentation.segments()) if first else []


def _engine_output(output: JavaObject, place: int | str, own: set[str]) -> EngineOutput:
    name = str(output.name())
    feature, value = _feature(output)
    return EngineOutput(
        name=name,
        place=place,
        feature=feature,
        value=value,
        type=_TYPES.get(str(output.dataType()), DataType.STRING),
        optype=_OPTYPES.get(str(output.opType()), Optype.CATEGORICAL),
        own=name in own,
    )


def _feature(output: JavaObject) -> tuple[str, str | None]:
    value = output.value()
    return str(output.feature()), label_of(value.get()) if value.isDefined() else None


def _predictions(engine: list[EngineOutput], classes: tuple[str, ...]) -> Iterator[Output]:
    for feature in _ANSWERS:
        for output in engine:
            if output.feature == feature:
                yield _output(output, PREDICTION, classes, answers=True)
                return


def _probabilities(engine: list[EngineOutput]) -> Iterator[Output]:
    seen = set()
    for output in engine:
        if (
            output.feature == "probability"
            and output.value is not None
            and output.value not in seen
        ):
            seen.add(output.value)
            yield _output(output, PROBABILITY + output.value)


def _output(
    output: EngineOutput, name: str, classes: tuple[str, ...] = (), *, answers: bool = False
) -> Output:
    number = output.type in (DataType.INTEGER, DataType.DOUBLE)
    optype = Optype.CATEGORICAL if classes or not number else output.optype
    if not classes and number and output.feature != "predictedValue":
        optype = Optype.CONTINUOUS
    field = Field(name, output.type, optype, categories=classes, required=False, nullable=True)
    return Output(field, output.place, answers)
