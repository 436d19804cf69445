"""What an admin does with accounts and settings over HTTP (A1), and the timeline."""

import csv
import io
from pathlib import Path

from starlette.testclient import TestClient

from tests.core.api.conftest import Api


def test_an_admin_lists_accounts_with_how_they_stand(ann: Api, ben: Api) -> None:
    ann.post("admin/user/disable", account="ben")
    accounts = ann.post("admin/user/list")["account"]
    assert [(a["account"], a["role"], a["active"], a["pending"]) for a in accounts] == [
        ("ann", "admin", True, False),
        ("ben", "analyst", False, False),
    ]
    assert ben.post("login")["code"] == "not_allowed"
    ann.post("admin/user/enable", account="ben")
    assert ben.post("login") == {"status": "success", "role": "analyst"}


def test_a_one_time_password_is_changed_over_http(ann: Api, client: TestClient) -> None:
    made = ann.post("admin/user/create", account="vic", role="viewer")
    assert ann.http == 201
    handed = made["one_time_password"]
    vic = Api(client, user="vic", password=handed)
    assert vic.post("model/list")["message"].startswith("This password is good for one sign-in")
    assert vic.post("account/password", new_password="my own horse") == {"status": "success"}
    again = Api(client, user="vic", password="my own horse")
    assert again.post("login")["role"] == "viewer"
    reset = ann.post("admin/user/reset", account="vic")["one_time_password"]
    assert reset != handed
    assert again.post("login")["code"] == "invalid_password"


def test_registration_by_approval(ann: Api, client: TestClient) -> None:
    ann.post("admin/setting/set", name="registration", value="approval")
    cal, dan = (Api(client).as_user(name) for name in ("cal", "dan"))
    for each in (cal, dan):
        assert each.post("register") == {"status": "success", "pending": True}
        assert each.post("login")["code"] == "not_allowed"
    ann.post("admin/user/approve", account="cal")
    ann.post("admin/user/decline", account="dan")
    assert cal.post("login")["status"] == "success"
    assert dan.post("login")["code"] == "user_not_found"


def test_a_setting_takes_what_it_can_be_and_outlives_a_change(ann: Api) -> None:
    refused = ann.post("admin/setting/set", name="registration", value="ajar")
    assert "it must be one of open, approval, closed" in refused["message"]
    assert ann.post("admin/setting/set", name="port", value="1")["code"] == "invalid_input"
    ann.post("admin/setting/set", name="registration", value="closed")
    settings = {s["name"]: s for s in ann.post("admin/setting/list")["setting"]}
    closed = settings["registration"]
    assert (closed["value"], closed["start"], closed["changed_by"]) == ("closed", "open", "ann")
    assert settings["registration_role"]["changed"] is None


def test_models_are_handed_over_or_go_with_their_owner(ann: Api, ben: Api, iris_file: Path) -> None:
    ben.upload(iris_file, visibility="team")
    refused = ann.post("admin/user/delete", account="ben")
    assert "ben still owns models: iris" in refused["message"]
    assert ann.post("admin/user/delete", account="ben", with_models="perhaps")["code"] == (
        "invalid_input"
    )
    assert ann.post("admin/user/delete", account="ben", heir="ann") == {"status": "success"}
    assert [m["owner"] for m in ann.post("model/list")["model"]] == ["ann"]


def test_guesses_are_answered_with_how_long_to_wait(ann: Api, client: TestClient) -> None:
    guesser = Api(client, user="ann", password="a guess")
    for _ in range(10):
        assert guesser.post("login")["code"] == "invalid_password"
    answer = client.post("/api/login", data=guesser.credentials)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "30")


def test_the_timeline_tells_each_what_concerns_them(ann: Api, ben: Api, iris_file: Path) -> None:
    ann.upload(iris_file, name="secret")
    ann.upload(iris_file, name="shared", visibility="team")
    ben.post("admin/user/list")
    seen = ben.post("admin/timeline")["event"]
    assert [(e["action"], e["object"]) for e in seen] == [
        ("was refused", "ben"),
        ("uploaded", "shared"),
        ("registered", "ben"),
    ]
    assert seen[0]["detail"] == "/api/admin/user/list: Only an admin may do this."
    assert ann.post("admin/timeline")["total"] == 5


def test_the_timeline_is_filtered_paged_and_exported(ann: Api, ben: Api) -> None:
    ann.post("admin/user/role", account="ben", role="viewer")
    ann.post("token/create", name="=HYPERLINK(1)")
    tokens = ann.post("admin/timeline", kind="token")
    assert [(e["person"], e["object"]) for e in tokens["event"]] == [("ann", "=HYPERLINK(1)")]
    assert {e["action"] for e in ann.post("admin/timeline", person="ben")["event"]} == {
        "registered",
        "changed role",
    }
    page = ann.post("admin/timeline", offset="1", limit="1")
    assert (len(page["event"]), page["total"]) == (1, 4)
    assert ann.post("admin/timeline", until="2020-01-01T00:00:00Z")["total"] == 0
    assert "it must be a time" in ann.post("admin/timeline", since="lately")["message"]
    answer = ann.client.post("/api/admin/timeline", data={**ann.credentials, "format": "csv"})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["action"] for row in rows[:2]] == ["created", "changed role"]
    assert rows[0]["object"] == "'=HYPERLINK(1)"
    assert ben.post("login")["role"] == "viewer"
