"""Switching, rolling back and watching what is live over HTTP: I10 to I13."""

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.api.app import routes
from core.platform import Platform, open_platform
from core.settings import Settings
from tests.constant_models import constant_model
from tests.core.api.conftest import FLOWER, Api

SERVICE = {"modelname": 'it\'s "iris"', "deployment": "pro & <d>"}


def add_version(api: Api, path: Path) -> None:
    with path.open("rb") as file:
        sent = {"file": (path.name, file)}
        assert api.send("model/version", sent, modelname=SERVICE["modelname"])["version"] == 2


@pytest.fixture
def service(ann: Api, iris_file: Path, tmp_path: Path) -> Api:
    """A service of version 1 of a model that has two, under names with odd letters."""
    ann.upload(iris_file, SERVICE["modelname"])
    fields = (*FLOWER, "hue")
    add_version(ann, constant_model(tmp_path / "two.skops", "two", fields))
    made = ann.post("deployment/create", **SERVICE, version="1", note="first")
    assert (ann.http, made["version"]) == (201, 1)
    return ann


def predicted(api: Api) -> object:
    answer = api.post("deployment/predict", **SERVICE, input={**FLOWER, "hue": 1})
    assert answer["status"] == "success"
    return answer["output"]["prediction"]


def test_a_service_is_switched_and_rolled_back_and_callers_are_told_what_differs(
    service: Api,
) -> None:
    assert predicted(service) == "setosa"
    answer = service.post("deployment/switch", **SERVICE, version="2", note="more hue")
    assert set(answer) == {"status", "endpoint", "version", "previous", "changes"}
    assert (service.http, answer["version"], answer["previous"]) == (200, 2, 1)
    messages = [change["message"] for change in answer["changes"]]
    assert "The input hue is new and must be given." in messages
    assert "The output probability_setosa is gone." in messages
    assert predicted(service) == "two"
    called = service.post("deployment/predict", **SERVICE, input={**FLOWER, "hue": 1})
    assert called["version"] == 2, "an answer says which version gave it"
    answer = service.post("deployment/rollback", **SERVICE)
    assert (answer["version"], answer["previous"]) == (1, 2)
    assert predicted(service) == "setosa"


def test_the_history_is_told_newest_first(service: Api) -> None:
    service.post("deployment/switch", **SERVICE, version="2", note="more hue")
    service.post("deployment/pause", **SERVICE)
    history = service.post("deployment/history", **SERVICE)["history"]
    keys = {"time", "until", "action", "version", "state", "by", "note"}
    assert all(set(line) == keys for line in history)
    assert [(line["action"], line["version"], line["note"]) for line in history] == [
        ("paused", 2, ""),
        ("switched", 2, "more hue"),
        ("deployed", 1, "first"),
    ]
    assert (history[0]["until"], history[1]["until"]) == (None, history[0]["time"])


@pytest.mark.parametrize(
    ("path", "fields", "http", "words"),
    [
        ("switch", {"version": "1"}, 422, "has version 1 already"),
        ("switch", {"version": "3"}, 404, "its versions are 1 to 2"),
        ("switch", {"version": "two"}, 422, "must be a whole number"),
        ("switch", {"version": ""}, 422, "give the number of a version"),
        ("switch", {}, 422, "version is missing"),
        ("rollback", {}, 422, "never live with another version"),
        ("switch", {"version": "2", "deployment": "no/such"}, 404, 'named "no/such"'),
    ],
)
def test_what_cannot_be_done_is_explained(
    service: Api, path: str, fields: dict[str, str], http: int, words: str
) -> None:
    answer = service.post(f"deployment/{path}", **{**SERVICE, **fields})
    assert (service.http, answer["status"] == "success") == (http, False)
    assert words in answer["message"]


def test_somebody_elses_service_is_not_switched(service: Api, ben: Api) -> None:
    sent = {**SERVICE, "owner": "ann", "version": "2"}
    assert ben.post("deployment/switch", **sent)["code"] == "model_not_found"
    service.post("model/update", modelname=SERVICE["modelname"], visibility="team")
    assert ben.post("deployment/switch", **sent)["code"] == "not_allowed"
    assert ben.post("deployment/rollback", **sent)["code"] == "not_allowed"
    assert ben.post("deployment/reload", **sent)["code"] == "not_allowed"
    assert len(ben.post("deployment/history", **sent)["history"]) == 1


def test_a_task_goes_on_with_the_version_that_it_began_with(
    service: Api, platform: Platform
) -> None:
    task = service.post("deployment/submit", **SERVICE, input=[FLOWER])["task"]
    service.post("deployment/switch", **SERVICE, version="2")
    platform.runner.run_until_idle()
    [row] = service.post("task/result", task=task)["output"]
    assert row["prediction"] == "setosa"


def test_a_service_whose_file_is_gone_says_so_and_leaves_the_others_alone(
    service: Api, platform: Platform, tmp_path: Path
) -> None:
    token = service.post("token/create", name="t")["token"]
    made = service.post("deployment/create", modelname=SERVICE["modelname"], deployment="two")
    [broken] = [live for live in platform.deployments.running() if live.version == 1]
    path, endpoint = platform.files.artifact(broken.artifact), broken.endpoint
    path.rename(tmp_path / "kept")
    platform.close()
    again = open_platform(Settings(storage=tmp_path / "storage"), inline=True)
    with TestClient(Starlette(routes=routes(lambda: again))) as client:
        api = Api(client, **service.credentials)
        headers = {"Authorization": f"Bearer {token}"}
        ready = f"/v2/models/{endpoint}/ready"
        answer = api.post("deployment/reload", **SERVICE)
        assert (api.http, answer["code"]) == (503, "model_unavailable")
        assert "is missing from the storage folder" in answer["message"]
        status = api.post("deployment/status", **SERVICE)
        assert (status["state"], status["problem"]) == ("running", answer["message"])
        told = client.get(ready, headers=headers)
        assert (told.status_code, told.json()["ready"]) == (503, False)
        answer = api.post("deployment/predict", **SERVICE, input=FLOWER)
        assert (api.http, answer["message"]) == (503, status["problem"])
        assert client.get(f"/v2/models/{made['endpoint']}/ready", headers=headers).json()["ready"]
        (tmp_path / "kept").rename(path)
        assert api.post("deployment/reload", **SERVICE)["status"] == "success"
        assert api.post("deployment/status", **SERVICE)["problem"] is None
        assert client.get(ready, headers=headers).status_code == 200
        assert predicted(api) == "setosa"
    again.close()
