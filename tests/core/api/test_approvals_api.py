"""From a refused file to a model that scores, and back: approvals over HTTP (I3, A1)."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from sklearn.linear_model import LinearRegression

from core.platform import Platform
from tests.core.api.conftest import Api

KDE = "scipy.stats._kde.gaussian_kde"
DECIDE = ("approve", "decline", "revoke")


@pytest.fixture(scope="session")
def density(tmp_path_factory: pytest.TempPathFactory) -> Path:
    line = np.linspace(0, 1, 8)
    model = LinearRegression().fit(line[:, None], line)
    model.density_ = stats.gaussian_kde(line)
    path = tmp_path_factory.mktemp("models") / "density.pkl"
    path.write_bytes(pickle.dumps(model))
    return path


def test_an_approved_file_becomes_a_model_and_a_revoked_one_is_not_loaded(
    ann: Api, ben: Api, density: Path, platform: Platform
) -> None:
    refusal = ben.upload(density, "density")
    assert (ben.http, refusal["code"]) == (422, "invalid_model")
    assert [detail["value"] for detail in refusal["details"]] == [KDE]
    [request] = ann.post("admin/approval/list")["approval"]
    assert (request["user"], request["file"], request["state"]) == ("ben", "density.pkl", "pending")
    assert request["types"][0]["name"] == KDE
    assert request["types"][0]["approvable"] is True

    assert ann.post("admin/approval/approve", id=request["id"])["state"] == "approved"
    ben.upload(density, "density")
    assert ben.http == 201
    tried = {"modelname": "density", "input": {"x0": 0.5}}
    assert ben.post("model/test", **tried)["output"]["prediction"] == pytest.approx(0.5)

    ann.post("admin/approval/revoke", id=request["id"])
    answer = ben.post("model/test", **tried)
    assert (ben.http, answer["code"]) == (503, "model_unavailable")
    assert "An admin revoked the approval" in answer["message"]
    ann.post("admin/approval/approve", id=request["id"])
    assert ben.post("model/test", **tried)["output"]["prediction"] == pytest.approx(0.5)


@pytest.mark.parametrize("decision", DECIDE)
def test_only_an_admin_decides(ann: Api, ben: Api, decision: str) -> None:
    ben.post(f"admin/approval/{decision}", id="some")
    assert ben.http == 403
    answer = ann.post(f"admin/approval/{decision}", id="some")
    assert (ann.http, answer["code"]) == (404, "not_found")


def test_only_an_admin_lists_what_was_asked(ann: Api, ben: Api) -> None:
    assert ann.post("admin/approval/list")["approval"] == []
    assert ben.post("admin/approval/list")["code"] == "not_allowed"
