"""A platform with an account and a deployed model, and pages that a test can visit."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import skops.io
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from core.errors import ModelUnavailable
from core.platform import Platform, open_platform
from core.services.accounts import Caller
from core.services.deployment_views import DeploymentView
from core.services.model_views import ModelView
from core.settings import Settings
from pages.components import session
from tests.shortcuts import quick_platforms

PROJECT = Path(__file__).resolve().parents[2]
PASSWORD = "correct horse"
CSV = (
    b"id,sepal_length,sepal_width,petal_length,petal_width\n"
    b"a,5.1,3.5,1.4,0.2\n"
    b"b,oops,3.5,1.4,0.2\n"
    b"c,6.7,3.0,5.2,2.3\n"
)


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    """The platform that pages find, whose tasks wait for `runner.run_until_idle`."""
    with quick_platforms():
        opened = open_platform(Settings(storage=tmp_path / "storage"), inline=True)
        monkeypatch.setattr(session, "shared_platform", lambda: opened)
        # AppTest has no connection that these could be read from.
        monkeypatch.setattr(ContextProxy, "ip_address", property(lambda _: "10.0.0.1"))
        monkeypatch.setattr(ContextProxy, "headers", property(lambda _: {"User-Agent": "a test"}))
        yield opened
        opened.close()


@pytest.fixture
def ann(platform: Platform) -> Caller:
    """The admin."""
    return platform.accounts.register("ann", PASSWORD)


@pytest.fixture
def ben(platform: Platform, ann: Caller) -> Caller:
    """An analyst beside the admin."""
    assert ann.role == "admin"
    return platform.accounts.register("ben", PASSWORD)


@pytest.fixture(scope="session")
def iris_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    features, target = load_iris(return_X_y=True, as_frame=True)
    features.columns = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    names = load_iris().target_names[target]
    path = tmp_path_factory.mktemp("models") / "iris.skops"
    skops.io.dump(LogisticRegression(max_iter=1000).fit(features, names), path)
    return path


@pytest.fixture
def iris(platform: Platform, ann: Caller, iris_file: Path) -> ModelView:
    """A model that the team may see."""
    return add_model(platform, ann, iris_file, "Iris", visibility="team")


@pytest.fixture
def service(platform: Platform, ann: Caller, iris: ModelView) -> DeploymentView:
    return platform.deployments.create(ann, iris.id, "production")


def add_model(
    platform: Platform, caller: Caller, file: Path, name: str, visibility: str = "private"
) -> ModelView:
    with file.open("rb") as source:
        staged = platform.files.stage(source, file.name, 1 << 20)
    return platform.models.add(caller, name, staged, visibility=visibility).model


def lose_file(platform: Platform, caller: Caller, service: DeploymentView) -> None:
    """Take away the file of what a service serves, so that it cannot be loaded."""
    live = platform.deployments.live(service.endpoint)
    platform.deployments._scorers.drop(live.version_id)
    platform.files.artifact(live.artifact).unlink()
    with pytest.raises(ModelUnavailable, match="missing"):
        platform.deployments.reload(caller, service.id)


def visit(caller: Caller | None, page: str = "Home.py", **query: str) -> AppTest:
    """Open a page the way a browser does, signed in as `caller`."""
    app = AppTest.from_file(str(PROJECT / "Home.py"), default_timeout=60)
    if caller is not None:
        app.session_state["slipway_sign_in"] = session.platform().sign_ins.begin(caller)
    if page != "Home.py":
        app.switch_page(page)
    for name, value in query.items():
        app.query_params[name] = value
    return ran(app)


def ran(app: AppTest) -> AppTest:
    """Run the page once more, and hold that nothing failed on it."""
    app.run()
    assert not app.exception, app.exception[0].message
    return app


def texts(app: AppTest) -> str:
    """Return everything that a reader of the page reads, in one text."""
    writing = (app.title, app.header, app.markdown, app.caption, app.text, app.code)
    notices = (app.info, app.error, app.warning, app.success)
    read = [str(element.value) for kind in (*writing, *notices) for element in kind]
    return "\n".join(read + [link.value for link in app.page_link])


def names_of(app: AppTest) -> list[str]:
    """Return what the links of a page are called, without the lines under their names."""
    return [link.value.partition("  \n")[0] for link in app.page_link]
