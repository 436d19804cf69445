"""What-if beside a prediction on the form."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.platform import Platform
from core.services.accounts import Caller
from core.services.deployment_views import DeploymentView
from core.services.model_views import VersionView
from tests.constant_models import constant_model
from tests.pages.conftest import add_model, ran, texts, visit

PAGE = "pages/predict.py"


@pytest.fixture
def bikes(platform: Platform, ann: Caller) -> VersionView:
    return platform.samples.add(ann, "bikes")


def predicted(app: AppTest) -> AppTest:
    app.button(key="predict_submit").click()
    return ran(app)


def unfolded(app: AppTest) -> AppTest:
    """Open the tables of the charts."""
    for chart in ("effects", "curve", "grid"):
        app.session_state[f"what_if_{chart}_shown"] = True
    return ran(app)


def test_a_prediction_shows_what_moves_it_and_the_first_fields_curve(
    ann: Caller, bikes: VersionView
) -> None:
    app = predicted(visit(ann, PAGE, model=bikes.model.id))
    assert [each.value for each in app.header] == ["What if"]
    assert len(app.get("plotly_chart")) == 2
    app = unfolded(app)
    effects, curve = (each.value for each in app.dataframe)
    assert list(effects["Moves it by"]) == sorted(effects["Moves it by"], reverse=True)
    assert list(curve) == ["Rain (mm)", "prediction"]
    assert "the range that the model names" in texts(app)


def test_two_fields_make_a_heat_map_with_its_table(ann: Caller, bikes: VersionView) -> None:
    app = predicted(visit(ann, PAGE, model=bikes.model.id))
    app.selectbox(key=f"what_if_first_{bikes.id}").set_value("wind")
    app.selectbox(key=f"what_if_second_{bikes.id}").set_value("weekend")
    grid = unfolded(predicted(app)).dataframe[1].value
    assert next(iter(grid)) == "Wind (km/h)"
    assert len(grid) >= 21


def test_what_is_not_swept_is_named_as_on_the_form(platform: Platform, ann: Caller) -> None:
    digits = platform.samples.add(ann, "digits")
    app = visit(ann, PAGE, model=digits.model.id)
    app.file_uploader[0].upload("8.png", _a_picture(), "image/png")
    app = predicted(app)
    assert "Nothing here can be swept. Not swept: Picture (a picture)." in texts(app)


def _a_picture() -> bytes:
    import io
    import zipfile

    from core.samples.digits import SAMPLE

    with zipfile.ZipFile(io.BytesIO(SAMPLE.write_data())) as archive:
        return archive.read("8-b.png")


def test_a_service_counts_the_call_and_not_the_what_if(
    platform: Platform, ann: Caller, service: DeploymentView
) -> None:
    app = predicted(visit(ann, PAGE, deployment=service.id))
    assert "What if" in texts(app)
    platform.calls.flush()
    assert platform.calls.counts()[service.id].calls == 1


def test_an_answer_that_no_field_moves_is_said_to_be_one(
    platform: Platform, ann: Caller, tmp_path: Path
) -> None:
    still = constant_model(tmp_path / "still.skops", "yes")
    app = predicted(visit(ann, PAGE, model=add_model(platform, ann, still, "Still").id))
    assert "the answer stays the same" in texts(app)
    assert len(app.get("plotly_chart")) == 2  # the chances and a curve, no bars of nothing
