"""Forms are filled in from files that Slipway holds for a model (P5)."""

from pathlib import Path

import pytest

from core.errors import ModelNotFound
from core.platform import Platform
from core.runtimes.edits import FieldEdit, SchemaEdits
from core.services.accounts import Caller
from core.services.model_views import VersionView


@pytest.fixture
def ann(platform: Platform) -> Caller:
    return platform.accounts.register("ann", "correct horse")


@pytest.fixture
def sample(platform: Platform, ann: Caller) -> VersionView:
    return platform.samples.add(ann, "subscriptions")


def test_the_rows_of_a_samples_data_are_examples_that_the_model_takes(
    platform: Platform, ann: Caller, sample: VersionView
) -> None:
    found = platform.examples.list_(ann, sample.model.id)
    assert [(each.file_name, each.row) for each in found] == [
        ("subscribers.csv", row) for row in range(1, 6)
    ]
    answer = platform.predictions.test(ann, sample.model.id, [each.record for each in found])
    assert all("error" not in output for output in answer.records)


def test_pictures_are_examples_as_they_came(platform: Platform, ann: Caller) -> None:
    digits = platform.samples.add(ann, "digits")
    first = platform.examples.list_(ann, digits.model.id)[0]
    picture = first.record["image"]
    assert isinstance(picture, bytes)
    assert picture.startswith(b"\x89PNG")


def test_a_sample_whose_inputs_were_renamed_has_no_examples_any_more(
    platform: Platform, ann: Caller, sample: VersionView
) -> None:
    edits = SchemaEdits((FieldEdit("since"), *sample.edits.inputs[1:]))
    platform.revisions.save(ann, sample.model.id, edits)
    assert platform.examples.list_(ann, sample.model.id) == ()


def test_the_file_of_the_last_check_gives_examples_and_rows_that_are_wrong_are_left_out(
    platform: Platform, ann: Caller, sample: VersionView, tmp_path: Path
) -> None:
    model = add_under_another_name(platform, ann, sample, tmp_path)
    assert platform.examples.list_(ann, model) == ()
    header = "months,monthly_fee,support_calls,contract,payment,plan,prediction\n"
    rows = ["x,30,1,monthly,card,basic,stays\n", "7,30,1,monthly,card,basic,stays\n"]
    path = tmp_path / "expected.csv"
    path.write_text(header + "".join(rows))
    with path.open("rb") as source:
        staged = platform.files.stage(source, path.name, 1 << 20)
    platform.matching.check(ann, model, None, staged)
    [only] = platform.examples.list_(ann, model)
    assert (only.file_name, only.row, only.record["months"]) == ("expected.csv", 2, 7.0)


def add_under_another_name(
    platform: Platform, ann: Caller, sample: VersionView, folder: Path
) -> str:
    """Add the sample's file as somebody's own, which brings no data."""
    own = folder / "own.skops"
    own.write_bytes(platform.files.artifact(sample.source).read_bytes())
    with own.open("rb") as source:
        staged = platform.files.stage(source, own.name, 1 << 20)
    return platform.models.add(ann, "own", staged).model.id


def test_who_may_not_see_a_model_sees_no_examples_of_it(
    platform: Platform, ann: Caller, sample: VersionView
) -> None:
    ben = platform.accounts.register("ben", "correct horse")
    assert ann.id != ben.id
    with pytest.raises(ModelNotFound):
        platform.examples.list_(ben, sample.model.id)
