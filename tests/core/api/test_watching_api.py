"""Watching services over HTTP (I21)."""

from pathlib import Path

import pytest

from tests.core.api.conftest import FLOWER, Api

SERVICE = {"modelname": "iris", "deployment": "prod"}


@pytest.fixture
def service(ann: Api, iris_file: Path) -> Api:
    ann.upload(iris_file, visibility="team")
    ann.post("deployment/create", **SERVICE)
    return ann


def test_the_status_says_how_a_service_is_and_why(service: Api) -> None:
    status = service.post("deployment/status", **SERVICE)
    assert (status["health"], status["reasons"]) == ("unknown", [])
    service.post("deployment/thresholds", **SERVICE, calls="2", p95_amber="none", p95_red="none")
    service.post("deployment/predict", **SERVICE, input=FLOWER)
    service.post("deployment/predict", **SERVICE, input={"sepal_length": "x"})
    status = service.post("deployment/status", **SERVICE)
    assert status["health"] == "red"
    assert status["reasons"][0].startswith("1 of 2 calls failed in the last 60 min: 50 %")


def test_the_thresholds_are_read_and_changed(service: Api, ben: Api) -> None:
    wanted = {"error_amber": 5.0, "error_red": 20.0, "p95_amber": 1000.0, "p95_red": 5000.0}
    usual = {"status": "success", **wanted, "minutes": 60, "calls": 20}
    assert service.post("deployment/thresholds", **SERVICE) == usual
    changed = service.post(
        "deployment/thresholds", **SERVICE, error_red="50.5", p95_amber="none", minutes="5"
    )
    assert changed == {**usual, "error_red": 50.5, "p95_amber": None, "minutes": 5}
    assert ben.post("deployment/thresholds", **SERVICE, owner="ann") == changed
    answer = ben.post("deployment/thresholds", **SERVICE, owner="ann", calls="1")
    assert (ben.http, answer["code"]) == (403, "not_allowed")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("error_amber", "much", 'error_amber is "much"; it must be a number, or none'),
        ("error_amber", "nan", "error_amber is nan"),
        ("p95_red", "0", "p95_red is 0; it must be more than 0"),
        ("error_amber", "60", "red cannot come before amber"),
        ("minutes", "1441", "it must be 1 to 1440"),
        ("calls", "-1", 'calls is "-1"; it must be a whole number'),
    ],
)
def test_a_threshold_without_sense_is_refused(
    service: Api, field: str, value: str, words: str
) -> None:
    answer = service.post("deployment/thresholds", **SERVICE, **{field: value})
    assert (service.http, answer["code"]) == (422, "invalid_input")
    assert words in answer["message"]
