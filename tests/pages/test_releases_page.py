"""What people do to decide what is live: deploy, switch, roll back, try to load again (P6)."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.platform import Platform
from core.services.accounts import Caller
from core.services.deployment_views import DeploymentView
from core.services.model_views import ModelView
from tests.constant_models import FLOWER, constant_model
from tests.pages.conftest import add_model, ran, texts, visit

PAGE = "pages/deployments.py"
MODELS = "pages/models.py"


@pytest.fixture
def twice(platform: Platform, ann: Caller, iris: ModelView, tmp_path: Path) -> ModelView:
    """The model with a second version, which takes one field more and has notes."""
    path = constant_model(tmp_path / "two.skops", "two", (*FLOWER, "hue"))
    with path.open("rb") as file:
        staged = platform.files.stage(file, path.name, 1 << 20)
    return platform.models.add_version(ann, iris.id, staged, notes="with *hue*").model


@pytest.fixture
def service(platform: Platform, ann: Caller, twice: ModelView) -> DeploymentView:
    return platform.deployments.create(ann, twice.id, "it's <live>", 1)


def version_of(platform: Platform, caller: Caller, service: DeploymentView) -> int:
    return platform.deployments.get_by_id(caller, service.id).version


def pressed(app: AppTest, *keys: str) -> AppTest:
    """Press buttons in one run: one that opens a dialog, and one in it."""
    for key in keys:
        app.button(key=key).click()
    return ran(app)


def test_a_service_is_switched_in_a_dialog_that_warns_of_what_callers_will_notice(
    platform: Platform, ann: Caller, service: DeploymentView
) -> None:
    app = pressed(visit(ann, PAGE, deployment=service.id), "deployments_switch")
    assert app.selectbox(key="deployments_switch_version").options == ["Version 2"]
    assert "with *hue*" in texts(app)
    assert "The input hue is new and must be given." in app.warning[0].value
    app.text_input(key="deployments_switch_note").set_value("more hue")
    pressed(app, "deployments_switch", "deployments_switch_submit")
    assert version_of(platform, ann, service) == 2
    assert platform.releases.history(ann, service.id)[0].note == "more hue"


def test_one_click_goes_back_and_the_history_tells_of_it(
    platform: Platform, ann: Caller, service: DeploymentView
) -> None:
    app = visit(ann, PAGE, deployment=service.id)
    assert "deployments_roll_back" not in {button.key for button in app.button}
    platform.releases.switch(ann, service.id, 2)
    app = visit(ann, PAGE, deployment=service.id)
    assert app.button(key="deployments_roll_back").label == "Roll back to version 1"
    pressed(app, "deployments_roll_back")
    assert version_of(platform, ann, service) == 1
    told = app.dataframe[0].value["What was done"].tolist()
    assert told == [
        "rolled back to version 1",
        "switched to version 2",
        "deployed with version 1",
    ]


def test_a_service_of_a_model_with_one_version_says_how_to_get_another(
    platform: Platform, ann: Caller, iris_file: Path
) -> None:
    single = add_model(platform, ann, iris_file, "single")
    service = platform.deployments.create(ann, single.id, "prod")
    app = pressed(visit(ann, PAGE, deployment=service.id), "deployments_switch")
    assert "no other version yet" in texts(app)


def test_a_chosen_version_is_deployed_with_a_note(
    platform: Platform, ann: Caller, twice: ModelView
) -> None:
    app = pressed(visit(ann, MODELS, model=twice.id), "models_deploy")
    choice = app.selectbox(key="models_deploy_version")
    assert choice.options == ["Version 2", "Version 1"]
    assert "with *hue*" in texts(app)
    choice.set_value(1)
    app.text_input(key="models_deploy_name").set_value("prod")
    app.text_input(key="models_deploy_note").set_value("the first")
    pressed(app, "models_deploy", "models_deploy_submit")
    made = platform.deployments.get(ann, twice.id, "prod")
    assert made.version == 1
    assert platform.releases.history(ann, made.id)[0].note == "the first"


def test_a_service_that_cannot_be_loaded_says_why_and_is_tried_again(
    platform: Platform, ann: Caller, ben: Caller, service: DeploymentView, tmp_path: Path
) -> None:
    live = platform.deployments.live(service.endpoint)
    file = platform.files.artifact(live.artifact)
    platform.deployments._scorers.drop(live.version_id)
    file.rename(tmp_path / "kept")
    app = pressed(visit(ann, PAGE, deployment=service.id))
    assert not app.error
    with pytest.raises(Exception, match="missing"):
        platform.deployments.reload(ann, service.id)
    app = visit(ann, PAGE, deployment=service.id)
    assert "Calls of this service fail." in app.error[0].value
    assert "cannot be loaded" in texts(visit(ann, PAGE))
    assert "deployments_reload" not in {
        button.key for button in visit(ben, PAGE, deployment=service.id).button
    }
    pressed(app, "deployments_reload")
    assert len(app.error) == 2, "it is still gone"
    (tmp_path / "kept").rename(file)
    pressed(app, "deployments_reload")
    assert not app.error


def test_others_see_the_history_and_no_switches(ben: Caller, service: DeploymentView) -> None:
    app = visit(ben, PAGE, deployment=service.id)
    assert app.dataframe[0].value["By"].tolist() == ["ann"]
    keys = {button.key for button in app.button}
    assert not keys & {"deployments_switch", "deployments_roll_back", "deployments_pause"}
