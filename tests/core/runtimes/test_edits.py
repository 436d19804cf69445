"""What people add to a schema, laid over what the file says."""

from dataclasses import replace

import pyarrow as pa
import pytest

from core.preparation.engine import Steps
from core.runtimes.base import ModelInfo, Scorer
from core.runtimes.cache import ScorerCache
from core.runtimes.edits import FieldEdit, SchemaEdits, edited, hull, nameable_classes, narrowed
from core.runtimes.lending import Scorers
from core.schema import DataType, Field, Interval, Optype

NUMBERED = ModelInfo(
    format="onnx",
    function="classification",
    algorithm="a tree",
    engine="an engine",
    inputs=(Field("x_0", DataType.FLOAT), Field("x_1", DataType.INTEGER)),
    outputs=(
        Field("prediction", DataType.INTEGER, Optype.CATEGORICAL, categories=("0", "1")),
        Field("probability_0", DataType.FLOAT, intervals=(Interval(0, 1),)),
        Field("probability_1", DataType.FLOAT, intervals=(Interval(0, 1),)),
    ),
    sample={"x_0": 0.5, "x_1": 3},
)
NAMES = SchemaEdits(classes=("no", "yes"))


class Fixed(Scorer):
    """Gives one batch whatever it is asked."""

    def __init__(self, scored: pa.RecordBatch) -> None:
        self._scored = scored

    def score(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        return self._scored


def lent(scored: pa.RecordBatch, info: ModelInfo) -> pa.RecordBatch:
    """Score with a scorer that gives `scored`, as it is lent for a version of `info`."""
    cache: ScorerCache[str] = ScorerCache(lambda _: Fixed(scored), 1)
    with Scorers(cache, Steps()).get("a", info) as scorer:
        return scorer.score(scored)


def test_nothing_added_leaves_what_the_file_says() -> None:
    assert edited(NUMBERED, SchemaEdits()) == NUMBERED


def test_a_new_name_is_that_of_the_sample_too_and_the_order_stays() -> None:
    edits = SchemaEdits((FieldEdit(), FieldEdit("rooms", "Rooms", unit="pieces")))
    after = edited(NUMBERED, edits)
    assert after.input_schema.names == ["x_0", "rooms"]
    assert after.sample == {"x_0": 0.5, "rooms": 3}
    assert (after.inputs[1].label, after.inputs[1].unit) == ("Rooms", "pieces")


def test_the_sample_is_always_one_that_the_edited_schema_takes() -> None:
    edits = SchemaEdits((FieldEdit(low=2, high=9), FieldEdit(categories=("7", "8"))))
    assert edited(NUMBERED, edits).sample == {"x_0": 2.0, "x_1": 7}
    wanted = SchemaEdits((FieldEdit(default="0.25"), FieldEdit(default="4")))
    assert edited(NUMBERED, wanted).sample == {"x_0": 0.25, "x_1": 4}


def test_categories_make_a_number_categorical() -> None:
    field = edited(NUMBERED, SchemaEdits((FieldEdit(), FieldEdit(categories=("1", "2"))))).inputs[1]
    assert (field.optype, field.categories) == (Optype.CATEGORICAL, ("1", "2"))


@pytest.mark.parametrize(
    ("intervals", "low", "high", "left"),
    [
        ((), 0, None, ["[0, ∞)"]),
        ((Interval(0, 10, low_open=True),), None, 5, ["(0, 5]"]),
        ((Interval(0, 10, low_open=True),), 0, 5, ["(0, 5]"]),
        ((Interval(0, 1), Interval(5, 9)), 0.5, 6, ["[0.5, 1]", "[5, 6]"]),
        ((Interval(0, 1), Interval(5, 9)), 2, 4, []),
        ((Interval(0, 1, high_open=True),), 1, None, []),
    ],
)
def test_a_range_is_cut_out_of_what_the_file_allows(
    intervals: tuple[Interval, ...], low: float | None, high: float | None, left: list[str]
) -> None:
    assert list(map(str, narrowed(intervals, low, high))) == left


def test_the_hull_is_open_where_one_interval_is() -> None:
    assert hull((Interval(0, 1), Interval(5, None))) == (0, None)
    assert hull(()) == (None, None)


def test_only_classes_that_are_numbers_can_be_named() -> None:
    assert nameable_classes(NUMBERED) == ("0", "1")
    said = replace(NUMBERED.outputs[0], type=DataType.STRING, categories=("setosa", "virginica"))
    assert nameable_classes(replace(NUMBERED, outputs=(said,))) == ()


def test_named_classes_are_in_the_schema_and_in_what_is_scored() -> None:
    info = edited(NUMBERED, NAMES)
    assert info.output_schema.names == ["prediction", "probability_no", "probability_yes"]
    assert info.outputs[0].type is DataType.STRING
    raw = pa.record_batch(
        [
            pa.array([1, 0, None]),
            pa.array([0.1, 0.9, None], pa.float32()),
            pa.array([0.9, 0.1, None], pa.float32()),
            pa.array([None, None, "no"]),
        ],
        ["prediction", "probability_0", "probability_1", "error"],
    )
    scored = lent(raw, info)
    assert scored.schema.names == [*info.output_schema.names, "error"]
    assert scored.column("prediction").to_pylist() == ["yes", "no", None]
    assert scored.column("probability_yes").equals(raw.column("probability_1"))
    assert scored.column("error").to_pylist() == [None, None, "no"]


@pytest.mark.parametrize(
    ("codes", "given"),
    [(("0", "1"), ["1", "0", "7"]), (("0.0", "1.0"), [1.0, 0.0, 7.0])],
)
def test_a_class_that_has_no_name_is_told_as_the_engine_tells_it(
    codes: tuple[str, ...], given: list[object]
) -> None:
    outputs = (replace(NUMBERED.outputs[0], categories=codes),)
    info = edited(replace(NUMBERED, outputs=outputs), NAMES)
    raw = pa.record_batch([pa.array(given), pa.nulls(3, pa.string())], ["prediction", "error"])
    assert lent(raw, info).column("prediction").to_pylist() == ["yes", "no", "7"]


def test_a_scorer_without_names_is_lent_as_it_is() -> None:
    scored = pa.record_batch([pa.nulls(1, pa.string())], ["error"])
    cache: ScorerCache[str] = ScorerCache(lambda _: Fixed(scored), 1)
    renamed = edited(NUMBERED, SchemaEdits((FieldEdit("a"), FieldEdit("b"))))
    with cache.get("a") as loaded, Scorers(cache, Steps()).get("a", renamed) as scorer:
        assert scorer is loaded
