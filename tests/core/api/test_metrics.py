"""`GET /metrics`: HTTP.md, section 4, read by Prometheus' own parser."""

from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from core.platform import Platform
from tests.core.api.conftest import CSV, FLOWER, Api

Read = Callable[[Api], dict[str, Metric]]
SERVICE = {"modelname": "iris", "deployment": "prod"}
LABELS = {"endpoint": "iris-prod", "version": "1"}


@pytest.fixture
def read(client: TestClient) -> Read:
    def read(api: Api) -> dict[str, Metric]:
        headers = {"Authorization": f"Bearer {api.post('token/create', name='m')['token']}"}
        answer = client.get("/metrics", headers=headers)
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        return {family.name: family for family in text_string_to_metric_families(answer.text)}

    return read


@pytest.fixture
def service(ann: Api, iris_file: Path) -> Api:
    ann.upload(iris_file)
    ann.post("deployment/create", **SERVICE)
    return ann


def value(families: dict[str, Metric], sample: str, **labels: str) -> float:
    found = [s for family in families.values() for s in family.samples if s.name == sample]
    [wanted] = [s.value for s in found if s.labels == labels]
    return float(wanted)


def test_what_services_answered_is_told_to_the_call(service: Api, read: Read) -> None:
    """I21: calls, errors by code, records and a histogram for each version of a service."""
    service.post("deployment/predict", **SERVICE, input=FLOWER)
    service.send("deployment/predict", {"input": ("f.csv", CSV)}, **SERVICE, filetype="csv")
    service.post("deployment/predict", **SERVICE, input={})
    told = read(service)
    assert value(told, "slipway_calls_total", **LABELS) == 3
    assert value(told, "slipway_call_errors_total", **LABELS, code="invalid_input") == 1
    assert value(told, "slipway_rows_total", **LABELS) == 4
    assert value(told, "slipway_failed_rows_total", **LABELS) == 1
    assert value(told, "slipway_call_duration_seconds_count", **LABELS) == 3
    assert value(told, "slipway_call_duration_seconds_bucket", **LABELS, le="+Inf") == 3
    assert value(told, "slipway_call_duration_seconds_sum", **LABELS) > 0


def test_buckets_count_upwards(service: Api, read: Read) -> None:
    service.post("deployment/predict", **SERVICE, input=FLOWER)
    samples = read(service)["slipway_call_duration_seconds"].samples
    counts = [sample.value for sample in samples if sample.name.endswith("_bucket")]
    assert counts == sorted(counts)
    assert counts[-1] == 1


def test_tasks_are_told_by_state(service: Api, read: Read, platform: Platform) -> None:
    assert value(read(service), "slipway_tasks", state="queued") == 0
    service.post("deployment/submit", **SERVICE, input=[FLOWER])
    assert value(read(service), "slipway_tasks", state="queued") == 1
    platform.runner.run_until_idle()
    assert value(read(service), "slipway_tasks", state="succeeded") == 1


def test_one_is_told_of_the_services_that_one_may_call(service: Api, ben: Api, read: Read) -> None:
    service.post("deployment/predict", **SERVICE, input=FLOWER)
    assert read(ben)["slipway_calls"].samples == []
    service.post("deployment/pause", **SERVICE)
    assert value(read(service), "slipway_calls_total", **LABELS) == 1


def test_it_asks_for_a_token(client: TestClient) -> None:
    answer = client.get("/metrics")
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


def test_thousands_of_calls_are_counted_alike_everywhere(
    client: TestClient, service: Api, read: Read
) -> None:
    """I21: /metrics and the status route agree to the call, whatever way the calls came."""
    headers = {"Authorization": f"Bearer {service.post('token/create', name='t')['token']}"}
    body = {"instances": [list(FLOWER.values())]}
    for _ in range(700):
        client.post("/invocations/iris-prod", json=body, headers=headers)
        client.post("/api/deployment/predict", data={**SERVICE, "input": "{}"}, headers=headers)
        client.post("/v2/models/iris-prod/infer", json={"inputs": []}, headers=headers)
    status = service.post("deployment/status", **SERVICE)
    assert (status["calls"], status["errors"], status["rows"]) == (2100, 1400, 700)
    told = read(service)
    assert value(told, "slipway_calls_total", **LABELS) == 2100
    assert value(told, "slipway_call_errors_total", **LABELS, code="invalid_input") == 1400
    assert value(told, "slipway_rows_total", **LABELS) == 700
