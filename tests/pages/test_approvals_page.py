"""What an admin decides on types in files, and what the one who asked reads about it."""

import io
import pickle

import numpy as np
import pytest
from scipy import stats
from sklearn.linear_model import LinearRegression

from core.errors import InvalidModel
from core.platform import Platform
from core.services.accounts import Caller
from core.services.approvals import ApprovalView
from tests.pages.conftest import ran, texts, visit

ADMIN, MODELS = "pages/admin.py", "pages/models.py"
KDE = "scipy.stats._kde.gaussian_kde"


@pytest.fixture(scope="session")
def density() -> bytes:
    line = np.linspace(0, 1, 8)
    model = LinearRegression().fit(line[:, None], line)
    model.density_ = stats.gaussian_kde(line)
    return pickle.dumps(model)


def upload(platform: Platform, caller: Caller, content: bytes) -> str:
    staged = platform.files.stage(io.BytesIO(content), "density.pkl", 1 << 20)
    return platform.models.add(caller, "density", staged).model.id


@pytest.fixture
def request_(platform: Platform, ann: Caller, ben: Caller, density: bytes) -> ApprovalView:
    with pytest.raises(InvalidModel):
        upload(platform, ben, density)
    [view] = platform.approvals.list_(ann)
    return view


def decide(caller: Caller, verb: str, request: ApprovalView) -> None:
    app = visit(caller, ADMIN, admin_part="Approvals")
    app.button(key=f"admin_{verb}_{request.id}").click()
    ran(app)
    app.button(key=f"admin_{verb}_{request.id}").click()
    app.button(key=f"admin_{verb}_confirm").click()
    ran(app)


def test_an_admin_reads_the_types_and_a_warning_before_approving(
    ann: Caller, request_: ApprovalView
) -> None:
    app = visit(ann, ADMIN, admin_part="Approvals")
    [table] = [each.value for each in app.dataframe if "Class" in each.value]
    assert list(table["Class"]) == [KDE]
    assert str(table["Package"][0]).startswith("scipy 1.")
    app.button(key=f"admin_approve_{request_.id}").click()
    read = texts(ran(app))
    assert "run **inside Slipway**" in read
    assert request_.sha256[:16] in read


def test_the_one_who_asked_is_told_and_uploads_again(
    platform: Platform, ann: Caller, ben: Caller, request_: ApprovalView, density: bytes
) -> None:
    assert "The admins are asked" in texts(visit(ben, MODELS))
    assert "1 file waits for your approval" in texts(visit(ann))
    assert "for your approval" not in texts(visit(ben))
    decide(ann, "approve", request_)
    assert "Upload the same file again" in texts(visit(ben, MODELS))
    assert "Upload the same file again" not in texts(visit(ann, MODELS))
    upload(platform, ben, density)
    assert "Upload the same file again" not in texts(visit(ben, MODELS))


def test_a_declined_request_is_told(ann: Caller, ben: Caller, request_: ApprovalView) -> None:
    app = visit(ann, ADMIN, admin_part="Approvals")
    app.button(key=f"admin_decline_{request_.id}").click()
    ran(app)
    assert "was declined" in texts(visit(ben, MODELS))


def test_the_page_of_a_model_says_that_its_approval_was_revoked(
    platform: Platform, ann: Caller, ben: Caller, request_: ApprovalView, density: bytes
) -> None:
    decide(ann, "approve", request_)
    model = upload(platform, ben, density)
    page = visit(ben, MODELS, model=model)
    assert "An admin approved types for this file" in page.warning[0].value
    assert not page.error
    decide(ann, "revoke", request_)
    assert "An admin revoked the approval" in visit(ben, MODELS, model=model).error[0].value
