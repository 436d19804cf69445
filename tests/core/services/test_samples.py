"""The sample models: made by Slipway, added like uploads, and good on their own data."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import InvalidInput, NotAllowed
from core.inputs.recognition import recognise
from core.platform import Platform
from core.samples.catalogue import SAMPLES
from core.samples.sample import Sample
from core.services.accounts import Caller
from tests.shortcuts import quick_platform

KEYS = [sample.key for sample in SAMPLES]
PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with quick_platform(tmp_path_factory.mktemp("storage")) as opened:
        yield opened


@pytest.fixture(scope="module")
def ann(platform: Platform) -> Caller:
    return platform.accounts.register("ann", PASSWORD)


@pytest.fixture(scope="module")
def ben(platform: Platform, ann: Caller) -> Caller:
    return platform.accounts.register("ben", PASSWORD)


def scored(platform: Platform, caller: Caller, key: str) -> list[dict[str, str]]:
    """Return the rows of a sample's data as its model scores them, as a task."""
    version = platform.samples.add(caller, key)
    data = platform.samples.data(version)
    assert data is not None
    staged = platform.files.stage(io.BytesIO(data.write()), data.name, 1 << 20)
    kind = recognise(staged.path, staged.name)
    task = platform.jobs.submit(caller, version, staged, kind=kind)
    platform.runner.run_until_idle()
    text = b"".join(platform.jobs.export(caller, task.id, "csv")).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("sample", SAMPLES, ids=KEYS)
def test_a_sample_is_small_and_its_data_always_the_same(sample: Sample) -> None:
    assert len(sample.write()) < 200_000
    assert sample.write_data() == sample.write_data()


@pytest.mark.parametrize("key", KEYS)
def test_every_row_of_a_samples_data_is_scored_by_its_model(
    platform: Platform, ann: Caller, key: str
) -> None:
    rows = scored(platform, ann, key)
    assert 12 <= len(rows) <= 100
    assert {row["error"] for row in rows} == {""}
    assert len({row["prediction"] for row in rows}) > 1
    if key == "digits":
        assert [row["prediction"] for row in rows] == [row["member"][0] for row in rows]


@pytest.mark.parametrize("key", KEYS)
def test_a_sample_says_what_its_inputs_are(platform: Platform, ann: Caller, key: str) -> None:
    info = platform.samples.add(ann, key).info
    assert all(field.label for field in info.inputs)
    assert all(field.range or field.image for field in info.inputs)
    assert not info.warnings


def test_a_sample_is_added_once_for_each_person(
    platform: Platform, ann: Caller, ben: Caller
) -> None:
    first = platform.samples.add(ann, "bikes")
    platform.models.update(ann, first.model.id, name="My own name for it")
    assert platform.samples.add(ann, "bikes").id == first.id
    assert platform.samples.add(ben, "bikes").id != first.id
    have = {view.key: view.model_id for view in platform.samples.list_(ann)}
    assert have["bikes"] == first.model.id


def test_a_name_that_is_taken_is_numbered(platform: Platform, ann: Caller, ben: Caller) -> None:
    bikes = platform.samples.add(ben, "bikes").model
    platform.models.delete(ben, bikes.id)
    mine = platform.samples.add(ben, "digits").model
    platform.models.update(ben, mine.id, name=bikes.name)
    assert platform.samples.add(ben, "bikes").model.name == "Bike days (sample) 2"


def test_a_sample_that_was_deleted_can_be_added_again(platform: Platform, ann: Caller) -> None:
    first = platform.samples.add(ann, "bikes")
    platform.models.delete(ann, first.model.id)
    assert platform.samples.add(ann, "bikes").id != first.id


def test_an_unknown_sample_is_refused_by_name(platform: Platform, ann: Caller) -> None:
    with pytest.raises(InvalidInput, match='no sample "x"; there are subscriptions, machine'):
        platform.samples.add(ann, "x")


def test_viewers_add_no_samples(platform: Platform, ann: Caller) -> None:
    platform.people.add(ann, "vic", "viewer")
    vic = platform.accounts.sign_in("vic", platform.people.reset_password(ann, "vic").password)
    with pytest.raises(NotAllowed):
        platform.samples.add(vic, "bikes")


def test_other_models_have_no_sample_data(platform: Platform, ann: Caller, tmp_path: Path) -> None:
    source = io.BytesIO(SAMPLES[2].write())
    staged = platform.files.stage(source, "my-own.onnx", 1 << 20)
    assert platform.samples.data(platform.models.add(ann, "own", staged)) is None
