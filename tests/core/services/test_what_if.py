"""What if: models whose curves are known, and what cannot be swept."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.linear_model import LinearRegression, RidgeClassifier
from sklearn.tree import DecisionTreeClassifier

from core.errors import InvalidInput
from core.platform import Platform
from core.runtimes.edits import FieldEdit, SchemaEdits
from core.schema import DataType, Field, Interval
from core.services.accounts import Caller
from core.services.model_views import ModelView
from core.services.sweeps import Origin, span_of, why_not
from core.services.what_if import MOST_ROWS
from tests.shortcuts import quick_platform

SLOPES = {"a": 3.0, "b": -2.0, "c": 0.5}
RECORD: dict[str, object] = {"a": 1.0, "b": 2.0, "c": 40.0}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with quick_platform(tmp_path_factory.mktemp("storage")) as opened:
        yield opened


@pytest.fixture(scope="module")
def ann(platform: Platform) -> Caller:
    return platform.accounts.register("ann", "correct horse")


def added(platform: Platform, ann: Caller, estimator: object, path: Path) -> ModelView:
    skops.io.dump(estimator, path)
    with path.open("rb") as source:
        staged = platform.files.stage(source, path.name, 1 << 20)
    return platform.models.add(ann, path.stem, staged).model


@pytest.fixture(scope="module")
def linear(platform: Platform, ann: Caller, tmp_path_factory: pytest.TempPathFactory) -> ModelView:
    """y = 3 a - 2 b + c / 2 + 7, with ranges for a (0 to 10) and b (0 to 100)."""
    rows = pd.DataFrame(np.random.default_rng(0).normal(size=(50, 3)), columns=list(SLOPES))
    line = LinearRegression().fit(rows, rows.to_numpy() @ list(SLOPES.values()) + 7)
    model = added(platform, ann, line, tmp_path_factory.mktemp("linear") / "linear.skops")
    ranges = (FieldEdit(low=0, high=10), FieldEdit(low=0, high=100), FieldEdit())
    platform.revisions.save(ann, model.id, SchemaEdits(ranges))
    return model


def test_the_curve_of_a_linear_model_is_a_line_with_its_slope(
    platform: Platform, ann: Caller, linear: ModelView
) -> None:
    for curve in platform.what_if.sweep(ann, linear.id, RECORD).curves:
        xs = np.array(curve.values, dtype=float)
        ys = np.array(curve.series["prediction"], dtype=float)
        np.testing.assert_allclose(np.diff(ys) / np.diff(xs), SLOPES[curve.field], rtol=1e-6)
        assert curve.present in curve.values


def test_fields_are_ranked_by_how_far_they_move_the_answer(
    platform: Platform, ann: Caller, linear: ModelView
) -> None:
    sweeps = platform.what_if.sweep(ann, linear.id, RECORD)
    effects = {curve.field: curve.effect for curve in sweeps.curves}
    assert next(iter(effects)) == "b"  # 100 times 2
    assert effects["b"] == pytest.approx(200)
    assert effects["a"] == pytest.approx(30)
    assert sweeps.followed == "prediction"
    assert sweeps.answer == pytest.approx(3 - 4 + 20 + 7)


def test_each_sweep_says_where_its_range_comes_from(
    platform: Platform, ann: Caller, linear: ModelView
) -> None:
    curves = {c.field: c for c in platform.what_if.sweep(ann, linear.id, RECORD).curves}
    assert curves["a"].origin is Origin.MODEL
    assert (curves["a"].values[0], curves["a"].values[-1]) == (0, 10)
    assert curves["c"].origin in (Origin.EXAMPLE, Origin.AROUND)


def test_two_fields_make_a_grid(platform: Platform, ann: Caller, linear: ModelView) -> None:
    grid = platform.what_if.cross(ann, linear.id, RECORD, ("b", "a"))
    rows, columns = (np.array(c.values, dtype=float) for c in (grid.first, grid.second))
    expected = -2 * rows[:, None] + 3 * columns[None, :] + 20 + 7
    np.testing.assert_allclose(np.array(grid.numbers, dtype=float), expected, atol=1e-9)


@pytest.mark.parametrize("fields", [("a", "a"), ("a", "z")])
def test_a_grid_needs_two_fields_that_there_are(
    platform: Platform, ann: Caller, linear: ModelView, fields: tuple[str, str]
) -> None:
    with pytest.raises(InvalidInput, match="two different fields of these: a, b, c"):
        platform.what_if.cross(ann, linear.id, RECORD, fields)


def test_nothing_is_counted_as_a_call(platform: Platform, ann: Caller, linear: ModelView) -> None:
    platform.deployments.create(ann, linear.id, "live")
    platform.what_if.sweep(ann, linear.id, RECORD)
    platform.what_if.cross(ann, linear.id, RECORD, ("a", "b"))
    platform.calls.flush()
    assert platform.calls.counts() == {}


def test_a_classifier_is_followed_by_the_chance_of_its_answer(
    platform: Platform, ann: Caller
) -> None:
    version = platform.samples.add(ann, "subscriptions")
    sweeps = platform.what_if.sweep(ann, version.model.id, dict(version.info.sample))
    assert sweeps.followed == f"probability_{sweeps.answer}"
    contract = next(curve for curve in sweeps.curves if curve.field == "contract")
    assert contract.values == ("monthly", "two years", "yearly")
    assert not contract.is_numeric
    for pair in zip(*contract.series.values(), strict=True):
        assert sum(value or 0 for value in pair) == pytest.approx(1)
    assert not sweeps.left_out


def test_a_label_without_numbers_moves_by_the_share_of_values_that_change_it(
    platform: Platform, ann: Caller, tmp_path: Path
) -> None:
    rows = pd.DataFrame({"x": np.linspace(-1, 1, 50)})
    ridge = RidgeClassifier().fit(rows, np.where(rows["x"] > 0, "high", "low"))
    model = added(platform, ann, ridge, tmp_path / "ridge.skops")
    sweeps = platform.what_if.sweep(ann, model.id, {"x": 0.5})
    [curve] = sweeps.curves
    assert (sweeps.answer, sweeps.followed, curve.series) == ("high", "", {})
    low = [answer for answer in curve.answers if answer == "low"]
    assert curve.effect == pytest.approx(len(low) / len(curve.answers))


def test_pictures_are_left_out_with_the_reason(platform: Platform, ann: Caller) -> None:
    version = platform.samples.add(ann, "digits")
    sweeps = platform.what_if.sweep(ann, version.model.id, dict(version.info.sample))
    assert sweeps.curves == ()
    assert sweeps.left_out == {"image": "a picture"}


def test_two_hundred_fields_are_swept_within_bounds(
    platform: Platform, ann: Caller, tmp_path: Path
) -> None:
    names = [f"x{n}" for n in range(200)]
    rows = pd.DataFrame(np.random.default_rng(1).normal(size=(20, 200)), columns=names)
    tree = DecisionTreeClassifier(max_depth=3).fit(rows, ["p", "q"] * 10)
    model = added(platform, ann, tree, tmp_path / "wide.skops")
    sweeps = platform.what_if.sweep(ann, model.id, dict.fromkeys(names, 0.5))
    assert len(sweeps.curves) == 200
    assert sweeps.rows <= MOST_ROWS + 2 * 200  # the present value is added to each


def test_a_record_that_cannot_be_scored_says_which_field(
    platform: Platform, ann: Caller, linear: ModelView
) -> None:
    with pytest.raises(InvalidInput, match="b is not given"):
        platform.what_if.sweep(ann, linear.id, {"a": 1, "c": 1})


NUMBER = Field("n", DataType.DOUBLE)


@pytest.mark.parametrize(
    ("field", "present", "why"),
    [
        (Field("t", DataType.STRING), "x", "free text"),
        (Field("d", DataType.DATE), None, "a date or a time"),
        (replace(NUMBER, shape=(3,)), None, "an array"),
        (NUMBER, None, "no value and no range"),
        (replace(NUMBER, intervals=(Interval(0, 1),)), None, ""),
        (Field("b", DataType.BOOLEAN), True, ""),
    ],
)
def test_what_cannot_be_swept_says_why(field: Field, present: object, why: str) -> None:
    assert why_not(field, present) == why


def test_whole_numbers_stay_whole_and_allowed() -> None:
    field = Field("k", DataType.INTEGER, intervals=(Interval(0, 3), Interval(7, 9)))
    assert span_of(field, 2, None, 41).values == (0, 1, 2, 3, 7, 8, 9)


def test_without_a_range_the_example_widens_what_is_swept() -> None:
    assert span_of(NUMBER, 10.0, 20.0, 3).values == (5, 10, 15, 25)
    assert span_of(NUMBER, 10.0, None, 3).values == (5, 10, 15)
    half_open = replace(NUMBER, intervals=(Interval(8, None),))
    assert span_of(half_open, 10.0, None, 3).values[0] == 8
