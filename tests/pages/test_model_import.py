"""Export on a model's page, and import on the list of models."""

from core.platform import Platform
from core.services.accounts import Caller
from core.services.model_views import ModelView
from tests.pages.conftest import ran, visit


def test_a_model_that_was_exported_is_imported_under_another_name(
    platform: Platform, ann: Caller, ben: Caller, iris: ModelView
) -> None:
    app = visit(ben, "pages/models.py", model=iris.id)
    assert [each for each in app.get("download_button") if each.proto.label == "Export"]
    content = b"".join(platform.model_archives.export(ben, iris.id))
    app = visit(ben, "pages/models.py")
    app.button(key="models_import").click()
    ran(app)
    app.file_uploader(key="models_import_file").set_value(
        ("iris.slipway.zip", content, "application/zip")
    )
    app.text_input(key="models_import_name").input("Iris again")
    app.button(key="models_import").click()
    app.button(key="models_import_submit").click()
    app.run()
    assert [each.value for each in app.error] == []
    assert platform.models.get(ben, "Iris again").number == 1
    assert ann.role == "admin"
