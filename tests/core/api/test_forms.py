"""The form contract of HTTP.md, section 1: who calls, what is asked, and how errors look."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from core.api.app import ENDPOINTS
from core.api.forms import Endpoint
from core.platform import Platform
from tests.core.api.conftest import Api

# A form that proves the caller by itself: there may be no account yet, or a one-time password.
_WITHOUT_A_CALLER = {"/api/register", "/api/account/password"}


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.path)
def test_every_endpoint_but_registration_asks_who_calls(
    client: TestClient, endpoint: Endpoint
) -> None:
    answer = client.post(endpoint.path, data={"modelname": "x"})
    expected = 422 if endpoint.path in _WITHOUT_A_CALLER else 401
    assert answer.status_code == expected
    body = answer.json()
    assert set(body) == {"status", "code", "message"}
    assert body["code"] == body["status"].replace(" ", "_")


def test_an_account_is_made_once_and_signs_in(ann: Api) -> None:
    assert ann.post("login") == {"status": "success", "role": "admin"}
    assert ann.http == 200
    assert ann.post("register")["code"] == "duplication"
    assert ann.http == 409


def test_registration_answers_201_and_refuses_weak_passwords(client: TestClient) -> None:
    api = Api(client, user="eve", password="short")
    answer = api.post("register")
    assert (api.http, answer["code"]) == (422, "invalid_input")
    assert "8" in answer["message"]
    api = Api(client, user="eve", password="pässword" * 10)
    assert "72" in api.post("register")["message"]
    api = Api(client).as_user("eve")
    assert api.post("register") == {"status": "success"}
    assert api.http == 201


def test_wrong_names_and_passwords_are_told_apart_as_the_contract_says(ann: Api) -> None:
    nobody = ann.as_user("nobody")
    assert nobody.post("login")["status"] == "user not found"
    wrong = ann.as_user("ann", "wrong horse")
    assert wrong.post("login")["status"] == "invalid password"
    assert (nobody.http, wrong.http) == (401, 401)


def test_a_token_stands_for_its_owner_until_it_is_revoked(ann: Api, client: TestClient) -> None:
    made = ann.post("token/create", name="laptop", days="7")
    assert ann.http == 201
    assert made["expires"].endswith("Z")
    headers = {"Authorization": f"Bearer {made['token']}"}
    assert client.post("/api/login", headers=headers).json()["role"] == "admin"
    assert ann.post("token/revoke", id=made["id"]) == {"status": "success"}
    answer = client.post("/api/login", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


@pytest.mark.parametrize("header", ["Bearer", "Basic abc", "Bearer nonsense", "slip_x"])
def test_a_header_that_is_no_token_is_refused(client: TestClient, header: str) -> None:
    answer = client.post("/api/login", headers={"Authorization": header})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


def test_a_missing_field_is_named(ann: Api) -> None:
    answer = ann.post("model/info")
    assert (ann.http, answer["code"]) == (422, "invalid_input")
    assert "modelname" in answer["message"]
    assert "file" in ann.post("model/upload", modelname="x")["message"]


def test_a_number_that_is_none_is_named(ann: Api) -> None:
    answer = ann.post("task/list", limit="many")
    assert (ann.http, answer["code"]) == (422, "invalid_input")
    assert 'limit is "many"' in answer["message"]


def test_a_body_over_the_limit_is_too_large(
    ann: Api, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(platform.settings.__dict__, "max_call_bytes", 2000)
    answer = ann.post("model/info", modelname="x" * 3000)
    assert (ann.http, answer["code"]) == (413, "too_large")


def test_a_body_that_is_no_form_is_refused_with_a_sentence(client: TestClient) -> None:
    broken = {"content-type": "multipart/form-data"}
    answer = client.post("/api/login", content=b"x", headers=broken)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    answer = client.post("/api/login", json={"user": "ann"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert "multipart/form-data" in answer.json()["message"]
    assert client.post("/api/login").status_code == 401


def test_other_methods_and_paths_are_answered_in_json(client: TestClient) -> None:
    answer = client.get("/api/login")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert client.post("/api/nothing").json()["code"] == "not_found"


def test_what_nobody_foresaw_is_logged_under_the_reference_that_the_caller_gets(
    ann: Api,
    platform: Platform,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(platform.models, "list_", broken)
    answer = ann.post("model/list")
    assert (ann.http, answer["code"]) == (500, "internal_error")
    assert "secret" not in answer["message"]
    reference = answer["message"].rsplit(" ", 1)[1].rstrip(".")
    assert reference in caplog.text
    assert "secret detail" in caplog.text


def test_health_tells_that_the_server_is_up(client: TestClient, platform: Platform) -> None:
    assert client.get("/v2/health/live").json() == {"live": True}
    assert client.get("/v2/health/ready").status_code == 200
    platform.close()
    assert client.get("/v2/health/ready").status_code == 503


def test_an_upload_leaves_nothing_behind_when_it_is_refused(
    ann: Api, platform: Platform, tmp_path: Path
) -> None:
    text = tmp_path / "model.onnx"
    text.write_text("this is no model")
    answer = ann.upload(text)
    assert (ann.http, answer["code"]) == (422, "invalid_model")
    assert list((platform.settings.storage / "incoming").iterdir()) == []
    assert ann.post("model/list")["model"] == []
