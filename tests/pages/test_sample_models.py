"""The sample models on the pages: added with one click, and scored with another."""

import pytest

from core.platform import Platform
from core.services.accounts import Caller
from core.services.model_views import ModelView, VersionView
from tests.pages.conftest import ran, texts, visit


@pytest.fixture
def bikes(platform: Platform, ann: Caller) -> VersionView:
    return platform.samples.add(ann, "bikes")


@pytest.mark.parametrize(
    ("page", "key"), [("Home.py", "home_samples"), ("pages/models.py", "models_samples")]
)
def test_one_click_adds_every_sample_model(
    platform: Platform, ann: Caller, page: str, key: str
) -> None:
    app = visit(ann, page)
    app.button(key=key).click()
    ran(app)
    assert len(platform.models.list_(ann)) == 4
    assert all(view.model_id for view in platform.samples.list_(ann))


def test_a_viewer_is_offered_none(platform: Platform, ann: Caller) -> None:
    platform.people.add(ann, "vic", "viewer")
    handed = platform.people.reset_password(ann, "vic").password
    vic = platform.accounts.sign_in("vic", handed)
    platform.accounts.change_password(vic, handed, "correct horse")
    for page in ("Home.py", "pages/models.py"):
        assert "Add the sample models" not in {button.label for button in visit(vic, page).button}


def test_the_data_of_a_sample_are_scored_with_one_click(
    platform: Platform, ann: Caller, bikes: VersionView
) -> None:
    app = visit(ann, "pages/predict.py", model=bikes.model.id)
    app.button(key="predict_sample_submit").click()
    ran(app)
    platform.runner.run_until_idle()
    [task] = platform.jobs.list_(ann).tasks
    assert (task.file_name, task.state, task.rows_done) == ("bike-days.csv", "succeeded", 60)


def test_other_models_have_no_sample_data(ann: Caller, iris: ModelView) -> None:
    app = visit(ann, "pages/predict.py", model=iris.id)
    assert "Sample data" not in texts(app)
    assert "Score the sample file" not in {button.label for button in app.button}
