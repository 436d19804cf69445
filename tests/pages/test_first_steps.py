"""The checklist on the home page."""

from core.platform import Platform
from core.services.accounts import Caller
from core.services.model_views import ModelView
from tests.pages.conftest import ran, texts, visit


def test_what_was_done_is_ticked_and_the_rest_has_links(ann: Caller, iris: ModelView) -> None:
    app = visit(ann)
    assert "2 of 5 done" in texts(app)  # uploaded, and shared with the team
    assert {"Try it", "Open the model", "Choose a file"} <= {link.label for link in app.page_link}


def test_a_test_on_the_form_counts(ann: Caller, iris: ModelView) -> None:
    app = visit(ann, "pages/predict.py", model=iris.id)
    app.button(key="predict_submit").click()
    ran(app)
    told = visit(ann)
    assert "3 of 5 done" in texts(told)
    assert "3. Deploy" in texts(told)  # the next one, in a row of its own
    assert "4. Score a file" not in texts(told)
    assert "Open the model" in {link.label for link in told.page_link}
    assert "home_steps_dismiss" in {button.key for button in told.button}


def test_a_dismissal_is_for_good_and_for_oneself(
    platform: Platform, ann: Caller, ben: Caller, iris: ModelView
) -> None:
    app = visit(ann)
    app.button(key="home_steps_dismiss").click()
    assert "First steps" not in texts(ran(app))
    assert "First steps" not in texts(visit(ann))
    assert "First steps" in texts(visit(ben))


def test_who_has_dismissed_them_is_still_told_how_to_begin(platform: Platform, ann: Caller) -> None:
    platform.first_steps.dismiss(ann)
    app = visit(ann)
    assert "There is no model yet" in texts(app)
    assert "Add the sample models" in {button.label for button in app.button}


def test_the_first_step_opens_the_upload_which_stays_open_until_it_is_dismissed(
    ann: Caller,
) -> None:
    """P2: whatever runs the page anew meanwhile, a cookie that is written late for one."""
    app = visit(ann, "pages/models.py", upload="1")
    assert "models_upload_file" in {each.key for each in app.file_uploader}
    assert "models_upload_file" in {each.key for each in ran(app).file_uploader}
    del app.query_params["upload"]
    assert not ran(app).file_uploader
