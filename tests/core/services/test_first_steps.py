"""The first steps: what was done is what the record says, and a dismissal holds."""

import pytest
from sqlalchemy import func, select

from core.db.engine import Database
from core.db.tables import Event
from core.errors import ModelNotFound
from core.services.accounts import Caller
from core.services.deployments import Deployments
from core.services.first_steps import FirstSteps, Step
from core.services.jobs import Jobs
from core.services.model_views import VersionView
from core.services.models import Models
from tests.core.services.conftest import Uploads


@pytest.fixture
def steps(database: Database) -> FirstSteps:
    return FirstSteps(database)


def events(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Event)) or 0


def test_a_newcomer_has_done_nothing(steps: FirstSteps, ann: Caller) -> None:
    progress = steps.progress(ann)
    assert not progress.done
    assert not progress.is_over
    assert progress.model_id is None


def test_each_step_is_done_once_it_was_really_done(
    steps: FirstSteps,
    ann: Caller,
    bob: Caller,
    version: VersionView,
    models: Models,
    deployments: Deployments,
    jobs: Jobs,
    upload: Uploads,
) -> None:
    model = version.model.id
    assert steps.progress(ann).done == {Step.UPLOAD}
    assert steps.progress(ann).model_id == model
    steps.note_test(ann, model)
    assert Step.TEST in steps.progress(ann).done
    deployments.create(ann, model, "live")
    assert Step.DEPLOY in steps.progress(ann).done
    jobs.submit(ann, version, upload("age,sex\n3,f\n", "a.csv"), kind="csv")
    assert Step.SCORE in steps.progress(ann).done
    models.update(ann, model, visibility="team")
    assert steps.progress(ann).is_over
    assert not steps.progress(bob).done


def test_they_stay_done_though_the_model_goes(
    steps: FirstSteps, ann: Caller, version: VersionView, models: Models
) -> None:
    models.delete(ann, version.model.id)
    assert steps.progress(ann).done == {Step.UPLOAD}


def test_only_the_first_test_is_on_record(
    database: Database, steps: FirstSteps, ann: Caller, version: VersionView
) -> None:
    before = events(database)
    for each in (steps, steps, FirstSteps(database)):
        each.note_test(ann, version.model.id)
    assert events(database) == before + 1


def test_a_dismissal_is_kept_for_the_account(
    database: Database, steps: FirstSteps, ann: Caller, bob: Caller
) -> None:
    steps.dismiss(ann)
    assert FirstSteps(database).progress(ann).is_over
    assert not FirstSteps(database).progress(bob).is_over


def test_a_model_that_one_may_not_see_was_not_tested(
    steps: FirstSteps, bob: Caller, version: VersionView
) -> None:
    with pytest.raises(ModelNotFound):
        steps.note_test(bob, version.model.id)
