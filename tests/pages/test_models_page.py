"""The list of models and the page of one."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import PageLink

from core.errors import ModelNotFound
from core.platform import Platform
from core.services.accounts import Caller, Role
from core.services.deployment_views import DeploymentView
from core.services.model_views import ModelView
from pages.components.model_list import PAGE_SIZE
from tests.pages.conftest import add_model, lose_file, names_of, ran, texts, visit

PAGE = "pages/models.py"
LONG = "模型 😀 " + "n" * 94


def shown(app: AppTest) -> list[str]:
    """Return the names of the models in the list, as they stand there."""
    menu = {link.value for link in app.sidebar.get("page_link") if isinstance(link, PageLink)}
    return [name for name in names_of(app) if name not in menu]


def opened(app: AppTest, dialog: str) -> AppTest:
    """Open a dialog by its button."""
    app.button(key=dialog).click()
    return ran(app)


def submitted(app: AppTest, dialog: str, button: str) -> AppTest:
    """Press a button inside an open dialog.

    A browser would rerun the dialog alone; AppTest reruns the page, so it is opened again.
    """
    app.button(key=dialog).click()
    app.button(key=button).click()
    return ran(app)


def test_an_empty_list_says_what_to_do_next(ann: Caller) -> None:
    app = visit(ann, PAGE)
    assert "No models yet" in texts(app)
    assert "Upload a PMML, ONNX or scikit-learn file" in texts(app)


def test_a_viewer_is_offered_no_upload(platform: Platform, ann: Caller, ben: Caller) -> None:
    platform.people.set_role(ann, "ben", Role.VIEWER)
    app = visit(ben, PAGE)
    assert "models_upload" not in {button.key for button in app.button}


def test_the_search_finds_every_word_in_any_case(
    platform: Platform, ann: Caller, iris: ModelView, iris_file: Path
) -> None:
    add_model(platform, ann, iris_file, "Churn of spring")
    app = visit(ann, PAGE)
    assert set(shown(app)) == {iris.name, "Churn of spring"}
    app.text_input(key="models_search").set_value("SPRING churn")
    assert shown(ran(app)) == ["Churn of spring"]
    app.text_input(key="models_search").set_value("churn iris")
    assert "No model fits" in texts(ran(app))


def test_the_filter_mine_leaves_out_what_others_share(ben: Caller, iris: ModelView) -> None:
    app = visit(ben, PAGE)
    assert shown(app) == [iris.name]
    app.segmented_control(key="models_whose").set_value("mine")
    assert shown(ran(app)) == []


def test_the_list_is_sorted_as_asked(
    platform: Platform, ann: Caller, iris: ModelView, iris_file: Path
) -> None:
    for name in ("b", "a"):
        add_model(platform, ann, iris_file, name)
    app = visit(ann, PAGE)
    assert shown(app) == ["a", "b", iris.name]
    app.selectbox(key="models_sort").set_value("name")
    assert shown(ran(app)) == ["a", "b", iris.name]
    app.selectbox(key="models_sort").set_value("oldest")
    assert shown(ran(app)) == [iris.name, "b", "a"]


def test_a_long_list_has_pages(platform: Platform, ann: Caller, iris_file: Path) -> None:
    for number in range(PAGE_SIZE + 1):
        add_model(platform, ann, iris_file, f"model {number:02}")
    app = visit(ann, PAGE)
    assert len(shown(app)) == PAGE_SIZE
    app.pagination(key="models_page").set_value(2)
    assert shown(ran(app)) == ["model 00"]


def test_names_of_any_script_are_shown_as_they_are(
    platform: Platform, ann: Caller, iris_file: Path
) -> None:
    model = add_model(platform, ann, iris_file, LONG)
    tricky = add_model(platform, ann, iris_file, "a*b*c :red[d] $x$ [e]")
    assert "模型 😀 nnn" in shown(visit(ann, PAGE))[1]
    assert visit(ann, PAGE, model=model.id).title[0].value.endswith("n" * 94)
    title = visit(ann, PAGE, model=tricky.id).title[0].value
    assert r"a\*b\*c" in title
    assert ":red[" not in title


def test_a_model_shows_what_goes_in_and_what_comes_out(ann: Caller, iris: ModelView) -> None:
    app = visit(ann, PAGE, model=iris.id)
    inputs, outputs, _ = (table.value for table in app.dataframe)
    assert list(inputs["Name"]) == ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    assert list(inputs) == ["Name", "Type", "Range", "Dimension", "Optype", "Missing"]
    assert outputs["Range"][0] == "setosa, versicolor, virginica"
    assert "curl " in texts(app)


def test_others_see_a_team_model_and_may_not_change_it(ben: Caller, iris: ModelView) -> None:
    app = visit(ben, PAGE, model=iris.id)
    keys = {button.key for button in app.button}
    assert "models_try" in keys
    assert not keys & {"models_deploy", "models_version", "models_edit", "models_delete"}
    assert "owner=ann" in texts(app)


def test_a_model_that_one_may_not_see_is_not_found(
    platform: Platform, ann: Caller, ben: Caller, iris_file: Path
) -> None:
    secret = add_model(platform, ann, iris_file, "Secret")
    app = visit(ben, PAGE, model=secret.id)
    assert "There is nothing at this address" in texts(app)
    assert "Secret" not in texts(app)


def test_the_deployments_of_a_model_are_rows_of_its_page(
    ann: Caller, iris: ModelView, service: DeploymentView
) -> None:
    """I15."""
    app = visit(ann, PAGE, model=iris.id)
    (row,) = [each.value for each in app.markdown if "version 1 · made" in each.value]
    assert "running" in row
    assert service.name in names_of(app)


def test_a_model_says_which_of_its_deployments_cannot_be_loaded(
    platform: Platform, ann: Caller, iris: ModelView, service: DeploymentView
) -> None:
    lose_file(platform, ann, service)
    app = visit(ann, PAGE, model=iris.id)
    (row,) = [each.value for each in app.markdown if "version 1 · made" in each.value]
    assert "cannot be loaded" in row


def test_an_uploaded_file_becomes_a_model(platform: Platform, ann: Caller, iris_file: Path) -> None:
    app = opened(visit(ann, PAGE), "models_upload")
    file = (iris_file.name, iris_file.read_bytes(), "application/octet-stream")
    app.file_uploader(key="models_upload_file").set_value(file)
    app.text_area(key="models_upload_description").set_value("Three kinds")
    app.radio(key="models_upload_visibility").set_value("team")
    submitted(app, "models_upload", "models_upload_submit")
    (model,) = platform.models.list_(ann)
    assert (model.name, model.description, model.visibility) == ("iris", "Three kinds", "team")
    assert ran(app).title[0].value == "iris"


def test_a_file_that_is_no_model_is_refused_with_a_sentence(
    platform: Platform, ann: Caller
) -> None:
    app = opened(visit(ann, PAGE), "models_upload")
    app.file_uploader(key="models_upload_file").set_value(("a.onnx", b"hello there", ""))
    app = submitted(app, "models_upload", "models_upload_submit")
    assert "a.onnx" in app.error[0].value
    assert platform.models.list_(ann) == []


def test_sending_the_form_without_a_file_asks_for_one(ann: Caller) -> None:
    app = opened(visit(ann, PAGE), "models_upload")
    app = submitted(app, "models_upload", "models_upload_submit")
    assert "No file is chosen yet" in app.error[0].value


def test_a_new_file_becomes_a_new_version(
    platform: Platform, ann: Caller, iris: ModelView, iris_file: Path
) -> None:
    app = opened(visit(ann, PAGE, model=iris.id), "models_version")
    file = (iris_file.name, iris_file.read_bytes(), "application/octet-stream")
    app.file_uploader(key="models_version_file").set_value(file)
    app.text_input(key="models_version_notes").set_value("better")
    submitted(app, "models_version", "models_version_submit")
    assert [view.notes for view in platform.models.versions(ann, iris.id)] == ["better", ""]


def test_an_older_version_has_an_address_of_its_own(
    platform: Platform, ann: Caller, iris: ModelView, iris_file: Path
) -> None:
    with iris_file.open("rb") as source:
        staged = platform.files.stage(source, "iris.skops", 1 << 20)
    platform.models.add_version(ann, iris.id, staged)
    app = visit(ann, PAGE, model=iris.id, version="1")
    assert any("version 1 of 2" in text.value for text in app.markdown)


def test_the_versions_of_a_model_are_rows_of_its_page(ann: Caller, iris: ModelView) -> None:
    app = visit(ann, PAGE, model=iris.id)
    (row,) = [each.value for each in app.markdown if each.value.endswith("ann · just now]]")]
    assert "skops" in row
    assert "Version 1" in names_of(app)


def test_the_texts_of_a_model_can_be_edited(
    platform: Platform, ann: Caller, iris: ModelView
) -> None:
    app = opened(visit(ann, PAGE, model=iris.id), "models_edit")
    app.text_input(key="models_edit_name").set_value("Flowers")
    app.radio(key="models_edit_visibility").set_value("private")
    submitted(app, "models_edit", "models_edit_submit")
    model = platform.models.get_by_id(ann, iris.id).model
    assert (model.name, model.visibility) == ("Flowers", "private")


def test_a_model_is_deployed_from_its_page(
    platform: Platform, ann: Caller, iris: ModelView
) -> None:
    app = opened(visit(ann, PAGE, model=iris.id), "models_deploy")
    app.text_input(key="models_deploy_name").set_value("live")
    submitted(app, "models_deploy", "models_deploy_submit")
    assert [made.name for made in platform.deployments.list_(ann)] == ["live"]


def test_deleting_says_what_goes_and_asks_again_for_running_services(
    platform: Platform, ann: Caller, iris: ModelView, service: DeploymentView
) -> None:
    app = opened(visit(ann, PAGE, model=iris.id), "models_delete")
    assert "1 version, 1 deployment and 0 tasks" in texts(app)
    assert app.button(key="models_delete_confirm").disabled
    app.checkbox(key="models_delete_sure").check()
    app = opened(app, "models_delete")
    submitted(app, "models_delete", "models_delete_confirm")
    with pytest.raises(ModelNotFound):
        platform.models.get_by_id(ann, iris.id)
    assert service.id not in {each.id for each in platform.deployments.list_(ann)}
